"""Requests, copies, breaches, and the log that both keep."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.columns import BigKey, Instant, Key
from app.infra.db import Base


class RightsRequest(Base):
    """What somebody wants done with their data, until when it is answered, and how it ended."""

    __tablename__ = "privacy_request"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('access', 'rectification', 'objection', 'erasure', 'portability')",
            name="kind",
        ),
        CheckConstraint(
            "status IN ('received', 'in-work', 'answered', 'refused', 'withdrawn')", name="status"
        ),
        CheckConstraint("(patient_id IS NULL) = (stranger_name <> '')", name="one_person"),
        CheckConstraint("due_at > received_at", name="due_later"),
        CheckConstraint(
            "(status IN ('answered', 'refused', 'withdrawn')) = (ended_at IS NOT NULL)"
            " AND (ended_at IS NULL) = (outcome = '')",
            name="ended",
        ),
        CheckConstraint(
            "status IN ('received', 'withdrawn') OR assignee <> ''", name="has_assignee"
        ),
        Index("ix_privacy_request_patient_id", "patient_id"),
        Index("ix_privacy_request_received_at", "received_at", "id"),
        Index("ix_privacy_request_open", "due_at", postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[Key]
    kind: Mapped[str] = mapped_column(String(14))
    status: Mapped[str] = mapped_column(String(10))
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patients_patient.id"))
    stranger_name: Mapped[str] = mapped_column(String(160), server_default="", default="")
    contact: Mapped[str] = mapped_column(String(254), server_default="", default="")
    wish: Mapped[str] = mapped_column(Text)
    received_at: Mapped[Instant]
    due_at: Mapped[Instant]
    registered_at: Mapped[Instant]
    registered_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    registered_by: Mapped[str] = mapped_column(String(160))
    channel: Mapped[str] = mapped_column(String(10))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    assignee: Mapped[str] = mapped_column(String(160), server_default="", default="")
    ended_at: Mapped[Instant | None]
    ended_by: Mapped[str] = mapped_column(String(160), server_default="", default="")
    outcome: Mapped[str] = mapped_column(Text, server_default="", default="")


class PersonalCopy(Base):
    """Everything that is held about one person, as a file for a while; its hash stays."""

    __tablename__ = "privacy_copy"
    __table_args__ = (
        CheckConstraint("status IN ('waiting', 'ready', 'removed')", name="status"),
        CheckConstraint(
            "(status = 'waiting') = (made_at IS NULL) AND (made_at IS NULL) = (sha256 = '')"
            " AND (made_at IS NULL) = (file_name = '') AND (made_at IS NULL) = (expires_at IS NULL)"
            " AND (status = 'removed') = (removed_at IS NOT NULL)",
            name="steps",
        ),
        Index("ix_privacy_copy_request_id", "request_id", "id"),
        Index(
            "uq_privacy_copy_current",
            "request_id",
            unique=True,
            postgresql_where=text("status <> 'removed'"),
        ),
    )

    id: Mapped[Key]
    request_id: Mapped[int] = mapped_column(ForeignKey("privacy_request.id"))
    status: Mapped[str] = mapped_column(String(10))
    asked_at: Mapped[Instant]
    asked_by: Mapped[str] = mapped_column(String(160))
    made_at: Mapped[Instant | None]
    expires_at: Mapped[Instant | None]
    removed_at: Mapped[Instant | None]
    file_name: Mapped[str] = mapped_column(String(80), server_default="", default="")
    size_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    sha256: Mapped[str] = mapped_column(String(64), server_default="", default="")


class Breach(Base):
    """Data seen, changed or lost by whom it is not for. Notified within 72 hours, or not at all.

    The scope says where the trail is searched for the people concerned: what an account did in a
    time, or what was done to one record.
    """

    __tablename__ = "privacy_breach"
    __table_args__ = (
        CheckConstraint("kind IN ('confidentiality', 'integrity', 'availability')", name="kind"),
        CheckConstraint(
            "status IN ('open', 'notified', 'not-notifiable', 'closed')", name="status"
        ),
        CheckConstraint(
            "status <> 'notified'"
            " OR (commission_told_at IS NOT NULL AND persons_told_at IS NOT NULL)",
            name="notified",
        ),
        CheckConstraint("status <> 'not-notifiable' OR decision <> ''", name="decided"),
        CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        CheckConstraint(
            "commission_told_at >= detected_at AND persons_told_at >= detected_at",
            name="told_later",
        ),
        CheckConstraint("scope_until > scope_since", name="scope"),
        Index("ix_privacy_breach_detected_at", "detected_at", "id"),
        Index("ix_privacy_breach_open", "detected_at", postgresql_where=text("status = 'open'")),
    )

    id: Mapped[Key]
    title: Mapped[str] = mapped_column(String(160))
    kind: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    is_exercise: Mapped[bool] = mapped_column(server_default="false", default=False)
    detected_at: Mapped[Instant]
    registered_at: Mapped[Instant]
    registered_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    registered_by: Mapped[str] = mapped_column(String(160))
    nature: Mapped[str] = mapped_column(Text)
    data_involved: Mapped[str] = mapped_column(Text, server_default="", default="")
    measures: Mapped[str] = mapped_column(Text, server_default="", default="")
    contact: Mapped[str] = mapped_column(String(254), server_default="", default="")
    is_sensitive: Mapped[bool | None]
    was_acquired: Mapped[bool | None]
    has_real_risk: Mapped[bool | None]
    persons: Mapped[int | None]
    scope_account_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    scope_object_type: Mapped[str] = mapped_column(String(60), server_default="", default="")
    scope_object_id: Mapped[str] = mapped_column(String(60), server_default="", default="")
    scope_since: Mapped[Instant | None]
    scope_until: Mapped[Instant | None]
    commission_told_at: Mapped[Instant | None]
    persons_told_at: Mapped[Instant | None]
    decision: Mapped[str] = mapped_column(Text, server_default="", default="")
    decided_by: Mapped[str] = mapped_column(String(160), server_default="", default="")
    lessons: Mapped[str] = mapped_column(Text, server_default="", default="")
    closed_at: Mapped[Instant | None]


class Entry(Base):
    """One line of the log of a request or a breach. Added, never changed."""

    __tablename__ = "privacy_entry"
    __table_args__ = (
        CheckConstraint("(request_id IS NULL) <> (breach_id IS NULL)", name="of_one"),
        CheckConstraint("words <> ''", name="words"),
        Index("ix_privacy_entry_request_id", "request_id", "id"),
        Index("ix_privacy_entry_breach_id", "breach_id", "id"),
    )

    id: Mapped[BigKey]
    request_id: Mapped[int | None] = mapped_column(ForeignKey("privacy_request.id"))
    breach_id: Mapped[int | None] = mapped_column(ForeignKey("privacy_breach.id"))
    at: Mapped[Instant]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    actor_name: Mapped[str] = mapped_column(String(160))
    words: Mapped[str] = mapped_column(Text)
