"""Kiosks and displays: which there are, and what was tried at them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.infra.db import session
from app.visits.models import Device, KioskTry

SHOWN = 200


@dataclass(frozen=True, slots=True)
class DeviceCard:
    """One screen; nobody can read its address back."""

    id: int
    kind: str
    name: str
    campus: str
    created_at: datetime
    last_seen_at: datetime | None
    revoked_at: datetime | None


_COLUMNS = (
    Device.id,
    Device.kind,
    Device.name,
    Device.campus,
    Device.created_at,
    Device.last_seen_at,
    Device.revoked_at,
)


def devices() -> list[DeviceCard]:
    """All screens, those in use first, by name."""
    statement = select(*_COLUMNS).order_by(
        Device.revoked_at.is_not(None), Device.kind, Device.name, Device.id
    )
    return [DeviceCard(*row) for row in session().execute(statement.limit(SHOWN))]


def device_by_hash(kind: str, token_hash: str) -> DeviceCard | None:
    """The screen of this kind in use, by the hash of its secret."""
    row = (
        session()
        .execute(
            select(*_COLUMNS).where(
                Device.kind == kind,
                Device.token_hash == token_hash,
                Device.revoked_at.is_(None),
            )
        )
        .one_or_none()
    )
    return DeviceCard(*row) if row else None


def tries_that_led_nowhere(device_id: int, *, since: datetime) -> list[datetime]:
    """When something unknown was typed at a kiosk; 50 are more than enough to decide."""
    rows = session().scalars(
        select(KioskTry.at)
        .where(KioskTry.device_id == device_id, KioskTry.at > since, ~KioskTry.was_known)
        .order_by(KioskTry.at.desc())
        .limit(50)
    )
    return list(rows)
