"""A time that is kept while the form of a booking is filled (the state "held")."""

from datetime import date, time, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from app.infra.outbox import JobName, OutboxJob
from app.kernel import clock
from app.kernel.errors import Forbidden
from app.scheduling import errors, services
from app.scheduling.errors.form_holds import KeptTooOften, TooManyHolds
from app.scheduling.models import Claim, Hold
from app.scheduling.rules.form_holds import KEEP_FOR, MOST_IN_A_ROW
from app.scheduling.services import WaitingWish, Wish
from app.scheduling.services.form_holds import keep_time, let_go
from tests.factories.resources import create_room, need
from tests.factories.scheduling import SYSTEM, at

pytestmark = pytest.mark.usefixtures("clinic")

NINE, TEN = "2026-11-24 09:00", "2026-11-24 10:00"


def wish(starts_at=NINE, **more):
    return Wish(
        **{"type": "consultation", "starts_at": at(starts_at), "provider": "DOC901", **more}
    )


def keep(person, starts_at=NINE, **more):
    return keep_time(person.actor, wish=wish(starts_at, **more))


def book(person, starts_at=NINE, **more):
    return services.book_appointment(person.actor, wish=wish(starts_at, **more))


def holds(db):
    rows = db.scalars(select(Hold).order_by(Hold.id).execution_options(populate_existing=True))
    return [(row.status, row.appointment_id) for row in rows]


def free(person, starts_at=NINE):
    day = date(2026, 11, 24)
    found = services.available_times(
        person.actor, type_code="consultation", first=day, last=day, provider="DOC901"
    )
    return at(starts_at) in [slot.starts_at for slot in found]


def test_a_kept_time_is_taken_to_others_and_free_to_oneself(people):
    kept = keep(people.sam)

    assert kept.expires_at == clock.now() + timedelta(minutes=5)
    assert (free(people.eve), free(people.sam)) == (False, True)
    with pytest.raises(errors.SlotTaken):
        book(people.eve)
    with pytest.raises(errors.SlotTaken) as refused:
        keep(people.eve)
    assert refused.value.alternatives


def test_booking_uses_the_kept_time_up(db, people):
    keep(people.sam)

    visit = book(people.sam)

    active = db.scalars(select(Claim).where(Claim.active)).all()
    assert holds(db) == [("accepted", visit.id)]
    assert {claim.appointment_id for claim in active} == {visit.id}


def test_the_room_is_kept_too(db, people):
    create_room()
    need(("treatment room", 1))

    keep(people.sam)

    with pytest.raises(errors.SlotTaken):
        book(people.eve, provider=people.dino.id)
    assert book(people.sam).status == "confirmed"


def test_booking_another_time_lets_the_kept_one_go(db, people):
    keep(people.sam)

    book(people.sam, TEN)

    assert holds(db) == [("withdrawn", None)]
    assert free(people.eve)


def test_a_new_one_lets_the_earlier_one_go(db, people):
    keep(people.sam)
    keep(people.sam, TEN)

    assert [status for status, _ in holds(db)] == ["withdrawn", "open"]
    assert (free(people.eve), free(people.eve, TEN)) == (True, False)


def test_the_same_tap_twice_keeps_it_once_and_not_longer(people):
    first = keep(people.sam)
    with clock.pretend(clock.now() + timedelta(minutes=2)):
        assert keep(people.sam) == first


def test_after_five_minutes_it_blocks_nobody_even_before_the_job(db, people):
    keep(people.sam)

    with clock.pretend(clock.now() + KEEP_FOR):
        assert free(people.eve)
        visit = book(people.eve)
        services.settle_waitlist(SYSTEM)
        services.settle_waitlist(SYSTEM)  # again is harmless

    assert visit.status == "confirmed"
    assert holds(db) == [("expired", None)]


