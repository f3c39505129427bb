"""One line in the log of a request or a breach, and one in the audit trail, with every deed."""

from sqlalchemy import insert

from app.infra.db import Transaction
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.ids import PatientId
from app.privacy.models import Entry
from app.security.services import record_event

_WRITE = insert(Entry)


def note_request(
    tx: Transaction,
    actor: Actor,
    request_id: int,
    action: str,
    words: str,
    *,
    patient_id: PatientId | None,
) -> None:
    """Into the log of a request; the trail gets the deed without the words (AUD-01)."""
    _line(tx, actor, words, request_id=request_id)
    record_event(
        tx,
        actor,
        f"privacy:request:{action}",
        object_type="RightsRequest",
        object_id=request_id,
        patient_id=patient_id,
    )


def note_breach(tx: Transaction, actor: Actor, breach_id: int, action: str, words: str) -> None:
    """Into the log of a breach."""
    _line(tx, actor, words, breach_id=breach_id)
    record_event(tx, actor, f"privacy:breach:{action}", object_type="Breach", object_id=breach_id)


def _line(
    tx: Transaction,
    actor: Actor,
    words: str,
    *,
    request_id: int | None = None,
    breach_id: int | None = None,
) -> None:
    tx.later(
        _WRITE,
        {
            "request_id": request_id,
            "breach_id": breach_id,
            "at": clock.now(),
            "actor_id": actor.user_id,
            "actor_name": actor.name[:160],
            "words": words,
        },
    )
