"""What the clinic offers, as screens of the catalogue and the demo ask for it."""

from sqlalchemy import func, select

from app.infra.db import session
from app.scheduling.models import Appointment, AppointmentType


def type_codes() -> set[str]:
    """The codes of all types of visits in lower case, hidden ones too."""
    return set(session().scalars(select(func.lower(AppointmentType.code))))


def has_appointments() -> bool:
    """Whether anything was ever booked here."""
    return session().scalar(select(Appointment.id).limit(1)) is not None
