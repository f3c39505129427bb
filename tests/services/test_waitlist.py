"""The waiting list (SCH-31) on a real database: who is offered what, and what becomes of it."""

from datetime import date, time, timedelta

import pytest
from sqlalchemy import select

from app.infra.outbox import RetryLater
from app.kernel import clock
from app.kernel.errors import Forbidden
from app.notifications.models import Communication
from app.scheduling import errors, services
from app.scheduling.errors import waitlist as refusals
from app.scheduling.models import Claim
from app.scheduling.queries import waitlist
from app.scheduling.rules import AppointmentStatus
from app.scheduling.rules.waitlist import EntryStatus
from app.scheduling.services import Wish
from tests.factories.scheduling import SYSTEM, at, create_crowd
from tests.factories.waitlist import (
    join,
    open_offers,
    promised,
    put_on_list,
    run_jobs,
)

pytestmark = pytest.mark.usefixtures("clinic")

NINE = "2026-11-24 09:00"


def book(person, starts_at=NINE, **more):
    wish = Wish(**{"type": "consultation", "starts_at": at(starts_at), **more})
    return services.book_appointment(person.actor, wish=wish)


def give_up(person, booked, status="cancelled"):
    services.change_status(
        person.actor,
        appointment_id=booked.id,
        status=AppointmentStatus(status),
        reason="something came up",
    )


def status_of(entry):
    return waitlist.entry(entry.id).status


@pytest.fixture
def offer(db, people):
    """Eve has a visit with Dana and gives it up; Sam is offered it."""
    booked = book(people.eve, provider=people.dana.id)
    join(people.sam, reason="Knee")
    give_up(people.eve, booked)
    run_jobs(db)
    return open_offers(db)[0]


def test_a_freed_time_is_kept_for_who_waits_and_they_are_told(db, people, offer):
    claims = db.scalars(select(Claim).where(Claim.hold_id == offer.id)).all()
    told = db.scalars(select(Communication).where(Communication.event == "waitlist.offer")).all()

    assert (offer.starts_at, offer.ends_at) == (at(NINE), at("2026-11-24 09:20"))
    assert offer.expires_at == clock.now() + timedelta(minutes=30)
    assert [claim.resource_kind for claim in claims if claim.active] == [1]
    assert {(one.channel, one.recipient_user_id) for one in told} == {
        ("in-app", people.sam.user_id),
        ("email", people.sam.user_id),
    }
    assert told[0].link == f"/portal/waitlist/offers/{offer.id}"


def test_a_kept_time_cannot_be_booked_by_anybody_else(people, offer):
    with pytest.raises(errors.SlotTaken):
        book(people.eve, provider=people.dana.id)


def test_an_accepted_offer_is_a_visit_like_any_other(db, people, offer):
    visit = services.accept_offer(people.sam.actor, offer_id=offer.id)

    claims = db.scalars(select(Claim).where(Claim.appointment_id == visit.id, Claim.active)).all()
    [entry] = services.own_waitlist(people.sam.actor).results
    assert (visit.status, visit.starts_at, visit.reason) == ("confirmed", at(NINE), "Knee")
    assert {claim.resource_kind for claim in claims} == {1, 2}
    assert (entry.status, entry.appointment_id) == (EntryStatus.FULFILLED, visit.id)


def test_accepting_twice_books_once(people, offer):
    first = services.accept_offer(people.sam.actor, offer_id=offer.id)
    again = services.accept_offer(people.sam.actor, offer_id=offer.id)

    assert first.id == again.id
    assert services.own_appointments(people.sam.actor).count == 1


def test_a_declined_time_goes_to_the_next_one_and_not_back(db, people, offer):
    [later] = create_crowd(1)
    put_on_list(later)

    services.decline_offer(people.sam.actor, offer_id=offer.id)
    services.decline_offer(people.sam.actor, offer_id=offer.id)  # a double tap
    run_jobs(db)

    [kept] = open_offers(db)
    [sams] = services.own_waitlist(people.sam.actor).results
    assert waitlist.offer(kept.id).patient.university_id == later
    assert sams.status is EntryStatus.WAITING


