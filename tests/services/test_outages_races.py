"""Provider is out while others book, with real processes (SCH-34, SCH-02)."""

import time
from collections import Counter

import pytest

from app.infra.db import session
from app.scheduling import services
from app.scheduling.queries import appointments
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services import Wish, outage_plans
from app.scheduling.services import outages as use_cases
from tests.factories.scheduling import SYSTEM, at, create_crowd
from tests.racing import race
from tests.services.test_races import OVERLAPS

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("clinic")]
TIMES = ("09:00", "09:20", "09:40", "10:00")


def go_out_or_book(number, *, crowd, accepted, provider, other):
    """Two enter the same absence while the others want the proposed times."""
    if number < 2:
        return use_cases.apply_outage(
            SYSTEM,
            provider=provider,
            starts_at=at("08:00"),
            ends_at=at("12:00"),
            accepted=accepted,
        )
    wish = Wish(
        type="consultation",
        starts_at=at(TIMES[number - 2]),
        provider=other,
        patient=crowd[number],
    )
    return services.book_appointment(SYSTEM, wish=wish).status


def test_two_enter_an_absence_while_others_take_the_proposed_times(
    app, template_database, tmp_path, people, db
):
    crowd = create_crowd(10)
    for patient, nine in zip(crowd[6:], TIMES, strict=True):
        wish = Wish(
            type="consultation", starts_at=at(nine), provider=people.dana.id, patient=patient
        )
        services.book_appointment(SYSTEM, wish=wish)
    planned = outage_plans.plan_outage(
        SYSTEM, provider=people.dana.id, starts_at=at("08:00"), ends_at=at("12:00")
    )
    accepted = {one.visit.id: (one.slot.starts_at, one.slot.provider) for one in planned.proposals}
    db.rollback()

    answers = race(
        app.config["SQLALCHEMY_DATABASE_URI"],
        tmp_path,
        go_out_or_book,
        runners=6,
        processes=2,
        crowd=crowd,
        accepted=accepted,
        provider=people.dana.id,
        other=people.dino.id,
    )

    by_number = {number: answer for number, answer, _ in answers}
    db.rollback()
    details = use_cases.outage_details(SYSTEM, outage_id=int(by_number[0]))
    outcomes = Counter(item.outcome for item in details.items)
    booked = sum(answer == "confirmed" for answer in by_number.values())
    assert by_number[0] == by_number[1]
    assert outcomes["moved"] + outcomes["to-call"] == 4
    assert outcomes["moved"] + booked <= 4
    assert db.execute(OVERLAPS).scalar() == 0


def leave_or_book(number, *, crowd, provider):
    """The first goes out for the morning while students book it."""
    if number == 0:
        return use_cases.apply_outage(
            SYSTEM, provider=provider, starts_at=at("08:00"), ends_at=at("12:00"), accepted={}
        )
    wish = Wish(
        type="consultation",
        starts_at=at(TIMES[number % len(TIMES)]),
        provider=provider,
        patient=crowd[number],
    )
    return services.book_appointment(SYSTEM, wish=wish).status


def test_who_books_while_the_provider_leaves_is_on_the_list_or_refused(
    app, template_database, tmp_path, people, db
):
    crowd = create_crowd(12)

    answers = race(
        app.config["SQLALCHEMY_DATABASE_URI"],
        tmp_path,
        leave_or_book,
        runners=12,
        processes=2,
        crowd=crowd,
        provider=people.dana.id,
    )

    by_number = {number: answer for number, answer, _ in answers}
    booked = sum(answer == "confirmed" for answer in by_number.values())
    db.rollback()
    items = use_cases.outage_details(SYSTEM, outage_id=int(by_number[0])).items
    assert len(items) == booked
    assert all(item.visit.needs_rebooking for item in items)


def apply_or_undo(number, *, accepted, provider):
    """The first moves everybody while the second takes the absence back as soon as it is seen."""
    if number == 0:
        return use_cases.apply_outage(
            SYSTEM,
            provider=provider,
            starts_at=at("08:00"),
            ends_at=at("12:00"),
            accepted=accepted,
        )
    for _ in range(1000):
        session().rollback()
        found = use_cases.recent_outages(SYSTEM)
        if found:
            return len(use_cases.undo_outage(SYSTEM, outage_id=found[0].id))
        time.sleep(0.01)
    return "nothing to undo"


def test_an_undo_in_the_middle_of_the_moves_leaves_everybody_at_their_time(
    app, template_database, tmp_path, people, db
):
    crowd = create_crowd(8)
    starts = [at(f"{hour:02}:{minute}") for hour in (8, 9) for minute in ("00", "20", "40")]
    for patient, starts_at in zip(crowd, starts, strict=False):
        wish = Wish(
            type="consultation", starts_at=starts_at, provider=people.dana.id, patient=patient
        )
        services.book_appointment(SYSTEM, wish=wish)
    planned = outage_plans.plan_outage(
        SYSTEM, provider=people.dana.id, starts_at=at("08:00"), ends_at=at("12:00")
    )
    accepted = {one.visit.id: (one.slot.starts_at, one.slot.provider) for one in planned.proposals}
    db.rollback()

    answers = race(
        app.config["SQLALCHEMY_DATABASE_URI"],
        tmp_path,
        apply_or_undo,
        runners=2,
        processes=2,
        accepted=accepted,
        provider=people.dana.id,
    )

    by_number = {number: answer for number, answer, _ in answers}
    db.rollback()
    [outage] = use_cases.recent_outages(SYSTEM)
    visits = appointments.appointments_between(
        planned.period, statuses=[AppointmentStatus.CONFIRMED]
    )
    assert by_number[1] == "0"
    assert (outage.status, outage.time_off_id) == ("undone", None)
    assert [(one.starts_at, one.provider, one.needs_rebooking) for one in visits] == [
        (starts_at, people.dana.id, False) for starts_at in starts
    ]
    assert db.execute(OVERLAPS).scalar() == 0
