"""The scheduling report counts what really happened."""

from datetime import date, timedelta

import pytest

from app.analytics import services
from app.kernel import clock
from app.kernel.errors import Forbidden
from app.scheduling import services as scheduling
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services import Wish
from app.security.models import AuditEvent
from tests.factories.scheduling import at, create_crowd
from tests.web.scheduling import counted_statements

pytestmark = pytest.mark.usefixtures("clinic")

MONDAY = date(2026, 11, 23)


def book(rosa, patient, starts_at, provider):
    wish = Wish(type="consultation", starts_at=at(starts_at), patient=patient, provider=provider)
    return scheduling.book_appointment(rosa.actor, wish=wish)


@pytest.fixture
def day(people):
    """Six visits with Dana: three seen, one missed, one cancelled in time, one moved and seen."""
    crowd = create_crowd(6)
    times = ("08:00", "08:20", "08:40", "09:00", "10:00", "10:20")
    rosa = people.rosa
    booked = [book(rosa, one, when, people.dana.id) for one, when in zip(crowd, times, strict=True)]

    def change(visit, *steps, reason=""):
        for step in steps:
            scheduling.change_status(
                rosa.actor,
                appointment_id=visit.id,
                status=AppointmentStatus(step),
                reason=reason,
            )

    change(booked[4], "cancelled", reason="The patient called")
    moved = scheduling.reschedule_appointment(
        rosa.actor, appointment_id=booked[5].id, starts_at=at("11:00")
    )
    with clock.pretend(at("09:30")):
        for visit in booked[:3]:
            change(visit, "checked-in", "in-progress", "completed")
        change(booked[3], "no-show")
    with clock.pretend(at("11:00")):
        change(moved, "checked-in", "in-progress", "completed")
    return booked


def report(person, first=MONDAY, last=MONDAY):
    return services.scheduling_report(person.actor, first=first, last=last)


def test_every_visit_is_counted_once_and_a_moved_one_at_its_new_time(day, people):
    found = report(people.rosa)

    total = found.total
    assert (total.kept, total.missed, total.cancelled, total.ahead) == (4, 1, 1, 0)
    assert total.no_show_rate == 0.2
    assert found.heat == {(0, 8): 3, (0, 9): 1, (0, 11): 1}


def test_the_groups_add_up_to_the_whole(day, people):
    found = report(people.rosa)

    for groups in (found.by_type, found.by_provider, found.by_weekday, found.by_lead):
        assert sum(group.outcomes.booked for group in groups) == found.total.booked
    assert [group.name for group in found.by_weekday] == ["Monday"]
    assert [group.name for group in found.by_lead] == ["Same day"]


def test_held_time_is_set_against_open_time(day, people):
    dana = next(one for one in report(people.rosa).use if one.name == people.dana.name)

    # Four visits of 20 minutes that took place hold time; eight hours are open. A no-show
    # gives its time back.
    assert (dana.held, dana.open) == (80, 480)


def test_a_holiday_opens_nothing(day, people):
    scheduling.close_clinic(
        people.rosa.actor,
        name="Founders' day",
        starts_at=at("2026-11-24 00:00"),
        ends_at=at("2026-11-25 00:00"),
    )
    tuesday = MONDAY + timedelta(days=1)

    found = report(people.rosa, tuesday, tuesday)

    assert {one.open for one in found.use} == {0}
    assert {one.share for one in found.use} == {None}
    assert found.total.booked == 0
    assert found.hours == []


def test_the_report_takes_the_same_queries_for_a_day_and_a_year(app, day, people):
    actor = people.rosa.actor

    with counted_statements(app) as for_a_day:
        services.scheduling_report(actor, first=MONDAY, last=MONDAY)
    with counted_statements(app) as for_a_year:
        services.scheduling_report(actor, first=date(2026, 1, 1), last=date(2026, 12, 31))

    assert len(for_a_day) == len(for_a_year) <= 8


def test_an_export_is_written_down(db, people):
    services.export_scheduling_report(people.ada.actor, first=MONDAY, last=MONDAY)

    audit = db.query(AuditEvent).filter_by(action="analytics:scheduling-report:export").one()
    assert audit.object_id == "2026-11-23/2026-11-23"


@pytest.mark.parametrize("name", ["sam", "cass", "pia"])
def test_the_numbers_are_not_for_everybody(people, name):
    with pytest.raises(Forbidden):
        services.scheduling_report(getattr(people, name).actor)


def test_a_nurse_sees_the_numbers_but_takes_none_along(people):
    services.scheduling_report(people.neil.actor)

    with pytest.raises(Forbidden):
        services.export_scheduling_report(people.neil.actor)
