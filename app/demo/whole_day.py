"""The rest of the clinic's day: rooms, a vaccination day, questions at booking, who waits."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from app.demo import clinic
from app.demo.plan import A_DAY, Frame
from app.demo.roster import RECEPTIONIST
from app.infra.db import transaction
from app.kernel import clock
from app.kernel.actor import Actor, Channel
from app.kernel.errors import DomainError
from app.kernel.period import Period
from app.notifications import services as notifications
from app.patients.rules import PatientRecord
from app.scheduling import services as scheduling
from app.scheduling.errors import UnknownType
from app.scheduling.errors.sessions import SessionClash, SessionOutsideHours
from app.scheduling.queries import questionnaires, resources, schedules, sessions, types, waitlist
from app.scheduling.queries.facts import EQUIPMENT, ROOM
from app.scheduling.rules.questionnaires import AskedQuestion, Draft, QuestionKind
from app.scheduling.rules.sessions import Cohort, SessionDraft
from app.scheduling.services.questionnaires import save_questionnaire
from app.scheduling.services.resources import ResourceDraft, save_resource, set_needs
from app.scheduling.services.seats import take_seat
from app.scheduling.services.sessions import save_session
from app.scheduling.services.waitlist import WaitingWish
from app.security import queries as accounts

EVER: Final = 3660 * A_DAY
SEARCHED_DAYS: Final = 28
NURSE: Final = "NURSE01"
RESOURCES: Final = (
    ResourceDraft(kind=ROOM, category="consultation room", code="ROOM-1", name="Room 1"),
    ResourceDraft(kind=ROOM, category="consultation room", code="ROOM-2", name="Room 2"),
    ResourceDraft(kind=EQUIPMENT, category="dental chair", code="CHAIR-1", name="Dental chair"),
)

NEEDS: Final = {
    "consultation": "consultation room",
    "checkup": "consultation room",
    "physical-exam": "consultation room",
    "dental": "dental chair",
    "dental-cleaning": "dental chair",
}

VACCINATION_DAY: Final = "Flu vaccination for the health programs"
STARTS, ENDS = time(9), time(11)
SEATS: Final = 24
TAKEN: Final = 14
# Nursing first, a day later Pharmacy; they meet patients.
PROGRAMS: Final = ("BSN", "BS Pharm")
STATIONS: Final = ("Registration", "Vital signs", "Vaccination", "Observation")
PLANNED_BEFORE: Final = timedelta(days=4)
SEATS_TAKEN_BEFORE: Final = timedelta(hours=3)

# All optional: who books by telephone or over the API may leave them out.
ASKED: Final = Draft(
    questions=(
        AskedQuestion(
            text="Do you have chest pain or trouble breathing right now?",
            required=False,
            red_flags=("Yes",),
            advice="Please come to the clinic now, or call 911 if you are not on campus.",
        ),
        AskedQuestion(
            text="Since when have you felt this way?",
            kind=QuestionKind.CHOICE,
            required=False,
            options=("Today", "A few days", "A week or longer"),
        ),
        AskedQuestion(
            text="Which medicines have you taken for it?", kind=QuestionKind.TEXT, required=False
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One of the students (by their place on the roster) who waits for a time."""

    student: int
    type: str
    for_days: int
    provider: str | None = None
    earliest: time = time(0)
    latest: time = time(23, 59)
    reason: str = ""


# The student whom the README names; the pages of this one show most.
GUIDE: Final = 19
WAITING: Final = (
    Waiting(GUIDE, "dental", 7, "DENT001", reason="My braces hurt."),
    Waiting(40, "dental", 7, "DENT001", reason="A filling came out."),
    Waiting(87, "consultation", 5, latest=time(12), reason="My classes are in the afternoon."),
    Waiting(133, "physical-exam", 14, "DOC001", earliest=time(13)),
)


def furnish(actor: Actor) -> None:
    """Rooms and equipment; what an administrator changed stays so."""
    known = {card.code for card in resources.resources(with_hidden=True)}
    for draft in RESOURCES:
        if draft.code not in known:
            save_resource(actor, draft=draft)
    if not known:
        for code, category in NEEDS.items():
            set_needs(actor, type_id=_type_id(code), needs=[(category, 1)])


