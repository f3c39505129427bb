"""Drawing up a list of who is due, approving it by two others, or withdrawing it (RET-02)."""

from datetime import date

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from app.infra.db import Transaction, transaction
from app.infra.outbox import JobName, enqueue
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.patients.queries import KeptRecord, count_kept_records, kept_records
from app.retention import queries, rules
from app.retention.errors import (
    ListChanged,
    ListUnderWay,
    NeedsOtherPerson,
    NothingToDispose,
    NotNow,
    UnknownDisposal,
)
from app.retention.models import Disposal, DisposalItem
from app.retention.permissions import Permission
from app.retention.rules import DisposalStatus, Schedule
from app.retention.services.telling import tell_proposed
from app.security.services import record_event

CHUNK = 1_000


def present_schedule() -> Schedule:
    """How long each kind of record is kept in this installation (RET-01)."""
    return Schedule(
        outpatient=settings().retention_outpatient_years,
        finance=settings().retention_finance_years,
    )


def today() -> date:
    """The clinic's day."""
    return clock.local_date(clock.now(), settings().time_zone)


def request_list(actor: Actor, *, reason: str) -> int:
    """Promise a list of everybody who is due; a worker draws it up. Returns its key.

    Raises ReasonTooShort, ListUnderWay, NeedsOtherPerson for the system, which decides nothing.
    """
    actor.require(Permission.DISPOSAL_WRITE)
    if actor.is_system:
        raise NeedsOtherPerson("Only people draw up a list.")
    schedule = present_schedule()
    line = {
        "status": DisposalStatus.DRAWING.value,
        "reason": rules.checked_reason(reason),
        "schedule": {kind.value: schedule.years(kind) for kind in rules.Kind},
        "on_day": today(),
        "drafted_by_id": actor.user_id,
        "drafted_by": actor.name[:160],
        "drafted_at": clock.now(),
    }
    with transaction() as tx:
        try:
            with tx.session.begin_nested():
                added = tx.execute(insert(Disposal).values(line).returning(Disposal.id))
                disposal_id = int(added.scalar_one())
        except IntegrityError as error:
            raise ListUnderWay() from error
        enqueue(tx, JobName.DRAW_UP_DISPOSAL, disposal_id=disposal_id)
        _record(tx, actor, "draw", disposal_id)
    return disposal_id


def draw_up(actor: Actor, *, disposal_id: int) -> None:
    """Look at every record and put those that are due on the list, from its beginning.

    Safe to run again: a line that is there already is left alone.
    """
    actor.require(Permission.DISPOSAL_WRITE)
    found = queries.known_disposal(disposal_id)
    if found.status is not DisposalStatus.DRAWING:
        return
    schedule, day = schedule_of(found), found.on_day
    # Nobody is due before the shortest duty is over, so later records need no look.
    before = clock.clinic_day(
        date(day.year - schedule.outpatient + 1, 1, 1), settings().time_zone
    ).starts_at
    _set(disposal_id, to_scan=count_kept_records(made_before=before), scanned=0)
    after, scanned = 0, 0
    while records := kept_records(after=after, made_before=before, limit=CHUNK):
        after, scanned = records[-1].id, scanned + len(records)
        if _put_on_list(disposal_id, records, schedule, day, scanned) >= rules.LONGEST_LIST:
            break
    with transaction() as tx:
        _propose(tx, actor, disposal_id)


def _put_on_list(
    disposal_id: int, records: list[KeptRecord], schedule: Schedule, day: date, scanned: int
) -> int:
    """Add who of these is due, as long as there is room; returns how long the list is now."""
    people = queries.people_of(records, settings().time_zone)
    due = [
        {"disposal_id": disposal_id, "patient_id": key, "kept_until": said.kept_until}
        | {"why": said.why}
        for key, person in people.items()
        if (said := rules.judge(person, schedule, today=day)).is_due
    ]
    with transaction() as tx:
        row = locked_disposal(tx, disposal_id)
        room = rules.LONGEST_LIST - row.people
        if due[:room]:
            added = tx.execute(
                upsert(DisposalItem)
                .values(due[:room])
                .on_conflict_do_nothing(index_elements=["disposal_id", "patient_id"])
            )
            row.people += int(added.rowcount)
        row.scanned = scanned
        row.is_cut = row.is_cut or len(due) > room
        return row.people


