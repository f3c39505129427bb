"""Points of missed visits: given and taken back with the visit's status, contested by the
patient, decided by the front desk (SCH-35)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from app.infra.db import Transaction, transaction
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.ids import PatientId
from app.notifications.rules import Template
from app.notifications.services import Recipient, notify
from app.patients import queries as patients
from app.patients.queries import PatientCard
from app.scheduling.errors.points import UnknownPoint
from app.scheduling.models import NoShowPoint
from app.scheduling.permissions import Permission
from app.scheduling.queries import points
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.queries.points import ListedPoint, PointView
from app.scheduling.rules import AppointmentStatus, PointsPolicy
from app.scheduling.rules.points import PointStatus, check_decision, check_objection
from app.scheduling.services import parties
from app.security.services import record_event


def follow_status(
    tx: Transaction, visit: AppointmentView, status: AppointmentStatus, *, now: datetime
) -> None:
    """A missed visit gives a point, and one that turns out not to be missed takes it back."""
    if status is AppointmentStatus.NO_SHOW:
        _give(tx, visit, now)
    elif visit.status is AppointmentStatus.NO_SHOW:
        tx.execute(
            update(NoShowPoint)
            .where(NoShowPoint.appointment_id == visit.id)
            .values(status=PointStatus.VOID.value, decided_at=None, decided_by_id=None)
            .execution_options(synchronize_session=False)
        )


def _give(tx: Transaction, visit: AppointmentView, now: datetime) -> None:
    """One point per visit, whoever marks it as missed and however often."""
    fresh = {
        "given_at": now,
        "expires_at": now + timedelta(days=settings().no_show_point_days),
        "status": PointStatus.COUNTED.value,
    }
    row = {"appointment_id": visit.id, "patient_id": visit.patient_id, **fresh}
    tx.execute(
        insert(NoShowPoint)
        .values(row)
        .on_conflict_do_update(index_elements=["appointment_id"], set_=fresh)
    )


def own_points(actor: Actor) -> tuple[list[PointView], PointsPolicy]:
    """One's own missed visits, the latest first, and what they do."""
    return points.points_of(_own_record(actor).id), parties.points_policy()


def missed_visits(
    actor: Actor, *, statuses: Sequence[PointStatus], page: int, size: int
) -> list[ListedPoint]:
    """Points of everybody for the front desk, the latest first; one more than `size` at most."""
    actor.require(Permission.POINT_READ)
    return points.listed_points(statuses, page=page, size=size)


def contest_point(actor: Actor, *, point_id: int, objection: str) -> None:
    """Say why a missed visit of one's own should not count; the front desk looks at it.

    Raises UnknownPoint, ReasonRequired, BadText and PointNotContestable.
    """
    patient = _own_record(actor)
    now = clock.now()
    with transaction() as tx:
        row = points.point_for_update(point_id)
        if row is None or row.patient_id != patient.id:
            raise UnknownPoint()
        status = PointStatus(row.status)
        row.objection = check_objection(status, objection, expires_at=row.expires_at, now=now)
        row.status, row.contested_at = PointStatus.CONTESTED.value, now
        _note(tx, actor, row, "contest")


def decide_point(actor: Actor, *, point_id: int, status: PointStatus, reason: str) -> None:
    """Uphold a point or take it back, and tell the patient why.

    Raises UnknownPoint, ReasonRequired, BadText and PointNotDecidable.
    """
    actor.require(Permission.POINT_DECIDE)
    with transaction() as tx:
        row = points.point_for_update(point_id)
        if row is None:
            raise UnknownPoint()
        row.decision = check_decision(PointStatus(row.status), status, reason)
        row.status, row.decided_at = status.value, clock.now()
        row.decided_by_id = actor.user_id
        _note(tx, actor, row, status.value)
        _tell(tx, actor, row)


def _own_record(actor: Actor) -> PatientCard:
    actor.require(Permission.BOOK_OWN)
    own = patients.patient_for_user(actor.user_id) if actor.user_id is not None else None
    if own is None:
        raise UnknownPoint("Your account is not linked to a patient record yet.")
    return own


def _note(tx: Transaction, actor: Actor, row: NoShowPoint, action: str) -> None:
    record_event(
        tx,
        actor,
        f"scheduling:no-show-point:{action}",
        object_type="NoShowPoint",
        object_id=row.id,
        patient_id=row.patient_id,
    )


def _tell(tx: Transaction, actor: Actor, row: NoShowPoint) -> None:
    key = PatientId(row.patient_id)
    patient = patients.patients_by_ids([key])[key]
    notify(
        tx,
        actor,
        event=f"point.{Template.POINT_DECIDED.value}",
        entity=f"no-show-point/{row.id}",
        occurrence=int(row.decided_at.timestamp()) if row.decided_at else 0,
        recipient=Recipient(patient.user_id, patient.full_name, patient.email),
        subject="We have looked at your objection",
        template=Template.POINT_DECIDED,
        params={},
        link="/portal/missed",
    )
