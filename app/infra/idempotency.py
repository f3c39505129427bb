"""Answers that were given once and are given again for the same key (SCH-06)."""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Index, String, UniqueConstraint, delete, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.columns import BigKey, Instant
from app.infra.db import Base, Transaction, transaction
from app.kernel import clock
from app.kernel.errors import Invalid

KEPT_FOR = timedelta(days=2)
MAXIMUM_KEY_LENGTH = 200


class KeyReused(Invalid):
    """The same key came with another body."""

    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was already used for a different request.")


class IdempotencyKey(Base):
    """One request that a client named, and the answer that it got."""

    __tablename__ = "infra_idempotency_key"
    __table_args__ = (
        UniqueConstraint("user_id", "key"),
        Index("ix_infra_idempotency_key_created_at", "created_at"),
    )

    id: Mapped[BigKey]
    user_id: Mapped[int]
    key: Mapped[str] = mapped_column(String(MAXIMUM_KEY_LENGTH))
    body_hash: Mapped[str] = mapped_column(String(64))
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    created_at: Mapped[Instant]


CLAIM = text(
    "INSERT INTO infra_idempotency_key (user_id, key, body_hash, created_at)"
    " VALUES (:user_id, :key, :body_hash, :created_at)"
    " ON CONFLICT (user_id, key) DO NOTHING RETURNING id"
)
STORED = text(
    "SELECT body_hash, answer FROM infra_idempotency_key WHERE user_id = :user_id AND key = :key"
)
REMEMBER = text(
    "UPDATE infra_idempotency_key SET answer = CAST(:answer AS jsonb)"
    " WHERE user_id = :user_id AND key = :key"
)


@dataclass(frozen=True, slots=True)
class Once:
    """A key as it came with a request: whose, which, and what the body was."""

    user_id: int
    key: str
    body_hash: str

    @classmethod
    def of(cls, user_id: int, key: str, body: object) -> "Once":
        """The key of a request with this body. Raises Invalid for an empty or overlong key."""
        if not 0 < len(key) <= MAXIMUM_KEY_LENGTH or not key.isprintable():
            raise Invalid(f"Idempotency-Key must have 1 to {MAXIMUM_KEY_LENGTH} characters.")
        canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), default=str)
        return cls(user_id, key, hashlib.sha256(canonical.encode()).hexdigest())

    def earlier_answer(self, tx: Transaction) -> dict[str, Any] | None:
        """Claim the key, or return the stored answer. Raises KeyReused for another body.

        The insert waits while another transaction holds the same key, so two identical
        requests at once give one booking and two equal answers.
        """
        mine = {"user_id": self.user_id, "key": self.key}
        claimed = tx.execute(
            CLAIM, mine | {"body_hash": self.body_hash, "created_at": clock.now()}
        ).scalar()
        if claimed is not None:
            return None
        stored = tx.execute(STORED, mine).one()
        if stored.body_hash != self.body_hash:
            raise KeyReused()
        answer: dict[str, Any] | None = stored.answer
        return answer

    def remember(self, tx: Transaction, answer: dict[str, Any]) -> None:
        """Store the answer with the work that it tells of."""
        tx.later(REMEMBER, {"user_id": self.user_id, "key": self.key, "answer": json.dumps(answer)})


def purge_idempotency_keys() -> int:
    """Forget keys older than two days. Returns how many."""
    with transaction() as tx:
        result = tx.execute(
            delete(IdempotencyKey).where(IdempotencyKey.created_at < clock.now() - KEPT_FOR)
        )
    return int(result.rowcount)