def test_a_lapsed_one_is_still_no_obstacle_to_its_own_booking(db, people):
    keep(people.sam)

    with clock.pretend(clock.now() + KEEP_FOR):
        assert book(people.sam).status == "confirmed"


def test_a_kept_time_is_no_obstacle_to_an_own_move(people):
    visit = book(people.sam, TEN)
    keep(people.sam)

    moved = services.reschedule_appointment(
        people.sam.actor, appointment_id=visit.id, starts_at=at(NINE)
    )

    assert moved.starts_at == at(NINE)


def test_who_waits_hears_of_a_time_that_was_not_booked(db, people):
    keep(people.sam)
    services.join_waitlist(
        people.eve.actor,
        wish=WaitingWish(
            type="consultation",
            first_day=date(2026, 11, 24),
            last_day=date(2026, 11, 24),
            earliest=time(9),
        ),
    )

    with clock.pretend(clock.now() + KEEP_FOR):
        services.settle_waitlist(SYSTEM)

    promised = select(OutboxJob).where(OutboxJob.name == JobName.OFFER_FREED_TIMES)
    assert len(db.scalars(promised).all()) == 1  # SCH-31


def test_letting_go_frees_the_time_and_twice_is_harmless(people):
    keep(people.sam)

    assert let_go(people.sam.actor) == 1
    assert let_go(people.sam.actor) == 0
    assert free(people.eve)


def test_the_desk_keeps_a_time_for_a_patient_who_may_book_it(people):
    keep(people.rosa, patient=people.sam.id)

    assert not free(people.eve)
    assert book(people.rosa, patient=people.sam.id).status == "confirmed"


def test_one_person_at_the_desk_keeps_one_time(db, people):
    keep(people.rosa, patient=people.sam.id)
    keep(people.rosa, TEN, patient=people.eve.id)

    assert [status for status, _ in holds(db)] == ["withdrawn", "open"]


def test_nobody_keeps_a_time_for_a_stranger(people):
    with pytest.raises(Forbidden):
        keep(people.eve, patient=people.sam.id)
    with pytest.raises(Forbidden):
        let_go(people.ada.actor)


def test_what_cannot_be_booked_cannot_be_kept(people):
    with pytest.raises(errors.NotOffered):
        keep(people.sam, "2026-11-24 03:00")
    with pytest.raises(errors.UnknownType):
        keep(people.sam, type="surgery")


def test_nobody_keeps_the_same_time_again_and_again(people):
    now = clock.now()
    for round_ in range(2):
        with clock.pretend(now + KEEP_FOR * round_):
            keep(people.sam)

    with clock.pretend(now + KEEP_FOR * 2):
        with pytest.raises(KeptTooOften):
            keep(people.sam)
        assert book(people.sam).status == "confirmed"


def test_nobody_takes_one_time_after_the_other_out_of_sight(people):
    for number in range(MOST_IN_A_ROW):
        keep_time(people.sam.actor, wish=_nth(number))

    with pytest.raises(TooManyHolds):
        keep(people.sam, "2026-11-26 09:00")
    with clock.pretend(clock.now() + timedelta(minutes=11)):
        assert keep(people.sam, "2026-11-26 09:00")


def _nth(number):
    day, place = divmod(number, 10)
    start = at(f"2026-11-{24 + day} 08:00") + timedelta(minutes=20 * place)
    return Wish(type="consultation", starts_at=start, provider="DOC901")


def test_the_database_keeps_one_open_time_for_a_patient(db, people):
    kept = keep(people.sam)

    with pytest.raises(IntegrityError):
        db.execute(
            text(
                "INSERT INTO scheduling_hold (patient_id, type_id, practitioner_id, starts_at,"
                " ends_at, status, created_at, expires_at)"
                " SELECT patient_id, type_id, practitioner_id, starts_at, ends_at, 'open',"
                " created_at, expires_at FROM scheduling_hold WHERE id = :id"
            ),
            {"id": kept.id},
        )
