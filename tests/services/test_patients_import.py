"""Importing patients from files: dry run, storing, idempotence, refusals."""

import pytest
from sqlalchemy import event, func, select

from app.infra.db import db as database
from app.infra.outbox import JobName, OutboxJob
from app.kernel.errors import Forbidden
from app.patients import queries, services
from app.patients.errors import FileRefused, ImportNotReady, UnknownImport
from app.patients.models import Enrolment, ImportRun, Patient
from app.patients.rules import ImportChoice, ImportStatus
from tests.factories.patients import HEADER, create_patient, csv_file, student_rows

ALL = ImportChoice.ALL_OR_NOTHING
VALID = ImportChoice.VALID_ROWS
NAMES = ("university_id", "first_name", "last_name")


def upload(people, content: bytes) -> int:
    return services.upload_file(people.rosa.actor, file_name="students.csv", content=content)


def apply(people, run_id: int, choice: ImportChoice = ALL) -> None:
    services.start_import(people.rosa.actor, run_id=run_id, choice=choice)


def counts(db, run_id: int) -> tuple[int, int, int, int]:
    run = db.get(ImportRun, run_id, populate_existing=True)
    return run.rows_new, run.rows_changed, run.rows_same, run.rows_wrong


def test_a_dry_run_stores_no_patient(db, people):
    run_id = upload(people, csv_file(student_rows(30)))

    assert counts(db, run_id) == (30, 0, 0, 0)
    assert db.get(ImportRun, run_id).status == ImportStatus.CHECKED
    assert db.scalar(select(func.count()).select_from(Patient)) == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_the_tilde_and_leading_zeros_arrive_intact(db, people, encoding):
    run_id = upload(people, csv_file(student_rows(30), encoding=encoding))

    apply(people, run_id)

    card = queries.patient_by_university_id("00000001")
    assert card.full_name == "Maria Ñuñez Co"
    assert (card.program, card.phone) == ("BSTM", "+639170000001")
    assert db.get(ImportRun, run_id).encoding == encoding


def test_the_same_file_again_changes_nothing(db, people):
    content = csv_file(student_rows(30))
    apply(people, upload(people, content))
    before = db.execute(select(Patient.id, Patient.version, Patient.updated_at)).all()

    again = upload(people, content)
    apply(people, again)

    assert counts(db, again) == (0, 0, 30, 0)
    assert db.execute(select(Patient.id, Patient.version, Patient.updated_at)).all() == before


def test_a_changed_row_changes_only_its_patient(db, people):
    rows = [list(row) for row in student_rows(3)]
    apply(people, upload(people, csv_file(rows)))
    rows[1][1], rows[2][4] = "Marília", "new@usc.edu.ph"

    run_id = upload(people, csv_file(rows))
    apply(people, run_id)

    assert counts(db, run_id) == (0, 2, 1, 0)
    assert db.execute(select(Patient.version).order_by(Patient.university_id)).scalars().all() == [
        1,
        2,
        1,
    ]
    assert queries.search_patients("marilia")[0].university_id == "00000001"
    assert queries.patient_by_university_id("00000002").email == "new@usc.edu.ph"


def test_an_empty_cell_and_a_missing_column_leave_what_is_known(db, people):
    create_patient("20250001", "Ana", "Reyes", city="Cebu City", phone="09171234567")

    content = csv_file([("20250001", "Anna", "Reyes", "")], header=(*NAMES, "phone"))
    apply(people, upload(people, content))

    patient = db.scalars(select(Patient)).one()
    assert (patient.first_name, patient.city) == ("Anna", "Cebu City")
    assert queries.patient_card(patient.id).phone == "+639171234567"