def test_an_offer_that_nobody_takes_goes_to_the_next_one(db, people, offer):
    [later] = create_crowd(1)
    put_on_list(later)

    with clock.pretend(offer.expires_at):
        services.settle_waitlist(SYSTEM)
        services.settle_waitlist(SYSTEM)  # again is harmless
        run_jobs(db)

    [kept] = open_offers(db)
    over = select(Communication).where(Communication.event == "waitlist.offer_over")
    assert waitlist.offer(kept.id).patient.university_id == later
    assert {one.recipient_user_id for one in db.scalars(over)} == {people.sam.user_id}


def test_a_lapsed_offer_blocks_nobody_even_before_it_is_settled(people, offer):
    with clock.pretend(offer.expires_at):
        # The constraint still knows its claim; the booking clears it away and tries again.
        assert book(people.eve, provider=people.dana.id).status == "confirmed"
        with pytest.raises(refusals.OfferOver):
            services.accept_offer(people.sam.actor, offer_id=offer.id)


def test_an_offer_is_good_until_its_last_instant(people, offer):
    with clock.pretend(offer.expires_at - timedelta(microseconds=1)):
        assert services.accept_offer(people.sam.actor, offer_id=offer.id).status == "confirmed"


def test_first_come_first_served_and_what_is_left_goes_to_the_next(db, people):
    booked = services.book_appointment(
        people.rosa.actor,
        wish=Wish(type="dental-cleaning", starts_at=at("2026-11-24 10:00"), patient=people.eve.id),
    )
    crowd = create_crowd(3)
    entries = [put_on_list(number, type="dental-cleaning") for number in crowd]

    give_up(people.rosa, booked)
    run_jobs(db)

    assert [status_of(one) for one in entries] == ["offered", "waiting", "waiting"]


def test_a_short_visit_leaves_time_for_the_next_one(db, people):
    services.reschedule_appointment(
        people.rosa.actor,
        appointment_id=(booked := book(people.eve, provider=people.dana.id)).id,
        starts_at=at(NINE),
        ends_at=at("2026-11-24 10:00"),
    )
    visit = services.own_appointments(people.eve.actor, when="upcoming").results[0]
    crowd = create_crowd(4)
    entries = [put_on_list(number, provider=people.dana.id) for number in crowd]

    give_up(people.rosa, visit)
    run_jobs(db)

    assert booked.id != visit.id
    assert [status_of(one) for one in entries] == ["offered"] * 3 + ["waiting"]
    assert [one.starts_at for one in open_offers(db)] == [
        at("2026-11-24 09:00"),
        at("2026-11-24 09:20"),
        at("2026-11-24 09:40"),
    ]


@pytest.mark.parametrize(
    "wish",
    [
        {"earliest": time(9, 1)},
        {"latest": time(9, 19)},
        {"first_day": date(2026, 11, 25), "last_day": date(2026, 11, 27)},
        {"provider": "DOC902"},
        {"type": "vaccination"},
    ],
)
def test_a_time_that_does_not_suit_is_not_offered(db, people, wish):
    booked = book(people.eve, provider=people.dana.id)
    join(people.sam, **wish)

    give_up(people.eve, booked)
    run_jobs(db)

    assert open_offers(db) == []


def test_who_is_busy_then_is_passed_over(db, people):
    booked = book(people.eve, provider=people.dana.id)
    book(people.sam, provider=people.dino.id)
    sams, [later] = join(people.sam), create_crowd(1)
    others = put_on_list(later)

    give_up(people.eve, booked)
    run_jobs(db)

    assert (status_of(sams), status_of(others)) == ("waiting", "offered")


def test_a_time_too_soon_to_be_taken_is_not_offered(db, people):
    booked = book(people.eve, "08:20", provider=people.dana.id)
    join(people.sam, first_day=date(2026, 11, 23))

    give_up(people.rosa, booked)
    run_jobs(db)

    assert open_offers(db) == []