def _type_id(code: str) -> int:
    found = types.bookable_type(code)
    if found is None:
        raise UnknownType()
    return int(found.id)


def plan_vaccination(actor: Actor, frame: Frame, students: Sequence[PatientRecord]) -> None:
    """A group session on the next working day with some seats taken (SCH-04).

    It is planned before the visits are, so that the nurse is free.
    """
    if sessions.sessions_between(frame.now - EVER, frame.now + EVER):
        return
    with transaction() as tx:
        with clock.pretend(frame.now - PLANNED_BEFORE):
            session_id = _first_free_session(frame)
        tx.flush()  # the seats read the session
        if session_id is None:
            return
        with clock.pretend(frame.now - SEATS_TAKEN_BEFORE):
            _take_seats(session_id, students)
        tx.flush()  # the messages about the seats are taken back
        notifications.settle_messages(
            actor,
            user_ids=list(accounts.demo_password_hashes()),
            unsent_before=frame.now,
            unread_before=frame.now - A_DAY,
        )


def _first_free_session(frame: Frame) -> int | None:
    desk = clinic.acting(RECEPTIONIST, channel=Channel.STAFF)
    for period in _mornings(frame):
        try:
            return save_session(desk, draft=_session(frame, period))
        except (SessionClash, SessionOutsideHours):
            continue  # a sample clinic that has visits already
    return None


def _mornings(frame: Frame) -> Iterator[Period]:
    """From nine to eleven on the working days to come, holidays left out."""
    for days in range(1, SEARCHED_DAYS + 1):
        day = frame.today + days * A_DAY
        starts_at, ends_at = (datetime.combine(day, at, frame.zone) for at in (STARTS, ENDS))
        is_closed = bool(schedules.closures(since=starts_at, until=ends_at))
        if day.weekday() in clinic.WEEK and not is_closed:
            yield Period(starts_at, ends_at)


def _session(frame: Frame, period: Period) -> SessionDraft:
    first, *others = PROGRAMS
    opened = frame.now - 3 * A_DAY
    later = tuple(Cohort(opened + A_DAY, program) for program in others)
    return SessionDraft(
        type="vaccination",
        provider=NURSE,
        title=VACCINATION_DAY,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        capacity=SEATS,
        opens_at=opened,
        note="Please bring your vaccination card.",
        cohorts=(Cohort(opened, first), *later),
        stations=STATIONS,
    )


def _take_seats(session_id: int, students: Sequence[PatientRecord]) -> None:
    invited = [one for one in students if one.enrolment and one.enrolment.program in PROGRAMS]
    for actor in clinic.students_acting(invited[:TAKEN]).values():
        with transaction() as tx:
            try:
                take_seat(actor, session_id=session_id)
            except DomainError:
                continue  # has a visit at that time
            tx.flush()  # the next seat reads this one


def ask_and_wait(actor: Actor, frame: Frame, students: Sequence[PatientRecord]) -> None:
    """Questions before a consultation, and a waiting list (SCH-31)."""
    wanted = types.bookable_type("consultation")
    if wanted is not None and wanted.id not in questionnaires.versions_by_type():
        save_questionnaire(actor, type_code="consultation", draft=ASKED)
    if waitlist.entries(page_size=1).count:
        return
    with transaction(), clock.pretend(frame.now - SEATS_TAKEN_BEFORE):
        for one in WAITING:
            _wait(frame, students[one.student], one)


def _wait(frame: Frame, student: PatientRecord, one: Waiting) -> None:
    wish = WaitingWish(
        type=one.type,
        first_day=frame.today + A_DAY,
        last_day=frame.today + (1 + one.for_days) * A_DAY,
        earliest=one.earliest,
        latest=one.latest,
        provider=one.provider,
        reason=one.reason,
    )
    for actor in clinic.students_acting([student]).values():
        scheduling.join_waitlist(actor, wish=wish)
