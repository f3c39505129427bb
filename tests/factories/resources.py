"""Rooms and equipment of the small clinic."""

from typing import Any

from sqlalchemy import select

from app.infra.db import session
from app.kernel.actor import Actor
from app.scheduling import services
from app.scheduling.models import Appointment, AppointmentType, Claim
from app.scheduling.queries import schedules
from app.scheduling.queries.facts import EQUIPMENT, ROOM
from app.scheduling.services import Booked, Wish, resources
from app.scheduling.services.resources import ResourceDraft
from tests.factories.scheduling import SYSTEM, at
from tests.people import Person


def create_room(code: str = "R1", *, category: str = "treatment room", **more: object) -> int:
    """A room; returns its key."""
    values = {"kind": ROOM, "category": category, "code": code, "name": f"Room {code}"} | more
    return resources.save_resource(SYSTEM, draft=ResourceDraft(**values)).id


def create_equipment(code: str = "ECG-1", *, category: str = "ecg", **more: object) -> int:
    """A piece of equipment; returns its key."""
    return create_room(code, category=category, kind=EQUIPMENT, name=f"Device {code}", **more)


def type_id(code: str = "consultation") -> int:
    """The key of a type of visit."""
    return session().scalars(select(AppointmentType.id).where(AppointmentType.code == code)).one()


def need(*needs: tuple[str, int], code: str = "consultation") -> int:
    """Visits of this type take these from now on."""
    return resources.set_needs(SYSTEM, type_id=type_id(code), needs=needs)


def book(person: Person, starts_at: str, **more: Any) -> Booked:
    """A consultation, or another kind of visit."""
    wish = Wish(**{"type": "consultation", "starts_at": at(starts_at), **more})
    return services.book_appointment(person.actor, wish=wish)


def held(db: Any, visit: Booked) -> list[int]:
    """The rooms and equipment that a visit holds now."""
    rows = db.scalars(
        select(Claim.resource_id).where(
            Claim.appointment_id == visit.id,
            Claim.active,
            Claim.resource_kind.in_((ROOM, EQUIPMENT)),
        )
    )
    return sorted(rows)


def is_flagged(db: Any, visit: Booked) -> bool:
    """Whether the visit needs another time."""
    return db.scalars(select(Appointment.needs_rebooking).where(Appointment.id == visit.id)).one()


def provider_id(person: Person) -> int:
    """The key of a provider."""
    return schedules.practitioner_by_university_id(person.id).id


def block(
    actor: Actor = SYSTEM, *, room: int, starts: str = "09:00", ends: str = "12:00", **more: Any
) -> Any:
    """Maintenance in the morning."""
    return resources.block_resource(
        actor, resource_id=room, starts_at=at(starts), ends_at=at(ends), **more
    )
