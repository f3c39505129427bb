"""Entering what was written on paper during an outage, marked as late (SCH-07, SCH-33, SCH-35).

A late entry records what happened and holds nobody's time. Where the appointment's own time was
given to somebody else meanwhile, the appointment stays missed, its point goes, and the visit
stands alone: no entry can break the constraint on double bookings (SCH-01).
"""

from dataclasses import dataclass
from datetime import date, time

from app.infra.db import Transaction, in_transaction, transaction
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.clock import clinic_day
from app.kernel.ids import AppointmentId, PractitionerId
from app.patients import queries as patients
from app.patients.queries import PatientCard
from app.scheduling.errors import SlotTaken, TransitionRefused
from app.scheduling.queries import appointments, types
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.queries.types import BookableType
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services.late import follow_paper, forgive_missed, unfollow_paper
from app.scheduling.services.writing import lock_parties, release_lapsed_holds
from app.visits.errors.paper import (
    AlreadyRecorded,
    NothingToUndo,
    NotOnThisDay,
    UnusableEntry,
)
from app.visits.models import PaperForm, Visit
from app.visits.permissions import Permission
from app.visits.queries import visits
from app.visits.queries.paper import BatchView
from app.visits.queries.visits import VisitView
from app.visits.rules import VisitStatus, VisitStep
from app.visits.rules.paper import (
    LONGEST_WRITER,
    PaperOutcome,
    PaperTimes,
    VisitTimes,
    paper_number,
    paper_text,
    problems_of_day,
    problems_of_times,
    visit_times,
)
from app.visits.services.paper import claim_number, open_batch, settle, settled_form
from app.visits.services.writing import (
    change_visit,
    locked_visit,
    next_number,
    note_step,
    prefix_of,
)

