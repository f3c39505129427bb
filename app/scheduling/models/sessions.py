"""Group sessions: many patients in one time, such as a vaccination day (SCH-04)."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.columns import BigKey, Instant, Key
from app.infra.db import Base


class GroupSession(Base):
    """A time with seats. `taken` moves only by guarded UPDATEs, never past `capacity` (SCH-04).

    From `opens_at` on students may take a seat; cohorts may begin earlier or later.
    """

    __tablename__ = "scheduling_group_session"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="not_empty"),
        CheckConstraint("capacity BETWEEN 1 AND 1000", name="capacity"),
        CheckConstraint("taken BETWEEN 0 AND capacity", name="taken"),
        CheckConstraint("status IN ('open', 'closed', 'cancelled', 'done')", name="status"),
        Index("ix_scheduling_group_session_starts_at", "starts_at", "id"),
    )

    id: Mapped[Key]
    type_id: Mapped[int] = mapped_column(ForeignKey("scheduling_appointment_type.id"))
    practitioner_id: Mapped[int] = mapped_column(ForeignKey("scheduling_practitioner.id"))
    resource_id: Mapped[int | None] = mapped_column(ForeignKey("scheduling_resource.id"))
    title: Mapped[str] = mapped_column(String(120))
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    campus: Mapped[str] = mapped_column(String(60), server_default="")
    capacity: Mapped[int]
    taken: Mapped[int] = mapped_column(server_default="0")
    status: Mapped[str] = mapped_column(String(10), server_default="open")
    opens_at: Mapped[Instant]
    note: Mapped[str] = mapped_column(String(300), server_default="")
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[Instant]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    changed_at: Mapped[Instant]


class SessionCohort(Base):
    """Who may take a seat, and from when: a program, a year level, or both; "" means any."""

    __tablename__ = "scheduling_session_cohort"
    __table_args__ = (
        Index(
            "uq_scheduling_session_cohort_group",
            "session_id",
            "program",
            "year_level",
            unique=True,
        ),
    )

    id: Mapped[Key]
    session_id: Mapped[int] = mapped_column(ForeignKey("scheduling_group_session.id"))
    program: Mapped[str] = mapped_column(String(20), server_default="")
    year_level: Mapped[str] = mapped_column(String(10), server_default="")
    opens_at: Mapped[Instant]


class SessionStation(Base):
    """One of the stations that everybody passes in order, such as weight, eyes, physician."""

    __tablename__ = "scheduling_session_station"
    __table_args__ = (
        Index("uq_scheduling_session_station_position", "session_id", "position", unique=True),
        CheckConstraint("position > 0 AND name <> ''", name="named"),
    )

    id: Mapped[Key]
    session_id: Mapped[int] = mapped_column(ForeignKey("scheduling_group_session.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    name: Mapped[str] = mapped_column(String(80))


class Seat(Base):
    """One patient's place in a group session. A patient has one at most."""

    __tablename__ = "scheduling_seat"
    __table_args__ = (
        CheckConstraint("status IN ('booked', 'attended', 'missed', 'cancelled')", name="status"),
        Index(
            "uq_scheduling_seat_patient",
            "session_id",
            "patient_id",
            unique=True,
            postgresql_where=text("status <> 'cancelled'"),
        ),
        Index("ix_scheduling_seat_patient_id", "patient_id", "id"),
    )

    id: Mapped[BigKey]
    session_id: Mapped[int] = mapped_column(ForeignKey("scheduling_group_session.id"))
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients_patient.id"))
    status: Mapped[str] = mapped_column(String(10))
    status_since: Mapped[Instant]
    ended_reason: Mapped[str] = mapped_column(Text, server_default="")
    booked_at: Mapped[Instant]
    booked_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    channel: Mapped[str] = mapped_column(String(10))


class SeatStation(Base):
    """A patient passed a station of the session."""

    __tablename__ = "scheduling_seat_station"

    seat_id: Mapped[int] = mapped_column(ForeignKey("scheduling_seat.id"), primary_key=True)
    station_id: Mapped[int] = mapped_column(
        ForeignKey("scheduling_session_station.id"), primary_key=True
    )
    passed_at: Mapped[Instant]
    marked_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))


class SeatReminder(Base):
    """A reminder of a seat that was sent. One per seat and lead time (SCH-30)."""

    __tablename__ = "scheduling_seat_reminder"

    seat_id: Mapped[int] = mapped_column(ForeignKey("scheduling_seat.id"), primary_key=True)
    lead_minutes: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sent_at: Mapped[Instant]
