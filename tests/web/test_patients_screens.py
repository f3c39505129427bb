"""The screens of patients: who may open them, what they show, what they refuse."""

import pytest
from sqlalchemy import event, func, select

from app.infra.db import db as database
from app.infra.db import session
from app.patients import queries
from app.patients.models import Patient
from app.security.models import AuditEvent
from tests.factories.patients import BSN_FIRST_YEAR, create_patient

PAGES = ("/patients/list/", "/patients/add", "/enrolments/list/", "/imports/list/", "/imports/new")
FORM = {
    "university_id": "20261111",
    "first_name": "Ma. Teresa",
    "last_name": "Ñuñez",
    "sex": "female",
    "born_on": "2006-11-24",
    "phone": "0917 123 4567",
    "suffix": "",
    "civil_status": "",
    "blood_type": "O+",
    "semester": "",
    "year_level": "",
    "campus": "",
}


@pytest.fixture
def sam(app):
    with app.app_context():
        return create_patient("20259001", "Sam", "Dela Cruz", enrolment=BSN_FIRST_YEAR)


@pytest.mark.parametrize("page", PAGES)
def test_the_receptionist_opens_every_page(client, people, page):
    assert client.sign_in(people.rosa).get(page).status_code == 200


@pytest.mark.parametrize("page", [*PAGES, "/patients/show/1", "/patients/edit/1"])
def test_a_student_opens_none_of_them(client, people, page):
    assert client.sign_in(people.eve).get(page).status_code == 403


@pytest.mark.parametrize("page", PAGES)
def test_who_is_not_signed_in_is_sent_to_the_sign_in_page(client, page):
    answer = client.get(page)

    assert answer.status_code == 302
    assert "/login/" in answer.headers["Location"]


def test_a_physician_reads_but_does_not_change(client, people, sam):
    client.sign_in(people.dana)

    assert client.get(f"/patients/show/{sam}").status_code == 200
    assert client.get(f"/patients/edit/{sam}").status_code == 403
    assert client.post(f"/patients/action/deactivate/{sam}").status_code == 403
    assert client.get("/imports/list/").status_code == 403


def test_an_admin_imports_patients_but_reads_none(client, people, sam):
    client.sign_in(people.ada)

    assert client.get("/imports/new").status_code == 200
    assert client.get(f"/patients/show/{sam}").status_code == 403


def test_the_page_shows_contacts_and_enrolments_and_notes_the_reading(client, people, sam):
    page = client.sign_in(people.neil).get(f"/patients/show/{sam}").get_data(as_text=True)

    assert "Sam Dela Cruz" in page
    assert "2026-2027" in page
    with client.application.app_context():
        noted = session().scalar(
            select(func.count()).where(
                AuditEvent.action == "patients:patient:read", AuditEvent.patient_id == sam
            )
        )
    assert noted == 1


@pytest.mark.parametrize("key", ["999999", "abc", "-1", "99999999999999999999"])
def test_a_patient_who_is_not_there_is_not_found(client, people, key):
    client.sign_in(people.rosa)

    assert client.get(f"/patients/show/{key}").status_code == 404


def test_registering_through_the_form_keeps_the_tilde(client, people):
    answer = client.sign_in(people.rosa).post("/patients/add", data=FORM)

    assert answer.status_code == 302, answer.get_data(as_text=True)
    with client.application.app_context():
        card = queries.patient_by_university_id("20261111")
    assert card.list_name == "Ñuñez, Ma. Teresa"
    assert card.phone == "+639171234567"


def test_a_wrong_value_is_named_beside_its_field_and_nothing_is_lost(client, people):
    answer = client.sign_in(people.rosa).post("/patients/add", data=FORM | {"phone": "12"})

    page = answer.get_data(as_text=True)
    assert "This is not a phone number" in page
    assert 'value="Ma. Teresa"' in page


