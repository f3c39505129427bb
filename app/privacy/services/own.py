"""What somebody asks about their own data in the portal, and the copy when it is ready (DPA-02).

The Privacy Officer makes the copy: somebody looks at it before it leaves the clinic.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.infra.db import transaction
from app.kernel.actor import Actor
from app.kernel.ids import PatientId
from app.patients.queries import patient_for_user
from app.patients.services import lock_records
from app.privacy import queries, rules
from app.privacy.errors import AskedAlready, NoCopy
from app.privacy.permissions import Permission
from app.privacy.queries import CopyView, RequestView
from app.privacy.rules import CopyStatus, RequestKind
from app.privacy.services.copies import KINDS, handed_out
from app.privacy.services.requests import RequestDraft, enter
from app.privacy.services.telling import tell_keepers

WISH: Final = "A copy of everything that is held about me (asked in the portal)."


@dataclass(frozen=True, slots=True)
class OwnData:
    """The latest request for a copy, and the file while it lies here."""

    request: RequestView | None
    copy: CopyView | None

    @property
    def is_open(self) -> bool:
        """Whether one waits for an answer."""
        return self.request is not None and self.request.status in rules.OPEN

    @property
    def is_ready(self) -> bool:
        """Whether the file can be loaded."""
        return self.copy is not None and self.copy.status is CopyStatus.READY


def own_data(actor: Actor) -> OwnData:
    """Raises Forbidden, NoCopy for somebody without a record."""
    actor.require(Permission.OWN_READ)
    patient_id = _own_record(actor)
    asked = [one for one in queries.requests_of(patient_id) if one.kind in KINDS]
    return OwnData(asked[0] if asked else None, queries.latest_copy_for(patient_id))


def ask_for_own_copy(actor: Actor) -> int:
    """Into the register of the Privacy Officer, with its clock. Raises AskedAlready, NoCopy."""
    actor.require(Permission.OWN_WRITE)
    patient_id = _own_record(actor)
    with transaction() as tx:
        lock_records(tx, [patient_id])  # two taps are one request
        if any(
            one.kind in KINDS and one.status in rules.OPEN
            for one in queries.requests_of(patient_id)
        ):
            raise AskedAlready()
        draft = RequestDraft(kind=RequestKind.ACCESS, wish=WISH)
        request_id = enter(actor, draft, patient_id=patient_id)
        sentence = f"Request {request_id} came in through the portal."
        tell_keepers(tx, actor, "request_new", f"request/{request_id}", sentence)
    return request_id


def own_copy_file(actor: Actor) -> Path:
    """One's own file, and nobody else's; the load is written down. Raises NoCopy."""
    actor.require(Permission.OWN_READ)
    found = queries.latest_copy_for(_own_record(actor))
    if found is None:
        raise NoCopy()
    return handed_out(actor, found)


def _own_record(actor: Actor) -> PatientId:
    card = patient_for_user(actor.user_id) if actor.user_id is not None else None
    if card is None:
        raise NoCopy()
    return card.id
