"""Time that a changed schedule gives back is offered to those who wait (SCH-31)."""

from datetime import date, time

import pytest

from app.kernel import clock
from app.scheduling import services
from app.scheduling.queries import schedules, types
from app.scheduling.services import resources
from app.scheduling.services.schedules import Span
from tests.factories.scheduling import SYSTEM, at, create_crowd
from tests.factories.waitlist import TUESDAY, join, open_offers, promised, put_on_list, run_jobs

pytestmark = pytest.mark.usefixtures("clinic")

MORNING = {"starts_at": at("2026-11-24 08:00"), "ends_at": at("2026-11-24 12:00")}


@pytest.fixture
def dana(people):
    return schedules.practitioner_by_university_id(people.dana.id).id


def time_off(practitioner_id, **more):
    services.add_time_off(SYSTEM, practitioner_id=practitioner_id, **MORNING | more)
    return schedules.absences(practitioner_id, since=clock.now())[-1].id


def offered(db):
    run_jobs(db)
    return [(one.starts_at, one.ends_at) for one in open_offers(db)]


def test_lifted_time_off_is_offered_to_who_waits(db, people, dana):
    key = time_off(dana)
    join(people.sam, provider=people.dana.id)
    assert promised(db) == []  # taking time away offers nothing

    services.remove_time_off(SYSTEM, practitioner_id=dana, time_off_id=key)

    assert offered(db) == [(at("2026-11-24 08:00"), at("2026-11-24 08:20"))]


def test_time_off_outside_hours_gives_nothing_back(db, people, dana):
    key = time_off(dana, starts_at=at("2026-11-24 18:00"), ends_at=at("2026-11-24 20:00"))
    join(people.sam)

    services.remove_time_off(SYSTEM, practitioner_id=dana, time_off_id=key)

    assert promised(db) == []


def test_a_lifted_closure_is_offered_in_the_order_of_coming(db, people):
    services.close_clinic(SYSTEM, name="Typhoon", **MORNING)
    [key] = [
        one.id
        for one in schedules.closures(since=MORNING["starts_at"], until=MORNING["ends_at"])
        if one.name == "Typhoon"
    ]
    [second] = create_crowd(1)
    join(people.sam, provider=people.dana.id)
    put_on_list(second, provider=people.dana.id)

    services.reopen_clinic(SYSTEM, closure_id=key)
    services.reopen_clinic(SYSTEM, closure_id=key)  # a double tap

    assert [start for start, _ in offered(db)] == [
        at("2026-11-24 08:00"),
        at("2026-11-24 08:20"),
    ]


def test_added_hours_and_another_day_are_offered(db, people, dana):
    saturday = date(2026, 11, 28)
    join(people.sam, provider=people.dana.id, first_day=saturday, last_day=saturday)

    services.save_weekly_hours(
        SYSTEM, practitioner_id=dana, span=Span(weekday=5, starts=time(9), ends=time(11))
    )

    assert offered(db) == [(at("2026-11-28 09:00"), at("2026-11-28 09:20"))]


def test_a_longer_day_offers_only_what_is_new(db, people, dana):
    join(people.sam, provider=people.dana.id)

    services.save_override(
        SYSTEM, practitioner_id=dana, on_date=TUESDAY, spans=[(time(8), time(18))]
    )

    spans = {(job.payload["starts_at"], job.payload["ends_at"]) for job in promised(db)}
    assert spans == {
        (at("2026-11-24 12:00").isoformat(), at("2026-11-24 13:00").isoformat()),
        (at("2026-11-24 17:00").isoformat(), at("2026-11-24 18:00").isoformat()),
    }


def test_ended_maintenance_is_offered_to_who_needs_the_room(db, people):
    room = resources.save_resource(
        SYSTEM,
        draft=resources.ResourceDraft(kind=3, category="room", code="R1", name="Room 1"),
    ).id
    resources.set_needs(SYSTEM, type_id=types.bookable_type("consultation").id, needs=[("room", 1)])
    block = resources.block_resource(SYSTEM, resource_id=room, note="Paint", **MORNING)
    join(people.sam, earliest=time(8), latest=time(12))

    resources.lift_block(SYSTEM, block_id=block)
    resources.lift_block(SYSTEM, block_id=block)

    assert offered(db) == [(at("2026-11-24 08:00"), at("2026-11-24 08:20"))]
    named = {job.payload["practitioner_id"] for job in promised(db)}
    physicians = {card.id for card in schedules.practitioners(kinds=["physician"])}
    assert named == physicians


def test_nothing_is_promised_where_nobody_waits(db, dana):
    key = time_off(dana)

    services.remove_time_off(SYSTEM, practitioner_id=dana, time_off_id=key)

    assert promised(db) == []


def test_who_waits_for_other_days_is_not_asked(db, people, dana):
    key = time_off(dana)
    join(people.sam, last_day=date(2026, 11, 26), first_day=date(2026, 11, 25))

    services.remove_time_off(SYSTEM, practitioner_id=dana, time_off_id=key)

    assert offered(db) == []
