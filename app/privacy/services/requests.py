"""Entering requests, working on them and ending them (DPA-02)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from app.infra.db import Transaction, transaction
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.ids import PatientId, UserId
from app.patients.queries import kept_records, patient_by_university_id
from app.privacy import rules
from app.privacy.errors import OddValue, UnknownPerson, UnknownRequest
from app.privacy.models import RightsRequest
from app.privacy.permissions import Permission
from app.privacy.rules import RequestKind, RequestStatus
from app.privacy.services.log import note_request
from app.retention.rules import Verdict
from app.retention.services import keeping_verdict
from app.security.queries import accounts_with_grant


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDraft:
    """A request as it came in. Of a patient by university ID, or of a stranger by name."""

    kind: RequestKind
    wish: str
    university_id: str = ""
    stranger_name: str = ""
    contact: str = ""
    received_at: datetime | None = None  # None: now


def register_request(actor: Actor, *, draft: RequestDraft) -> int:
    """Enter a request; its clock begins when it was received. Returns its number.

    Raises NeedsOnePerson, UnknownPerson, OddValue.
    """
    actor.require(Permission.REQUEST_WRITE)
    typed, stranger = draft.university_id.strip(), " ".join(draft.stranger_name.split())[:160]
    rules.check_person(typed, stranger)
    return enter(actor, draft, patient_id=_person(typed) if typed else None, stranger=stranger)


def enter(
    actor: Actor, draft: RequestDraft, *, patient_id: PatientId | None, stranger: str = ""
) -> int:
    """Store a request of somebody who is known by now. Raises OddValue."""
    now = clock.now()
    received_at = draft.received_at or now
    rules.check_received(received_at, now=now)
    line = {
        "kind": draft.kind.value,
        "status": RequestStatus.RECEIVED.value,
        "patient_id": patient_id,
        "stranger_name": stranger,
        "contact": draft.contact.strip()[:254],
        "wish": rules.checked_words(draft.wish, "wish"),
        "received_at": received_at,
        "due_at": rules.due_at(
            received_at, days=settings().request_answer_days, zone=settings().time_zone
        ),
        "registered_at": now,
        "registered_by_id": actor.user_id,
        "registered_by": actor.name[:160],
        "channel": actor.channel.value,
    }
    with transaction() as tx:
        added = tx.execute(insert(RightsRequest).values(line).returning(RightsRequest.id))
        request_id = int(added.scalar_one())
        note_request(tx, actor, request_id, "register", "Entered.", patient_id=patient_id)
    return request_id


def _person(university_id: str) -> PatientId:
    card = patient_by_university_id(university_id)
    if card is None or not kept_records(among=[card.id]):
        raise UnknownPerson()
    return card.id


def take_request(actor: Actor, *, request_id: int) -> None:
    """Begin to work on a request oneself. Raises NotNow, UnknownRequest."""
    actor.require(Permission.REQUEST_WRITE)
    with transaction() as tx:
        row = locked_request(tx, request_id)
        rules.check_step(RequestStatus(row.status), RequestStatus.IN_WORK)
        row.status = RequestStatus.IN_WORK.value
        row.assignee_id, row.assignee = actor.user_id, actor.name[:160]
        _note(tx, actor, row, "take", f"{actor.name} took this request into work.")


def hand_over(actor: Actor, *, request_id: int, to: UserId) -> None:
    """Give a request in work to somebody else who may. Raises NotNow, OddValue, UnknownRequest."""
    actor.require(Permission.REQUEST_WRITE)
    chosen = next(
        (one for one in accounts_with_grant(Permission.REQUEST_WRITE) if one.id == to), None
    )
    if chosen is None:
        raise OddValue("to", "This account may not work on requests.")
    with transaction() as tx:
        row = locked_request(tx, request_id)
        if row.status == RequestStatus.RECEIVED:
            rules.check_step(RequestStatus.RECEIVED, RequestStatus.IN_WORK)
            row.status = RequestStatus.IN_WORK.value
        else:
            rules.check_step(RequestStatus(row.status), RequestStatus.ANSWERED)  # not over yet
        row.assignee_id, row.assignee = chosen.id, chosen.name[:160]
        _note(tx, actor, row, "assign", f"Handed over to {chosen.name}.")


def add_note(actor: Actor, *, request_id: int, words: str) -> None:
    """A line for the log; also after the end. Raises OddValue, UnknownRequest."""
    actor.require(Permission.REQUEST_WRITE)
    told = rules.checked_words(words, "words", shortest=3)
    with transaction() as tx:
        _note(tx, actor, locked_request(tx, request_id), "note", told)


def end_request(actor: Actor, *, request_id: int, status: RequestStatus, outcome: str) -> None:
    """Answer, refuse or withdraw, with the reason.

    An erasure cannot be answered while a duty or a hold keeps the records, and its refusal says
    until when. Raises NotNow, OddValue, KeepingDuty, NotErasedYet, UnknownRequest.
    """
    actor.require(Permission.REQUEST_WRITE)
    words = rules.checked_words(outcome, "outcome")
    with transaction() as tx:
        row = locked_request(tx, request_id)
        rules.check_step(RequestStatus(row.status), status)
        if row.kind == RequestKind.ERASURE:
            verdict = erasure_verdict(PatientId(row.patient_id) if row.patient_id else None)
            if status is RequestStatus.ANSWERED:
                rules.check_erasure(verdict)
            if status is RequestStatus.REFUSED:
                words = rules.refusal_words(words, verdict)
        row.status, row.outcome = status.value, words
        row.ended_at, row.ended_by = clock.now(), actor.name[:160]
        _note(tx, actor, row, status.value, f"{status.value.capitalize()}: {words}")


def erasure_verdict(patient_id: PatientId | None) -> Verdict | None:
    """Until when the records stay; None for a stranger, and when nothing is left."""
    return keeping_verdict(patient_id) if patient_id is not None else None


def locked_request(tx: Transaction, request_id: int) -> RightsRequest:
    """The request, held until the end. Raises UnknownRequest."""
    row: RightsRequest | None = tx.execute(
        select(RightsRequest)
        .where(RightsRequest.id == request_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if row is None:
        raise UnknownRequest()
    return row


def _note(tx: Transaction, actor: Actor, row: RightsRequest, action: str, words: str) -> None:
    patient_id = PatientId(row.patient_id) if row.patient_id else None
    note_request(tx, actor, row.id, action, words, patient_id=patient_id)