ENDS = {
    PaperOutcome.SEEN: (AppointmentStatus.COMPLETED, VisitStatus.COMPLETED),
    PaperOutcome.LEFT: (AppointmentStatus.LEFT, VisitStatus.LEFT),
    PaperOutcome.MISSED: (AppointmentStatus.NO_SHOW, VisitStatus.VOID),
}
EXPECTED = (AppointmentStatus.CONFIRMED, AppointmentStatus.NO_SHOW)
LEFT_REASON = "Left without being seen"
ALONE = (
    "The time of this appointment was given to somebody else after it was marked as missed, so"
    " the visit was recorded on its own. The missed visit does not count against the patient."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LateEntry:
    """What a form says. `patient` and `provider` are university IDs; `another` confirms that
    it is not the visit that stands there already."""

    number: str
    patient: str
    on_date: date
    outcome: PaperOutcome
    written_by: str
    appointment_id: AppointmentId | None = None
    type_code: str = ""
    provider: str = ""
    campus: str = ""
    arrived: time | None = None
    started: time | None = None
    ended: time | None = None
    another: bool = False

    @property
    def times(self) -> PaperTimes:
        """When it happened, as wall times."""
        return PaperTimes(self.on_date, self.arrived, self.started, self.ended)


@dataclass(frozen=True, slots=True)
class Entered:
    """What became of a form: its number, the visit unless it was missed, and a remark."""

    number: str
    visit: VisitView | None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class _Facts:
    """An entry that makes sense by itself."""

    entry: LateEntry
    card: PatientCard
    booked: AppointmentView | None
    type: BookableType
    practitioner_id: PractitionerId | None
    times: VisitTimes | None
    campus: str


def enter_form(actor: Actor, *, entry: LateEntry) -> Entered:
    """Record one form. Raises UnusableEntry with a sentence for each field, UnknownPaperNumber,
    PaperAlreadyEntered, PaperIsVoid, NotOnThisDay, AlreadyRecorded."""
    actor.require(Permission.PAPER_ENTER)
    try:
        return _enter(actor, entry, alone=False)
    except SlotTaken:
        if in_transaction():
            raise
    release_lapsed_holds()
    try:
        return _enter(actor, entry, alone=False)
    except SlotTaken:
        return _enter(actor, entry, alone=True)


def _enter(actor: Actor, entry: LateEntry, *, alone: bool) -> Entered:
    with transaction() as tx:
        form, batch = claim_number(tx, actor, entry.number)
        facts = _checked(entry, batch)
        reason = f"Entered late from paper form {paper_text(form.number)}"
        if facts.booked is not None:
            _follow(tx, actor, facts.booked, entry.outcome, reason, alone=alone)
        else:
            lock_parties(tx, [], facts.card.id)
        _check_new(facts)
        visit_id = None
        if facts.times is not None:
            visit_id = _store(tx, actor, facts, facts.times, form.number, reason, alone=alone)
        settle(
            tx,
            actor,
            form,
            "entered",
            outcome=entry.outcome.value,
            patient_id=facts.card.id,
            visit_id=visit_id,
            appointment_id=facts.booked.id if facts.booked else None,
            written_by=" ".join(entry.written_by.split())[:LONGEST_WRITER],
        )
    recorded = visits.known_visit(visit_id) if visit_id is not None else None
    return Entered(paper_text(form.number), recorded, ALONE if alone else "")


def _checked(entry: LateEntry, batch: BatchView) -> _Facts:
    """Everything that can be said without looking at other visits. Raises UnusableEntry."""
    zone, now = settings().time_zone, clock.now()
    of_day = problems_of_day(entry.on_date, printed_at=batch.printed_at, now=now, zone=zone)
    found = {"on_date": of_day} if of_day else {}
    found |= {} if of_day else problems_of_times(entry.times, entry.outcome, now=now, zone=zone)
    if not entry.written_by.strip():
        found["written_by"] = ["Please enter who filled the form in."]
    card = patients.patient_by_university_id(entry.patient)
    if card is None:
        found["patient"] = ["No patient has this university ID."]
    if entry.outcome is PaperOutcome.MISSED and entry.appointment_id is None:
        found["appointment"] = ["Only an appointment can be missed. Please choose which."]
    wanted = types.bookable_type(entry.type_code) if entry.type_code else None
    booked = _booked(entry, card) if card and not of_day else None
    if booked is not None:
        wanted = types.type_of(booked.type_id)
    elif wanted is None and entry.appointment_id is None:
        found["type"] = ["Please choose the service."]
    provider, sentence = _provider(entry, wanted, booked)
    if sentence:
        found["provider"] = [sentence]
    if found or card is None or wanted is None:
        raise UnusableEntry(found)
    times = visit_times(entry.times, entry.outcome, zone)
    campus = booked.campus if booked else entry.campus
    return _Facts(entry, card, booked, wanted, provider, times, campus)


def _booked(entry: LateEntry, card: PatientCard) -> AppointmentView | None:
    """The appointment that the form is about. Raises NotOnThisDay, AlreadyRecorded."""
    if entry.appointment_id is None:
        return None
    found = appointments.appointment(entry.appointment_id)
    day = clinic_day(entry.on_date, settings().time_zone)
    if found is None or found.patient_id != card.id:
        raise NotOnThisDay("This appointment is not of this patient.")
    if not day.starts_at <= found.starts_at < day.ends_at:
        raise NotOnThisDay("This appointment is on another day.")
    if found.status not in EXPECTED:
        recorded = visits.visit_of_appointment(found.id)
        word = found.status.value.replace("-", " ")
        raise AlreadyRecorded(
            f"This appointment is not expected any more: it is {word}.",
            recorded.id if recorded else None,
        )
    return found


def _provider(
    entry: LateEntry, wanted: BookableType | None, booked: AppointmentView | None
) -> tuple[PractitionerId | None, str]:
    """Who saw the patient; of an appointment its own provider unless another one is named."""
    if entry.provider and wanted is not None:
        named = wanted.providers_named(entry.provider)
        if not named:
            return None, f"This provider does not do {wanted.name}."
        return named[0].id, ""
    if booked is not None:
        return booked.practitioner_id, ""
    if entry.outcome is PaperOutcome.SEEN and wanted is not None:
        return None, "Please choose who saw the patient."
    return None, ""


def _follow(
    tx: Transaction,
    actor: Actor,
    booked: AppointmentView,
    outcome: PaperOutcome,
    reason: str,
    *,
    alone: bool,
) -> None:
    """The appointment goes where the form says, or stays missed without a point (SCH-35)."""
    if alone:
        forgive_missed(tx, appointment_id=booked.id)
        return
    try:
        follow_paper(actor, appointment_id=booked.id, status=ENDS[outcome][0], reason=reason)
    except TransitionRefused as refusal:
        raise NotOnThisDay(refusal.message) from refusal


def _check_new(facts: _Facts) -> None:
    """Whether the same visit stands there already. Raises AlreadyRecorded."""
    entry = facts.entry
    if entry.another or facts.times is None:
        return
    for one in visits.visits_of_day(entry.on_date, patient_id=facts.card.id):
        overlaps = one.arrived_at < facts.times.ended_at and (
            one.ended_at is None or facts.times.arrived_at < one.ended_at
        )
        if one.type_id == facts.type.id or overlaps:
            raise AlreadyRecorded(
                f"{one.patient.list_name} has the visit {one.token} on this day already"
                f" ({one.type_name}, {one.status.value.replace('-', ' ')}). If the form is about"
                " another visit, please confirm that below.",
                one.id,
            )


def _store(
    tx: Transaction,
    actor: Actor,
    facts: _Facts,
    times: VisitTimes,
    number: int,
    reason: str,
    *,
    alone: bool,
) -> int:
    """A visit that is over, with the next number of its service on that day, marked as late."""
    entry, booked = facts.entry, facts.booked
    prefix = prefix_of(facts.type.id)
    status = ENDS[entry.outcome][1]
    row = Visit(
        patient_id=facts.card.id,
        type_id=facts.type.id,
        practitioner_id=facts.practitioner_id,
        appointment_id=booked.id if booked and not alone else None,
        campus=facts.campus,
        on_date=entry.on_date,
        token_prefix=prefix,
        token_number=next_number(tx, facts.campus, entry.on_date, prefix),
        status=status.value,
        status_since=clock.now(),
        due_at=max(times.arrived_at, booked.starts_at) if booked else times.arrived_at,
        arrived_at=times.arrived_at,
        started_at=times.started_at,
        ended_at=times.ended_at,
        ended_reason=LEFT_REASON if status is VisitStatus.LEFT else "",
        channel=actor.channel.value,
        entered_late_at=clock.now(),
        entered_by_id=actor.user_id,
        paper_number=number,
    )
    tx.add(row)
    tx.flush()
    note_step(
        tx,
        actor,
        "enter-late",
        visit_id=row.id,
        patient_id=facts.card.id,
        from_status=None,
        to_status=status,
        reason=reason,
        token=row.token,
    )
    return int(row.id)


def undo_form(actor: Actor, *, number: str) -> str:
    """Take back what was entered or marked within the last 10 minutes; the form is open again.

    The visit stays in the records as void, the appointment is expected again. Returns the
    number. Raises NothingToUndo, TooLateToUndo, UnknownPaperNumber.
    """
    actor.require(Permission.PAPER_ENTER)
    with transaction() as tx:
        form = settled_form(tx, number)
        if form.status == "entered":
            _take_back(tx, actor, form)
        settle(
            tx,
            actor,
            form,
            "open",
            outcome="",
            patient_id=None,
            visit_id=None,
            appointment_id=None,
            written_by="",
        )
        return paper_text(form.number)


def _take_back(tx: Transaction, actor: Actor, form: PaperForm) -> None:
    reason = f"Paper form {paper_text(form.number)} was entered in error"
    followed = form.appointment_id is not None
    if form.visit_id is not None:
        visit = locked_visit(tx, form.visit_id)
        if visit.status not in (VisitStatus.COMPLETED, VisitStatus.LEFT):
            raise NothingToUndo("Somebody has reopened this visit. Please end it there.")
        followed = visit.appointment_id is not None
        change_visit(
            tx,
            actor,
            visit,
            VisitStep.UNDO,
            reason=reason,
            to=VisitStatus.VOID,
            ended_reason=reason[:200],
        )
    if followed and form.appointment_id is not None:
        unfollow_paper(actor, appointment_id=AppointmentId(form.appointment_id), reason=reason)


@dataclass(frozen=True, slots=True)
class Known:
    """What the computer knows of a patient's day, for the second step of the form."""

    number: str
    card: PatientCard
    appointments: list[AppointmentView]
    visits: list[VisitView]


def known_of_day(actor: Actor, *, number: str, patient: str, on_date: date) -> Known:
    """Check number, patient and day, and say what is there already.

    Raises what `enter_form` raises for these three.
    """
    actor.require(Permission.PAPER_ENTER)
    zone, now = settings().time_zone, clock.now()
    batch = open_batch(number)
    of_day = problems_of_day(on_date, printed_at=batch.printed_at, now=now, zone=zone)
    card = patients.patient_by_university_id(patient)
    found: dict[str, list[str]] = {"on_date": of_day} if of_day else {}
    if card is None:
        found["patient"] = ["No patient has this university ID. Please search by name."]
    if found or card is None:
        raise UnusableEntry(found)
    return Known(
        paper_text(paper_number(number)),
        card,
        appointments.appointments_between(clinic_day(on_date, zone), patient_id=card.id),
        visits.visits_of_day(on_date, patient_id=card.id),
    )
