"""Links of reminders, missed visits, and how one wants to be reminded (SCH-30, SCH-35)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.infra import signing
from app.infra.db import session
from app.kernel import clock
from app.scheduling import services
from app.scheduling.errors import UnknownAppointment
from app.scheduling.models import NoShowPoint
from app.scheduling.queries import appointments
from tests.factories.scheduling import SYSTEM, at
from tests.people import PEOPLE
from tests.portal.pages import Visitor

TOMORROW_TWO = "2026-11-24 14:00"


@pytest.fixture
def visit(booked, people):
    """Sam's visit tomorrow at two."""
    return booked(people.sam, TOMORROW_TWO, provider=people.dana.id)


@pytest.fixture
def link(app, visit):
    """The address in Sam's reminder."""
    with app.app_context():
        return f"/answer/{signing.sign('visit-answer', {'visit': visit.id})}/"


@pytest.fixture
def nobody(app, clinic):
    """Somebody with the mail open, who is not signed in."""
    return Visitor(app.test_client())


@pytest.fixture
def point(app, booked, people):
    """The key of Sam's point for a visit of this morning."""
    booked(people.sam, "2026-11-23 08:00")
    with clock.pretend(at("08:30")), app.app_context():
        services.mark_no_shows(SYSTEM)
        return session().scalar(select(NoShowPoint.id))


def kept(app, visit):
    with app.app_context():
        return appointments.known_appointment(visit.id)


def test_opening_the_link_changes_nothing(app, nobody, visit, link):
    for _ in range(2):
        page = nobody.open(link)
        assert (page.status, page.says("Will you come?")) == (200, True)
        assert not page.says("Consultation")
    assert nobody.open(f"{link}?say=no").says("You cannot come?")

    after = kept(app, visit)
    assert (after.status, after.attendance_confirmed_at) == ("confirmed", None)


def test_one_tap_says_that_one_will_come(app, nobody, tokens, visit, link):
    first = nobody.open(link)
    page = nobody.send("I will come")
    again = nobody.post(first.form("I will come"))

    assert page.says("We have noted that you will come.")
    assert again.status == 200
    assert kept(app, visit).attendance_confirmed_at is not None


def test_one_tap_gives_the_visit_up_and_a_second_is_harmless(app, nobody, tokens, visit, link):
    first = nobody.open(f"{link}?say=no")
    page = nobody.send("I cannot come, cancel it")
    again = nobody.post(first.form("I cannot come, cancel it"))

    assert page.says("Your appointment is cancelled")
    assert (again.status, again.says("was cancelled already")) == (409, True)
    assert kept(app, visit).status == "cancelled"
    assert nobody.open(link).status == 409


def test_after_the_cutoff_the_page_says_to_call(app, nobody, visit, link):
    form = nobody.open(link).form("I cannot come, cancel it")
    with clock.pretend(at("2026-11-24 13:00")):
        page = nobody.open(link)
        refused = nobody.post(form)

    assert page.says("Cancelling online was possible until")
    assert all("cancel it" not in one.text for one in page.forms)
    assert (refused.status, refused.says("It is too late")) == (409, True)
    assert kept(app, visit).status == "confirmed"


def test_made_up_links_and_visits_that_began_have_a_clear_page(nobody, visit, link):
    assert nobody.open("/answer/nonsense/").says("This link does not work any more.")
    assert nobody.page.status == 404
    with clock.pretend(at(TOMORROW_TWO)):
        assert nobody.open(link).says("has begun already")


@pytest.mark.parametrize(("days", "status"), [(17, 200), (18, 404)])
def test_a_link_ends_after_seventeen_days(app, nobody, visit, days, status):
    with app.app_context(), clock.pretend(at("07:00") - timedelta(days=days)):
        old = f"/answer/{signing.sign('visit-answer', {'visit': visit.id})}/"

    assert nobody.open(old).status == status


def test_the_history_says_that_one_will_come(sam, visit, link):
    sam.open(link)
    sam.send("I will come")

    assert sam.open(f"/portal/appointments/{visit.id}").says("You said that you will come")


def test_one_says_in_the_portal_that_one_will_come(app, sam, tokens, visit):
    before = sam.open(f"/portal/appointments/{visit.id}")
    page = sam.send("I will come")
    again = sam.post(before.form("I will come"))

    assert page.says("You have told us that you will come.")
    assert all("I will come" not in form.text for form in page.forms)
    assert (again.status, again.text.count("You said that you will come")) == (200, 1)
    assert kept(app, visit).attendance_confirmed_at is not None


def test_it_is_too_late_to_say_so_once_the_visit_begins(app, sam, visit):
    sam.open(f"/portal/appointments/{visit.id}")
    with clock.pretend(at(TOMORROW_TWO)):
        sam.client.sign_in(PEOPLE.sam)
        page = sam.send("I will come")

    assert page.says("has begun already")
    assert kept(app, visit).attendance_confirmed_at is None


def test_nobody_says_for_somebody_else_that_they_will_come(app, eve, people, visit):
    answer = eve.client.post(f"/portal/appointments/{visit.id}/coming")

    assert answer.status_code == 404
    for stranger in (people.eve, people.rosa):
        with app.app_context(), pytest.raises(UnknownAppointment):
            services.confirm_attendance(stranger.actor, appointment_id=visit.id)
    assert kept(app, visit).attendance_confirmed_at is None


def test_without_missed_visits_the_page_says_so(sam):
    assert sam.open("/portal/profile").link("Missed visits") == "/portal/missed"
    assert sam.tap("Missed visits").says("You missed no visit")


def test_a_missed_visit_is_explained_and_can_be_objected_to(sam, tokens, point):
    page = sam.open("/portal/missed")
    assert page.says("1 missed visit counts now.")
    assert page.says("Counts until Sun 21 Feb 2027 at 8:30 AM")

    after = sam.send("Object to it", objection="I stood at the window.")
    again = sam.post(page.form("Object to it"), objection="Twice")

    assert after.says("The front desk will look at it.")
    assert after.says("You wrote: I stood at the window.")
    assert (again.status, again.says("looks at already")) == (409, True)


def test_an_objection_needs_words(sam, point):
    sam.open("/portal/missed")

    page = sam.send("Object to it", objection="  ")

    assert (page.status, page.says("Please say in a few words")) == (422, True)


def test_points_of_others_are_not_there(eve, point):
    assert not eve.open("/portal/missed").says("Consultation")
    answer = eve.client.post(f"/portal/missed/{point}/contest", data={"objection": "Mine"})
    assert answer.status_code == 404


def test_one_chooses_how_to_be_reminded(app, sam, tokens, people):
    sam.open("/portal/profile")
    form = sam.tap("Reminders").form("Keep this")
    form.fields = {"csrf_token": form.fields["csrf_token"], "by_email": "y", "when": "own"}

    page = sam.post(form, lead="60")

    assert page.says("Your choice is kept.")
    with app.app_context():
        wish = services.own_wish(people.sam.actor)
    assert (wish.by_email, wish.in_app, wish.lead_minutes) == (True, False, (60,))


def test_the_usual_times_can_be_taken_back(app, sam, people):
    sam.client.post("/portal/reminders", data={"in_app": "y", "when": "usual", "lead": "60"})

    with app.app_context():
        assert services.own_wish(people.sam.actor).lead_minutes is None


@pytest.mark.parametrize("lead", ["1", "x", "999999", "1.5"])
def test_odd_times_are_refused(sam, lead):
    answer = sam.client.post("/portal/reminders", data={"when": "own", "lead": lead})

    assert answer.status_code == 422
