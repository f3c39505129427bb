"""Reads of copies."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from app.infra.db import session
from app.kernel.ids import PatientId
from app.privacy.errors import NoCopy
from app.privacy.models import PersonalCopy, RightsRequest
from app.privacy.rules import CopyStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyView:
    """One copy, and whose request it answers."""

    id: int
    request_id: int
    patient_id: PatientId | None
    status: CopyStatus
    asked_at: datetime
    asked_by: str
    made_at: datetime | None
    expires_at: datetime | None
    removed_at: datetime | None
    file_name: str
    size_bytes: int
    sha256: str


def _statement() -> Select[Any]:
    columns = [
        getattr(PersonalCopy, name)
        for name in CopyView.__dataclass_fields__
        if name != "patient_id"
    ]
    return select(*columns, RightsRequest.patient_id).join(
        RightsRequest, RightsRequest.id == PersonalCopy.request_id
    )


def _view(row: Any) -> CopyView:
    values = dict(row._mapping)
    return CopyView(**values | {"status": CopyStatus(values["status"])})


def known_copy(copy_id: int) -> CopyView:
    """One copy. Raises NoCopy."""
    row = session().execute(_statement().where(PersonalCopy.id == copy_id)).one_or_none()
    if row is None:
        raise NoCopy()
    return _view(row)


def copies_of(request_id: int) -> list[CopyView]:
    """The copies of one request, the latest first."""
    found = _statement().where(PersonalCopy.request_id == request_id)
    rows = session().execute(found.order_by(PersonalCopy.id.desc()).limit(20))
    return [_view(row) for row in rows]


def latest_copy_for(patient_id: PatientId) -> CopyView | None:
    """The latest copy of one person."""
    found = _statement().where(RightsRequest.patient_id == patient_id)
    row = session().execute(found.order_by(PersonalCopy.id.desc()).limit(1)).one_or_none()
    return _view(row) if row is not None else None


def ready_files() -> set[str]:
    """The names of all files that must be there."""
    return set(
        session().scalars(
            select(PersonalCopy.file_name).where(PersonalCopy.status == CopyStatus.READY.value)
        )
    )


def owners_of_ready_copies() -> dict[int, PatientId]:
    """Whose copies lie here, by the number of the request."""
    found = session().execute(
        select(PersonalCopy.request_id, RightsRequest.patient_id)
        .join(RightsRequest, RightsRequest.id == PersonalCopy.request_id)
        .where(PersonalCopy.status == CopyStatus.READY.value, RightsRequest.patient_id.is_not(None))
    )
    return {request_id: PatientId(patient_id) for request_id, patient_id in found if patient_id}
