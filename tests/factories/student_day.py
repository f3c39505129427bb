"""Sam's day, full of everything the portal can show; all of it comes through the services."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from app.infra import signing
from app.infra.db import session
from app.kernel import clock
from app.scheduling import services
from app.scheduling.models import Hold
from app.scheduling.queries import schedules
from app.scheduling.rules import AppointmentStatus
from app.scheduling.rules.questionnaires import AskedQuestion, Draft
from app.scheduling.services import WaitingWish, Wish, seats
from app.scheduling.services.questionnaires import save_questionnaire
from app.scheduling.services.timetable import import_timetable
from app.visits import services as visits
from app.visits.services.devices import add_device
from tests.factories.scheduling import SYSTEM, at, create_crowd
from tests.factories.sessions import create_session
from tests.people import PEOPLE

TUESDAY = date(2026, 11, 24)
CLASS = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:a
DTSTART:20261123T090000
DTEND:20261123T103000
RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE;COUNT=9
SUMMARY:CIS 2101 Data Structures and Algorithms
END:VEVENT
END:VCALENDAR
"""
QUESTIONS = Draft(
    (
        AskedQuestion(
            text="Is your face swollen, or do you have trouble breathing?",
            red_flags=("Yes",),
            advice="Come to the clinic now.",
        ),
        AskedQuestion(text="Which tooth hurts?", kind="text"),
        AskedQuestion(text="Your temperature?", kind="number", required=False),
    ),
    "The clinic may read my answers and keep them with this visit.",
)


@dataclass(frozen=True)
class StudentDay:
    """The addresses of what was made."""

    visit: int
    offer: int
    session: int
    seat: int
    answer: str
    kiosk: str
    display: str


def create_student_day() -> StudentDay:
    """Everything at once, on Monday at half past seven."""
    miss_a_visit()
    with clock.pretend(at("07:30")):
        visit = book(PEOPLE.sam, "2026-11-26 14:00", reason="My knee hurts when I run.")
        import_timetable(PEOPLE.sam.actor, data=CLASS)
        save_questionnaire(PEOPLE.ada.actor, type_code="dental-cleaning", draft=QUESTIONS)
        seat = create_session("2026-11-25 09:00", title="Flu vaccination for first years")
        seats.take_seat(PEOPLE.sam.actor, session_id=seat)
        take_a_number()
        return StudentDay(
            visit=visit,
            offer=an_offer(),
            session=create_session("2026-12-01 09:00", title="Counselling in a group"),
            seat=seat,
            answer=f"/answer/{signing.sign('visit-answer', {'visit': visit})}/",
            kiosk=add_device(PEOPLE.ada.actor, kind="kiosk", name="Door").path,
            display=add_device(PEOPLE.ada.actor, kind="display", name="Wall").path,
        )


def book(person, starts_at: str, **more) -> int:
    """A consultation with Dana."""
    values = {"type": "consultation", "provider": PEOPLE.dana.id, **more}
    wish = Wish(starts_at=at(starts_at), **values)
    return services.book_appointment(person.actor, wish=wish).id


def miss_a_visit() -> None:
    """Sam did not come last Friday."""
    with clock.pretend(at("2026-11-19 08:00")):
        book(PEOPLE.sam, "2026-11-20 09:00")
    with clock.pretend(at("2026-11-20 10:00")):
        services.mark_no_shows(SYSTEM)


def an_offer() -> int:
    """Nine o'clock on Tuesday, which Eve gave up, is kept for Sam, who waits for more as well."""
    for wish in (
        WaitingWish(type="consultation", first_day=TUESDAY, last_day=TUESDAY, reason="Knee"),
        WaitingWish(type="dental-cleaning", first_day=TUESDAY, last_day=date(2026, 12, 4)),
    ):
        services.join_waitlist(PEOPLE.sam.actor, wish=wish)
    given_up = book(PEOPLE.eve, "2026-11-24 09:00")
    services.change_status(
        PEOPLE.eve.actor, appointment_id=given_up, status=AppointmentStatus.CANCELLED
    )
    services.offer_freed_time(
        SYSTEM,
        practitioner_id=schedules.practitioner_by_university_id(PEOPLE.dana.id).id,
        starts_at=at("2026-11-24 09:00"),
        ends_at=at("2026-11-24 09:20"),
        released_by=given_up,
    )
    return session().scalars(select(Hold.id)).one()


def take_a_number() -> None:
    """Three wait for a consultation, Sam last; the first is called."""
    first, second = create_crowd(2)
    for patient in (first, second, PEOPLE.sam.id):
        visits.receive_walk_in(PEOPLE.rosa.actor, patient=patient, type_code="consultation")
    visits.call_next(PEOPLE.dana.actor, type_code="consultation", place="Room 2")
