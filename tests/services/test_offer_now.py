"""Staff offer a named time to one who waits (SCH-31)."""

from datetime import date, time

import pytest

from app.kernel import clock
from app.kernel.errors import Forbidden
from app.scheduling import services
from app.scheduling.errors import waitlist as refusals
from app.scheduling.rules.waitlist import EntryStatus
from app.scheduling.services import Wish
from app.scheduling.services.offer_now import offer_now, times_to_offer
from tests.factories.scheduling import SYSTEM, at
from tests.factories.waitlist import join, open_offers

pytestmark = pytest.mark.usefixtures("clinic")
NINE = at("2026-11-24 09:00")


def offer(people, entry, starts_at=NINE, provider="DOC901"):
    return offer_now(people.rosa.actor, entry_id=entry.id, starts_at=starts_at, provider=provider)


def test_a_named_time_is_kept_and_taken(db, people):
    entry = join(people.sam)

    offered = offer(people, entry)
    again = offer(people, entry)  # a double tap
    visit = services.accept_offer(people.sam.actor, offer_id=offered.offer_id)

    assert offered == again
    assert (offered.status, offered.offer_starts_at) == (EntryStatus.OFFERED, NINE)
    assert (visit.starts_at, visit.provider) == (NINE, "DOC901")


def test_only_times_that_suit_are_listed(people):
    entry = join(people.sam, provider="DOC901", earliest=time(15), latest=time(16))

    _, slots = times_to_offer(people.rosa.actor, entry_id=entry.id)

    assert [slot.starts_at for slot in slots] == [
        at("2026-11-24 15:00"),
        at("2026-11-24 15:20"),
        at("2026-11-24 15:40"),
    ]


@pytest.mark.parametrize(
    ("starts_at", "provider"),
    [
        ("2026-11-24 09:10", "DOC901"),  # off the grid
        ("2026-11-24 12:00", "DOC901"),  # lunch
        ("2026-11-25 09:00", "DOC901"),  # another day than wished
    ],
)
def test_a_time_that_does_not_fit_is_refused(db, people, starts_at, provider):
    entry = join(people.sam)

    with pytest.raises(refusals.CannotOffer):
        offer(people, entry, at(starts_at), provider)
    assert open_offers(db) == []


def test_a_taken_time_another_provider_and_a_second_offer_are_refused(people):
    wish = Wish(type="consultation", starts_at=NINE, provider="DOC901")
    services.book_appointment(people.eve.actor, wish=wish)
    entry = join(people.sam, provider="DOC901")

    with pytest.raises(refusals.CannotOffer):
        offer(people, entry)
    with pytest.raises(refusals.CannotOffer, match="waits for a time with"):
        offer(people, entry, provider="DOC902")
    offer(people, entry, at("2026-11-24 10:00"))
    with pytest.raises(refusals.NotWaiting, match="kept for this patient already"):
        offer(people, entry, at("2026-11-24 11:00"))


def test_what_was_declined_is_not_offered_again_and_what_is_over_not_at_all(people):
    entry = join(people.sam)
    services.decline_offer(people.sam.actor, offer_id=offer(people, entry).offer_id)

    with pytest.raises(refusals.CannotOffer):
        offer(people, entry)
    services.withdraw_from_waitlist(people.sam.actor, entry_id=entry.id)
    with pytest.raises(refusals.NotWaiting):
        offer(people, entry)
    with pytest.raises(refusals.UnknownEntry):
        offer_now(SYSTEM, entry_id=999_999, starts_at=NINE, provider="DOC901")


def test_no_offer_leaves_in_quiet_hours_not_even_by_hand(people):
    entry = join(people.sam)

    with (
        clock.pretend(at("23:00")),
        pytest.raises(refusals.QuietNow, match="before 07:00"),  # NOT-03
    ):
        offer(people, entry)


def test_students_offer_nothing(people):
    entry = join(people.sam, last_day=date(2026, 11, 27))

    with pytest.raises(Forbidden):
        offer_now(people.eve.actor, entry_id=entry.id, starts_at=NINE, provider="DOC901")
    with pytest.raises(Forbidden):
        times_to_offer(people.sam.actor, entry_id=entry.id)


def test_an_offer_that_is_over_names_free_times_near_it(people):
    offered = offer(people, join(people.sam))
    with clock.pretend(at("08:00")), pytest.raises(refusals.OfferOver) as over:
        services.accept_offer(people.sam.actor, offer_id=offered.offer_id)

    starts = [slot.starts_at for slot in over.value.alternatives]
    assert NINE in starts
    assert len(starts) == 6
