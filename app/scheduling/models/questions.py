"""What is asked when a type of visit is booked, in versions, and what was answered."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.columns import BigKey, Instant, Key
from app.infra.db import Base


class Questionnaire(Base):
    """Questions and consent text of a type (FHIR Questionnaire). A version never changes.

    The one with the highest version counts; one without questions and consent asks nothing.
    """

    __tablename__ = "scheduling_questionnaire"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        Index("uq_scheduling_questionnaire_version", "type_id", "version", unique=True),
    )

    id: Mapped[Key]
    type_id: Mapped[int] = mapped_column(ForeignKey("scheduling_appointment_type.id"))
    version: Mapped[int]
    questions: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    consent: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[Instant]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))


class BookingAnswers(Base):
    """What a patient answered when booking (FHIR QuestionnaireResponse), and the consent."""

    __tablename__ = "scheduling_booking_answers"

    appointment_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("scheduling_appointment.id"), primary_key=True
    )
    questionnaire_id: Mapped[int] = mapped_column(ForeignKey("scheduling_questionnaire.id"))
    answers: Mapped[dict[str, Any]] = mapped_column(JSONB)
    consented_at: Mapped[Instant | None]


class SeatAnswers(Base):
    """What a patient answered when taking a seat in a group session, and the consent."""

    __tablename__ = "scheduling_seat_answers"

    seat_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("scheduling_seat.id"), primary_key=True
    )
    questionnaire_id: Mapped[int] = mapped_column(ForeignKey("scheduling_questionnaire.id"))
    answers: Mapped[dict[str, Any]] = mapped_column(JSONB)
    consented_at: Mapped[Instant | None]


class Diversion(Base):
    """A booking that was turned into "call or come now", because an answer was a red flag."""

    __tablename__ = "scheduling_diversion"
    __table_args__ = (Index("ix_scheduling_diversion_at", "at"),)

    id: Mapped[BigKey]
    questionnaire_id: Mapped[int] = mapped_column(ForeignKey("scheduling_questionnaire.id"))
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients_patient.id"))
    at: Mapped[Instant]
    flags: Mapped[list[str]] = mapped_column(JSONB)