def _propose(tx: Transaction, actor: Actor, disposal_id: int) -> None:
    row = locked_disposal(tx, disposal_id)
    if row.status != DisposalStatus.DRAWING:
        return  # withdrawn meanwhile
    row.status = DisposalStatus.PROPOSED.value
    row.list_hash = rules.list_hash(queries.approved_lines(disposal_id))
    _record(tx, actor, "propose", disposal_id, people=row.people)
    if row.people:
        tell_proposed(tx, actor, row)


def approve_list(actor: Actor, *, disposal_id: int, list_hash: str) -> DisposalStatus:
    """Say yes to exactly the list that was looked at; after the second yes a worker begins.

    Raises NeedsOtherPerson, ListChanged, NothingToDispose, NotNow, UnknownDisposal.
    """
    actor.require(Permission.DISPOSAL_APPROVE)
    with transaction() as tx:
        row = locked_disposal(tx, disposal_id)
        if row.status != DisposalStatus.PROPOSED:
            raise NotNow("This list is not waiting for approval.")
        rules.check_approver(
            actor.user_id,
            drafted_by_id=row.drafted_by_id,
            first_approver_id=row.first_approver_id,
        )
        if not row.people:
            raise NothingToDispose()
        if list_hash != row.list_hash:
            raise ListChanged()
        if row.first_approver_id is None:
            row.first_approver_id, row.first_approver = actor.user_id, actor.name[:160]
            row.first_approved_at = clock.now()
        else:
            row.second_approver_id, row.second_approver = actor.user_id, actor.name[:160]
            row.second_approved_at = clock.now()
            row.status = DisposalStatus.APPROVED.value
            enqueue(tx, JobName.CARRY_OUT_DISPOSAL, disposal_id=disposal_id)
        _record(tx, actor, "approve", disposal_id, list_hash=row.list_hash)
        return DisposalStatus(row.status)


def withdraw_list(actor: Actor, *, disposal_id: int, reason: str) -> None:
    """Give a list up before it is carried out. Raises NotNow, ReasonTooShort, UnknownDisposal."""
    actor.require(Permission.DISPOSAL_WRITE)
    stated = rules.checked_reason(reason)
    with transaction() as tx:
        row = locked_disposal(tx, disposal_id)
        if DisposalStatus.WITHDRAWN not in rules.MOVES.get(DisposalStatus(row.status), frozenset()):
            raise NotNow("This list is being carried out, or it is over already.")
        row.status = DisposalStatus.WITHDRAWN.value
        row.withdrawn_by, row.withdrawn_reason = actor.name[:160], stated
        row.finished_at = clock.now()
        _record(tx, actor, "withdraw", disposal_id)


def locked_disposal(tx: Transaction, disposal_id: int) -> Disposal:
    """The list, held until the end. Raises UnknownDisposal."""
    row: Disposal | None = tx.execute(
        select(Disposal)
        .where(Disposal.id == disposal_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if row is None:
        raise UnknownDisposal()
    return row


def schedule_of(found: queries.DisposalView) -> Schedule:
    """The schedule under which a list was drawn up."""
    years = {name: value for name, value in found.schedule.items() if value is not None}
    return Schedule(**years)


def _set(disposal_id: int, **values: object) -> None:
    with transaction() as tx:
        tx.execute(
            update(Disposal)
            .where(Disposal.id == disposal_id)
            .values(values)
            .execution_options(synchronize_session=False)
        )


def _record(
    tx: Transaction, actor: Actor, action: str, disposal_id: int, **details: object
) -> None:
    record_event(
        tx,
        actor,
        f"retention:disposal:{action}",
        object_type="Disposal",
        object_id=disposal_id,
        details=details,
    )
