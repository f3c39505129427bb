"""A student's own class timetable: brought in, replaced, deleted. It never blocks a booking."""

from sqlalchemy import delete, insert

from app.infra.db import Transaction, transaction
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.clock import local_date
from app.kernel.ids import PatientId
from app.patients import queries as patients
from app.scheduling.errors import UnknownPatient
from app.scheduling.models import TimetableEntry
from app.scheduling.permissions import Permission
from app.scheduling.rules.timetable import Window, parse_timetable
from app.scheduling.services.writing import lock_parties
from app.security.services import record_event


def import_timetable(actor: Actor, *, data: bytes | str) -> int:
    """Replace one's own timetable by that of a file; returns the number of classes.

    Raises BadTimetable, and then the old one stays; UnknownPatient without a record.
    """
    patient_id = _own_patient(actor)
    zone = settings().time_zone
    window = Window(local_date(clock.now(), zone), zone)
    classes = parse_timetable(data, window=window)
    with transaction() as tx:
        lock_parties(tx, [], patient_id)  # two imports at once would both stay
        _clear(tx, patient_id)
        tx.execute(
            insert(TimetableEntry),
            [
                {
                    "patient_id": patient_id,
                    "starts_at": one.starts_at,
                    "ends_at": one.ends_at,
                    "title": one.title,
                }
                for one in classes
            ],
        )
        _note(tx, actor, "import", patient_id, len(classes))
    return len(classes)


def delete_timetable(actor: Actor) -> int:
    """Forget one's own timetable; returns how many classes it had. A second tap does nothing."""
    patient_id = _own_patient(actor)
    with transaction() as tx:
        lock_parties(tx, [], patient_id)
        removed = _clear(tx, patient_id)
        if removed:
            _note(tx, actor, "delete", patient_id, removed)
    return removed


def _own_patient(actor: Actor) -> PatientId:
    actor.require(Permission.BOOK_OWN)
    patient = patients.patient_for_user(actor.user_id) if actor.user_id is not None else None
    if patient is None:
        raise UnknownPatient("Your account is not linked to a patient record yet.")
    return patient.id


def _clear(tx: Transaction, patient_id: PatientId) -> int:
    result = tx.execute(delete(TimetableEntry).where(TimetableEntry.patient_id == patient_id))
    return int(result.rowcount)


def _note(tx: Transaction, actor: Actor, action: str, patient_id: PatientId, count: int) -> None:
    record_event(
        tx,
        actor,
        f"scheduling:timetable:{action}",
        object_type="Timetable",
        object_id=patient_id,
        patient_id=patient_id,
        details={"classes": count},
    )