def test_a_likely_duplicate_is_shown_with_a_link_and_the_tick_box_goes_on(client, people):
    with client.application.app_context():
        create_patient("20250077", "Maria Teresa", "Nunez", phone="09171234567")
    client.sign_in(people.rosa)

    warned = client.post("/patients/add", data=FORM).get_data(as_text=True)
    went_on = client.post("/patients/add", data=FORM | {"despite_duplicates": "y"})

    assert "Is it one of these?" in warned
    assert "20250077" in warned
    assert went_on.status_code == 302


def test_changing_shows_what_is_known_and_stores_what_is_new(client, people, sam):
    client.sign_in(people.rosa)
    page = client.get(f"/patients/edit/{sam}").get_data(as_text=True)

    answer = client.post(
        f"/patients/edit/{sam}",
        data=FORM | {"university_id": "20259001", "version": "1", "city": "Cebu City"},
    )

    assert 'value="BSN"' in page
    assert answer.status_code == 302
    with client.application.app_context():
        assert session().get(Patient, sam).city == "Cebu City"


def test_a_change_from_an_old_page_is_refused(client, people, sam):
    client.sign_in(people.rosa)
    form = FORM | {"university_id": "20259001", "version": "1"}
    client.post(f"/patients/edit/{sam}", data=form)

    answer = client.post(f"/patients/edit/{sam}", data=form | {"city": "Mandaue"})

    assert "Somebody else changed this patient" in answer.get_data(as_text=True)


def test_deactivating_is_one_click(client, people, sam):
    answer = client.sign_in(people.rosa).post(f"/patients/action/deactivate/{sam}")

    assert answer.status_code == 302
    with client.application.app_context():
        assert session().get(Patient, sam).status == "inactive"


@pytest.mark.parametrize(
    ("search", "finds"),
    [
        ("_flt_0_name_or_id=nunez", True),
        ("_flt_0_name_or_id=nu", False),
        ("_flt_0_name_or_id=20260", True),
        ("_flt_0_name_or_id=%25%25%25", False),
        ("_flt_0_program=bsn", True),
        ("_flt_0_program=BSA", False),
        ("_flt_0_program=BSA&_flt_0_academic_year=2025-2026", True),
        ("_flt_0_program=BSN&_flt_0_academic_year=2025-2026", False),
        ("_flt_0_academic_year=2026-2027&_flt_0_semester=1", True),
        ("_flt_0_academic_year=2026-2027&_flt_0_semester=2", False),
        ("_flt_0_year_level=1&_flt_0_campus=Talamban", True),
        ("_flt_0_campus=Downtown", False),
        ("_flt_0_blood_type=O%2B", True),
        ("_flt_0_blood_type=AB-", False),
        ("_flt_0_philhealth=yes", True),
        ("_flt_0_philhealth=no", False),
        ("_flt_0_hmo=no", True),
        ("_flt_0_hmo=yes", False),
        ("_flt_0_status=active", True),
        ("_flt_0_status=inactive", False),
        ("_flt_0_status=", True),
    ],
)
def test_the_list_is_searched_by_each_filter(client, people, search, finds):
    from dataclasses import replace

    from app.kernel.actor import system_actor
    from app.patients import services

    with client.application.app_context():
        ines = create_patient(
            "20260001",
            "Inés",
            "Ñuñez",
            blood_type="O+",
            philhealth_number="123456789012",
            enrolment=BSN_FIRST_YEAR,
        )
        earlier = replace(BSN_FIRST_YEAR, academic_year="2025-2026", program="BSA")
        services.save_enrolment(system_actor(), patient_id=ines, facts=earlier)

    page = client.sign_in(people.rosa).get(f"/patients/list/?{search}").get_data(as_text=True)

    assert ("20260001" in page) is finds


def test_the_list_takes_at_most_eight_statements(client, people):
    with client.application.app_context():
        for number in range(30):
            create_patient(f"2026{number:04d}", "Ana", "Reyes", enrolment=BSN_FIRST_YEAR)
        engine = database.engine
    client.sign_in(people.rosa)
    client.get("/patients/list/")
    statements = []

    def count(_connection, _cursor, statement, *_rest):
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    try:
        client.get("/patients/list/")
    finally:
        event.remove(engine, "before_cursor_execute", count)

    assert 0 < len(statements) <= 8, statements
