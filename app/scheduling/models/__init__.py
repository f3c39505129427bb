"""Tables of scheduling. Every invariant of the rules is a constraint here too.

FHIR names: HealthcareService is our appointment type, PractitionerRole our practitioner,
Schedule the weekly hours with their overrides and absences, Appointment the appointment.
"""

from app.scheduling.models.appointments import Appointment, AppointmentEvent
from app.scheduling.models.attendance import NoShowPoint, Reminder, ReminderWish
from app.scheduling.models.calendars import Feed, TimetableEntry
from app.scheduling.models.catalogue import AppointmentType, NotOfferedBy, Practitioner
from app.scheduling.models.claims import Claim
from app.scheduling.models.outages import Outage, OutageItem
from app.scheduling.models.questions import (
    BookingAnswers,
    Diversion,
    Questionnaire,
    SeatAnswers,
)
from app.scheduling.models.resources import Resource, ResourceBlock, TypeNeed
from app.scheduling.models.schedules import Closure, DateOverride, TimeOff, WeeklyHours
from app.scheduling.models.series import Series
from app.scheduling.models.sessions import (
    GroupSession,
    Seat,
    SeatReminder,
    SeatStation,
    SessionCohort,
    SessionStation,
)
from app.scheduling.models.waitlist import Hold, WaitlistEntry

__all__ = [
    "Appointment",
    "AppointmentEvent",
    "AppointmentType",
    "BookingAnswers",
    "Claim",
    "Closure",
    "DateOverride",
    "Diversion",
    "Feed",
    "GroupSession",
    "Hold",
    "NoShowPoint",
    "NotOfferedBy",
    "Outage",
    "OutageItem",
    "Practitioner",
    "Questionnaire",
    "Reminder",
    "ReminderWish",
    "Resource",
    "ResourceBlock",
    "Seat",
    "SeatAnswers",
    "SeatReminder",
    "SeatStation",
    "Series",
    "SessionCohort",
    "SessionStation",
    "TimeOff",
    "TimetableEntry",
    "TypeNeed",
    "WaitlistEntry",
    "WeeklyHours",
]
