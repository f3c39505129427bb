"""Recurring series and their visits, for screens and use cases (SCH-32)."""

from dataclasses import dataclass
from datetime import date, time

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased

from app.infra.db import session
from app.kernel.ids import PatientId
from app.patients import queries as patients
from app.patients.queries import PatientCard
from app.scheduling.models import AppointmentType, Practitioner, Series
from app.scheduling.rules.series import Frequency, Pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesView:
    """A series with the names that people know it by."""

    id: int
    status: str
    patient: PatientCard
    type: str
    type_name: str
    provider: str
    provider_name: str
    frequency: str
    every: int
    first_on: date
    local_time: time
    count: int
    predecessor_id: int | None
    successor_id: int | None

    @property
    def pattern(self) -> Pattern:
        """The rule as `rules.series` wants it."""
        return Pattern(
            frequency=Frequency(self.frequency),
            every=self.every,
            first_on=self.first_on,
            local_time=self.local_time,
            count=self.count,
        )


def series_of(series_id: int) -> SeriesView | None:
    """One series."""
    found = _views(Series.id == series_id)
    return found[0] if found else None


def series_of_patient(patient_id: PatientId, *, limit: int = 100) -> list[SeriesView]:
    """The series of a patient, the newest first: a fixed number of statements."""
    return _views(Series.patient_id == patient_id, limit=limit)


def _views(condition: ColumnElement[bool], *, limit: int = 1) -> list[SeriesView]:
    successor = aliased(Series)
    rows = session().execute(
        select(
            Series,
            AppointmentType.code,
            AppointmentType.name.label("type_name"),
            Practitioner.university_id,
            Practitioner.name.label("provider_name"),
            select(successor.id)
            .where(successor.predecessor_id == Series.id)
            .order_by(successor.id)
            .limit(1)
            .scalar_subquery()
            .label("successor_id"),
        )
        .join(AppointmentType, AppointmentType.id == Series.type_id)
        .join(Practitioner, Practitioner.id == Series.practitioner_id)
        .where(condition)
        .order_by(Series.id.desc())
        .limit(limit)
    )
    found = [(row.Series, row) for row in rows]
    people = patients.patients_by_ids({PatientId(one.patient_id) for one, _ in found})
    return [
        SeriesView(
            id=one.id,
            status=one.status,
            patient=people[PatientId(one.patient_id)],
            type=row.code,
            type_name=row.type_name,
            provider=row.university_id,
            provider_name=row.provider_name,
            frequency=one.frequency,
            every=one.every,
            first_on=one.first_on,
            local_time=one.local_time,
            count=one.count,
            predecessor_id=one.predecessor_id,
            successor_id=row.successor_id,
        )
        for one, row in found
    ]
