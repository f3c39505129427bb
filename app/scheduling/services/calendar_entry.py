"""A visit as a calendar entry to download: the same entry that the e-mails carry (CAL-01)."""

from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.kernel.ids import AppointmentId
from app.notifications.rules import CalendarMethod, CalendarPart
from app.notifications.rules.calendar import Organizer, calendar_text
from app.scheduling.queries import appointments
from app.scheduling.rules import HOLDS_TIME, AppointmentStatus
from app.scheduling.services import parties
from app.scheduling.services.messages import place_of_clinic

IN_CALENDARS = HOLDS_TIME - {AppointmentStatus.PENDING}


def calendar_entry(actor: Actor, *, appointment_id: AppointmentId) -> bytes:
    """The visit in iCalendar's format, without a word about the service (NOT-02).

    Raises UnknownAppointment for what is not one's own, and NotFound for a visit that is in
    nobody's calendar: not confirmed yet, or given up.
    """
    visit = parties.check_visible(actor, appointments.appointment(appointment_id))
    if visit.status not in IN_CALENDARS:
        raise NotFound("This visit has no calendar entry.")
    part = CalendarPart(
        entity=visit.uid,
        sequence=visit.sequence,
        method=CalendarMethod.REQUEST,
        period=visit.period,
        location=place_of_clinic(),
    )
    config = settings()
    organizer = Organizer(config.clinic_name, config.mail_sender, config.mail_domain)
    return calendar_text(part, organizer=organizer, attendee=None, stamped_at=clock.now())