def test_a_new_term_becomes_the_latest_enrolment(db, people):
    rows = [list(row) for row in student_rows(2)]
    apply(people, upload(people, csv_file(rows)))
    for row in rows:
        row[7] = "2"

    apply(people, upload(people, csv_file(rows)))

    latest = db.scalars(select(Enrolment.semester).where(Enrolment.is_latest)).all()
    assert latest == ["2", "2"]
    assert db.scalar(select(func.count()).select_from(Enrolment)) == 4


def test_emergency_contacts_are_imported_once(db, people):
    header = (*NAMES, "emergency_name", "emergency_relationship", "emergency_phone")
    first = [("20250001", "Ana", "Reyes", "Lola Nena", "Grandmother", "09171234567")]
    second = [("20250001", "Ana", "Reyes", "Lola Nena", "Aunt", "09171234567")]

    for rows in (first, second, second):
        apply(people, upload(people, csv_file(rows, header=header)))

    (contact,) = db.scalars(select(Patient)).one().emergency_contacts
    assert contact.relationship_to_patient == "Aunt"


def test_an_account_with_the_same_university_id_is_linked(db, people):
    rows = [("20259001", "Sam", "Dela Cruz"), ("20250009", "Ana", "Reyes")]

    apply(people, upload(people, csv_file(rows, header=NAMES)))

    assert queries.patient_for_user(people.sam.user_id).university_id == "20259001"


def test_all_or_nothing_refuses_a_file_with_a_wrong_row(db, people):
    rows = [("20250001", "Ana", "Reyes"), ("12", "Ben", "Lim")]
    run_id = upload(people, csv_file(rows, header=NAMES))

    with pytest.raises(ImportNotReady, match="1 row is wrong"):
        apply(people, run_id)

    assert db.scalar(select(func.count()).select_from(Patient)) == 0


def test_the_valid_rows_can_be_accepted_alone(db, people):
    rows = [("20250001", "Ana", "Reyes"), ("12", "Ben", "Lim"), ("20250001", "Ana", "Reyes")]
    run_id = upload(people, csv_file(rows, header=NAMES))

    apply(people, run_id, VALID)

    assert counts(db, run_id) == (1, 0, 0, 2)
    problems = queries.import_problems(run_id)
    assert [(problem.line, problem.column) for problem in problems] == [
        (3, "university_id"),
        (4, "university_id"),
    ]


def test_an_unknown_column_is_reported_and_left_out(db, people):
    content = csv_file([("20250001", "Ana", "Reyes", "38")], header=(*NAMES, "shoe size"))
    run_id = upload(people, content)

    assert counts(db, run_id) == (1, 0, 0, 0)
    assert "left out" in queries.import_problems(run_id)[0].sentence


@pytest.mark.parametrize("content", [b"", b"first_name\nAna\n", b"\x00\x01\x02"])
def test_a_file_that_is_no_list_leaves_no_trace(db, people, content):
    with pytest.raises(FileRefused):
        upload(people, content)

    assert db.scalars(select(ImportRun)).all() == []


def test_a_file_with_only_a_header_can_be_stored_and_changes_nothing(db, people):
    run_id = upload(people, csv_file([]))

    apply(people, run_id)

    assert counts(db, run_id) == (0, 0, 0, 0)


def test_a_cell_of_ten_megabytes_is_one_wrong_row(db, people):
    rows = [("20250001", "x" * (10 * 1024 * 1024), "Reyes"), ("20250002", "Ana", "Reyes")]

    run_id = upload(people, csv_file(rows, header=NAMES))

    assert counts(db, run_id) == (1, 0, 0, 1)


def test_the_file_is_forgotten_once_it_is_stored(db, people):
    run_id = upload(people, csv_file(student_rows(2)))

    apply(people, run_id)

    run = db.get(ImportRun, run_id, populate_existing=True)
    assert run.content is None
    assert (run.status, run.finished_at is not None) == (ImportStatus.DONE, True)


