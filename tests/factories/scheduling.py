"""A small clinic: two physicians, a dentist, a nurse, three kinds of visits, office hours."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from app.infra.db import transaction
from app.kernel import clock
from app.kernel.actor import Channel, system_actor
from app.kernel.ids import PractitionerId
from app.scheduling import services
from app.scheduling.models import WeeklyHours
from app.scheduling.services.catalogue import TypeDraft
from tests.factories import patients
from tests.people import PEOPLE, Person

MANILA = ZoneInfo("Asia/Manila")
# A Monday at seven in the morning, before the clinic opens; 30 November is a holiday.
MONDAY_SEVEN = datetime(2026, 11, 23, 7, 0, tzinfo=MANILA).astimezone(UTC)
SYSTEM = system_actor(Channel.CLI)

CONSULTATION = TypeDraft(
    code="consultation",
    name="Consultation",
    duration_minutes=20,
    provider_kinds=("physician",),
    notice_minutes=60,
    horizon_days=60,
    cancel_cutoff_minutes=120,
)
DENTAL_CLEANING = TypeDraft(
    code="dental-cleaning",
    name="Dental cleaning",
    duration_minutes=60,
    buffer_before_minutes=5,
    buffer_after_minutes=10,
    provider_kinds=("dentist",),
    needs_approval=True,
)
VACCINATION = TypeDraft(
    code="vaccination", name="Vaccination", duration_minutes=10, provider_kinds=("nurse",)
)


def at(text: str) -> datetime:
    """An instant from the clinic's wall time: "09:00" of that Monday, or "2026-11-24 09:00"."""
    full = text if " " in text else f"2026-11-23 {text}"
    return datetime.fromisoformat(full).replace(tzinfo=MANILA).astimezone(UTC)


@contextmanager
def monday_seven() -> Iterator[None]:
    """The clock stands at that Monday, 7:00 AM in Manila."""
    with clock.pretend(MONDAY_SEVEN):
        yield


def create_provider(person: Person, kind: str, *, max_per_day: int | None = None) -> PractitionerId:
    """A provider with office hours: Monday to Friday, 8 to 12 and 1 to 5."""
    practitioner_id = services.save_practitioner(
        SYSTEM, user_id=person.user_id, kind=kind, max_per_day=max_per_day
    )
    # Rows instead of forty use cases: every test of this folder opens a clinic.
    with transaction() as tx:
        for weekday in range(5):
            for starts, ends in ((time(8), time(12)), (time(13), time(17))):
                tx.add(
                    WeeklyHours(
                        practitioner_id=practitioner_id,
                        weekday=weekday,
                        starts=starts,
                        ends=ends,
                        campus="Downtown",
                    )
                )
    return practitioner_id


def open_clinic() -> None:
    """Types of visits, providers with hours, and patients Sam and Eve."""
    for draft in (CONSULTATION, DENTAL_CLEANING, VACCINATION):
        services.save_appointment_type(SYSTEM, draft=draft)
    for person, kind in (
        (PEOPLE.dana, "physician"),
        (PEOPLE.dino, "physician"),
        (PEOPLE.dee, "dentist"),
        (PEOPLE.neil, "nurse"),
    ):
        create_provider(person, kind)
    for student in (PEOPLE.sam, PEOPLE.eve):
        create_patient(student)


def create_patient(person: Person) -> None:
    """The patient record of somebody with an account; the same university ID links them."""
    patients.create_patient(person.id, person.first_name, person.last_name)


def create_crowd(count: int) -> list[str]:
    """Patients without accounts; returns their university IDs."""
    from sqlalchemy import insert

    from app.patients.models import Patient

    ids = [f"2024{number:04d}" for number in range(count)]
    now = clock.now()
    with transaction() as tx:
        tx.execute(
            insert(Patient),
            [
                {
                    "university_id": university_id,
                    "first_name": "Patient",
                    "last_name": f"Number {university_id}",
                    "search_name": f"patient number {university_id}",
                    "created_at": now,
                    "updated_at": now,
                }
                for university_id in ids
            ],
        )
    return ids
