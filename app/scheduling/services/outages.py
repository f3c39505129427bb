"""Provider is out: find each visit another place, tell everybody, keep a call list (SCH-34)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete, insert, update

from app.infra.db import Transaction, transaction
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.clock import clinic_days, local_date
from app.kernel.errors import DomainError
from app.kernel.ids import AppointmentId
from app.kernel.period import Period
from app.notifications.rules import Template
from app.notifications.services import Recipient, notify
from app.scheduling import rules
from app.scheduling.errors import UnknownProvider
from app.scheduling.errors.outages import BadOutage, UndoneAlready, UndoTooLate, UnknownOutage
from app.scheduling.models import Outage, OutageItem, TimeOff
from app.scheduling.permissions import Permission
from app.scheduling.queries import outages as queries
from app.scheduling.queries import schedules, types
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.queries.outages import ItemView, OutageRow
from app.scheduling.queries.schedules import PractitionerCard
from app.scheduling.rules import (
    OPEN,
    AppointmentStatus,
    PatientFacts,
    PatientLimits,
    Question,
    Slot,
)
from app.scheduling.rules.outages import (
    LOOK_AHEAD,
    UNDO_WITHIN,
    Misplaced,
    check_outage,
    place_all,
)
from app.scheduling.services import questions
from app.scheduling.services.flags import flag_affected
from app.scheduling.services.messages import News, place_of_clinic, tell_everybody
from app.scheduling.services.moving import reschedule_appointment
from app.scheduling.services.writing import lock_parties, release_lapsed_holds
from app.security.services import record_event

IS_OUT = "The provider is not available"
IN_CLINIC = (AppointmentStatus.CHECKED_IN, AppointmentStatus.IN_PROGRESS)
LONGEST_NOTE = 200


@dataclass(frozen=True, slots=True)
class Proposal:
    """An affected visit and where it could go; a request waits for approval and is not moved."""

    visit: AppointmentView
    slot: Slot | None

    @property
    def cannot_be_reached(self) -> bool:
        """Whether there is neither an e-mail address nor a phone number."""
        return not (self.visit.patient.email or self.visit.patient.phone)


@dataclass(frozen=True, slots=True)
class OutagePlan:
    """What an absence would do. `present` are checked in and stay untouched."""

    provider: PractitionerCard
    period: Period
    proposals: list[Proposal]
    present: list[AppointmentView]


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


def plan_outage(
    actor: Actor, *, provider: str, starts_at: datetime, ends_at: datetime
) -> OutagePlan:
    """Every affected visit with a proposal; nothing is changed. A fixed number of statements
    per type of visit. Raises UnknownProvider and BadOutage.
    """
    actor.require(Permission.OUTAGE_WRITE)
    card, period = _checked(provider, starts_at, ends_at)
    affected = queries.overlapping(card.id, period, OPEN)
    movable = [one for one in affected if one.status is AppointmentStatus.CONFIRMED]
    places = place_all(_misplaced(card, period, movable)) if movable else {}
    return OutagePlan(
        card,
        period,
        [Proposal(visit, places.get(visit.id)) for visit in affected],
        queries.overlapping(card.id, period, IN_CLINIC),
    )


def _checked(
    provider: str, starts_at: datetime, ends_at: datetime
) -> tuple[PractitionerCard, Period]:
    card = schedules.practitioner_by_university_id(provider)
    if card is None:
        raise UnknownProvider()
    starts, ends = rules.check_start(starts_at), rules.check_start(ends_at)
    if starts >= ends:
        raise BadOutage("The absence must end after it starts.")
    return card, check_outage(Period(starts, ends), clock.now())


def _misplaced(
    card: PractitionerCard, period: Period, visits: list[AppointmentView]
) -> list[Misplaced]:
    """Each visit with the facts that decide where it can go."""
    zone = settings().time_zone
    first = local_date(min(visit.starts_at for visit in visits), zone)
    last = local_date(max(visit.starts_at for visit in visits), zone) + LOOK_AHEAD
    patients = {int(visit.patient_id) for visit in visits}
    held = queries.claims_of_patients(patients, clinic_days(first, last, zone))
    by_type: dict[int, Question] = {}
    for type_id in {visit.type_id for visit in visits}:
        wanted = types.type_of(type_id)
        asked = questions.question(wanted, wanted.providers, first=first, last=last)
        by_type[type_id] = _without(asked, card.id, period)
    return [
        Misplaced(
            visit.id,
            visit.period,
            replace(
                by_type[visit.type_id],
                patient=PatientFacts(claims=held.get(int(visit.patient_id), ())),
                patient_limits=PatientLimits(),
            ),
            int(visit.patient_id),
        )
        for visit in visits
    ]


def _without(question: Question, practitioner_id: int, period: Period) -> Question:
    """As if the provider were out already, with notice and limits set aside."""
    providers = tuple(
        replace(one, time_off=(*one.time_off, period))
        if one.practitioner_id == practitioner_id
        else one
        for one in question.providers
    )
    return replace(question.without_limits(), providers=providers)


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

    The time off and a call list of everybody are stored first. Then each accepted visit is
    moved in a transaction of its own: what fails meanwhile stays on the call list. The same
    absence entered twice within ten minutes is one. Raises what `plan_outage` raises.
    """
    actor.require(Permission.OUTAGE_WRITE)
    actor.require(Permission.OVERRIDE)
    card, period = _checked(provider, starts_at, ends_at)
    text = rules.check_reason_text(reason)[:LONGEST_NOTE]
    outage_id, is_new = _begin(actor, card, period, text)
    if not is_new:
        return outage_id
    release_lapsed_holds()
    for item in queries.items_of(outage_id):
        if item.visit.id in accepted:
            _move(actor, item, *accepted[item.visit.id])
    _tell_the_others(actor, outage_id)
    return outage_id


