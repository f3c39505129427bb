"""Use cases of analytics: see a report, take it along as a file."""

from datetime import date

from app.analytics import rules
from app.analytics.permissions import Permission
from app.analytics.queries.scheduling import SchedulingReport
from app.analytics.queries.scheduling import scheduling_report as read_report
from app.infra.db import transaction
from app.infra.replica import read_from_replica
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.clock import local_date
from app.security.services import record_event


def scheduling_report(
    actor: Actor, *, first: date | None = None, last: date | None = None
) -> SchedulingReport:
    """The numbers of some clinic days, both included; the last four weeks by default.

    Raises Forbidden, and RangeRefused for a range that cannot be shown.
    """
    actor.require(Permission.SCHEDULING_READ)
    zone = settings().time_zone
    start, end = rules.checked_range(first, last, today=local_date(clock.now(), zone))
    return read_from_replica(lambda: read_report(start, end, zone))


def export_scheduling_report(
    actor: Actor, *, first: date | None = None, last: date | None = None
) -> SchedulingReport:
    """The same for a file; who took numbers along is written down."""
    actor.require(Permission.SCHEDULING_EXPORT)
    report = scheduling_report(actor, first=first, last=last)
    with transaction() as tx:
        record_event(
            tx,
            actor,
            "analytics:scheduling-report:export",
            object_type="SchedulingReport",
            object_id=f"{report.first}/{report.last}",
        )
    return report
