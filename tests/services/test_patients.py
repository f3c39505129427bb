"""Registering, changing, finding and linking patients."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.infra.db import transaction
from app.kernel.errors import Forbidden, Invalid
from app.kernel.ids import PatientId
from app.patients import queries, services
from app.patients.errors import (
    AccountTaken,
    LooksLikeDuplicate,
    PatientChanged,
    PatientExists,
    SearchTooShort,
    UnknownPatient,
)
from app.patients.models import Enrolment, Patient
from app.patients.rules import Trace
from app.security.models import AuditEvent
from tests.factories.patients import BSN_FIRST_YEAR, create_patient, patient_record


def test_a_patient_is_linked_to_the_account_with_the_same_university_id(db, people):
    patient_id = services.register_patient(people.rosa.actor, record=patient_record())

    card = queries.patient_for_user(people.sam.user_id)
    assert card.id == patient_id
    assert card.email == people.sam.email
    assert queries.patient_for_user(people.eve.user_id) is None


def test_a_card_has_contacts_and_the_latest_enrolment(db, people):
    patient_id = create_patient(
        "20250001",
        "Ma. Teresa",
        "Ñuñez",
        middle_name="Reyes",
        email="MT@usc.edu.ph",
        phone="09171234567",
        enrolment=BSN_FIRST_YEAR,
    )
    earlier = replace(BSN_FIRST_YEAR, academic_year="2025-2026", program="BSA")
    services.save_enrolment(people.rosa.actor, patient_id=patient_id, facts=earlier)

    card = queries.patient_card(patient_id)

    assert card.label == "Ñuñez, Ma. Teresa R. (20250001)"
    assert (card.email, card.phone) == ("mt@usc.edu.ph", "+639171234567")
    assert (card.program, card.year_level, card.campus) == ("BSN", "1", "Talamban")
    assert queries.patients_by_ids([patient_id, PatientId(0)]) == {patient_id: card}
    assert queries.patient_by_university_id(" 20250001 ") == card


def test_a_later_term_becomes_the_latest(db, people):
    patient_id = create_patient(enrolment=BSN_FIRST_YEAR)

    later = replace(BSN_FIRST_YEAR, semester="2", year_level="2")
    services.save_enrolment(people.neil.actor, patient_id=patient_id, facts=later)

    latest = db.scalars(select(Enrolment).where(Enrolment.is_latest)).one()
    assert latest.semester == "2"


def test_a_second_enrolment_in_a_term_corrects_the_first(db, people):
    patient_id = create_patient(enrolment=BSN_FIRST_YEAR)

    corrected = replace(BSN_FIRST_YEAR, program="BSA")
    services.save_enrolment(people.rosa.actor, patient_id=patient_id, facts=corrected)

    assert db.scalars(select(Enrolment.program)).all() == ["BSA"]


def test_a_university_id_belongs_to_one_patient_in_any_case(db, people):
    create_patient("STAFF777", "Ana", "Reyes")

    with pytest.raises(PatientExists):
        services.register_patient(
            people.rosa.actor, record=patient_record("staff777", "Ben", "Lim")
        )


def test_the_database_itself_keeps_ids_in_capitals(db):
    create_patient("STAFF777", "Ana", "Reyes")

    with pytest.raises(IntegrityError, match="university_id"), transaction() as tx:
        tx.session.scalars(select(Patient)).one().university_id = "staff777"


def test_a_likely_duplicate_is_a_warning_not_a_block(db, people):
    create_patient("20250001", "Eve", "Ñuñez", born_on=date(2006, 2, 3))
    twin = patient_record("20250002", "Eve", "Nunez", born_on=date(2006, 2, 3))

    with pytest.raises(LooksLikeDuplicate):
        services.register_patient(people.rosa.actor, record=twin)
    services.register_patient(people.rosa.actor, record=twin, despite_duplicates=True)

    (found, _itself) = services.likely_duplicates(people.rosa.actor, record=twin)
    assert found.score >= 75


def test_nobody_is_their_own_duplicate(db):
    patient_id = create_patient("20250001", "Eve", "Ñuñez", born_on=date(2006, 2, 3))
    trace = Trace("Eve Ñuñez", date(2006, 2, 3))

    assert queries.likely_duplicates(trace, besides=patient_id) == []
    assert queries.likely_duplicates(Trace("Bo Li")) == []


def test_a_change_names_its_fields_but_no_values_in_the_audit_trail(db, people):
    patient_id = create_patient(phone="09171234567")
    record = patient_record(first_name="Samuel", city="Cebu City")

    services.change_patient(people.rosa.actor, patient_id=patient_id, version=1, record=record)

    changed = db.scalars(
        select(AuditEvent).where(AuditEvent.action == "patients:patient:change")
    ).one()
    assert changed.details == {"fields": ["first_name", "city"]}
    assert (changed.patient_id, changed.actor_id) == (patient_id, people.rosa.user_id)
    assert queries.patient_card(patient_id).phone == ""
    assert queries.search_patients("samuel")[0].id == patient_id


def test_two_changes_from_the_same_page_are_one_too_many(db, people):
    patient_id = create_patient()
    record = patient_record(city="Cebu City")
    services.change_patient(people.rosa.actor, patient_id=patient_id, version=1, record=record)

    with pytest.raises(PatientChanged):
        services.change_patient(people.neil.actor, patient_id=patient_id, version=1, record=record)


def test_emergency_contacts_and_contact_points_are_replaced_not_added(db, people):
    patient_id = create_patient(phone="09171234567", email="a@usc.edu.ph")
    for name in ("Lola Nena", "Tita Baby"):
        patient = db.get(Patient, patient_id, populate_existing=True)
        record = patient_record(phone="09181234567")
        contacts = replace(record.contacts, emergency_name=name, emergency_phone="0322531000")
        services.change_patient(
            people.rosa.actor,
            patient_id=patient_id,
            version=patient.version,
            record=replace(record, contacts=contacts),
        )

    patient = db.get(Patient, patient_id, populate_existing=True)

    assert [point.value for point in patient.contact_points] == ["+639181234567"]
    assert [contact.name for contact in patient.emergency_contacts] == ["Tita Baby"]


def test_an_inactive_patient_is_not_offered_any_more(db, people):
    patient_id = create_patient("20250001", "Eve", "Ñuñez")

    services.deactivate_patient(people.rosa.actor, patient_id=patient_id, reason="Left")

    assert queries.search_patients("nunez") == []
    assert queries.patient_card(patient_id).is_active is False
    services.reactivate_patient(people.rosa.actor, patient_id=patient_id)
    services.reactivate_patient(people.rosa.actor, patient_id=patient_id)
    assert len(queries.search_patients("nunez")) == 1


def test_an_account_acts_for_one_patient_only(db, people):
    create_patient("20259001", "Sam", "Dela Cruz")
    other = create_patient("20250002", "Ana", "Reyes")

    with pytest.raises(AccountTaken):
        services.link_account(people.rosa.actor, patient_id=other, user_id=people.sam.user_id)


def test_an_account_can_be_linked_and_unlinked(db, people):
    patient_id = create_patient("20250002", "Ana", "Reyes")

    services.link_account(people.rosa.actor, patient_id=patient_id, user_id=people.eve.user_id)
    assert queries.patient_for_user(people.eve.user_id).id == patient_id
    services.link_account(people.rosa.actor, patient_id=patient_id, user_id=None)
    assert queries.patient_for_user(people.eve.user_id) is None


@pytest.mark.parametrize(
    ("text", "finds"),
    [
        ("nunez", True),
        ("ÑUÑEZ", True),
        ("eve nun", True),
        ("nunez eve", True),
        ("maria", True),
        ("delossantos", True),
        ("de los san", True),
        ("2025", True),
        ("20250001", True),
        ("unez", False),
        ("eve reyes", False),
        ("2026", False),
    ],
)
def test_words_are_found_by_their_beginnings_without_accents(db, text, finds):
    create_patient("20250001", "Ma. Eve", "Ñuñez", middle_name="De los Santos")
    # The written-out surname belongs to the surname; the middle name has its own words.
    create_patient("20250003", "Ana", "De los Santos")

    found = {card.university_id for card in queries.search_patients(text)}

    assert bool(found) is finds


@pytest.mark.parametrize("text", ["", "ab", "é n", "12", "!!!", "' & |"])
def test_a_search_needs_three_letters_or_an_identifier(db, text):
    with pytest.raises(SearchTooShort):
        queries.search_patients(text)


def test_a_search_gives_at_most_twenty(db):
    for number in range(23):
        create_patient(f"2025{number:04d}", "Ana", "Reyes")

    assert len(queries.search_patients("reyes", limit=100)) == 20


def test_students_and_readers_may_not_write(db, people):
    record = patient_record()
    patient_id = create_patient("20250005", "Ana", "Reyes")

    for actor in (people.eve.actor, people.dana.actor):
        with pytest.raises(Forbidden):
            services.register_patient(actor, record=record)
        with pytest.raises(Forbidden):
            services.change_patient(actor, patient_id=patient_id, version=1, record=record)
        with pytest.raises(Forbidden):
            services.deactivate_patient(actor, patient_id=patient_id)
        with pytest.raises(Forbidden):
            services.save_enrolment(actor, patient_id=patient_id, facts=BSN_FIRST_YEAR)
        with pytest.raises(Forbidden):
            services.link_account(actor, patient_id=patient_id, user_id=None)


def test_a_student_searches_nobody(db, people):
    with pytest.raises(Forbidden):
        services.find_patients(people.eve.actor, text="dela cruz")
    with pytest.raises(Forbidden):
        services.likely_duplicates(people.eve.actor, record=patient_record())


def test_an_unknown_patient_is_refused(db, people):
    with pytest.raises(UnknownPatient):
        services.deactivate_patient(people.rosa.actor, patient_id=PatientId(0))
    assert queries.patient_card(PatientId(0)) is None
    assert queries.patients_by_ids([]) == {}


def test_a_wrong_record_stores_nothing(db, people):
    with pytest.raises(Invalid):
        services.register_patient(people.rosa.actor, record=patient_record(sex="x"))

    assert db.scalars(select(Patient)).all() == []
