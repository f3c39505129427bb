"""When a reminder leaves (SCH-30), and that it leaves people in peace (NOT-03).

A reminder is planned its lead before the visit. Planned into the quiet hours it leaves when they
end, if that is at least half an hour before the visit; otherwise a quarter of an hour before they
begin. Whatever happens, none leaves within them.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from app.kernel.errors import Invalid
from app.scheduling.rules.quiet import QuietHours

USEFUL = timedelta(minutes=30)
EARLY = timedelta(minutes=15)
LONGEST_LEAD = timedelta(days=14)
MINIMUM_LEAD = 15
MAXIMUM_LEADS = 4


def send_at(starts_at: datetime, lead: timedelta, quiet: QuietHours) -> datetime:
    """When the reminder leaves that is planned `lead` before a visit."""
    planned = starts_at - lead
    hours = quiet.around(planned)
    if hours is None:
        return planned
    return hours.ends_at if hours.ends_at + USEFUL <= starts_at else hours.starts_at - EARLY


def look_ahead(now: datetime, quiet: QuietHours) -> datetime | None:
    """Until when reminders must be planned to leave now; None in the quiet hours."""
    if quiet.around(now):
        return None
    hours = quiet.around(now + EARLY)
    return hours.ends_at if hours else now


def due_lead(
    leads: Collection[int],
    *,
    starts_at: datetime,
    created_at: datetime,
    now: datetime,
    quiet: QuietHours,
) -> int | None:
    """The lead in minutes whose reminder should be out by now; None when there is none.

    A visit that was booked within the lead needs no such reminder, and after a pause of the
    worker only the shortest lead that is due counts: two reminders at once would be silly.
    """
    if now >= starts_at or quiet.around(now):
        return None
    return min(
        (
            lead
            for lead in leads
            if _is_due(timedelta(minutes=lead), starts_at, created_at, now, quiet)
        ),
        default=None,
    )


def _is_due(
    lead: timedelta, starts_at: datetime, created_at: datetime, now: datetime, quiet: QuietHours
) -> bool:
    leaves_at = send_at(starts_at, lead, quiet)
    return leaves_at <= now and created_at < min(leaves_at, starts_at - lead)


def check_leads(leads: Collection[int] | None) -> list[int] | None:
    """The leads of a wish, longest first; None for those of the kind of visit. Raises Invalid."""
    if leads is None:
        return None
    longest = LONGEST_LEAD // timedelta(minutes=1)
    if len(leads) > MAXIMUM_LEADS or not all(MINIMUM_LEAD <= lead <= longest for lead in leads):
        sentence = "Please choose at most four times, 15 minutes to 14 days ahead."
        raise Invalid(sentence, errors={"lead_minutes": [sentence]})
    return sorted(set(leads), reverse=True)
