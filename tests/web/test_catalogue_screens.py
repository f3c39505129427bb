"""Screens of kinds of visits, providers and closures."""

import pytest
from sqlalchemy import select

from app.infra.db import session
from app.kernel.permission import Role
from app.scheduling import services
from app.scheduling.models import AppointmentType, Closure, Practitioner
from app.scheduling.queries import schedules, types
from app.security import services as security
from tests.factories.scheduling import SYSTEM, monday_seven, open_clinic
from tests.web.scheduling import book, counted_statements

EYES = {
    "code": "eye-check",
    "name": "Eye check",
    "description": "",
    "duration_minutes": "25",
    "step_minutes": "0",
    "buffer_before_minutes": "0",
    "buffer_after_minutes": "5",
    "provider_kinds": ["nurse"],
    "bookable_by": ["Student", "Receptionist"],
    "notice_minutes": "60",
    "horizon_days": "30",
    "cancel_cutoff_minutes": "120",
    "max_open": "",
    "max_per_day": "",
    "max_per_week": "2",
    "colour": "#1D4ED8",
    "position": "3",
    "is_active": "y",
}
DAYS = {"name": "University Days", "starts_at": "2026-11-23T08:00", "ends_at": "2026-11-24T17:00"}


@pytest.fixture
def site(app):
    """An open clinic on a Monday at 7:00 AM; no context stays open around the requests."""
    with monday_seven():
        with app.app_context():
            open_clinic()
        yield app


@pytest.fixture
def ada(site, client, people):
    """The administrator, signed in."""
    return client.sign_in(people.ada)


@pytest.fixture
def rosa(site, client, people):
    """The receptionist, signed in."""
    return client.sign_in(people.rosa)


def create_account(university_id, role):
    """Somebody who is no provider yet."""
    return security.open_account(
        SYSTEM,
        university_id=university_id,
        first_name="Nora",
        last_name="Uy",
        email=f"{university_id.lower()}@usc.edu.ph",
        roles=[role],
        password_hash=None,
    )


def kept_type(app, code):
    with app.app_context():
        return types.bookable_type(code)


def key_of(app, statement):
    with app.app_context():
        return session().scalar(statement)


def test_an_administrator_adds_a_kind_of_visit(site, ada):
    answer = ada.post("/appointment-types/add", data=EYES, follow_redirects=True)

    kept = kept_type(site, "eye-check")
    assert "The kind of visit was saved." in answer.get_data(as_text=True)
    assert (kept.kinds, kept.colour) == (("nurse",), "#1d4ed8")
    assert kept.policy.bookable_by == {"Student", "Receptionist"}
    assert kept.policy.max_per_patient_per_week == 2


def test_the_edit_form_starts_with_what_is_kept(site, ada):
    key = key_of(site, select(AppointmentType.id).where(AppointmentType.code == "dental-cleaning"))

    html = ada.get(f"/appointment-types/edit/{key}").get_data(as_text=True)

    assert '<option selected value="dentist">' in html
    assert 'value="60"' in html
    assert "<legend>When it can be booked</legend>" in html


def test_a_kind_is_hidden_by_taking_the_tick_away(site, ada):
    ada.post("/appointment-types/add", data=EYES)
    key = key_of(site, select(AppointmentType.id).where(AppointmentType.code == "eye-check"))
    hidden = {name: value for name, value in EYES.items() if name != "is_active"}

    ada.post(f"/appointment-types/edit/{key}", data=hidden)

    assert kept_type(site, "eye-check") is None


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("code", "two words", "Please use letters, digits and hyphens, at most 40."),
        ("name", "", "Please type a name."),
        ("duration_minutes", "long", "Not a valid integer value."),
        ("duration_minutes", "3", "Please use a number from 5 to 720."),
        ("provider_kinds", [], "Please choose who offers this visit."),
        ("bookable_by", ["Wizard"], "is not a valid choice"),
        ("colour", "blue", "Please choose a colour such as #1d4ed8."),
        ("max_open", "0", "Please use a number from 1 to 1000, or nothing for no limit."),
        ("name", "Eye\x07check", "Please use at most 80 plain characters, on one line."),
    ],
)
def test_odd_values_are_refused_beside_their_field(ada, field, value, sentence):
    answer = ada.post("/appointment-types/add", data={**EYES, field: value})

    assert answer.status_code == 200
    assert sentence in answer.get_data(as_text=True).replace("&#39;", "'")


