"""Provider is out: move each visit, tell everybody, keep a call list, undo (SCH-34)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update

from app.infra.db import Transaction, transaction
from app.infra.outbox import JobName, enqueue
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
from app.scheduling.queries.outages import ItemView, OutageRow, PlannedMove
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
IS_BACK = "The provider is here after all"
NOT_BACK = "Could not be moved back: "
NO_PLAN: dict[str, None] = {"planned_at": None, "planned_provider": None}
GO_ON_AFTER = timedelta(minutes=1)
LONGEST_NOTE = 200


@dataclass(frozen=True, slots=True)
class OutageDetails:
    """An absence, what became of each visit, and whether it can still be undone."""

    outage: OutageRow
    items: list[ItemView]
    may_undo: bool

    @property
    def call_list(self) -> list[ItemView]:
        """Those whom somebody must call; not those who are still on their way."""
        return [item for item in self.items if item.outcome == "to-call" and not item.planned_at]

    @property
    def on_the_way(self) -> list[ItemView]:
        """Those who are being moved just now, or whom the job moves after a crash."""
        return [item for item in self.items if item.planned_at]


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

    The time off, a line for everybody with where they go, and the messages to those who are not
    moved are stored first, together, and so is the promise of a job that goes on with what a
    crash leaves over. Then each accepted visit is moved in a transaction of its own, which tells
    the patient: what fails meanwhile stays on the call list and is told so. The same absence
    entered twice within ten minutes is one. Raises what `plan_outage` raises, and NotOffered for
    a start that is no time.
    """
    actor.require(Permission.OUTAGE_WRITE)
    actor.require(Permission.OVERRIDE)
    card, period = checked_absence(provider, starts_at, ends_at)
    text = rules.check_reason_text(reason)[:LONGEST_NOTE]
    plans = {key: (rules.check_start(start), name[:32]) for key, (start, name) in accepted.items()}
    outage_id, is_new = _begin(actor, card, period, text, plans)
    if is_new:
        continue_outage(actor, outage_id=outage_id)
    return outage_id


def continue_outage(actor: Actor, *, outage_id: int) -> int:
    """Make the moves that were planned and not made yet, forth or after an undo back.

    Returns how many lines were settled. Any number may do it at once: a line is settled once.
    """
    actor.require(Permission.OUTAGE_WRITE)
    actor.require(Permission.OVERRIDE)
    release_lapsed_holds()
    return sum(_go_on(actor, outage_id, item_id) for item_id in queries.planned_items(outage_id))


def _go_on(actor: Actor, outage_id: int, item_id: int) -> bool:
    """Settle one line; somebody who took the time meanwhile leaves it to be called."""
    try:
        with transaction() as tx:
            status, plan = _locked(tx, outage_id, item_id)
            if plan is not None:
                _move(tx, actor, plan, is_back=status == "undone")
    except DomainError as refusal:
        with transaction() as tx:
            status, plan = _locked(tx, outage_id, item_id)
            if plan is not None and status == "undone":
                _update(tx, item_id, note=f"{NOT_BACK}{refusal.message}", **NO_PLAN)
            elif plan is not None:
                _leave_to_call(tx, actor, outage_id, plan, refusal.message)
    return plan is not None


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
        _store_items(tx, outage.id, affected, accepted)
        flag_affected(tx, practitioner_ids=[card.id])
        for visit in affected:
            if visit.id not in accepted:
                _ask_to_rebook(tx, actor, outage.id, visit)
        _note(tx, actor, "apply", outage.id)
        return outage.id, True


def _store_items(
    tx: Transaction, outage_id: int, visits: list[AppointmentView], accepted: Accepted
) -> None:
    """A line for each visit, with where it goes; a crash meanwhile leaves the rest to the job."""
    if not visits:
        return
    rows = []
    for visit in visits:
        planned_at, provider = accepted.get(visit.id, (None, None))
        plan = {"planned_at": planned_at, "planned_provider": provider}
        rows.append(
            {"outage_id": outage_id, "appointment_id": visit.id, "outcome": "to-call", **plan}
        )
    tx.execute(insert(OutageItem), rows)
    if any(row["planned_at"] for row in rows):
        _promise_to_go_on(tx, outage_id, "apply")


def _promise_to_go_on(tx: Transaction, outage_id: int, deed: str) -> None:
    """The job finds nothing to do unless whoever began was stopped (SCH-34)."""
    enqueue(
        tx,
        JobName.CONTINUE_OUTAGE,
        due_at=clock.now() + GO_ON_AFTER,
        dedupe_key=f"outage/{outage_id}/{deed}",
        outage_id=outage_id,
    )


def _locked(tx: Transaction, outage_id: int, item_id: int) -> tuple[str, PlannedMove | None]:
    """Whether somebody has undone the absence, and where the visit shall go.

    Neither changes until the transaction ends.
    """
    status = tx.execute(
        select(Outage.status).where(Outage.id == outage_id).with_for_update(read=True)
    ).scalar_one()
    return str(status), queries.locked_plan(item_id)


def _move(tx: Transaction, actor: Actor, plan: PlannedMove, *, is_back: bool) -> None:
    why = IS_BACK if is_back else IS_OUT
    moved = reschedule_appointment(
        actor,
        appointment_id=plan.successor_id or plan.appointment_id,
        starts_at=plan.starts_at,
        provider=plan.provider,
        reason=why,
        override_reason=why,
    )
    if is_back:
        _update(tx, plan.item_id, note="Moved back", **NO_PLAN)
    else:
        _update(tx, plan.item_id, outcome="moved", successor_id=moved.id, **NO_PLAN)


def _leave_to_call(
    tx: Transaction, actor: Actor, outage_id: int, plan: PlannedMove, why: str
) -> None:
    """A visit that could not be moved: the patient chooses; who gave up needs no call."""
    visit = appointments.known_appointment(plan.appointment_id)
    if visit.status in OPEN:
        _update(tx, plan.item_id, note=f"Could not be moved: {why}", **NO_PLAN)
        _ask_to_rebook(tx, actor, outage_id, visit)
    else:
        _update(tx, plan.item_id, outcome="cancelled", note="No longer needed", **NO_PLAN)


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
    continue_outage(actor, outage_id=outage_id)
    return [item for item in queries.items_of(outage_id) if item.note.startswith(NOT_BACK)]


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
            _plan_back(tx, item)
        _promise_to_go_on(tx, outage_id, "undo")
        _note(tx, actor, "undo", outage_id)


def _plan_back(tx: Transaction, item: ItemView) -> None:
    """Where a moved visit comes from is where it goes; what was not moved yet stays."""
    if item.outcome == "moved":
        back = item.visit
        _update(tx, item.id, planned_at=back.starts_at, planned_provider=back.provider)
    elif item.planned_at is not None:
        _update(tx, item.id, **NO_PLAN)


def _update_outage(tx: Transaction, outage_id: int, **values: object) -> None:
    tx.execute(
        update(Outage)
        .where(Outage.id == outage_id)
        .values(**values)
        .execution_options(synchronize_session="fetch")
    )


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
