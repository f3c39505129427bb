"""What a schedule comes to: a provider's real opening hours day by day, with the reasons."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from app.kernel.clock import clinic_day
from app.kernel.ids import PractitionerId
from app.kernel.period import Period
from app.scheduling.queries.facts import provider_schedules
from app.scheduling.rules import opening_by_day


@dataclass(frozen=True, slots=True)
class PreviewDay:
    """One civil day of a provider: when patients are seen, and what is not as usual."""

    on: date
    open: tuple[Period, ...]
    notes: tuple[str, ...]


def preview(
    practitioner_id: PractitionerId, *, first: date, last: date, zone: ZoneInfo
) -> list[PreviewDay]:
    """The opening hours of some days after overrides, time off and closures (SCH-12)."""
    providers, closures = provider_schedules([practitioner_id], first=first, last=last, zone=zone)
    provider = providers[0]
    overridden = {override.on for override in provider.overrides}
    days = []
    for day, periods in opening_by_day(provider, closures, first, last, zone).items():
        whole = clinic_day(day, zone)
        notes = [closure.name for closure in closures if closure.period.overlaps(whole)]
        if any(period.overlaps(whole) for period in provider.time_off):
            notes.append("Time off")
        if day in overridden:
            notes.append("Other hours" if periods else "Day off")
        days.append(PreviewDay(day, tuple(periods), tuple(notes)))
    return days
