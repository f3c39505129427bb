"""The end of the day: what is still open, and closing it (SCH-33, SCH-35)."""

from dataclasses import dataclass
from datetime import date, datetime

from app.infra.db import transaction
from app.infra.one_by_one import one_by_one
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor, system_actor
from app.kernel.clock import clinic_day, local_date
from app.kernel.errors import Conflict
from app.kernel.ids import AppointmentId
from app.scheduling import services as scheduling
from app.scheduling.queries import appointments, sessions, types
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.queries.sessions import SessionView
from app.scheduling.rules import AppointmentStatus
from app.scheduling.rules.sessions import SessionStatus
from app.scheduling.services.sessions import close_session
from app.security.services import record_event
from app.visits import rules
from app.visits.errors import DayNotOver
from app.visits.permissions import Permission
from app.visits.queries import visits
from app.visits.queries.visits import VisitView
from app.visits.rules import VisitStatus
from app.visits.services.appointments import end_forgotten, end_visit

REASON = "The day was closed."
RUNNING = (SessionStatus.OPEN, SessionStatus.CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayEnd:
    """What is still open today. `absent` did not come in time, `coming` still may.

    `to_rebook` are visits that their provider cannot keep; nobody missed those (SCH-19).
    """

    on_date: date
    inside: list[VisitView]
    waiting: list[VisitView]
    absent: list[AppointmentView]
    to_rebook: list[AppointmentView]
    coming: list[AppointmentView]
    over: list[SessionView]
    running: list[SessionView]

    @property
    def is_over(self) -> bool:
        """Whether closing would change nothing."""
        return not (self.inside or self.waiting or self.absent or self.over)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayClosed:
    """How many waiting patients left, visits were missed and sessions ended by closing."""

    left: int
    missed: int
    sessions: int

    @property
    def total(self) -> int:
        """Zero when there was nothing to close."""
        return self.left + self.missed + self.sessions


def day_end(actor: Actor) -> DayEnd:
    """What closing the day would find now."""
    actor.require(Permission.CLOSE_DAY)
    now = clock.now()
    today = local_date(now, settings().time_zone)
    period = clinic_day(today, settings().time_zone)
    planned = sessions.sessions_between(period.starts_at, period.ends_at)
    here = visits.visits_of_day(today, statuses=rules.IS_HERE)
    expected = appointments.appointments_between(period, statuses=(AppointmentStatus.CONFIRMED,))
    missed = _missed(expected, now)
    live = [one for one in planned if one.status in RUNNING]
    return DayEnd(
        on_date=today,
        inside=[one for one in here if one.status is VisitStatus.IN_PROGRESS],
        waiting=[one for one in here if one.status is not VisitStatus.IN_PROGRESS],
        absent=[one for one in expected if one.id in missed],
        to_rebook=[one for one in expected if one.needs_rebooking],
        coming=[one for one in expected if not one.needs_rebooking and one.id not in missed],
        over=[one for one in live if one.ends_at <= now],
        running=[one for one in live if one.ends_at > now],
    )


def _missed(expected: list[AppointmentView], now: datetime) -> set[AppointmentId]:
    """The visits whose patients are too late; one look at the catalogue per type."""
    kinds = {one.type_id for one in expected}
    grace = {kind: types.type_of(kind).policy.no_show_grace for kind in kinds}
    late = (one for one in expected if one.starts_at + grace[one.type_id] <= now)
    return {one.id for one in late if not one.needs_rebooking}


def close_day(actor: Actor) -> DayClosed:
    """End the day: who waits has left, who did not come has missed it, past sessions are done.

    Every visit in a transaction of its own, as the hourly job does it: what somebody changes at
    this moment stays as they left it, and a second press goes on where the first one stopped.
    Raises DayNotOver while somebody is with a provider.
    """
    for needed in (Permission.CLOSE_DAY, Permission.CALL):
        actor.require(needed)
    found = day_end(actor)
    if found.inside:
        raise DayNotOver([one.token for one in found.inside])
    closed = DayClosed(
        left=sum(_leaves(actor, one) for one in found.waiting),
        # The clinic's own job knows whether the provider was away: then nobody missed it.
        missed=scheduling.mark_no_shows(system_actor()) if found.absent else 0,
        sessions=sum(_ends(actor, one) for one in found.over),
    )
    if closed.total:
        _note(actor, found.on_date, closed)
    return closed


def _leaves(actor: Actor, visit: VisitView) -> bool:
    try:
        end_visit(actor, visit, REASON)
    except Conflict:
        return False  # somebody called, started or ended this visit meanwhile
    return True


def _ends(actor: Actor, session: SessionView) -> bool:
    try:
        close_session(actor, session_id=session.id)
    except Conflict:
        return False  # cancelled or ended meanwhile
    return True


def _note(actor: Actor, on_date: date, closed: DayClosed) -> None:
    """The line of the audit trail; the visits have their own."""
    with transaction() as tx:
        record_event(
            tx,
            actor,
            "visits:day:close",
            object_type="Day",
            object_id=on_date.isoformat(),
            details={"left": closed.left, "missed": closed.missed, "sessions": closed.sessions},
        )


def close_queues(actor: Actor) -> int:
    """End what an earlier day left open: who still waited has left. Returns how many."""
    actor.require(Permission.CALL)
    forgotten = visits.forgotten(local_date(clock.now(), settings().time_zone))
    return one_by_one("forgotten visits", forgotten, _ends_forgotten)


def _ends_forgotten(visit: VisitView) -> bool:
    end_forgotten(visit)
    return True
