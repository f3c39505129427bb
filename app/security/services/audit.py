"""The audit trail: who did what, written with the deed."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select

from app.infra.db import Transaction, session
from app.kernel import clock
from app.kernel.actor import Actor
from app.security.models import AuditEvent

INSERT_EVENT = insert(AuditEvent)


def record_event(
    tx: Transaction,
    actor: Actor,
    action: str,
    *,
    object_type: str,
    object_id: object,
    patient_id: int | None = None,
    outcome: str = "success",
    reason: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write who did what, in the transaction of the deed (AUD-01). No clinical words."""
    tx.later(
        INSERT_EVENT,
        {
            "at": clock.now(),
            "actor_id": actor.user_id,
            "actor_name": actor.name[:160],
            "actor_role": actor.role[:200],
            "channel": actor.channel.value,
            "address": actor.address[:45],
            "request_id": actor.request_id[:40],
            "action": action,
            "object_type": object_type,
            "object_id": str(object_id),
            "patient_id": patient_id,
            "outcome": outcome,
            "reason": reason,
            "details": dict(details or {}),
        },
    )


def was_recorded(*, object_type: str, object_id: str) -> bool:
    """Whether the trail knows anything of this object; one look at an index."""
    found = select(AuditEvent.id).where(
        AuditEvent.object_type == object_type, AuditEvent.object_id == object_id
    )
    return session().scalar(found.limit(1)) is not None
