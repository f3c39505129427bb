"""Group sessions in the portal: seeing them, a seat in two taps, giving it back (SCH-04)."""

import pytest

from app.kernel import clock
from app.scheduling.rules.questionnaires import AskedQuestion, Draft
from app.scheduling.rules.sessions import Cohort
from app.scheduling.services.questionnaires import save_questionnaire
from tests.factories.scheduling import MONDAY_SEVEN, at
from tests.factories.sessions import create_session


@pytest.fixture
def plan(clinic, app):
    """Plans a session; no context stays open around the requests."""

    def planned(**more):
        with app.app_context():
            return create_session(**more)

    return planned


def test_a_seat_is_two_taps_away_and_stands_on_the_first_page(sam, plan):
    plan()

    listed = sam.open("/portal/sessions")
    sam.tap("Flu vaccination")
    booked = sam.send("Take a seat")
    home = sam.open("/portal/")
    mine = sam.open("/portal/appointments")

    assert listed.says("2 seats left")
    assert booked.says("Your seat is booked.")
    assert booked.says("You have a seat.")
    assert home.says("Flu vaccination")
    assert home.link("Flu vaccination") == mine.link("Flu vaccination") == booked.path
    assert not mine.says("You have nothing to come.")


def test_a_double_tap_is_harmless_and_a_seat_can_be_given_back(sam, plan):
    address = f"/portal/sessions/{plan()}"
    form = sam.open(address).form("Take a seat")
    sam.post(form)
    twice = sam.post(form)
    back = sam.page.form("Cancel my seat")
    given = sam.post(back)
    again = sam.post(back)

    assert twice.status == given.status == again.status == 200
    assert given.says("Your seat is cancelled.")
    assert sam.open(address).says("Take a seat")


def test_a_lost_seat_is_answered_with_another_session(sam, eve, plan):
    full = plan(capacity=1)
    other = plan(starts_at="2026-11-25 09:00", title="Second day")
    form = sam.open(f"/portal/sessions/{full}").form("Take a seat")
    eve.open(f"/portal/sessions/{full}")
    eve.send("Take a seat")

    page = sam.post(form)

    assert page.status == 409
    assert page.says("Every seat in this session is taken.")
    assert page.link("Second day") == f"/portal/sessions/{other}"


def test_what_opens_later_says_when_and_what_is_for_others_is_not_there(sam, plan):
    later = plan(opens_at=at("2026-11-23 12:00"))
    others = plan(starts_at="2026-11-25 09:00", cohorts=(Cohort(MONDAY_SEVEN, "BSN"),))

    assert sam.open(f"/portal/sessions/{later}").says("Booking begins today at 12:00 PM")
    assert sam.open(f"/portal/sessions/{others}").status == 404
    assert sam.open("/portal/sessions/2147483647").status == 404


def test_eve_gives_no_seat_of_sam_back(sam, eve, plan):
    address = f"/portal/sessions/{plan()}"
    sam.open(address)
    sam.send("Take a seat")

    answer = eve.client.post(f"{address}/cancel")

    assert answer.status_code == 404
    assert sam.open(address).says("You have a seat.")


def test_after_the_cutoff_the_page_says_to_call(sam, plan):
    address = f"/portal/sessions/{plan(starts_at='2026-11-23 09:05', ends_at=at('11:00'))}"
    sam.open(address)
    form = sam.send("Take a seat").form("Cancel my seat")

    with clock.pretend(at("07:06")):
        assert sam.open(address).says("please call")
        assert sam.post(form).status == 409


def test_without_sessions_the_page_says_so(sam):
    assert sam.open("/portal/sessions").says("Nothing is planned for you at the moment.")


@pytest.fixture
def asked(app, people):
    """The vaccination asks a question and wants consent."""
    draft = Draft(
        (AskedQuestion(text="Fever today?", red_flags=("Yes",), advice="Please stay at home."),),
        "I agree to be vaccinated.",
    )
    with app.app_context():
        save_questionnaire(people.ada.actor, type_code="vaccination", draft=draft)


def test_the_questions_are_asked_before_a_seat_is_taken(sam, plan, asked):
    form = sam.open(f"/portal/sessions/{plan()}").form("Take a seat")
    del form.fields["answer-q1"], form.fields["consent"]

    without = sam.post(form)
    booked = sam.send("Take a seat", **{"answer-q1": "No", "consent": "yes"})

    assert without.status == 422
    assert without.says("Please answer this question.")
    assert booked.says("Your seat is booked.")


def test_a_red_flag_says_what_to_do_instead(sam, plan, asked):
    sam.open(f"/portal/sessions/{plan()}")

    page = sam.send("Take a seat", **{"answer-q1": "Yes", "consent": "yes"})

    assert page.says("Please stay at home.")
    assert not page.says("Your seat is booked.")
