"""Questions at booking: asked in versions, answered in the booking's transaction, diverted."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert, text

from app.infra.db import Transaction, in_transaction, transaction
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.clock import clinic_day, local_date
from app.kernel.ids import AppointmentId, PatientId
from app.scheduling.errors import UnknownType
from app.scheduling.errors.questionnaires import Diverted, QuestionsChanged
from app.scheduling.models import BookingAnswers, Diversion, Questionnaire, SeatAnswers
from app.scheduling.permissions import Permission
from app.scheduling.queries import questionnaires as queries
from app.scheduling.queries import types
from app.scheduling.queries.questionnaires import DiversionView, GivenAnswers, QuestionnaireView
from app.scheduling.queries.types import BookableType
from app.scheduling.rules.booking import check_override_reason
from app.scheduling.rules.questionnaires import (
    CheckedAnswers,
    Draft,
    check_answers,
    check_questionnaire,
)
from app.scheduling.services.wish import Wish
from app.scheduling.services.writing import lock_parties
from app.security.services import record_event

# A second tap, or a second try with the same answer, is the same emergency.
SAME_EMERGENCY = timedelta(minutes=10)
INSERT_ANSWERS = insert(BookingAnswers)
INSERT_SEAT_ANSWERS = insert(SeatAnswers)
LOCK_TYPE = text("SELECT id FROM scheduling_appointment_type WHERE id = :id FOR UPDATE")


@dataclass(frozen=True, slots=True)
class Answered:
    """Answers that passed, to be stored with the visit.

    `despite_flag` says why staff book although one of them is a red flag, "" when none is.
    """

    questionnaire: QuestionnaireView
    checked: CheckedAnswers
    consented: bool
    despite_flag: str = ""


class RedFlag(Exception):
    """Leaves the transaction of a booking, so that nothing of it stays (see `divert`)."""

    def __init__(self, patient_id: PatientId, asked: QuestionnaireView, found: CheckedAnswers):
        super().__init__("an answer is a red flag")
        self.patient_id = patient_id
        self.questionnaire = asked
        self.found = found


def preview_questionnaire(actor: Actor, *, draft: Draft) -> Draft:
    """The questions as they would be saved. Raises BadQuestionnaire."""
    actor.require(Permission.QUESTIONNAIRE_WRITE)
    return check_questionnaire(draft)


def save_questionnaire(actor: Actor, *, type_code: str, draft: Draft) -> int:
    """Ask other questions from now on; returns the version, the old one when nothing changed.

    Answers that were given keep the version they were given to. Raises BadQuestionnaire,
    UnknownType.
    """
    actor.require(Permission.QUESTIONNAIRE_WRITE)
    checked = check_questionnaire(draft)
    wanted = types.bookable_type(type_code)
    if wanted is None:
        raise UnknownType()
    with transaction() as tx:
        tx.execute(LOCK_TYPE, {"id": wanted.id})  # two who save at once make two versions
        present = queries.current_questionnaire(wanted.id)
        if present and Draft(present.questions, present.consent) == checked:
            return present.version
        row = Questionnaire(
            type_id=wanted.id,
            version=present.version + 1 if present else 1,
            questions=[question.stored() for question in checked.questions],
            consent=checked.consent,
            created_at=clock.now(),
            created_by_id=actor.user_id,
        )
        tx.add(row)
        tx.flush()  # the event names the key of the new version
        record_event(
            tx,
            actor,
            "scheduling:questionnaire:save",
            object_type="Questionnaire",
            object_id=row.id,
            details={"type": wanted.policy.code, "version": row.version},
        )
        return row.version


@contextmanager
def diverting(actor: Actor) -> Iterator[None]:
    """Turns a red flag into "call or come now", once nothing of the booking is left.

    A use case inside another one leaves that to the outer one. Raises Diverted.
    """
    try:
        yield
    except RedFlag as flag:
        if in_transaction():
            raise
        raise divert(actor, flag) from None


def check_wish(
    actor: Actor, wish: Wish, wanted: BookableType, patient_id: PatientId, *, is_own: bool
) -> Answered | None:
    """The answers that came with a booking; None where nothing is asked (SCH-13).

    Every booking comes through here. Patients answer every required question; staff, who talk
    with the patient, may leave all of them out. A red flag is booked only by those who may
    override, with a reason. Raises AnswersNeeded, QuestionsChanged, Forbidden,
    OverrideNeedsReason, and RedFlag for an answer that is one.
    """
    asked = wanted.questionnaire
    if asked is None or asked.asks_nothing:
        return None
    if not is_own and not wish.answers and not wish.consent:
        return None
    if wish.questions_version is not None and wish.questions_version != asked.version:
        raise QuestionsChanged()
    checked = check_answers(
        asked.questions, wish.answers or {}, consent=asked.consent, consented=wish.consent
    )
    despite = ""
    if checked.flagged:
        if wish.despite_flag is None:
            raise RedFlag(patient_id, asked, checked)
        actor.require(Permission.OVERRIDE)
        despite = check_override_reason(wish.despite_flag)
    consented = bool(asked.consent) and wish.consent
    return Answered(asked, checked, consented, despite)


def store_answers(
    tx: Transaction, answered: Answered | None, appointment_id: AppointmentId
) -> None:
    """Store the answers with the visit, in its transaction."""
    if answered is None:
        return
    tx.flush()  # the visit first: the answers refer to it
    tx.execute(INSERT_ANSWERS, {"appointment_id": appointment_id, **_row_of(answered)})


def store_seat_answers(tx: Transaction, answered: Answered | None, seat_id: int) -> None:
    """The same for a seat, which is stored already."""
    if answered is not None:
        tx.execute(INSERT_SEAT_ANSWERS, {"seat_id": seat_id, **_row_of(answered)})


def _row_of(answered: Answered) -> dict[str, Any]:
    return {
        "questionnaire_id": answered.questionnaire.id,
        "answers": answered.checked.answers,
        "consented_at": clock.now() if answered.consented else None,
    }


def divert(actor: Actor, flag: RedFlag) -> Diverted:
    """Note that somebody was told to call or come now; returns the refusal to raise.

    A double tap notes it once. The audit trail gets no clinical word.
    """
    now = clock.now()
    with transaction() as tx:
        lock_parties(tx, [], flag.patient_id)
        since = now - SAME_EMERGENCY
        if not queries.was_diverted(flag.patient_id, flag.questionnaire.id, since=since):
            _note_diversion(tx, actor, flag)
    return Diverted(flag.found.advice)


def _note_diversion(tx: Transaction, actor: Actor, flag: RedFlag) -> None:
    row = Diversion(
        questionnaire_id=flag.questionnaire.id,
        patient_id=flag.patient_id,
        at=clock.now(),
        flags=flag.found.flags,
    )
    tx.add(row)
    tx.flush()  # the event names the key
    record_event(
        tx,
        actor,
        "scheduling:booking:divert",
        object_type="Diversion",
        object_id=row.id,
        patient_id=flag.patient_id,
    )


def answers_of_visit(actor: Actor, *, appointment_id: AppointmentId) -> GivenAnswers | None:
    """What the patient answered; None without the permission to read it (ACC-02)."""
    if not actor.may(Permission.ANSWER_READ):
        return None
    return queries.given_answers(appointment_id)


def answers_of_seats(actor: Actor, *, session_id: int) -> dict[int, GivenAnswers]:
    """What those with a seat answered, by seat; nothing without the permission (ACC-02)."""
    if not actor.may(Permission.ANSWER_READ):
        return {}
    return queries.seat_answers(session_id)


def diversions_of_day(actor: Actor, *, day: date | None = None) -> list[DiversionView]:
    """Who was told to call or come now on a clinic day, today where left open.

    Why is for those who may read answers; the front desk learns only who.
    """
    actor.require(Permission.READ)
    zone = settings().time_zone
    found = queries.diversions(clinic_day(day or local_date(clock.now(), zone), zone))
    if actor.may(Permission.ANSWER_READ):
        return found
    return [replace(one, questions=[]) for one in found]


def as_wish_answers(values: Mapping[str, Any]) -> dict[str, Any]:
    """Answers without the empty ones, so that the same form is the same wish (SCH-06)."""
    return {key: value for key, value in values.items() if value not in (None, "")}