def _begin(actor: Actor, card: PractitionerCard, period: Period, reason: str) -> tuple[int, bool]:
    """Store the time off and a line for each visit, under the provider's lock."""
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
        _store_items(tx, outage.id, queries.overlapping(card.id, period, OPEN))
        flag_affected(tx, practitioner_ids=[card.id])
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


def _move(actor: Actor, item: ItemView, starts_at: datetime, provider: str) -> None:
    """Move a visit as accepted; somebody who took the time meanwhile leaves it to be called."""
    try:
        with transaction() as tx:
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
        with transaction() as tx:
            _update(tx, item.id, note=f"Could not be moved: {refusal.message}")


def _tell_the_others(actor: Actor, outage_id: int) -> None:
    """Ask everybody who was not moved to choose another time; who gave up needs no call."""
    with transaction() as tx:
        for item in queries.items_of(outage_id):
            if item.outcome != "to-call":
                continue
            if item.visit.status in OPEN:
                _ask_to_rebook(tx, actor, outage_id, item.visit)
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

    The time off is removed first, then each visit goes back to its old time where that is
    still free. Raises UndoTooLate, UndoneAlready, UnknownOutage.
    """
    actor.require(Permission.OUTAGE_WRITE)
    actor.require(Permission.OVERRIDE)
    _take_back(actor, outage_id)
    release_lapsed_holds()
    for item in queries.items_of(outage_id):
        if item.outcome == "moved" and item.successor is not None:
            _move_back(actor, item, item.successor)
    _tell_it_takes_place(actor, outage_id)
    return [item for item in queries.items_of(outage_id) if item.note.startswith(NOT_BACK)]


NOT_BACK = "Could not be moved back: "


def _take_back(actor: Actor, outage_id: int) -> None:
    with transaction() as tx:
        found = queries.outage(outage_id)
        if found is None:
            raise UnknownOutage()
        lock_parties(tx, [found.practitioner_id], None)
        if clock.now() - found.created_at > UNDO_WITHIN:
            raise UndoTooLate()
        changed = tx.execute(
            update(Outage)
            .where(Outage.id == outage_id, Outage.status == "applied")
            .values(status="undone", time_off_id=None)
            .execution_options(synchronize_session="fetch")
        )
        if changed.rowcount != 1:
            raise UndoneAlready()
        tx.execute(delete(TimeOff).where(TimeOff.id == found.time_off_id))
        flag_affected(tx, practitioner_ids=[found.practitioner_id])
        _note(tx, actor, "undo", outage_id)


def _move_back(actor: Actor, item: ItemView, successor: AppointmentView) -> None:
    try:
        reschedule_appointment(
            actor,
            appointment_id=successor.id,
            starts_at=item.visit.starts_at,
            provider=item.visit.provider,
            reason="The provider is here after all",
            override_reason="The provider is here after all",
        )
        note = "Moved back"
    except DomainError as refusal:
        note = f"{NOT_BACK}{refusal.message}"
    with transaction() as tx:
        _update(tx, item.id, note=note)


def _tell_it_takes_place(actor: Actor, outage_id: int) -> None:
    """Those who were asked to choose another time keep theirs: say so."""
    with transaction() as tx:
        for item in queries.items_of(outage_id):
            visit = item.visit
            if item.outcome != "to-call" or visit.status is not AppointmentStatus.CONFIRMED:
                continue
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
