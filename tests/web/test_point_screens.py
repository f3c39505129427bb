"""The staff screen of missed visits (SCH-35)."""

import pytest
from sqlalchemy import select

from app.infra import signing
from app.infra.db import session
from app.kernel import clock
from app.scheduling import services
from app.scheduling.models import NoShowPoint
from tests.factories.scheduling import SYSTEM, at, monday_seven, open_clinic
from tests.web.scheduling import book


@pytest.fixture
def point(app, people):
    """The key of Sam's contested point."""
    with monday_seven():
        with app.app_context():
            open_clinic()
        book(app, people.sam, "09:00")
        with clock.pretend(at("09:30")), app.app_context():
            services.mark_no_shows(SYSTEM)
            key = session().scalar(select(NoShowPoint.id))
            services.contest_point(people.sam.actor, point_id=key, objection="I was there.")
        yield key


def kept(app):
    with app.app_context():
        row = session().scalar(select(NoShowPoint))
        return row.status, row.decision


def test_the_desk_reads_objections_and_takes_a_point_back(app, client, people, point):
    rosa = client.sign_in(people.rosa)
    page = rosa.get("/missed-visits/").get_data(as_text=True)
    assert "“I was there.”" in page
    assert "Dela Cruz" in page

    said = {"to": "waived", "reason": "You were there."}
    answer = rosa.post(f"/missed-visits/{point}/decide/", data=said, follow_redirects=True)

    assert "The patient is told about it." in answer.get_data(as_text=True)
    assert kept(app) == ("waived", "You were there.")
    again = rosa.post(f"/missed-visits/{point}/decide/", data=said, follow_redirects=True)
    assert "was taken back" in again.get_data(as_text=True)


def test_a_decision_needs_a_reason(app, client, people, point):
    rosa = client.sign_in(people.rosa)

    said = {"to": "upheld", "reason": " "}
    answer = rosa.post(f"/missed-visits/{point}/decide/", data=said, follow_redirects=True)

    assert "Please give the reason" in answer.get_data(as_text=True)
    assert kept(app) == ("contested", "")


def test_a_nurse_reads_but_does_not_decide(app, client, people, point):
    neil = client.sign_in(people.neil)

    assert "Take it back" not in neil.get("/missed-visits/?filter=contested").get_data(as_text=True)
    assert neil.get("/missed-visits/?filter=counted").status_code == 200
    neil.post(f"/missed-visits/{point}/decide/", data={"to": "waived", "reason": "x"})
    assert kept(app) == ("contested", "")


def test_staff_see_that_the_patient_will_come(app, client, people):
    with monday_seven():
        with app.app_context():
            open_clinic()
        visit = book(app, people.sam, "2026-11-24 14:00")
        with app.app_context():
            services.say_coming(signing.sign("visit-answer", {"visit": visit.id}))
        rosa = client.sign_in(people.rosa)

        detail = rosa.get(f"/appointments/show/{visit.id}").get_data(as_text=True)
        listed = rosa.get("/appointments/list/?filter=upcoming").get_data(as_text=True)

    assert "I will come" in detail
    assert "will come</small>" in listed