def test_a_file_is_stored_once(db, people):
    run_id = upload(people, csv_file(student_rows(2)))
    apply(people, run_id)

    with pytest.raises(ImportNotReady):
        apply(people, run_id)
    services.continue_import(people.rosa.actor, run_id=run_id)

    assert counts(db, run_id) == (2, 0, 0, 0)


def test_a_discarded_file_is_forgotten(db, people):
    run_id = upload(people, csv_file(student_rows(2)))

    services.discard_import(people.rosa.actor, run_id=run_id)

    assert db.get(ImportRun, run_id, populate_existing=True).content is None
    with pytest.raises(ImportNotReady):
        apply(people, run_id)
    with pytest.raises(ImportNotReady):
        services.discard_import(people.rosa.actor, run_id=run_id)


def test_a_large_file_is_left_to_a_worker(db, people):
    run_id = upload(people, csv_file(student_rows(2_001)))

    assert db.get(ImportRun, run_id).status == ImportStatus.CHECKING
    job = db.scalars(select(OutboxJob).where(OutboxJob.name == JobName.IMPORT_PATIENTS)).one()
    assert job.payload == {"run_id": run_id}


def test_two_steps_of_a_large_file_are_two_jobs(db, people):
    from worker.jobs.patients import import_patients

    run_id = upload(people, csv_file(student_rows(2_001)))
    import_patients(people.rosa.actor, run_id=run_id)
    apply(people, run_id, VALID)
    import_patients(people.rosa.actor, run_id=run_id)

    jobs = db.scalars(select(OutboxJob).where(OutboxJob.name == JobName.IMPORT_PATIENTS)).all()
    assert len(jobs) == 2
    assert counts(db, run_id) == (2_001, 0, 0, 0)
    assert db.get(ImportRun, run_id).status == ImportStatus.DONE


@pytest.mark.committed
def test_others_see_the_progress_of_a_long_import(db, people):
    """Ten thousand students: the statements grow with batches, not with rows."""
    from app.patients.services import imports

    run_id = upload(people, csv_file(student_rows(10_000)))
    services.continue_import(people.rosa.actor, run_id=run_id)
    apply(people, run_id)
    statements, progress = [], []
    note = imports._note_progress

    def noted(run: int, done: int) -> None:
        note(run, done)
        with database.engine.connect() as other:
            progress.append(other.scalar(select(ImportRun.rows_done).where(ImportRun.id == run)))

    def count(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    imports._note_progress = noted
    event.listen(database.engine, "before_cursor_execute", count)
    try:
        services.continue_import(people.rosa.actor, run_id=run_id)
    finally:
        imports._note_progress = note
        event.remove(database.engine, "before_cursor_execute", count)

    assert counts(db, run_id) == (10_000, 0, 0, 0)
    assert progress == list(range(2_000, 10_001, 2_000))
    assert len(statements) < 10 * 20
    assert db.scalar(select(func.count()).select_from(Enrolment)) == 10_000


def test_only_those_with_the_permission_import(db, people):
    run_id = upload(people, csv_file([], header=HEADER))

    for actor in (people.dana.actor, people.eve.actor):
        with pytest.raises(Forbidden):
            services.upload_file(actor, file_name="x.csv", content=csv_file([]))
        with pytest.raises(Forbidden):
            services.start_import(actor, run_id=run_id, choice=ALL)
        with pytest.raises(Forbidden):
            services.discard_import(actor, run_id=run_id)
        with pytest.raises(Forbidden):
            services.continue_import(actor, run_id=run_id)


def test_an_unknown_import_is_refused(db, people):
    with pytest.raises(UnknownImport):
        apply(people, 0)
    with pytest.raises(UnknownImport):
        services.continue_import(people.rosa.actor, run_id=0)


def test_the_name_of_a_file_is_its_last_part(db, people):
    run_id = services.upload_file(
        people.rosa.actor, file_name="C:\\Users\\rosa\\list\x07.csv", content=csv_file([])
    )

    assert db.get(ImportRun, run_id).file_name == "list.csv"
