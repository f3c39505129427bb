"""Recurring series and their visits, for screens and use cases (SCH-32)."""

from dataclasses import dataclass
from datetime import date, time

from sqlalchemy import select

from app.infra.db import session
from app.kernel.ids import PatientId, PractitionerId
from app.patients import queries as patients
from app.patients.queries import PatientCard
from app.scheduling.models import Series
from app.scheduling.queries import schedules, types
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
    row = session().get(Series, series_id)
    if row is None:
        return None
    key = PatientId(row.patient_id)
    wanted = types.type_of(row.type_id)
    provider = schedules.known_practitioner(PractitionerId(row.practitioner_id))
    return SeriesView(
        id=row.id,
        status=row.status,
        patient=patients.patients_by_ids({key})[key],
        type=wanted.policy.code,
        type_name=wanted.name,
        provider=provider.university_id,
        provider_name=provider.name,
        frequency=row.frequency,
        every=row.every,
        first_on=row.first_on,
        local_time=row.local_time,
        count=row.count,
        predecessor_id=row.predecessor_id,
        successor_id=session().scalar(
            select(Series.id).where(Series.predecessor_id == row.id).limit(1)
        ),
    )