def test_a_taken_code_is_refused_with_what_was_typed(ada):
    answer = ada.post("/appointment-types/add", data={**EYES, "code": "consultation"})

    html = answer.get_data(as_text=True)
    assert "Another kind of visit has this code." in html
    assert "Eye check" in html


def test_kinds_of_visits_are_not_deleted(site, ada):
    key = key_of(site, select(AppointmentType.id).limit(1))

    assert ada.post(f"/appointment-types/delete/{key}").status_code == 404


def test_the_lists_ask_few_questions(site, ada):
    for path in ("/appointment-types/list/", "/providers/list/", "/closures/list/"):
        with counted_statements(site) as statements:
            assert ada.get(path).status_code == 200

        assert len(statements) <= 8, path


def test_only_clinicians_who_are_no_providers_yet_can_be_added(ada, people):
    html = ada.get("/providers/add").get_data(as_text=True)

    assert "Nobody is left to add" in html
    assert people.dana.id not in html


def test_an_account_becomes_a_provider(site, ada):
    with site.app_context():
        user_id = create_account("NURSE902", Role.NURSE)

    ada.post("/providers/add", data={"user_id": str(user_id), "kind": "nurse", "is_active": "y"})

    with site.app_context():
        kept = schedules.practitioner_by_university_id("NURSE902")
    assert (kept.name, kept.kind, kept.is_active) == ("Nora Uy", "nurse", True)


@pytest.mark.parametrize("user_id", ["0", "999999", "x", ""])
def test_a_provider_needs_an_account_from_the_list(ada, user_id):
    answer = ada.post("/providers/add", data={"user_id": user_id, "kind": "nurse"})

    assert answer.status_code == 200
    assert "c-field__error" in answer.get_data(as_text=True)


def test_a_provider_gets_another_name_and_a_limit(site, ada, people):
    key = key_of(site, select(Practitioner.id).where(Practitioner.university_id == people.dana.id))
    data = {"kind": "physician", "name": "Dr. Dana Villamor", "max_per_day": "12", "is_active": "y"}

    ada.post(f"/providers/edit/{key}", data=data)

    with site.app_context():
        kept = schedules.practitioner_by_university_id(people.dana.id)
    assert (kept.name, kept.max_per_day) == ("Dr. Dana Villamor", 12)


def test_an_odd_limit_of_a_provider_is_refused(site, ada):
    key = key_of(site, select(Practitioner.id).limit(1))

    answer = ada.post(
        f"/providers/edit/{key}", data={"kind": "nurse", "max_per_day": "0", "is_active": "y"}
    )

    assert "Please use a number from 1 to 500, or nothing" in answer.get_data(as_text=True)


def test_the_front_desk_closes_the_clinic_and_hears_who_is_hit(site, rosa, people):
    book(site, people.sam, "09:00", provider=people.dana.id)
    rosa.get("/closures/list/")
    rosa.get("/closures/add")

    answer = rosa.post("/closures/add", data=DAYS, follow_redirects=True)

    html = answer.get_data(as_text=True)
    assert "University Days" in html
    assert "1 visit no longer fits" in html


def test_a_closure_that_ends_before_it_starts_is_refused(rosa):
    answer = rosa.post("/closures/add", data={**DAYS, "ends_at": "2026-11-22T08:00"})

    assert "A closure must end after it starts." in answer.get_data(as_text=True)


