"""The facts that scheduling rules decide on: plain values, loaded once per question.

Instants are aware and in UTC; dates and times of day are wall time in the clinic's zone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.kernel.errors import Invalid
from app.kernel.period import Period

NO_TIME = timedelta(0)
UNLIMITED = timedelta.max
NO_COUNTS: Mapping[date, int] = MappingProxyType({})
NO_WEEKS: Mapping[tuple[int, int], int] = MappingProxyType({})


class PractitionerKind(StrEnum):
    """What a provider is; a type of visit asks for one kind (SCH-13)."""

    PHYSICIAN = "physician"
    DENTIST = "dentist"
    NURSE = "nurse"
    COUNSELLOR = "counsellor"


class AppointmentStatus(StrEnum):
    """The clinic's words for the state of a visit; FHIR_STATUS maps them."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    CHECKED_IN = "checked-in"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    NO_SHOW = "no-show"
    LEFT = "left"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    RESCHEDULED = "rescheduled"
    ENTERED_IN_ERROR = "entered-in-error"


OPEN = frozenset({AppointmentStatus.PENDING, AppointmentStatus.CONFIRMED})
HOLDS_TIME = OPEN | {
    AppointmentStatus.CHECKED_IN,
    AppointmentStatus.IN_PROGRESS,
    AppointmentStatus.COMPLETED,
}

# FHIR R4 Appointment.status (http://hl7.org/fhir/appointmentstatus).
FHIR_STATUS: Mapping[AppointmentStatus, str] = MappingProxyType(
    {
        AppointmentStatus.PENDING: "pending",
        AppointmentStatus.CONFIRMED: "booked",
        AppointmentStatus.CHECKED_IN: "checked-in",
        AppointmentStatus.IN_PROGRESS: "fulfilled",
        AppointmentStatus.COMPLETED: "fulfilled",
        AppointmentStatus.NO_SHOW: "noshow",
        AppointmentStatus.LEFT: "cancelled",
        AppointmentStatus.CANCELLED: "cancelled",
        AppointmentStatus.DECLINED: "cancelled",
        AppointmentStatus.RESCHEDULED: "cancelled",
        AppointmentStatus.ENTERED_IN_ERROR: "entered-in-error",
    }
)


def _check_span(starts: time, ends: time) -> None:
    if starts.tzinfo is not None or ends.tzinfo is not None:
        raise Invalid("Opening hours are times of day in the clinic's zone.")
    if starts == ends:
        raise Invalid("Opening hours must end at another time than they start.")


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """A span of one weekday (0 is Monday), from `valid_from` to `valid_to`, both included (SCH-10).

    An end that is not after the start lies on the next day. Raises Invalid for an empty span,
    a weekday outside 0 to 6, and a validity that ends before it starts.
    """

    weekday: int
    starts: time
    ends: time
    valid_from: date | None = None
    valid_to: date | None = None
    campus: str = ""

    def __post_init__(self) -> None:
        _check_span(self.starts, self.ends)
        if not 0 <= self.weekday <= 6:
            raise Invalid("A weekday lies between 0 (Monday) and 6 (Sunday).")
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise Invalid("Opening hours must not stop being valid before they start.")

    def apply_on(self, day: date) -> bool:
        """Whether the span starts on this civil day."""
        return (
            day.weekday() == self.weekday
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_to is None or day <= self.valid_to)
        )


@dataclass(frozen=True, slots=True)
class DateOverride:
    """The spans that replace a date's weekly hours; none at all is a day off (SCH-11).

    Several overrides of one date unite. Raises Invalid for an empty span.
    """

    on: date
    spans: tuple[tuple[time, time], ...] = ()
    campus: str = ""

    def __post_init__(self) -> None:
        for starts, ends in self.spans:
            _check_span(starts, ends)


@dataclass(frozen=True, slots=True)
class Closure:
    """A time when the whole clinic is closed, such as a holiday (SCH-12)."""

    period: Period
    name: str = ""


class Claim(NamedTuple):
    """Time that an appointment holds: the visit, and the visit with its buffers (SCH-01).

    A named tuple, because thousands are read for one question.
    """

    starts_at: datetime
    ends_at: datetime
    held_from: datetime
    held_until: datetime
    appointment_id: int | None = None


class Slot(NamedTuple):
    """A time that is offered with one provider. `provider` is the university ID."""

    practitioner_id: int
    provider: str
    starts_at: datetime
    ends_at: datetime
    campus: str = ""


