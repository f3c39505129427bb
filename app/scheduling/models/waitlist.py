"""Wishes for an earlier or another time, and the times that are held for an offer (SCH-31)."""

from datetime import date, time

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.columns import BigKey, Instant
from app.infra.db import Base


class WaitlistEntry(Base):
    """Somebody who takes a time of this type when one becomes free, first come first served.

    Days and times of day are the clinic's; without a provider any will do.
    """

    __tablename__ = "scheduling_waitlist_entry"
    __table_args__ = (
        CheckConstraint(
            "status IN ('waiting', 'offered', 'fulfilled', 'withdrawn', 'expired')", name="status"
        ),
        CheckConstraint("first_day <= last_day AND earliest < latest", name="not_empty"),
        CheckConstraint(
            "num_nonnulls(appointment_id, seat_id) = CAST(status = 'fulfilled' AS integer)",
            name="appointment",
        ),
        Index(
            "ix_scheduling_waitlist_entry_waiting",
            "type_id",
            "created_at",
            "id",
            postgresql_where=text("status IN ('waiting', 'offered')"),
        ),
        Index("ix_scheduling_waitlist_entry_patient_id", "patient_id", "id"),
        Index(
            "uq_scheduling_waitlist_entry_open",
            "patient_id",
            "type_id",
            unique=True,
            postgresql_where=text("status IN ('waiting', 'offered')"),
        ),
    )

    id: Mapped[BigKey]
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients_patient.id"))
    type_id: Mapped[int] = mapped_column(ForeignKey("scheduling_appointment_type.id"))
    practitioner_id: Mapped[int | None] = mapped_column(ForeignKey("scheduling_practitioner.id"))
    first_day: Mapped[date]
    last_day: Mapped[date]
    earliest: Mapped[time]
    latest: Mapped[time]
    reason: Mapped[str] = mapped_column(String(500), server_default="")
    status: Mapped[str] = mapped_column(String(10))
    status_since: Mapped[Instant]
    appointment_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("scheduling_appointment.id")
    )
    seat_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("scheduling_seat.id"))
    created_at: Mapped[Instant]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    channel: Mapped[str] = mapped_column(String(10))


class Hold(Base):
    """A time that is kept for one patient until `expires_at`; its claims keep others off it.

    It is an offer to an entry of the waiting list, and `released_by_id` names the visit whose
    end made the time free; or it is kept while somebody fills the form of a booking, and then
    it has a patient, a type, and who fills the form. With a group session it is an offer of a
    seat there: the session counts it as taken, and it claims no time (SCH-04).
    """

    __tablename__ = "scheduling_hold"
    __table_args__ = (
        CheckConstraint(
            "status IN ('open', 'accepted', 'declined', 'expired', 'withdrawn')", name="status"
        ),
        CheckConstraint("starts_at < ends_at AND created_at < expires_at", name="not_empty"),
        CheckConstraint(
            "num_nonnulls(entry_id, patient_id) = 1 AND (patient_id IS NULL) = (type_id IS NULL)",
            name="one_purpose",
        ),
        CheckConstraint(
            "num_nonnulls(appointment_id, seat_id) = CAST(status = 'accepted' AS integer)",
            name="appointment",
        ),
        CheckConstraint(
            "(session_id IS NULL OR entry_id IS NOT NULL)"
            " AND (seat_id IS NULL OR session_id IS NOT NULL)"
            " AND (session_id IS NULL OR appointment_id IS NULL)",
            name="seat_of_session",
        ),
        Index("ix_scheduling_hold_open", "expires_at", postgresql_where=text("status = 'open'")),
        Index(
            "uq_scheduling_hold_entry",
            "entry_id",
            unique=True,
            postgresql_where=text("status = 'open'"),
        ),
        Index(
            "uq_scheduling_hold_patient",
            "patient_id",
            unique=True,
            postgresql_where=text("status = 'open' AND patient_id IS NOT NULL"),
        ),
        Index("ix_scheduling_hold_patient_id", "patient_id", "practitioner_id", "starts_at"),
        Index("ix_scheduling_hold_held_by_id", "held_by_id", "created_at"),
        Index("ix_scheduling_hold_created_at", "created_at"),
        Index(
            "ix_scheduling_hold_session_id",
            "session_id",
            postgresql_where=text("session_id IS NOT NULL"),
        ),
    )

    id: Mapped[BigKey]
    entry_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("scheduling_waitlist_entry.id")
    )
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patients_patient.id"))
    type_id: Mapped[int | None] = mapped_column(ForeignKey("scheduling_appointment_type.id"))
    held_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    practitioner_id: Mapped[int] = mapped_column(ForeignKey("scheduling_practitioner.id"))
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    campus: Mapped[str] = mapped_column(String(60), server_default="")
    status: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    settled_at: Mapped[Instant | None]
    released_by_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("scheduling_appointment.id")
    )
    appointment_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("scheduling_appointment.id")
    )
    session_id: Mapped[int | None] = mapped_column(ForeignKey("scheduling_group_session.id"))
    seat_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("scheduling_seat.id"))
