"""Accounts, seeded grants, sign-in attempts, the audit trail and its seals."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.columns import BigKey, Instant, Key
from app.infra.db import Base
from app.infra.fab_tables import User


class ClinicUser(User):
    """FAB's user with a university ID. One table, no join."""

    __tablename__ = "ab_user"
    __table_args__ = (
        Index("uq_ab_user_university_id_lower", text("lower(university_id)"), unique=True),
        Index("uq_ab_user_email_lower", text("lower(email)"), unique=True),
        {"extend_existing": True},
    )

    university_id: Mapped[str | None] = mapped_column(String(32))
    session_epoch: Mapped[int] = mapped_column(server_default="0", default=0)
    is_demo: Mapped[bool] = mapped_column(server_default="false", default=False)

    def __repr__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class RoleSeed(Base):
    """One default grant that was applied once. What an admin takes away stays away."""

    __tablename__ = "security_role_seed"
    __table_args__ = (UniqueConstraint("role", "permission", "resource"),)

    id: Mapped[Key]
    role: Mapped[str] = mapped_column(String(64))
    permission: Mapped[str] = mapped_column(String(100))
    resource: Mapped[str] = mapped_column(String(250))


class SignInAttempt(Base):
    """One try to sign in, kept for the throttle (AUT-03). Names no password."""

    __tablename__ = "security_sign_in_attempt"
    __table_args__ = (
        Index("ix_security_sign_in_attempt_login_at", "login", "at"),
        Index("ix_security_sign_in_attempt_address_at", "address", "at"),
    )

    id: Mapped[BigKey]
    login: Mapped[str] = mapped_column(String(254))
    address: Mapped[str] = mapped_column(String(45))
    succeeded: Mapped[bool]
    at: Mapped[Instant]


class AuditEvent(Base):
    """One thing that somebody did. Written with the deed, never changed (AUD-01).

    A trigger in the database refuses UPDATE, DELETE and TRUNCATE (EVD-01).
    """

    __tablename__ = "security_audit_event"
    __table_args__ = (
        CheckConstraint("outcome IN ('success', 'refused', 'failed')", name="outcome"),
        Index("ix_security_audit_event_at", "at"),
        Index("ix_security_audit_event_patient_id_at", "patient_id", "at"),
        Index("ix_security_audit_event_actor_id_at", "actor_id", "at"),
        Index("ix_security_audit_event_object", "object_type", "object_id"),
    )

    id: Mapped[BigKey]
    at: Mapped[Instant]
    actor_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(String(160))
    actor_role: Mapped[str] = mapped_column(String(200))
    channel: Mapped[str] = mapped_column(String(10))
    address: Mapped[str] = mapped_column(String(45))
    request_id: Mapped[str] = mapped_column(String(40))
    action: Mapped[str] = mapped_column(String(80))
    object_type: Mapped[str] = mapped_column(String(60))
    object_id: Mapped[str] = mapped_column(String(60))
    patient_id: Mapped[int | None]
    outcome: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)


class AuditSeal(Base):
    """The keyed hash of one line of the audit trail and of the seal before it (AUD-02).

    Numbered without gaps in the order of sealing, which may differ from the order of the events'
    ids. Append-only by a trigger, like the trail itself. See docs/adr/0018.
    """

    __tablename__ = "security_audit_seal"
    __table_args__ = (
        UniqueConstraint("event_id"),
        CheckConstraint("seq > 0", name="seq"),
        CheckConstraint("length(prev_hash) = 32 AND length(hash) = 32", name="hashes"),
    )

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    event_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("security_audit_event.id"))
    key_id: Mapped[str] = mapped_column(String(16))
    prev_hash: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_at: Mapped[Instant]


# AUD-02: the site's own account in the database may add to these and can never change them.
TRAIL = (AuditEvent.__tablename__, AuditSeal.__tablename__)
