"""The communication: one message to one person through one channel."""

from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.columns import BigKey, Instant
from app.infra.db import Base


class Channel(StrEnum):
    """How a message reaches the person."""

    EMAIL = "email"
    IN_APP = "in-app"


class Status(StrEnum):
    """Where a message stands. "sent" only after the mail server took it (NOT-04)."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"  # will be tried again
    DEAD = "dead"  # waits for a person
    CANCELLED = "cancelled"


class Communication(Base):
    """FHIR Communication. `params` and `calendar` are facts as they were when it was written.

    `recipient` is "user/5" or "mail/sam@usc.edu.ph": a NULL would not take part in the
    uniqueness that keeps a message from being sent twice (NOT-01).
    """

    __tablename__ = "notifications_communication"
    __table_args__ = (
        UniqueConstraint(
            "event",
            "entity",
            "occurrence",
            "recipient",
            "channel",
            name="uq_notifications_communication_once",
        ),
        CheckConstraint("channel IN ('email', 'in-app')", name="channel"),
        CheckConstraint(
            "status IN ('queued', 'sent', 'failed', 'dead', 'cancelled')", name="status"
        ),
        CheckConstraint("(status = 'sent') = (sent_at IS NOT NULL)", name="sent_at"),
        CheckConstraint(
            "channel <> 'in-app' OR recipient_user_id IS NOT NULL", name="in_app_has_user"
        ),
        CheckConstraint("channel <> 'email' OR recipient_address <> ''", name="email_has_address"),
        Index(
            "ix_notifications_communication_inbox",
            "recipient_user_id",
            "id",
            postgresql_where=text("channel = 'in-app'"),
        ),
        Index(
            "ix_notifications_communication_unread",
            "recipient_user_id",
            postgresql_where=text("channel = 'in-app' AND read_at IS NULL"),
        ),
        Index(
            "ix_notifications_communication_undelivered",
            "id",
            postgresql_where=text("status IN ('failed', 'dead')"),
        ),
        Index("ix_notifications_communication_created_at", "created_at", postgresql_using="brin"),
    )

    id: Mapped[BigKey]
    event: Mapped[str] = mapped_column(String(60))
    entity: Mapped[str] = mapped_column(String(60))
    occurrence: Mapped[int]
    recipient: Mapped[str] = mapped_column(String(330))
    recipient_user_id: Mapped[int | None] = mapped_column(
        ForeignKey("ab_user.id", ondelete="CASCADE")
    )
    recipient_name: Mapped[str] = mapped_column(String(160))
    recipient_address: Mapped[str] = mapped_column(String(320))
    sender_user_id: Mapped[int | None]
    channel: Mapped[str] = mapped_column(String(10))
    subject: Mapped[str] = mapped_column(String(200))
    template: Mapped[str] = mapped_column(String(60))
    params: Mapped[dict[str, Any]] = mapped_column(JSONB)
    calendar: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    link: Mapped[str] = mapped_column(String(300))
    status: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[Instant]
    sent_at: Mapped[Instant | None]
    read_at: Mapped[Instant | None]
    expires_at: Mapped[Instant | None]
