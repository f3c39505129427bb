"""Who saw a patient, and when last."""

from datetime import datetime

from sqlalchemy import func, select

from app.infra.db import session
from app.kernel.ids import PatientId
from app.scheduling.models import Appointment, Practitioner
from app.scheduling.rules import AppointmentStatus
from app.scheduling.rules.usual import Seen


def seen_by(patient_id: PatientId, *, since: datetime) -> list[Seen]:
    """Each provider with the last completed visit of the patient; one statement."""
    rows = session().execute(
        select(Practitioner.university_id, func.max(Appointment.starts_at))
        .join(Appointment, Appointment.practitioner_id == Practitioner.id)
        .where(
            Appointment.patient_id == patient_id,
            Appointment.status == AppointmentStatus.COMPLETED.value,
            Appointment.starts_at >= since,
        )
        .group_by(Practitioner.university_id)
    )
    return [Seen(provider, at) for provider, at in rows]
