"""Rooms and equipment of the small clinic."""

from sqlalchemy import select

from app.infra.db import session
from app.scheduling.models import AppointmentType
from app.scheduling.queries.facts import EQUIPMENT, ROOM
from app.scheduling.services import resources
from app.scheduling.services.resources import ResourceDraft
from tests.factories.scheduling import SYSTEM


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
