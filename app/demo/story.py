"""Makes planned visits happen, deed by deed in the order of time, through the services.

The clock is pretended for each deed, so that history was written when it happened.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from random import Random
from typing import Final

from app.demo.plan import A_DAY, MINUTE, Ending, Frame, PlannedVisit
from app.infra.db import Transaction
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.clock import local_date
from app.kernel.errors import DomainError
from app.kernel.ids import AppointmentId
from app.scheduling import services as scheduling
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services import Wish
from app.visits import services as visits

Deed = Callable[[], None]
A_SECOND: Final = timedelta(seconds=1)

PATIENTS_REASONS: Final = ("", "I have an exam at that time.", "I feel better now.", "Class moved.")
DESK_REASONS: Final = ("The patient called to cancel.", "The provider is needed elsewhere.")
DECLINED: Final = "Please book a dental check-up first; the dentist will advise you there."


@dataclass(frozen=True, slots=True)
class Cast:
    """Who acts in the story."""

    desk: Actor
    providers: Mapping[str, Actor]
    students: Mapping[str, Actor]


@dataclass(slots=True)
class Story:
    """The deeds that are still to come, and the transaction that holds them together."""

    tx: Transaction
    frame: Frame
    cast: Cast
    refused: int = 0
    _deeds: list[tuple[datetime, int, Deed]] = field(default_factory=list)
    _order: "count[int]" = field(default_factory=count)

    def tell(self, visits: Iterable[PlannedVisit]) -> None:
        """Everything that happened until now; what lies ahead stays as it is booked."""
        for visit in visits:
            self._at(visit.booked_at, partial(self._book, visit))
        while self._deeds:
            instant, _, deed = heapq.heappop(self._deeds)
            with clock.pretend(instant):
                deed()
            self.tx.flush()  # the next deed reads what this one wrote

    def _at(self, instant: datetime, deed: Deed) -> None:
        if instant < self.frame.now:
            heapq.heappush(self._deeds, (instant, next(self._order), deed))

    def _book(self, visit: PlannedVisit) -> None:
        student = self.cast.students[visit.student]
        wish = Wish(
            type=visit.offer.code,
            starts_at=visit.starts_at,
            provider=visit.provider,
            patient=visit.student if visit.by_desk else None,
            reason=visit.reason,
        )
        try:
            booked = scheduling.book_appointment(
                self.cast.desk if visit.by_desk else student, wish=wish
            )
        except DomainError:
            self.refused += 1  # a limit, or a time that a moved visit took: nobody came
            return
        rng = Random(f"visit/{visit.provider}/{visit.starts_at.isoformat()}")  # noqa: S311
        if booked.status == AppointmentStatus.PENDING:
            self._answer(rng, visit, booked.id)
        elif visit.ending is not None:
            self._go_on(rng, visit, booked.id, since=visit.booked_at)

    def _answer(self, rng: Random, visit: PlannedVisit, appointment_id: AppointmentId) -> None:
        """The provider says yes or no to a request, at the latest a few hours before the visit."""
        if visit.ending is None:
            return
        answered_at = min(
            visit.booked_at + rng.randint(20, 900) * MINUTE, visit.starts_at - 180 * MINUTE
        )
        provider = self.cast.providers[visit.provider]
        if visit.ending is Ending.DECLINED:
            self._change(
                answered_at, provider, appointment_id, AppointmentStatus.DECLINED, DECLINED
            )
        else:
            self._change(answered_at, provider, appointment_id, AppointmentStatus.CONFIRMED)
            self._go_on(rng, visit, appointment_id, since=answered_at)

    def _go_on(
        self, rng: Random, visit: PlannedVisit, appointment_id: AppointmentId, *, since: datetime
    ) -> None:
        """What becomes of a confirmed visit."""
        before = visit.starts_at - since
        if visit.ending is Ending.CANCELLED:
            self._cancel(rng, visit, appointment_id, at=since + before * rng.uniform(0.3, 0.95))
        elif visit.ending is Ending.MOVED and before > A_DAY and not visit.offer.needs_approval:
            moved_at = since + before * rng.uniform(0.1, 0.6)
            self._at(moved_at, partial(self._move, visit, appointment_id))
        elif visit.ending is Ending.NO_SHOW:
            missed_at = visit.starts_at + rng.randint(20, 45) * MINUTE
            self._change(missed_at, self.cast.desk, appointment_id, AppointmentStatus.NO_SHOW)
        else:
            self._come(rng, visit, appointment_id, visit.starts_at)

    def _cancel(
        self, rng: Random, visit: PlannedVisit, appointment_id: AppointmentId, *, at: datetime
    ) -> None:
        """By the patient in time, else by the desk on the telephone."""
        in_time = at < visit.starts_at - 25 * 60 * MINUTE
        actor = self.cast.students[visit.student] if in_time else self.cast.desk
        reason = rng.choice(PATIENTS_REASONS if in_time else DESK_REASONS)
        self._change(at, actor, appointment_id, AppointmentStatus.CANCELLED, reason)

    def _move(self, visit: PlannedVisit, appointment_id: AppointmentId) -> None:
        """To a free time of the next days where there is one, and then the patient comes."""
        student = self.cast.students[visit.student]
        day = local_date(visit.starts_at, self.frame.zone)
        times = scheduling.times_to_move(
            student, appointment_id=appointment_id, first=day + A_DAY, last=day + 5 * A_DAY
        )
        starts_at = visit.starts_at
        if times:
            starts_at = times[len(times) // 3].starts_at
            appointment_id = scheduling.reschedule_appointment(
                student, appointment_id=appointment_id, starts_at=starts_at
            ).id
        rng = Random(f"moved/{visit.provider}/{visit.starts_at.isoformat()}")  # noqa: S311
        self._come(rng, visit, appointment_id, starts_at)

    def _come(
        self, rng: Random, visit: PlannedVisit, appointment_id: AppointmentId, starts_at: datetime
    ) -> None:
        """Check-in, the visit itself, and its end; or the patient does not wait."""
        desk, provider = self.cast.desk, self.cast.providers[visit.provider]
        arrived = starts_at - rng.randint(1, 12) * MINUTE + rng.randint(0, 59) * A_SECOND
        arrived = max(arrived, visit.booked_at + 2 * MINUTE)
        called = starts_at + rng.randint(0, 4) * MINUTE + rng.randint(0, 59) * A_SECOND
        self._change(arrived, desk, appointment_id, AppointmentStatus.CHECKED_IN)
        if visit.ending is Ending.LEFT:
            left = starts_at + rng.randint(25, 50) * MINUTE
            self._change(left, desk, appointment_id, AppointmentStatus.LEFT)
            return
        done = called + visit.offer.lasts_for * rng.uniform(0.55, 0.9)
        self._change(called, provider, appointment_id, AppointmentStatus.IN_PROGRESS)
        self._change(done, provider, appointment_id, AppointmentStatus.COMPLETED)

    def _change(
        self,
        at: datetime,
        actor: Actor,
        appointment_id: AppointmentId,
        status: AppointmentStatus,
        reason: str = "",
    ) -> None:
        self._at(at, partial(_change_status, actor, appointment_id, status, reason))


def _change_status(
    actor: Actor, appointment_id: AppointmentId, status: AppointmentStatus, reason: str
) -> None:
    visits.change_appointment_status(
        actor, appointment_id=appointment_id, status=status, reason=reason
    )