def test_closures_are_opened_and_closed_again(site, rosa):
    rosa.post("/closures/add", data=DAYS)
    key = key_of(site, select(Closure.id))

    opened = rosa.post(f"/closures/action/reopen/{key}", follow_redirects=True)
    is_open = not key_of(site, select(Closure.is_active))
    rosa.post("/closures/action_post", data={"action": "close_again", "rowid": [key]})

    assert "The clinic is open at these times again." in opened.get_data(as_text=True)
    assert is_open
    assert key_of(site, select(Closure.is_active))


def test_holidays_of_a_year_are_imported_with_one_button(rosa):
    page = rosa.get("/closures/list/").get_data(as_text=True)
    first = rosa.post("/closures/import/", data={"year": "2027"}, follow_redirects=True)
    again = rosa.post("/closures/import/", data={"year": "2027"}, follow_redirects=True)

    assert 'value="2027"' in page
    assert "public holidays of 2027 were added." in first.get_data(as_text=True)
    assert "Independence Day" in first.get_data(as_text=True)
    assert "The public holidays of 2027 were known already." in again.get_data(as_text=True)


def test_an_absurd_year_is_refused_with_a_sentence(rosa):
    answer = rosa.post("/closures/import/", data={"year": "9999"}, follow_redirects=True)

    assert "between 2000 and 2100" in answer.get_data(as_text=True)


def test_closures_that_are_over_are_found_only_by_searching(site, rosa):
    with site.app_context():
        services.import_holidays(SYSTEM, first_year=2026, last_year=2026)

    listed = rosa.get("/closures/list/").get_data(as_text=True)
    found = rosa.get("/closures/list/?_flt_0_name=Labor").get_data(as_text=True)

    assert "Labor Day" not in listed
    assert "Bonifacio Day" in listed
    assert "Labor Day" in found


def test_a_physician_reads_closures_but_does_not_close_the_clinic(site, client, people):
    client.sign_in(people.dana)

    page = client.get("/closures/list/")

    assert page.status_code == 200
    assert "Import" not in page.get_data(as_text=True).split('id="main"')[1]
    assert client.post("/closures/add", data=DAYS).status_code == 403
    assert client.post("/closures/import/", data={"year": "2027"}).status_code == 403
    assert client.post("/closures/action/reopen/1").status_code == 403


@pytest.mark.parametrize("name", ["cass", "eve"])
@pytest.mark.parametrize(
    "path", ["/appointment-types/list/", "/providers/list/", "/closures/list/"]
)
def test_a_cashier_and_a_student_see_none_of_it(site, client, people, name, path):
    client.sign_in(getattr(people, name))

    assert client.get(path).status_code == 403


@pytest.mark.parametrize("path", ["/appointment-types/add", "/providers/add"])
def test_the_front_desk_changes_neither_kinds_nor_providers(rosa, path):
    assert rosa.get(path).status_code == 403
    assert rosa.post(path, data=EYES).status_code == 403


def test_a_kind_of_visit_says_what_happens_on_the_day(site, ada):
    day = {
        "reminder_minutes": "60, 2880",
        "no_show_grace_minutes": "10",
        "check_in_minutes": "",
        "session_capacity": "40",
        "takes_walk_ins": "",
        "token_prefix": "e",
    }

    ada.post("/appointment-types/add", data=EYES | day)

    with site.app_context():
        kept = session().scalar(select(AppointmentType).where(AppointmentType.code == "eye-check"))
        assert kept.reminder_minutes == [2880, 60]
        assert (kept.no_show_grace_minutes, kept.check_in_minutes) == (10, 30)
        assert (kept.session_capacity, kept.token_prefix) == (40, "E")


def test_odd_reminders_of_a_kind_of_visit_are_refused(site, ada):
    for odd in ("soon", "1", "60, 61, 62, 63, 64"):
        answer = ada.post("/appointment-types/add", data=EYES | {"reminder_minutes": odd})
        assert "Please use" in answer.get_data(as_text=True)
    assert kept_type(site, "eye-check") is None
