"""Whatever happens on the waiting list in whatever order, nobody is wronged (SCH-31, NOT-03)."""

from contextlib import ExitStack
from datetime import datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.infra.outbox import RetryLater
from app.kernel import clock
from app.scheduling import services
from app.scheduling.errors.waitlist import OfferOver
from app.scheduling.models import Hold
from app.scheduling.queries import appointments, waitlist
from app.scheduling.rules import AppointmentStatus
from app.scheduling.rules.waitlist import EntryStatus
from app.scheduling.services import Wish
from app.scheduling.services.reminders import quiet_hours
from tests.factories.scheduling import MONDAY_SEVEN, SYSTEM, at, create_crowd
from tests.factories.waitlist import promised, put_on_list
from tests.people import PEOPLE
from worker.jobs import waitlist as jobs

pytestmark = pytest.mark.usefixtures("clinic")

SLOTS = [at("2026-11-24 10:00"), at("2026-11-24 10:20"), at("2026-11-24 10:40")]
WAITING = 4
# A Monday at seven, so that thirteen hours and more reach the night.
STEPS = st.one_of(
    st.tuples(st.just("release"), st.integers(0, len(SLOTS) - 1)),
    st.tuples(st.sampled_from(["accept", "decline"]), st.integers(0, WAITING - 1)),
    st.tuples(st.sampled_from(["work", "settle"]), st.just(0)),
    st.tuples(st.just("wait"), st.sampled_from([5, 31, 200, 540])),
)


class Cascade:
    """Three visits that may be given up, four people who wait for such a time, and the clock."""

    def __init__(self, db, crowd: list[str], stack: ExitStack) -> None:
        self.db, self.stack = db, stack
        self.now = MONDAY_SEVEN
        self.taken: list[tuple[int, datetime]] = []
        self.visits = [self._book(who, slot) for who, slot in zip(crowd, SLOTS, strict=False)]
        self.entries = []
        for who in crowd[len(SLOTS) :]:
            self.wait(1)
            entry = put_on_list(who, provider="DOC901", earliest=time(10), latest=time(11))
            self.entries.append(entry.id)

    def _book(self, who: str, slot: datetime):
        wish = Wish(type="consultation", starts_at=slot, provider="DOC901", patient=who)
        return services.book_appointment(PEOPLE.rosa.actor, wish=wish)

    def wait(self, minutes: int) -> None:
        self.now = min(self.now + timedelta(minutes=minutes), at("2026-11-24 07:30"))
        self.stack.enter_context(clock.pretend(self.now))

    def release(self, which: int) -> None:
        visit = self.visits[which]
        if appointments.known_appointment(visit.id).status is AppointmentStatus.CONFIRMED:
            services.change_status(
                PEOPLE.rosa.actor,
                appointment_id=visit.id,
                status=AppointmentStatus.CANCELLED,
                reason="given up",
            )

    def settle(self, _: int) -> None:
        services.settle_waitlist(SYSTEM)

    def accept(self, which: int) -> None:
        entry = waitlist.entry(self.entries[which])
        if entry.offer_id is None:
            return
        is_live = self.now < entry.offer_expires_at
        try:
            visit = services.accept_offer(PEOPLE.rosa.actor, offer_id=entry.offer_id)
        except OfferOver:
            assert not is_live, "a live offer can be taken"
        else:
            assert is_live
            self.taken.append((visit.id, entry.offer_starts_at))

    def decline(self, which: int) -> None:
        entry = waitlist.entry(self.entries[which])
        if entry.offer_id is not None:
            services.decline_offer(PEOPLE.rosa.actor, offer_id=entry.offer_id)

    def work(self, _: int) -> None:
        """The worker runs every promise; in quiet hours it is told to come again."""
        for job in promised(self.db):
            if job.status != "waiting":
                continue
            before = {key: waitlist.entry(key).status for key in self.entries}
            offers = self.offers()
            try:
                jobs.offer_freed_times(SYSTEM, **job.payload)
            except RetryLater:
                assert quiet_hours().around(self.now), "an offer waits only for quiet hours"
                continue
            job.status = "done"
            self.db.flush()
            self.check_order(before, offers, datetime.fromisoformat(job.payload["starts_at"]))

    def offers(self) -> list[Hold]:
        chosen = select(Hold).where(Hold.entry_id.in_(self.entries)).order_by(Hold.id)
        return list(self.db.scalars(chosen.execution_options(populate_existing=True)))

    def check_order(
        self, before: dict[int, EntryStatus], earlier: list[Hold], slot: datetime
    ) -> None:
        """Whoever came first and had not been asked for this time was asked first."""
        asked = {one.entry_id for one in earlier if one.starts_at == slot}
        eligible = [
            key for key in self.entries if before[key] is EntryStatus.WAITING and key not in asked
        ]
        known = {one.id for one in earlier}
        new = [one for one in self.offers() if one.id not in known]
        is_free = slot not in {at for _, at in self.taken} and not any(
            one.starts_at == slot and one.status == "open" for one in earlier
        )
        assert [one.entry_id for one in new] == (eligible[:1] if is_free else [])

    def check(self) -> None:
        """What holds at every moment."""
        live = [one for one in self.offers() if one.status == "open" and self.now < one.expires_at]
        assert len({one.starts_at for one in live}) == len(live), "two live offers of one time"
        assert len({one.entry_id for one in live}) == len(live), "two live offers for one person"
        assert not {one.starts_at for one in live} & {slot for _, slot in self.taken}
        for one in self.offers():
            assert quiet_hours().around(one.created_at) is None  # NOT-03
        for number, slot in self.taken:
            visit = appointments.known_appointment(number)
            assert (visit.status, visit.starts_at) == (AppointmentStatus.CONFIRMED, slot)

    def end(self) -> None:
        """Leave nothing behind for the next example."""
        for number, _ in self.taken:
            self._cancel(number)
        for visit in self.visits:
            self._cancel(visit.id)
        for key in self.entries:
            if waitlist.entry(key).is_open:
                services.withdraw_from_waitlist(PEOPLE.rosa.actor, entry_id=key)
        for job in promised(self.db):
            job.status = "done"
        self.db.commit()

    def _cancel(self, number: int) -> None:
        if appointments.known_appointment(number).status is AppointmentStatus.CONFIRMED:
            services.change_status(
                PEOPLE.rosa.actor,
                appointment_id=number,
                status=AppointmentStatus.CANCELLED,
                reason="the example is over",
            )


@pytest.fixture
def crowds():
    """Other people for every example."""
    ids = create_crowd(40 * (len(SLOTS) + WAITING))
    return iter(ids[i : i + len(SLOTS) + WAITING] for i in range(0, len(ids), len(SLOTS) + WAITING))


@given(steps=st.lists(STEPS, min_size=4, max_size=14))
@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_the_cascade_is_fair_and_keeps_its_word(db, crowds, steps):
    with ExitStack() as stack:
        cascade = Cascade(db, next(crowds), stack)
        try:
            for name, which in [*steps, ("settle", 0), ("work", 0)]:
                getattr(cascade, name)(which)
                cascade.check()
        finally:
            cascade.end()
