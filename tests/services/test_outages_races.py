"""Provider is out while others book, with real processes (SCH-34, SCH-02)."""

from collections import Counter

import pytest

from app.scheduling import services
from app.scheduling.services import Wish
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
    for patient, time in zip(crowd[6:], TIMES, strict=True):
        wish = Wish(
            type="consultation", starts_at=at(time), provider=people.dana.id, patient=patient
        )
        services.book_appointment(SYSTEM, wish=wish)
    planned = use_cases.plan_outage(
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
