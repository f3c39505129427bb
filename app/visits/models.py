"""Tables of visits: the queue, its history, its numbers, and the devices of the waiting room."""

from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.infra.columns import BigKey, Instant, Key
from app.infra.db import Base

STATUSES = (
    "waiting",
    "called",
    "on-hold",
    "in-progress",
    "completed",
    "left",
    "void",
)
OPEN = "status IN ('waiting', 'called', 'on-hold', 'in-progress')"


class Visit(Base):
    """FHIR Encounter as far as the front desk sees it: who is here, since when, and for what.

    `priority` is 1 (emergency), 2 (urgent) or 3 (routine). `due_at` decides the turn within a
    priority: the booked time of an appointment, the arrival of a walk-in (SCH-33). A visit that
    was written on paper during an outage and typed in later is marked by `entered_late_at`.
    """

    __tablename__ = "visits_visit"
    __table_args__ = (
        CheckConstraint(
            "status IN (" + ", ".join(f"'{status}'" for status in STATUSES) + ")", name="status"
        ),
        CheckConstraint("priority BETWEEN 1 AND 3", name="priority"),
        CheckConstraint("priority = 3 OR priority_reason <> ''", name="priority_reason"),
        CheckConstraint("token_number > 0 AND version > 0", name="counters"),
        CheckConstraint("started_at IS NULL OR started_at >= arrived_at", name="started"),
        CheckConstraint("ended_at IS NULL OR ended_at >= arrived_at", name="ended"),
        CheckConstraint(
            "(status IN ('completed', 'left', 'void')) = (ended_at IS NOT NULL)", name="ended_at"
        ),
        CheckConstraint("(entered_late_at IS NULL) = (paper_number IS NULL)", name="late"),
        UniqueConstraint("campus", "on_date", "token_prefix", "token_number"),
        Index(
            "uq_visits_visit_appointment_id",
            "appointment_id",
            unique=True,
            postgresql_where=text("status <> 'void'"),
        ),
        Index("uq_visits_visit_open", "patient_id", unique=True, postgresql_where=text(OPEN)),
        Index("ix_visits_visit_day", "on_date", "status", "priority", "due_at", "id"),
        Index("ix_visits_visit_patient_id", "patient_id", "arrived_at"),
        Index("ix_visits_visit_ended", "type_id", "ended_at"),
        Index(
            "uq_visits_visit_paper_number",
            "paper_number",
            unique=True,
            postgresql_where=text("status <> 'void'"),
        ),
    )

    id: Mapped[BigKey]
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients_patient.id"))
    type_id: Mapped[int] = mapped_column(ForeignKey("scheduling_appointment_type.id"))
    practitioner_id: Mapped[int | None] = mapped_column(ForeignKey("scheduling_practitioner.id"))
    appointment_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("scheduling_appointment.id")
    )
    campus: Mapped[str] = mapped_column(String(60), server_default="")
    on_date: Mapped[date]
    token_prefix: Mapped[str] = mapped_column(String(3))
    token_number: Mapped[int]
    status: Mapped[str] = mapped_column(String(12))
    status_since: Mapped[Instant]
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="3")
    priority_reason: Mapped[str] = mapped_column(String(200), server_default="")
    reason: Mapped[str] = mapped_column(Text, server_default="")
    ended_reason: Mapped[str] = mapped_column(String(200), server_default="")
    place: Mapped[str] = mapped_column(String(80), server_default="")
    skips: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[Instant]
    arrived_at: Mapped[Instant]
    called_at: Mapped[Instant | None]
    started_at: Mapped[Instant | None]
    ended_at: Mapped[Instant | None]
    channel: Mapped[str] = mapped_column(String(10))
    version: Mapped[int] = mapped_column(server_default="1")
    entered_late_at: Mapped[Instant | None]
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    paper_number: Mapped[int | None]

    # Named by text: the tables are private to their domains, and lists show the names.
    patient: Mapped[Any] = relationship("Patient", viewonly=True)
    type: Mapped[Any] = relationship("AppointmentType", viewonly=True)
    practitioner: Mapped[Any] = relationship("Practitioner", viewonly=True)

    @property
    def token(self) -> str:
        """The number as the wall shows it, such as C-012."""
        return f"{self.token_prefix}-{self.token_number:03d}"


