"""Whether a reminder can still be answered (SCH-30)."""

from datetime import datetime

from app.scheduling.rules.facts import AppointmentStatus

_OVER = {
    AppointmentStatus.CANCELLED: "This appointment was cancelled already.",
    AppointmentStatus.RESCHEDULED: "This appointment was moved to another time. The reminder of "
    "the new time has a link of its own.",
    AppointmentStatus.CHECKED_IN: "You are checked in for this appointment already.",
    AppointmentStatus.NO_SHOW: "This appointment is over.",
}


def why_no_answer(status: AppointmentStatus, *, starts_at: datetime, now: datetime) -> str | None:
    """Why there is nothing left to answer, as a sentence for the patient, or None."""
    if status is not AppointmentStatus.CONFIRMED:
        return _OVER.get(status, "This appointment cannot be answered any more.")
    if now >= starts_at:
        return "This appointment has begun already. Please talk to the front desk."
    return None
