"""What must always be true of patients, their enrolments and the runs of imports."""

from app.kernel.holding import Holding
from app.kernel.invariant import FileArea, Invariant

FILES: tuple[FileArea, ...] = ()

INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "patients.university_ids_are_unique",
        "CSV-01",
        "No two patients share a university ID, however it is written.",
        "SELECT 'patients ' || string_agg(CAST(id AS text), ', ' ORDER BY id)"
        " FROM patients_patient GROUP BY upper(btrim(university_id)) HAVING count(*) > 1",
    ),
    Invariant(
        "patients.university_ids_are_in_capitals",
        "CSV-01",
        "University IDs are kept in capitals, so that search and uniqueness agree.",
        "SELECT 'patient ' || id FROM patients_patient"
        " WHERE university_id <> upper(btrim(university_id)) OR university_id = ''",
    ),
    Invariant(
        "patients.accounts_have_one_record",
        "ACC-02",
        "An account belongs to one patient at most.",
        "SELECT 'account ' || user_id FROM patients_patient WHERE user_id IS NOT NULL"
        " GROUP BY user_id HAVING count(*) > 1",
    ),
    Invariant(
        "patients.names_can_be_searched",
        "CSV-01",
        "Every patient has a name, and the words by which it is found.",
        "SELECT 'patient ' || id FROM patients_patient WHERE first_name = '' OR last_name = ''"
        " OR search_name = '' OR search_words IS DISTINCT FROM"
        " array_to_tsvector(string_to_array(search_name, ' '))",
    ),
    Invariant(
        "patients.latest_enrolment_is_the_latest",
        "CSV-01",
        "Of each patient's enrolments exactly the one of the latest term is marked as latest.",
        "SELECT 'enrolment ' || id || ' of patient ' || patient_id FROM (SELECT id, patient_id,"
        " is_latest, row_number() OVER (PARTITION BY patient_id"
        " ORDER BY academic_year DESC, semester DESC) AS place FROM patients_enrolment) e"
        " WHERE is_latest <> (place = 1)",
    ),
    Invariant(
        "patients.terms_are_entered_once",
        "CSV-01",
        "A patient has one enrolment at most in a term.",
        "SELECT 'patient ' || patient_id FROM patients_enrolment"
        " GROUP BY patient_id, academic_year, semester HAVING count(*) > 1",
    ),
    Invariant(
        "patients.contacts_have_one_rank",
        "CSV-01",
        "Of each patient's phones and addresses one is tried first.",
        "SELECT 'patient ' || patient_id || ', ' || system FROM patients_contact_point"
        " GROUP BY patient_id, system"
        " HAVING count(*) <> count(DISTINCT rank) OR min(rank) <> 1",
    ),
    Invariant(
        "patients.finished_imports_keep_no_file",
        "CSV-01",
        "An import that is over says when it ended, and its file is gone.",
        "SELECT 'import ' || id FROM patients_import_run"
        " WHERE (status IN ('done', 'refused', 'discarded')) <> (finished_at IS NOT NULL)"
        " OR (finished_at IS NULL) <> (content IS NOT NULL) OR finished_at < started_at",
    ),
)

# What is held about a person (DPA-02).
HOLDINGS: tuple[Holding, ...] = (
    Holding(
        "patients.profile",
        "Who you are",
        ("patients_patient",),
        "SELECT university_id, honorific, first_name, middle_name, last_name, suffix,"
        " preferred_name, born_on, sex, civil_status, blood_type, philhealth_number, hmo_name,"
        " hmo_number, address_line, barangay, city, province, postal_code, status, created_at AS"
        " entered_at, updated_at AS changed_at FROM patients_patient WHERE id = :patient",
    ),
    Holding(
        "patients.contacts",
        "How we reach you",
        ("patients_contact_point",),
        "SELECT system AS kind, value, rank FROM patients_contact_point WHERE patient_id ="
        " :patient ORDER BY system, rank",
    ),
    Holding(
        "patients.emergency_contacts",
        "Whom we call in an emergency",
        ("patients_emergency_contact",),
        "SELECT name, relationship, phone FROM patients_emergency_contact WHERE patient_id ="
        " :patient ORDER BY id",
    ),
    Holding(
        "patients.enrolments",
        "Where you study",
        ("patients_enrolment",),
        "SELECT academic_year, semester, program, program_group, year_level, campus, is_latest"
        " FROM patients_enrolment WHERE patient_id = :patient ORDER BY academic_year, semester",
    ),
)