class VisitEvent(Base):
    """One step of a visit with its stamp. Added, never changed (SCH-07)."""

    __tablename__ = "visits_event"
    __table_args__ = (Index("ix_visits_event_visit_id", "visit_id", "id"),)

    id: Mapped[BigKey]
    visit_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("visits_visit.id"))
    at: Mapped[Instant]
    actor_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(String(160))
    actor_role: Mapped[str] = mapped_column(String(200))
    channel: Mapped[str] = mapped_column(String(10))
    step: Mapped[str] = mapped_column(String(20))
    from_status: Mapped[str | None] = mapped_column(String(12))
    to_status: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(Text, server_default="")
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))


class TokenCounter(Base):
    """The last number given out per clinic, day and service; it only grows (SCH-33)."""

    __tablename__ = "visits_token_counter"

    campus: Mapped[str] = mapped_column(String(60), primary_key=True)
    on_date: Mapped[date] = mapped_column(primary_key=True)
    prefix: Mapped[str] = mapped_column(String(3), primary_key=True)
    last_number: Mapped[int]


class Device(Base):
    """A kiosk or a wall display. Whoever has its address may use it until it is revoked."""

    __tablename__ = "visits_device"
    __table_args__ = (
        CheckConstraint("kind IN ('kiosk', 'display')", name="kind"),
        CheckConstraint("name <> ''", name="named"),
        Index("uq_visits_device_token_hash", "token_hash", unique=True),
    )

    id: Mapped[Key]
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(80))
    campus: Mapped[str] = mapped_column(String(60), server_default="")
    token_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[Instant]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    revoked_at: Mapped[Instant | None]
    last_seen_at: Mapped[Instant | None]


class KioskTry(Base):
    """Something typed at a kiosk, to notice guessing. Without what was typed."""

    __tablename__ = "visits_kiosk_try"
    __table_args__ = (Index("ix_visits_kiosk_try_device_id", "device_id", "at"),)

    id: Mapped[BigKey]
    device_id: Mapped[int] = mapped_column(ForeignKey("visits_device.id"))
    at: Mapped[Instant]
    was_known: Mapped[bool]


class PaperBatch(Base):
    """Numbers of blank forms that were printed together. No two batches share one, ever.

    `kind` says why they were drawn: printed at the desk, kept in the folder for an outage
    (standby), or printed before a restore that lost the record of it (lost).
    """

    __tablename__ = "visits_paper_batch"
    __table_args__ = (
        CheckConstraint("kind IN ('desk', 'standby', 'lost')", name="kind"),
        CheckConstraint("first_number > 0 AND first_number <= last_number", name="range"),
        ExcludeConstraint(
            (text("int8range(first_number, last_number, '[]')"), "&&"),
            using="gist",
            name="ex_visits_paper_batch_numbers",
        ),
        Index("ix_visits_paper_batch_printed_at", "printed_at"),
    )

    id: Mapped[Key]
    kind: Mapped[str] = mapped_column(String(10))
    first_number: Mapped[int]
    last_number: Mapped[int]
    for_date: Mapped[date]
    printed_at: Mapped[Instant]
    printed_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))


class PaperForm(Base):
    """What became of one printed form. A form without a row has not come back yet."""

    __tablename__ = "visits_paper_form"
    __table_args__ = (
        CheckConstraint("status IN ('open', 'entered', 'void')", name="status"),
        CheckConstraint("outcome IN ('', 'seen', 'left', 'missed')", name="outcome"),
        CheckConstraint(
            "(status = 'entered') = (patient_id IS NOT NULL AND outcome <> '')", name="entered"
        ),
        CheckConstraint("(visit_id IS NOT NULL) = (outcome IN ('seen', 'left'))", name="visit"),
        Index("ix_visits_paper_form_batch_id", "batch_id", "number"),
        Index("ix_visits_paper_form_settled_at", "settled_at"),
        Index("uq_visits_paper_form_visit_id", "visit_id", unique=True),
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    batch_id: Mapped[int] = mapped_column(ForeignKey("visits_paper_batch.id"))
    status: Mapped[str] = mapped_column(String(10))
    outcome: Mapped[str] = mapped_column(String(10), server_default="")
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patients_patient.id"))
    visit_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("visits_visit.id"))
    appointment_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("scheduling_appointment.id")
    )
    written_by: Mapped[str] = mapped_column(String(120), server_default="")
    settled_at: Mapped[Instant]
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
