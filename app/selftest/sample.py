"""A small clinic for the races, opened through the same use cases as a real one."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor, Channel, system_actor
from app.kernel.clock import local_date
from app.patients import services as patients
from app.patients.rules import PatientFacts, PatientRecord
from app.scheduling import services
from app.scheduling.rules.sessions import SessionDraft
from app.scheduling.services.catalogue import TypeDraft
from app.scheduling.services.resources import ResourceDraft, save_resource, set_needs
from app.scheduling.services.schedules import Span
from app.scheduling.services.sessions import save_session
from app.security import services as security

CROWD = 40
SEATS = 10
PROVIDERS = ("TEST901", "TEST902")


@dataclass(frozen=True, slots=True)
class Clinic:
    """Who and when: the racers' patients, and the morning that they race for."""

    patients: tuple[str, ...]
    morning: datetime

    def at(self, minutes: int) -> datetime:
        """So many minutes after the morning began."""
        return self.morning + timedelta(minutes=minutes)


def system() -> Actor:
    """The one who acts in every race."""
    return system_actor(Channel.CLI)


def open_clinic() -> Clinic:
    """Two providers who are there every day, two kinds of visits, one room, forty patients."""
    actor = system()
    services.save_appointment_type(actor, draft=_kind("race", "Race"))
    room = services.save_appointment_type(actor, draft=_kind("race-room", "Race for a room"))
    save_resource(
        actor, draft=ResourceDraft(kind=3, category="race room", code="RR1", name="Race room")
    )
    set_needs(actor, type_id=room, needs=[("race room", 1)])
    services.save_appointment_type(
        actor, draft=_kind("race-approval", "Race for an approval", needs_approval=True)
    )
    for university_id in PROVIDERS:
        _add_provider(actor, university_id)
    crowd = tuple(f"9990{number:04d}" for number in range(CROWD))
    for university_id in crowd:
        facts = PatientFacts(
            university_id=university_id,
            first_name="Racer",
            last_name=f"Number {_letters(university_id)}",
        )
        patients.register_patient(actor, record=PatientRecord(facts), despite_duplicates=True)
    tomorrow = local_date(clock.now(), settings().time_zone) + timedelta(days=1)
    start = datetime.combine(tomorrow, time(9), settings().time_zone)
    return Clinic(crowd, start.astimezone(UTC))


def plan_session(clinic: Clinic, *, minute: int) -> int:
    """A group session with a few seats, open for booking."""
    draft = SessionDraft(
        type="race",
        provider=PROVIDERS[1],
        title="Race for a seat",
        starts_at=clinic.at(minute),
        ends_at=clinic.at(minute + 40),
        capacity=SEATS,
        opens_at=clock.now() - timedelta(minutes=1),
    )
    return save_session(system(), draft=draft)


def _kind(code: str, name: str, *, needs_approval: bool = False) -> TypeDraft:
    return TypeDraft(
        code=code,
        name=name,
        duration_minutes=20,
        provider_kinds=("physician",),
        notice_minutes=0,
        needs_approval=needs_approval,
    )


def _add_provider(actor: Actor, university_id: str) -> None:
    user_id = security.open_account(
        actor,
        university_id=university_id,
        first_name="Test",
        last_name="Physician",
        email=f"{university_id.lower()}@{settings().mail_domain}",
        roles=[],
        password_hash=None,
    )
    practitioner_id = services.save_practitioner(actor, user_id=user_id, kind="physician")
    for weekday in range(7):
        services.save_weekly_hours(
            actor,
            practitioner_id=practitioner_id,
            span=Span(weekday=weekday, starts=time(8), ends=time(17)),
        )


def _letters(digits: str) -> str:
    """A name may hold no digits."""
    return "".join("ABCDEFGHIJ"[int(digit)] for digit in digits)
