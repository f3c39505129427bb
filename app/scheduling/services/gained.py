"""Time that a changed schedule gives back, for those who wait for it (SCH-31).

Lifted time off and closures, added hours and ended maintenance start offers like a visit that is
given up. What was open before is compared with what is open now, so nothing is offered twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.infra.db import Transaction
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.clock import local_date
from app.kernel.ids import PractitionerId
from app.kernel.period import Period, minus
from app.scheduling.queries import schedules, waitlist
from app.scheduling.queries.facts import provider_schedules
from app.scheduling.rules import opening
from app.scheduling.services.freed import time_freed

# Who waits for longer is asked when the days come nearer: each change looks this far.
REACH = timedelta(days=62)


@dataclass(frozen=True, slots=True)
class OpenHours:
    """When some providers were open, over the days that somebody waits for."""

    last: date
    by_provider: dict[int, list[Period]]


def hours_before(practitioner_ids: Sequence[PractitionerId] | None = None) -> OpenHours | None:
    """What is open before a change, of all providers when None; None where nobody waits."""
    last = waitlist.last_day_waited_for()
    if last is None:
        return None
    if practitioner_ids is None:
        practitioner_ids = [card.id for card in schedules.practitioners()]
    last = min(last, _today() + REACH)
    return OpenHours(last, _open(practitioner_ids, last))


def hours_gained(tx: Transaction, before: OpenHours | None) -> None:
    """Promise to offer what is open now and was not before."""
    if before is None:
        return
    tx.flush()  # what is read below is the new schedule
    now = clock.now()
    present = _open([PractitionerId(one) for one in before.by_provider], before.last)
    for practitioner_id, periods in present.items():
        for gained in minus(periods, before.by_provider[practitioner_id]):
            if gained.ends_at > now:
                time_freed(
                    tx,
                    practitioner_id=practitioner_id,
                    period=gained,
                    released_by=None,
                    key=None,
                )


def room_gained(tx: Transaction, *, category: str, period: Period) -> None:
    """Rooms or equipment are back: every provider may see patients again who need them."""
    ends_at = min(period.ends_at, clock.now() + REACH)
    if ends_at <= max(period.starts_at, clock.now()):
        return
    for practitioner_id in waitlist.providers_waited_for(category):
        time_freed(
            tx,
            practitioner_id=practitioner_id,
            period=Period(max(period.starts_at, clock.now()), ends_at),
            released_by=None,
            key=None,
        )


def _open(practitioner_ids: Sequence[PractitionerId], last: date) -> dict[int, list[Period]]:
    zone, first = settings().time_zone, _today()
    if last < first:
        return {int(one): [] for one in practitioner_ids}
    providers, closures = provider_schedules(practitioner_ids, first=first, last=last, zone=zone)
    return {one.practitioner_id: opening(one, closures, first, last, zone) for one in providers}


def _today() -> date:
    return local_date(clock.now(), settings().time_zone)