@dataclass(frozen=True, slots=True)
class TypePolicy:
    """How visits of one type are booked (SCH-13). `bookable_by` holds role names.

    Limits count this type only; None is no limit. Raises Invalid for a duration or step that
    is not positive and for negative buffers, notice, horizon or cutoff.
    """

    code: str
    duration: timedelta
    step: timedelta
    buffer_before: timedelta = NO_TIME
    buffer_after: timedelta = NO_TIME
    minimum_notice: timedelta = NO_TIME
    horizon: timedelta = UNLIMITED
    cancel_cutoff: timedelta = NO_TIME
    no_show_grace: timedelta = timedelta(minutes=15)
    check_in_window: timedelta = timedelta(minutes=30)
    needs_approval: bool = False
    bookable_by: frozenset[str] = frozenset()
    max_open_per_patient: int | None = None
    max_per_patient_per_day: int | None = None
    max_per_patient_per_week: int | None = None

    def __post_init__(self) -> None:
        if self.duration <= NO_TIME or self.step <= NO_TIME:
            raise Invalid("Duration and step must be longer than nothing.")
        others = (self.buffer_before, self.buffer_after, self.minimum_notice, self.horizon)
        if min(*others, self.cancel_cutoff) < NO_TIME:
            raise Invalid("Buffers, notice, horizon and cutoff must not be negative.")

    def without_limits(self) -> "TypePolicy":
        """For a staff override: no notice, horizon or limits; hours and claims still count."""
        return replace(
            self,
            minimum_notice=NO_TIME,
            horizon=UNLIMITED,
            max_open_per_patient=None,
            max_per_patient_per_day=None,
            max_per_patient_per_week=None,
        )


@dataclass(frozen=True, slots=True)
class PatientLimits:
    """The clinic's limits per patient across all types (SCH-17). None is no limit."""

    max_open: int | None = None
    max_per_day: int | None = None
    max_per_week: int | None = None


@dataclass(frozen=True, slots=True)
class PointsPolicy:
    """What points of missed visits do to a patient's own bookings (SCH-35)."""

    for_approval: int
    for_horizon: int
    horizon: timedelta

    def horizon_of(self, points: int) -> timedelta:
        """How far ahead somebody with these points may book."""
        return self.horizon if points >= self.for_horizon else UNLIMITED


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """One provider in the window. `key` is the university ID; days are the clinic's."""

    practitioner_id: int
    key: str
    weekly: tuple[WeeklyHours, ...] = ()
    overrides: tuple[DateOverride, ...] = ()
    time_off: tuple[Period, ...] = ()
    claims: tuple[Claim, ...] = ()
    max_per_day: int | None = None
    preferred_room_id: int | None = None
    booked_by_day: Mapping[date, int] = field(default_factory=lambda: NO_COUNTS)
    last_booked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ResourceFacts:
    """A room or a piece of equipment with its claims; an empty campus is all of them."""

    resource_id: int
    kind: int
    code: str
    name: str
    campus: str = ""
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Need:
    """A visit takes `quantity` of these resources, whichever are free (SCH-01, SCH-13)."""

    category: str
    quantity: int
    resources: tuple[ResourceFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """What the patient holds already; weeks are (ISO year, ISO week).

    `hold_id` names the time that is kept for them while a form is filled; its claims are none
    of those that stand in the way.
    """

    claims: tuple[Claim, ...] = ()
    open_total: int = 0
    open_of_type: int = 0
    by_day: Mapping[date, int] = field(default_factory=lambda: NO_COUNTS)
    by_day_of_type: Mapping[date, int] = field(default_factory=lambda: NO_COUNTS)
    by_week: Mapping[tuple[int, int], int] = field(default_factory=lambda: NO_WEEKS)
    by_week_of_type: Mapping[tuple[int, int], int] = field(default_factory=lambda: NO_WEEKS)
    points: int = 0
    hold_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which times are free? Everything that decides it, `now` included.

    `first` and `last` are clinic days, both included. `duration` keeps the length of a resized
    visit. Claims of `ignore_appointment_id` are skipped, so that a visit may move onto part of
    its own time; whoever loads the counts leaves that visit out. `points_policy` is there only
    when patients book for themselves (SCH-35).
    """

    policy: TypePolicy
    providers: tuple[ProviderFacts, ...]
    first: date
    last: date
    now: datetime
    zone: ZoneInfo
    closures: tuple[Closure, ...] = ()
    patient: PatientFacts | None = None
    patient_limits: PatientLimits = PatientLimits()
    needs: tuple[Need, ...] = ()
    duration: timedelta | None = None
    ignore_appointment_id: int | None = None
    points_policy: PointsPolicy | None = None

    @property
    def horizon(self) -> timedelta:
        """How far ahead the visit may be booked: the type's rule, shortened by points (SCH-35)."""
        if self.points_policy is None or self.patient is None:
            return self.policy.horizon
        return min(self.policy.horizon, self.points_policy.horizon_of(self.patient.points))

    @property
    def needs_approval(self) -> bool:
        """Whether points of missed visits make a booking wait for approval (SCH-35)."""
        if self.points_policy is None or self.patient is None:
            return False
        return self.patient.points >= self.points_policy.for_approval

    @property
    def visit_for(self) -> timedelta:
        """How long the visit lasts."""
        return self.duration or self.policy.duration

    def without_limits(self) -> "Question":
        """For a staff override: no notice, horizon or limit of anybody (SCH-17)."""
        return replace(
            self,
            policy=self.policy.without_limits(),
            patient_limits=PatientLimits(),
            points_policy=None,
            providers=tuple(replace(provider, max_per_day=None) for provider in self.providers),
        )