def test_nothing_is_offered_in_quiet_hours(db, people):
    booked = book(people.eve, provider=people.dana.id)
    join(people.sam)

    with clock.pretend(at("2026-11-23 22:00")):
        give_up(people.eve, booked)
        with pytest.raises(RetryLater) as later:
            run_jobs(db)

    assert later.value.wait == timedelta(hours=9)
    assert open_offers(db) == []


def test_an_offer_that_ends_at_night_is_told_by_bell_only(db, people):
    booked = book(people.eve, provider=people.dana.id)
    join(people.sam)
    with clock.pretend(at("2026-11-23 20:45")):
        give_up(people.eve, booked)
        run_jobs(db)

    with clock.pretend(at("2026-11-23 21:15")):
        services.settle_waitlist(SYSTEM)

    over = select(Communication.channel).where(Communication.event == "waitlist.offer_over")
    assert db.scalars(over).all() == ["in-app"]


@pytest.mark.parametrize("status", ["cancelled", "declined"])
def test_every_end_of_an_open_visit_frees_its_time(db, people, status):
    booked = book(people.eve, NINE, type="dental-cleaning")
    join(people.sam, type="dental-cleaning")

    give_up(people.rosa, booked, status)

    assert [job.payload["released_by"] for job in promised(db)] == [booked.id]


def test_moving_away_frees_the_old_time(db, people):
    booked = book(people.eve, provider=people.dana.id)
    join(people.sam)

    services.reschedule_appointment(
        people.eve.actor, appointment_id=booked.id, starts_at=at("2026-11-24 10:00")
    )
    run_jobs(db)

    assert [one.starts_at for one in open_offers(db)] == [at(NINE)]


def test_a_patient_who_left_early_frees_the_rest(db, people):
    booked = book(people.eve, "10:00", provider=people.dana.id)
    join(people.sam, first_day=date(2026, 11, 23))
    with clock.pretend(at("09:50")):
        give_up(people.rosa, booked, "checked-in")
        give_up(people.rosa, booked, "left")

    assert len(promised(db)) == 1


def test_nothing_is_promised_where_nobody_waits(db, people):
    give_up(people.eve, book(people.eve, provider=people.dana.id))

    assert promised(db) == []


def test_one_open_entry_for_each_patient_and_kind(people):
    join(people.sam)

    with pytest.raises(refusals.AlreadyWaiting):
        join(people.sam)
    assert join(people.sam, type="vaccination").status is EntryStatus.WAITING


@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        ({"last_day": date(2026, 11, 20)}, refusals.BadWait),
        ({"earliest": time(9), "latest": time(9, 10)}, refusals.BadWait),
        ({"type": "nothing"}, errors.UnknownType),
        ({"provider": "DENT901"}, errors.UnknownProvider),
        ({"reason": "x" * 501}, errors.BadText),
    ],
)
def test_wishes_that_make_no_sense_are_refused(people, wish, refusal):
    with pytest.raises(refusal):
        join(people.sam, **wish)


def test_staff_put_a_patient_on_the_list_and_strangers_do_not(people):
    entry = join(people.rosa, patient=people.sam.id)

    assert entry.patient.university_id == people.sam.id
    for person in (people.eve, people.cass):
        with pytest.raises(Forbidden):
            join(person, patient=people.sam.id)
    with pytest.raises(Forbidden):
        join(people.dana, patient=people.sam.id)  # a physician books, but does not run the list


def test_withdrawing_gives_a_kept_time_to_the_next_one(db, people, offer):
    [later] = create_crowd(1)
    put_on_list(later)
    [sams] = services.own_waitlist(people.sam.actor).results

    services.withdraw_from_waitlist(people.sam.actor, entry_id=sams.id)
    services.withdraw_from_waitlist(people.sam.actor, entry_id=sams.id)  # a double tap
    run_jobs(db)

    [kept] = open_offers(db)
    assert waitlist.offer(kept.id).patient.university_id == later
    assert status_of(sams) is EntryStatus.WITHDRAWN
    with pytest.raises(refusals.OfferOver):
        services.accept_offer(people.sam.actor, offer_id=offer.id)


