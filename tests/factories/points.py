"""Points as if somebody had missed visits (SCH-35)."""

from datetime import timedelta

from app.kernel import clock
from app.scheduling import services
from app.scheduling.models import NoShowPoint
from app.scheduling.queries import appointments
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services import Wish
from tests.factories.scheduling import SYSTEM, at


def create_missed_visits(session, person, count):
    """So many points that count; the visits themselves hold no time."""
    for _ in range(count):
        wish = Wish(type="consultation", starts_at=at("2026-11-24 11:00"), patient=person.id)
        visit = services.book_appointment(SYSTEM, wish=wish)
        services.change_status(
            SYSTEM, appointment_id=visit.id, status=AppointmentStatus.CANCELLED, reason="missed"
        )
        known = appointments.known_appointment(visit.id)
        session.add(
            NoShowPoint(
                appointment_id=visit.id,
                patient_id=known.patient_id,
                given_at=clock.now(),
                expires_at=clock.now() + timedelta(days=90),
                status="counted",
            )
        )
    session.flush()
