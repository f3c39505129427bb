"""When patients were last here, and who is here now (RET-01)."""

from collections.abc import Iterable

from sqlalchemy import func, select

from app.infra.db import session
from app.kernel.footprint import Footprint
from app.kernel.ids import PatientId
from app.visits.models import Visit
from app.visits.rules import VisitStatus

SEEN = (VisitStatus.IN_PROGRESS.value, VisitStatus.COMPLETED.value)


def footprints(patient_ids: Iterable[PatientId]) -> dict[PatientId, Footprint]:
    """Those of these patients who have any, in one statement."""
    rows = session().execute(
        select(
            Visit.patient_id,
            func.max(Visit.arrived_at).filter(Visit.status.in_(SEEN)),
            func.max(Visit.arrived_at),
            func.bool_or(Visit.ended_at.is_(None)),
        )
        .where(Visit.patient_id.in_(list(patient_ids)))
        .group_by(Visit.patient_id)
    )
    return {
        PatientId(key): Footprint(seen, active, ("A visit is not over.",) if is_open else ())
        for key, seen, active, is_open in rows
    }
