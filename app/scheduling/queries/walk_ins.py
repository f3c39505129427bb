"""What the queue needs to know of the kinds of visits (SCH-33)."""

from dataclasses import dataclass

from sqlalchemy import select

from app.infra.db import session
from app.scheduling.models import AppointmentType, WeeklyHours


@dataclass(frozen=True, slots=True)
class QueueService:
    """A kind of visit as the front desk hands out numbers for it."""

    id: int
    code: str
    name: str
    colour: str
    token_prefix: str
    takes_walk_ins: bool
    is_active: bool


def queue_services() -> list[QueueService]:
    """All kinds of visits, also old ones, in the order of the clinic."""
    rows = session().execute(
        select(
            AppointmentType.id,
            AppointmentType.code,
            AppointmentType.name,
            AppointmentType.colour,
            AppointmentType.token_prefix,
            AppointmentType.takes_walk_ins,
            AppointmentType.is_active,
        ).order_by(AppointmentType.position, AppointmentType.name)
    )
    return [QueueService(*row) for row in rows]


def campuses() -> list[str]:
    """The clinics that have opening hours, by name."""
    found = session().scalars(select(WeeklyHours.campus).distinct().order_by(WeeklyHours.campus))
    return [campus for campus in found if campus]
