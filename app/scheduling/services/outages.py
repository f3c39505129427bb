"""Provider is out: move each visit, tell everybody, keep a call list, undo (SCH-34)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from app.infra.db import Transaction, transaction
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.errors import DomainError
from app.kernel.ids import AppointmentId
from app.kernel.period import Period
from app.notifications.rules import Template
from app.notifications.services import Recipient, notify
from app.scheduling import rules
from app.scheduling.errors.outages import UndoneAlready, UndoTooLate, UnknownOutage
from app.scheduling.models import Outage, OutageItem, TimeOff
from app.scheduling.permissions import Permission
from app.scheduling.queries import appointments
from app.scheduling.queries import outages as queries
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.queries.outages import ItemView, OutageRow
from app.scheduling.queries.schedules import PractitionerCard
from app.scheduling.rules import (
    OPEN,
    AppointmentStatus,
)
from app.scheduling.rules.outages import (
    UNDO_WITHIN,
)
from app.scheduling.services.flags import flag_affected
from app.scheduling.services.messages import News, place_of_clinic, tell_everybody
from app.scheduling.services.moving import reschedule_appointment
from app.scheduling.services.outage_plans import checked_absence
from app.scheduling.services.writing import lock_parties, release_lapsed_holds
from app.security.services import record_event

IS_OUT = "The provider is not available"
LONGEST_NOTE = 200


@dataclass(frozen=True, slots=True)
class OutageDetails:
    """An absence, what became of each visit, and whether it can still be undone."""

    outage: OutageRow
    items: list[ItemView]
    may_undo: bool

    @property
    def call_list(self) -> list[ItemView]:
        """Those whom somebody must call."""
        return [item for item in self.items if item.outcome == "to-call"]


Accepted = Mapping[AppointmentId, tuple[datetime, str]]


def apply_outage(
    actor: Actor,
    *,
    provider: str,
    starts_at: datetime,
    ends_at: datetime,
    accepted: Accepted,
    reason: str = "",
) -> int:
    """Take the provider out, move what was accepted, tell the others; returns the key.

    The time off, a call list of everybody and the messages to those who are not moved are stored
    first, together. Then each accepted visit is moved in a transaction of its own, which tells
    the patient: what fails meanwhile stays on the call list and is told so. The same absence
    entered twice within ten minutes is one. Raises what `plan_outage` raises.
    """
    actor.require(Permission.OUTAGE_WRITE)
    actor.require(Permission.OVERRIDE)
    card, period = checked_absence(provider, starts_at, ends_at)
    text = rules.check_reason_text(reason)[:LONGEST_NOTE]
    outage_id, is_new = _begin(actor, card, period, text, accepted)
    if not is_new:
        return outage_id
    release_lapsed_holds()
    for item in queries.items_of(outage_id):
        if item.visit.id in accepted:
            _move(actor, outage_id, item, *accepted[item.visit.id])
    return outage_id


def _begin(
    actor: Actor, card: PractitionerCard, period: Period, reason: str, accepted: Accepted
) -> tuple[int, bool]:
    """Store the time off and a line for each visit, under the provider's lock, and ask everybody
    who is not going to be moved to choose another time."""
    with transaction() as tx:
        lock_parties(tx, [card.id], None)
        now = clock.now()
        same = queries.applied_before(card.id, period, since=now - UNDO_WITHIN)
        if same is not None:
            return same, False
        span = {"starts_at": period.starts_at, "ends_at": period.ends_at}
        time_off = TimeOff(practitioner_id=card.id, note=reason or "Out", **span)
        tx.add(time_off)
        tx.flush()
        outage = Outage(
            practitioner_id=card.id,
            reason=reason,
            status="applied",
            time_off_id=time_off.id,
            created_at=now,
            created_by_id=actor.user_id,
            **span,
        )
        tx.add(outage)
        tx.flush()
        affected = queries.overlapping(card.id, period, OPEN)
        _store_items(tx, outage.id, affected)
        flag_affected(tx, practitioner_ids=[card.id])
        for visit in affected:
            if visit.id not in accepted:
                _ask_to_rebook(tx, actor, outage.id, visit)
        _note(tx, actor, "apply", outage.id)
        return outage.id, True


def _store_items(tx: Transaction, outage_id: int, visits: list[AppointmentView]) -> None:
    if visits:
        tx.execute(
            insert(OutageItem),
            [
                {"outage_id": outage_id, "appointment_id": visit.id, "outcome": "to-call"}
                for visit in visits
            ],
        )


def _move(actor: Actor, outage_id: int, item: ItemView, starts_at: datetime, provider: str) -> None:
    """Move a visit as accepted; somebody who took the time meanwhile leaves it to be called.

    Once somebody has undone the absence, nothing is moved any more.
    """
    try:
        with transaction() as tx:
            if not _still_applied(tx, outage_id):
                return
            successor = reschedule_appointment(
                actor,
                appointment_id=item.visit.id,
                starts_at=starts_at,
                provider=provider,
                reason=IS_OUT,
                override_reason=IS_OUT,
            )
            _update(tx, item.id, outcome="moved", successor_id=successor.id)
    except DomainError as refusal:
        _leave_to_call(actor, outage_id, item, refusal.message)


def _still_applied(tx: Transaction, outage_id: int) -> bool:
    """Whether nobody has undone the absence; nobody can until this transaction ends."""
    status = tx.execute(
        select(Outage.status).where(Outage.id == outage_id).with_for_update(read=True)
    ).scalar_one()
    return str(status) == "applied"


def _leave_to_call(actor: Actor, outage_id: int, item: ItemView, why: str) -> None:
    """A visit that could not be moved: the patient chooses; who gave up needs no call."""
    with transaction() as tx:
        if not _still_applied(tx, outage_id):
            return
        visit = appointments.known_appointment(item.visit.id)
        if visit.status in OPEN:
            _update(tx, item.id, note=f"Could not be moved: {why}")
            _ask_to_rebook(tx, actor, outage_id, visit)
        else:
            _update(tx, item.id, outcome="cancelled", note="No longer needed")


def _ask_to_rebook(tx: Transaction, actor: Actor, outage_id: int, visit: AppointmentView) -> None:
    patient = visit.patient
    notify(
        tx,
        actor,
        event=f"appointment.{Template.PLEASE_REBOOK.value}",
        entity=f"appointment/{visit.uid}",
        occurrence=outage_id,
        recipient=Recipient(patient.user_id, patient.full_name, patient.email),
        subject="Please choose another time for your appointment",
        template=Template.PLEASE_REBOOK,
        params={
            "starts_at": visit.starts_at.isoformat(),
            "ends_at": visit.ends_at.isoformat(),
            "place": place_of_clinic(),
            "note": visit.type_name,
        },
        link=f"/portal/appointments/{visit.id}",
        expires_at=visit.ends_at,
    )


def _update(tx: Transaction, item_id: int, **values: object) -> None:
    tx.execute(
        update(OutageItem)
        .where(OutageItem.id == item_id)
        .values(**values)
        .execution_options(synchronize_session="fetch")
    )


def outage_details(actor: Actor, *, outage_id: int) -> OutageDetails:
    """An absence with its call list. Raises UnknownOutage."""
    actor.require(Permission.OUTAGE_READ)
    found = queries.outage(outage_id)
    if found is None:
        raise UnknownOutage()
    may_undo = (
        found.status == "applied"
        and clock.now() - found.created_at <= UNDO_WITHIN
        and actor.may(Permission.OUTAGE_WRITE)
    )
    return OutageDetails(found, queries.items_of(outage_id), may_undo)


def recent_outages(actor: Actor) -> list[OutageRow]:
    """The latest absences."""
    actor.require(Permission.OUTAGE_READ)
    return queries.recent_outages()


def mark_called(actor: Actor, *, outage_id: int, item_id: int, note: str = "") -> None:
    """Note that a patient was called, and what came of it. Raises UnknownOutage."""
    actor.require(Permission.OUTAGE_WRITE)
    text = rules.check_reason_text(note, field="note")
    with transaction() as tx:
        item = tx.session.get(OutageItem, item_id)
        if item is None or item.outage_id != outage_id:
            raise UnknownOutage("There is no such line in this call list.")
        item.called_at, item.called_by_id, item.note = clock.now(), actor.user_id, text
        _note(tx, actor, "call", outage_id)


def undo_outage(actor: Actor, *, outage_id: int) -> list[ItemView]:
    """Take it back within ten minutes; returns the visits that could not be moved back.

    The time off is removed first, and those who kept their time are told; then each moved visit
    goes back to its old time where that is still free. Raises UndoTooLate, UndoneAlready,
    UnknownOutage.
    """
    actor.require(Permission.OUTAGE_WRITE)
    actor.require(Permission.OVERRIDE)
    _take_back(actor, outage_id)
    release_lapsed_holds()
    for item in queries.items_of(outage_id):
        if item.outcome == "moved" and item.successor is not None:
            _move_back(actor, item, item.successor)
    return [item for item in queries.items_of(outage_id) if item.note.startswith(NOT_BACK)]


NOT_BACK = "Could not be moved back: "


def _take_back(actor: Actor, outage_id: int) -> None:
    with transaction() as tx:
        # The row before the calendars, in the order of `_move`: they wait for each other.
        tx.execute(select(Outage.id).where(Outage.id == outage_id).with_for_update())
        found = queries.outage(outage_id)
        if found is None:
            raise UnknownOutage()
        if clock.now() - found.created_at > UNDO_WITHIN:
            raise UndoTooLate()
        if found.status != "applied":
            raise UndoneAlready()
        lock_parties(tx, [found.practitioner_id], None)
        _update_outage(tx, outage_id, status="undone", time_off_id=None)
        tx.execute(delete(TimeOff).where(TimeOff.id == found.time_off_id))
        flag_affected(tx, practitioner_ids=[found.practitioner_id])
        for item in queries.items_of(outage_id):
            if item.outcome == "to-call" and item.visit.status is AppointmentStatus.CONFIRMED:
                _tell_it_takes_place(tx, actor, item.visit)
        _note(tx, actor, "undo", outage_id)


def _update_outage(tx: Transaction, outage_id: int, **values: object) -> None:
    tx.execute(
        update(Outage)
        .where(Outage.id == outage_id)
        .values(**values)
        .execution_options(synchronize_session="fetch")
    )


def _move_back(actor: Actor, item: ItemView, successor: AppointmentView) -> None:
    try:
        with transaction() as tx:
            reschedule_appointment(
                actor,
                appointment_id=successor.id,
                starts_at=item.visit.starts_at,
                provider=item.visit.provider,
                reason="The provider is here after all",
                override_reason="The provider is here after all",
            )
            _update(tx, item.id, note="Moved back")
    except DomainError as refusal:
        with transaction() as tx:
            _update(tx, item.id, note=f"{NOT_BACK}{refusal.message}")


def _tell_it_takes_place(tx: Transaction, actor: Actor, visit: AppointmentView) -> None:
    """Those who were asked to choose another time keep theirs: say so."""
    tell_everybody(
        tx,
        actor,
        News(
            template=Template.CONFIRMED,
            appointment_id=visit.id,
            uid=visit.uid,
            sequence=visit.sequence,
            occurrence=visit.version + 1,
            period=visit.period,
            type_name=visit.type_name,
            patient=visit.patient,
            provider_user_id=visit.provider_user_id,
        ),
    )


def _note(tx: Transaction, actor: Actor, what: str, outage_id: int) -> None:
    record_event(
        tx,
        actor,
        f"scheduling:outage:{what}",
        object_type="Outage",
        object_id=outage_id,
    )