def test_what_is_over_cannot_be_withdrawn(people, offer):
    services.accept_offer(people.sam.actor, offer_id=offer.id)
    [entry] = services.own_waitlist(people.sam.actor).results

    with pytest.raises(refusals.NotWaiting):
        services.withdraw_from_waitlist(people.sam.actor, entry_id=entry.id)


def test_nothing_of_sams_is_eves(people, offer):
    [entry] = services.own_waitlist(people.sam.actor).results

    assert services.own_waitlist(people.eve.actor).results == []
    for deed in (services.accept_offer, services.decline_offer, services.offer_details):
        with pytest.raises(refusals.UnknownOffer):
            deed(people.eve.actor, offer_id=offer.id)
        with pytest.raises(Forbidden):
            deed(people.cass.actor, offer_id=offer.id)
    with pytest.raises(refusals.UnknownEntry):
        services.withdraw_from_waitlist(people.eve.actor, entry_id=entry.id)
    with pytest.raises(Forbidden):
        services.withdraw_from_waitlist(people.cass.actor, entry_id=entry.id)
    with pytest.raises(Forbidden):
        services.waiting_list(people.sam.actor)
    with pytest.raises(Forbidden):
        services.hours_recovered(people.dana.actor)


def test_what_does_not_exist_is_not_found(people):
    with pytest.raises(refusals.UnknownOffer):
        services.offer_details(people.rosa.actor, offer_id=4711)
    with pytest.raises(refusals.UnknownEntry):
        services.withdraw_from_waitlist(people.rosa.actor, entry_id=4711)


def test_the_front_desk_takes_an_offer_for_somebody_on_the_phone(people, offer):
    visit = services.accept_offer(people.rosa.actor, offer_id=offer.id)

    assert visit.patient.university_id == people.sam.id


def test_another_visit_at_that_time_leaves_the_offer_as_it_is(db, people, offer):
    book(people.sam, provider=people.dino.id)

    with pytest.raises(errors.PatientBusy):
        services.accept_offer(people.sam.actor, offer_id=offer.id)

    assert [one.id for one in open_offers(db)] == [offer.id]


def test_a_declined_offer_cannot_be_taken_and_a_taken_one_not_declined(db, people, offer):
    services.accept_offer(people.sam.actor, offer_id=offer.id)

    with pytest.raises(refusals.OfferOver):
        services.decline_offer(people.sam.actor, offer_id=offer.id)


def test_entries_whose_last_day_is_over_end(people):
    entry = join(people.sam)

    with clock.pretend(at("2026-11-24 23:59")):
        services.settle_waitlist(SYSTEM)
        assert status_of(entry) is EntryStatus.WAITING
    with clock.pretend(at("2026-11-25 00:00")):
        services.settle_waitlist(SYSTEM)
        assert status_of(entry) is EntryStatus.EXPIRED


def test_the_hours_that_were_recovered_are_counted_by_month_and_kind(people, offer):
    services.accept_offer(people.sam.actor, offer_id=offer.id)

    [row] = services.hours_recovered(people.rosa.actor)

    assert (row.month, row.type_name, row.visits) == (date(2026, 11, 1), "Consultation", 1)
    assert row.hours == pytest.approx(1 / 3)


def test_staff_see_who_waits_in_the_order_of_coming(people):
    join(people.sam)
    join(people.eve, type="vaccination")

    found = services.waiting_list(people.rosa.actor)
    narrowed = services.waiting_list(people.neil.actor, type_code="vaccination")

    assert [one.patient.university_id for one in found.results] == [people.sam.id, people.eve.id]
    assert [one.patient.university_id for one in narrowed.results] == [people.eve.id]
