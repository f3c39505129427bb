"""Who gets into the portal, and that nothing there is anybody else's (ACC-01, ACC-02)."""

import pytest

from app.kernel.actor import Channel, system_actor
from app.kernel.permission import Role
from app.security import services as security
from tests.factories.scheduling import create_patient
from tests.people import PASSWORD, Person
from tests.portal.pages import Visitor

PAGES = (
    "/portal/",
    "/portal/book",
    "/portal/book/consultation",
    "/portal/book/consultation/confirm?at=2026-11-24T01:00:00Z",
    "/portal/appointments",
    "/portal/appointments?when=past",
    "/portal/messages",
    "/portal/profile",
    "/portal/your-data",
)
OF_ONE_VISIT = ("", "/calendar.ics", "/cancel", "/move", "/move/confirm?at=2026-11-24T02:00:00Z")
CHANGES = ("/cancel", "/move/confirm")


@pytest.mark.parametrize("address", PAGES)
def test_a_patient_opens_every_page(sam, address):
    assert sam.open(address).status == 200


@pytest.mark.parametrize("address", PAGES)
def test_who_is_not_signed_in_comes_back_after_signing_in(clinic, client, address):
    answer = client.get(address)

    signed_in = client.post(
        answer.headers["Location"], data={"username": "20259001", "password": PASSWORD}
    )
    assert answer.status_code == 303
    assert signed_in.headers["Location"] == address


def test_a_form_without_a_session_leads_to_the_sign_in_page(clinic, client):
    answer = client.post("/portal/messages/read-all")

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/login/?next=%2Fportal%2F"


def test_a_form_whose_cookie_has_gone_leads_there_too(clinic, client, tokens):
    answer = client.post("/portal/book/consultation/confirm?at=2026-11-24T01:00:00Z")

    assert answer.status_code == 303
    assert "confirm%3Fat%3D2026-11-24T01%3A00%3A00Z" in answer.headers["Location"]


def test_a_script_without_a_session_takes_the_whole_page_to_the_sign_in(clinic, client):
    answer = client.get("/portal/book/consultation", headers={"HX-Request": "true"})

    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"] == "/login/?next=%2Fportal%2Fbook%2Fconsultation"


@pytest.mark.parametrize("address", PAGES)
def test_staff_are_shown_the_way_to_their_side(clinic, client, people, address):
    page = Visitor(client.sign_in(people.rosa)).open(address)

    assert page.status == 403
    assert page.link("Go to the staff side") == "/"
    assert page.form("Sign out").action == "/logout/"


def test_staff_with_a_record_of_their_own_need_the_permission_too(app, clinic, client, people):
    with app.app_context():
        create_patient(people.rosa)

    page = Visitor(client.sign_in(people.rosa)).open("/portal/")

    assert page.status == 403
    assert page.link("Go to the staff side") == "/"


def test_a_student_without_a_record_reads_what_to_do(client, people):
    page = Visitor(client.sign_in(people.sam)).open("/portal/")

    assert page.status == 403
    assert page.says("not linked to a patient record yet")
    assert page.says("front desk")


@pytest.mark.parametrize("part", OF_ONE_VISIT)
def test_a_visit_is_shown_to_its_owner_only(sam, eve, booked, people, part):
    visit = booked(people.sam, "2026-11-24 09:00")
    address = f"/portal/appointments/{visit.id}{part}"

    assert sam.client.get(address).status_code == 200
    assert eve.client.get(address).status_code == 404  # Eve must not learn that it exists


@pytest.mark.parametrize("part", CHANGES)
def test_a_stranger_cannot_change_a_visit(sam, eve, booked, people, part):
    visit = booked(people.sam, "2026-11-24 09:00")

    answer = eve.client.post(
        f"/portal/appointments/{visit.id}{part}",
        data={"version": "1", "starts_at": "2026-11-24T02:00:00Z"},
    )

    assert answer.status_code == 404
    assert sam.open("/portal/appointments").says("Tomorrow, 9:00 AM")


@pytest.mark.parametrize("key", ["0", "4711", str(2**63 - 1), str(2**63), "9" * 40, "x", "-1"])
def test_visits_that_do_not_exist_are_not_found(sam, key):
    assert sam.open(f"/portal/appointments/{key}").status == 404


@pytest.fixture
def fe(clinic, app) -> Visitor:
    """Fe works at the clinic as a physician, teaches, and is a patient too."""
    person = Person("FAC901", "Fe", "Tañada", Role.FACULTY)
    with app.app_context():
        security.open_account(
            system_actor(Channel.CLI),
            university_id=person.id,
            first_name=person.first_name,
            last_name=person.last_name,
            email=person.email,
            roles=[Role.FACULTY, Role.PHYSICIAN],
            password_hash=app.extensions["appbuilder"].sm.hash_password(PASSWORD),
        )
        create_patient(person)
    return Visitor(app.test_client().sign_in(person))


def test_what_one_may_see_as_staff_is_not_for_the_portal(fe, booked, people):
    visit = booked(people.sam, "2026-11-24 09:00")

    assert fe.open("/portal/").says("Hello, Fe")
    for part in OF_ONE_VISIT:
        assert fe.client.get(f"/portal/appointments/{visit.id}{part}").status_code == 404


def test_staff_who_are_patients_are_not_offered_two_visits_at_once(fe):
    fe.open("/portal/book/consultation?on=2026-11-24")
    fe.tap("9:00 AM")
    booked = fe.send("Book")

    page = fe.open("/portal/book/consultation?on=2026-11-24")

    assert booked.says("Your appointment is booked.")
    assert "8:40 AM" in page.text
    assert "9:00 AM" not in page.text


def test_signing_out_is_a_post_and_ends_the_session(sam, client):
    sam.open("/portal/profile")

    sam.send("Sign out")

    assert client.get("/logout/").status_code == 405
    assert client.get("/portal/").headers["Location"].startswith("/login/")


def test_names_keep_their_letters(eve):
    assert eve.open("/portal/profile").says("Eve Ñuñez")


def test_an_unknown_page_is_one_calm_sentence(sam):
    page = sam.open("/portal/nowhere")

    assert page.status == 404
    assert page.says("This page was not found.")
