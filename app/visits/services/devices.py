"""The screens of the waiting room: adding and revoking kiosks and displays."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import insert, or_, update

from app.infra.db import transaction
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor, Channel
from app.kernel.clock import local_date
from app.security.services import record_event
from app.visits.errors.devices import UnknownDevice, UnusableDevice
from app.visits.models import Device
from app.visits.permissions import Permission
from app.visits.queries import visits
from app.visits.queries.devices import DeviceCard, device_by_hash
from app.visits.queries.visits import Board

KIOSK, DISPLAY = "kiosk", "display"
KINDS = (KIOSK, DISPLAY)
LONGEST_NAME, LONGEST_CAMPUS = 80, 60
SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NewDevice:
    """A screen just added. The address is shown once: only its hash is kept."""

    id: int
    name: str
    path: str


def add_device(actor: Actor, *, kind: str, name: str, campus: str = "") -> NewDevice:
    """A kiosk or a display with an address of its own. Raises UnusableDevice."""
    actor.require(Permission.DEVICE_WRITE)
    label, place = " ".join(name.split()), " ".join(campus.split())
    _check(kind, label, place)
    token = secrets.token_urlsafe(24)
    with transaction() as tx:
        device_id = int(
            tx.execute(
                insert(Device)
                .values(
                    kind=kind,
                    name=label,
                    campus=place,
                    token_hash=hash_of(token),
                    created_at=clock.now(),
                    created_by_id=actor.user_id,
                )
                .returning(Device.id)
            ).scalar_one()
        )
        record_event(
            tx,
            actor,
            "visits:device:add",
            object_type="Device",
            object_id=device_id,
            details={"kind": kind},
        )
    return NewDevice(device_id, label, f"/{kind}/{token}/")


def _check(kind: str, name: str, campus: str) -> None:
    if kind not in KINDS:
        raise UnusableDevice("kind", "Please choose a kiosk or a display.")
    if not 0 < len(name) <= LONGEST_NAME:
        raise UnusableDevice("name", f"Please give it a name of at most {LONGEST_NAME} letters.")
    if len(campus) > LONGEST_CAMPUS:
        raise UnusableDevice("campus", "Please choose one of the clinics.")


def revoke_device(actor: Actor, *, device_id: int) -> None:
    """Its address stops working at once. Twice is harmless. Raises UnknownDevice."""
    actor.require(Permission.DEVICE_WRITE)
    now = clock.now()
    with transaction() as tx:
        found = tx.session.get(Device, device_id)
        if found is None:
            raise UnknownDevice("There is no such screen.")
        changed = tx.execute(
            update(Device)
            .where(Device.id == device_id, Device.revoked_at.is_(None))
            .values(revoked_at=now)
        )
        if changed.rowcount:
            record_event(
                tx, actor, "visits:device:revoke", object_type="Device", object_id=device_id
            )


def device_at(kind: str, token: str) -> DeviceCard:
    """The screen behind an address, noted as seen once a minute. Raises UnknownDevice."""
    found = device_by_hash(kind, hash_of(token))
    if found is None:
        raise UnknownDevice()
    now = clock.now()
    if found.last_seen_at is None or now - found.last_seen_at >= SEEN_EVERY:
        _note_seen(found.id)
    return found


def _note_seen(device_id: int) -> None:
    now = clock.now()
    is_due = or_(Device.last_seen_at.is_(None), Device.last_seen_at <= now - SEEN_EVERY)
    with transaction() as tx:
        tx.execute(
            update(Device)
            .where(Device.id == device_id, is_due)
            .values(last_seen_at=now)
            .execution_options(synchronize_session=False)
        )


def hash_of(token: str) -> str:
    """What is kept of a secret address."""
    return sha256(token.encode()).hexdigest()


def actor_of(device: DeviceCard, address: str = "") -> Actor:
    """The kiosk as the acting one: it stands for whoever touches it."""
    name = f"Kiosk {device.name}"
    return Actor(user_id=None, name=name, channel=Channel.KIOSK, address=address)


def wall(device: DeviceCard) -> Board:
    """What the wall shows today. Never a name (SCH-33)."""
    today = local_date(clock.now(), settings().time_zone)
    return visits.board(today, device.campus)
