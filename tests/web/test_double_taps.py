"""Every button of the clinic day may be tapped twice; the second tap changes nothing (SCH-05)."""

import re

import pytest
from sqlalchemy import func, select

from app.infra.db import session
from app.kernel import clock
from app.scheduling import services as scheduling
from app.scheduling.models import (
    Appointment,
    AppointmentEvent,
    GroupSession,
    Seat,
    Series,
    WaitlistEntry,
)
from app.scheduling.services import WaitingWish
from app.visits import queries
from app.visits.models import Visit, VisitEvent
from tests.factories.scheduling import at, create_crowd, monday_seven, open_clinic
from tests.factories.sessions import create_session
from tests.web.scheduling import book

TODAY = at("09:00").date()
COUNTED = (
    Appointment,
    AppointmentEvent,
    GroupSession,
    Seat,
    Series,
    WaitlistEntry,
    Visit,
    VisitEvent,
)


@pytest.fixture
def site(app):
    """An open clinic on a Monday at 7:00 AM."""
    with monday_seven():
        with app.app_context():
            open_clinic()
        yield app


@pytest.fixture
def rosa(site, people):
    return site.test_client().sign_in(people.rosa)


def rows(app):
    """How many of everything there are."""
    with app.app_context():
        return [session().scalar(select(func.count()).select_from(table)) for table in COUNTED]


def tap_twice(app, client, path, **data):
    """The same form again, as a nervous finger sends it. Neither answer is an error page."""
    first = client.post(path, data=data)
    after_first = rows(app)
    second = client.post(path, data=data)

    assert first.status_code in (200, 302, 303), first.get_data(as_text=True)
    assert second.status_code in (200, 302, 303, 409), second.get_data(as_text=True)
    assert rows(app) == after_first
    return first


def visits(app):
    with app.app_context():
        return [entry.visit for entry in queries.queue(TODAY)]


def crowd(app, count):
    with app.app_context():
        return create_crowd(count)


def test_a_walk_in_gets_one_number(site, rosa):
    [one] = crowd(site, 1)

    tap_twice(site, rosa, "/queue/walk-in/", patient=one, type="consultation")

    assert [visit.token for visit in visits(site)] == ["C-001"]


def test_call_next_calls_one_patient_and_the_next_page_the_next_one(site, rosa):
    """SCH-33: the page says who is first in line; the second tap finds that visit called."""
    for one in crowd(site, 3):
        rosa.post("/queue/walk-in/", data={"patient": one, "type": "consultation"})
    head = re.search(r'name="head" value="(\d+)"', rosa.get("/queue/").get_data(as_text=True))[1]

    tap_twice(site, rosa, "/queue/next/", type="consultation", place="Room 1", head=head)
    assert [str(one.status) for one in visits(site)] == ["called", "waiting", "waiting"]

    head = re.search(r'name="head" value="(\d+)"', rosa.get("/queue/").get_data(as_text=True))[1]
    tap_twice(site, rosa, "/queue/next/", type="consultation", place="Room 1", head=head)
    assert [str(one.status) for one in visits(site)] == ["called", "called", "waiting"]


def test_another_nurse_with_the_same_page_calls_the_next_one(site, rosa, people):
    for one in crowd(site, 2):
        rosa.post("/queue/walk-in/", data={"patient": one, "type": "consultation"})
    neil = site.test_client().sign_in(people.neil)
    data = {"type": "consultation", "head": str(visits(site)[0].id)}

    rosa.post("/queue/next/", data=data)
    neil.post("/queue/next/", data=data)

    assert [str(one.status) for one in visits(site)] == ["called", "called"]


@pytest.mark.parametrize(
    "steps",
    [["call"], ["call", "start"], ["call", "start", "complete"], ["hold"], ["leave"], ["undo"]],
    ids=lambda steps: steps[-1],
)
def test_each_step_of_a_visit_is_taken_once(site, rosa, steps):
    [one] = crowd(site, 1)
    rosa.post("/queue/walk-in/", data={"patient": one, "type": "consultation"})
    visit = visits(site)[0].id
    for step in steps[:-1]:
        rosa.post(f"/queue/{visit}/{step}/", data={"version": version(site, visit)})

    tap_twice(site, rosa, f"/queue/{visit}/{steps[-1]}/", version=version(site, visit))


def version(app, visit):
    with app.app_context():
        return queries.known_visit(visit).version


@pytest.mark.parametrize(
    ("status", "reason", "clock_shows"),
    [
        ("cancelled", "Called in sick", "07:00"),
        ("checked-in", "", "08:50"),
        ("no-show", "", "09:30"),
    ],
)
def test_each_step_of_an_appointment_is_taken_once(site, rosa, people, status, reason, clock_shows):
    booked = book(site, people.sam, "09:00", provider=people.dana.id)

    with clock.pretend(at(clock_shows)):
        tap_twice(site, rosa, f"/appointments/{booked.id}/status/", to=status, reason=reason)


def test_seats_and_sessions(site, rosa):
    first, *others = crowd(site, 3)
    with site.app_context():
        planned = create_session(capacity=10)

    tap_twice(site, rosa, f"/sessions/{planned}/seat/", patient=first)
    tap_twice(site, rosa, f"/sessions/{planned}/class/", ids="\n".join(others), book="1")
    tap_twice(site, rosa, f"/sessions/{planned}/booking/", open="0")
    tap_twice(site, rosa, f"/sessions/{planned}/call-off/", reason="The vaccine did not arrive.")


def test_the_waiting_list(site, rosa, people):
    wish = WaitingWish(type="consultation", first_day=TODAY, last_day=TODAY)
    with site.app_context():
        entry = scheduling.join_waitlist(people.sam.actor, wish=wish).id

    tap_twice(site, rosa, f"/waitlist/{entry}/withdraw/")


def test_an_absence(site, rosa, people):
    book(site, people.sam, "09:00", provider=people.dana.id)

    tap_twice(
        site,
        rosa,
        "/outages/apply/",
        provider="DOC901",
        starts_at="2026-11-23T08:00",
        ends_at="2026-11-23T12:00",
        reason="Ill",
    )
