"""Questions of a type, answers of a visit, and who was told to call or come now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text

from app.infra.db import plain, session
from app.kernel.ids import AppointmentId, PatientId
from app.kernel.period import Period
from app.patients import queries as patients
from app.patients.queries import PatientCard
from app.scheduling.models import (
    Appointment,
    AppointmentType,
    BookingAnswers,
    Diversion,
    Questionnaire,
    Seat,
    SeatAnswers,
)
from app.scheduling.rules.questionnaires import AskedQuestion

MOST_DIVERSIONS = 200

CURRENT = text(
    """
    SELECT id, version, questions, consent FROM scheduling_questionnaire
    WHERE type_id = :type_id ORDER BY version DESC LIMIT 1
    """
)


@dataclass(frozen=True, slots=True)
class QuestionnaireView:
    """What is asked when a type is booked: one version, which never changes."""

    id: int
    version: int
    questions: tuple[AskedQuestion, ...]
    consent: str

    @property
    def asks_nothing(self) -> bool:
        """Whether neither question nor consent is left."""
        return not (self.questions or self.consent)


@dataclass(frozen=True, slots=True)
class GivenAnswers:
    """What a patient answered: (question, answer) in the order of the questions."""

    answers: list[tuple[str, str]]
    consent: str
    consented_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class DiversionView:
    """Somebody who was told to call or come now. `questions` are clinical words."""

    at: datetime
    patient: PatientCard
    type_name: str
    questions: list[str]


def current_questionnaire(type_id: int) -> QuestionnaireView | None:
    """The newest version, None when nothing was ever asked."""
    row = plain(CURRENT, {"type_id": type_id}).first()
    return _view(row) if row else None


def _view(row: Questionnaire) -> QuestionnaireView:
    questions = tuple(AskedQuestion.restored(values) for values in row.questions)
    return QuestionnaireView(row.id, row.version, questions, row.consent)


def versions_by_type() -> dict[int, tuple[int, int]]:
    """(version, number of questions) of each type that has a questionnaire."""
    newest = (
        select(Questionnaire.type_id, func.max(Questionnaire.version).label("version"))
        .group_by(Questionnaire.type_id)
        .subquery()
    )
    rows = session().execute(
        select(
            Questionnaire.type_id,
            Questionnaire.version,
            func.jsonb_array_length(Questionnaire.questions),
        ).join(
            newest,
            (newest.c.type_id == Questionnaire.type_id)
            & (newest.c.version == Questionnaire.version),
        )
    )
    return {type_id: (version, count) for type_id, version, count in rows}


def type_names() -> list[tuple[int, str, str]]:
    """(key, code, name) of every active type, in the order of the clinic."""
    rows = session().execute(
        select(AppointmentType.id, AppointmentType.code, AppointmentType.name)
        .where(AppointmentType.is_active)
        .order_by(AppointmentType.position, AppointmentType.name)
    )
    return [(row.id, row.code, row.name) for row in rows]


def given_answers(appointment_id: AppointmentId) -> GivenAnswers | None:
    """What was answered when the visit was booked, None when nothing was asked.

    A visit that was moved keeps the answers of the one that it came from.
    """
    uid = select(Appointment.uid).where(Appointment.id == appointment_id).scalar_subquery()
    row = (
        session()
        .execute(
            select(BookingAnswers, Questionnaire)
            .join(Questionnaire, Questionnaire.id == BookingAnswers.questionnaire_id)
            .join(Appointment, Appointment.id == BookingAnswers.appointment_id)
            .where(Appointment.uid == uid)
            .order_by(BookingAnswers.appointment_id.desc())
            .limit(1)
        )
        .first()
    )
    if row is None:
        return None
    return _given(*row)


def seat_answers(session_id: int) -> dict[int, GivenAnswers]:
    """What was answered for the seats of a group session: one statement."""
    rows = session().execute(
        select(SeatAnswers, Questionnaire)
        .join(Questionnaire, Questionnaire.id == SeatAnswers.questionnaire_id)
        .join(Seat, Seat.id == SeatAnswers.seat_id)
        .where(Seat.session_id == session_id)
    )
    return {given.seat_id: _given(given, asked) for given, asked in rows}


def _given(given: BookingAnswers | SeatAnswers, asked: Questionnaire) -> GivenAnswers:
    answers = [
        (question.text, given.answers[question.id])
        for question in _view(asked).questions
        if question.id in given.answers
    ]
    return GivenAnswers(answers, asked.consent, given.consented_at, asked.version)


def was_diverted(patient_id: PatientId, questionnaire_id: int, *, since: datetime) -> bool:
    """Whether the same patient was already noted for the same questions a moment ago."""
    found = session().scalar(
        select(Diversion.id)
        .where(
            Diversion.at >= since,
            Diversion.patient_id == patient_id,
            Diversion.questionnaire_id == questionnaire_id,
        )
        .limit(1)
    )
    return found is not None


def diversions(period: Period) -> list[DiversionView]:
    """Who was diverted in the period, latest first; two statements for any number."""
    rows = (
        session()
        .execute(
            select(Diversion, Questionnaire, AppointmentType.name)
            .join(Questionnaire, Questionnaire.id == Diversion.questionnaire_id)
            .join(AppointmentType, AppointmentType.id == Questionnaire.type_id)
            .where(Diversion.at >= period.starts_at, Diversion.at < period.ends_at)
            .order_by(Diversion.at.desc(), Diversion.id.desc())
            .limit(MOST_DIVERSIONS)
        )
        .all()
    )
    cards = patients.patients_by_ids({PatientId(row[0].patient_id) for row in rows})
    return [
        DiversionView(
            noted.at,
            cards[PatientId(noted.patient_id)],
            name,
            _texts(_view(asked).questions, noted.flags),
        )
        for noted, asked, name in rows
    ]


def _texts(questions: Sequence[AskedQuestion], flags: Sequence[str]) -> list[str]:
    return [question.text for question in questions if question.id in flags]
