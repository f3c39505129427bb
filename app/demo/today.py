"""What makes the day of loading look lived in: who waits now, an absence, an offer, a series.

Everything goes through the services, some minutes before the load. Only the first load does it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from app.demo import clinic
from app.demo.plan import A_DAY, MINUTE, Frame
from app.demo.roster import RECEPTIONIST
from app.demo.whole_day import GUIDE
from app.infra.outbox import RetryLater
from app.kernel import clock
from app.kernel.actor import Actor, Channel
from app.kernel.clock import local_date
from app.kernel.errors import DomainError
from app.kernel.period import Period
from app.notifications import services as notifications
from app.patients.rules import PatientRecord
from app.scheduling import services as scheduling
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.queries.outages import overlapping
from app.scheduling.queries.schedules import practitioner_by_university_id
from app.scheduling.rules import AppointmentStatus
from app.scheduling.rules.points import PointStatus
from app.scheduling.rules.series import Frequency, Pattern
from app.scheduling.services.outages import apply_outage, mark_called, outage_details
from app.scheduling.services.series import SKIP, SeriesWish, book_series
from app.scheduling.services.series_preview import preview_series
from app.scheduling.services.timetable import import_timetable
from app.security import queries as accounts
from app.visits import services as visits
from app.visits.rules import ROUTINE
from app.visits.rules.queue import EMERGENCY, URGENT

NURSE: Final = "NURSE01"
AWAY: Final = "DOC001"
AWAY_IN: Final = range(2, 8)
MORNING: Final = (time(8), time(12))
ENTERED_BEFORE: Final = timedelta(minutes=40)
SERIES_BEFORE: Final = timedelta(hours=5)
OBJECTION: Final = "I came at nine, but the door was closed because of the typhoon."


@dataclass(frozen=True, slots=True)
class WalkIn:
    """Somebody without an appointment: how many minutes ago they came, and what became of it."""

    student: int
    type: str
    came: int
    reason: str
    steps: tuple[tuple[int, str, str], ...] = ()
    priority: int = ROUTINE
    why: str = ""


# Each step: how many minutes ago, which one, and where or by whom.
WALK_INS: Final = (
    WalkIn(12, "consultation", 95, "Fever since last night",
           ((80, "call", "Room 1"), (78, "start", "DOC001"), (62, "complete", "DOC001"))),
    WalkIn(31, "vaccination", 88, "Tetanus booster",
           ((72, "call", "Vaccination"), (70, "start", NURSE), (61, "complete", NURSE))),
    WalkIn(55, "consultation", 74, "Stomach pain after lunch", ((30, "leave", ""),)),
    WalkIn(63, "dental", 52, "Toothache since Sunday",
           ((20, "call", "Dental room"), (18, "start", "DENT001"))),
    WalkIn(77, "consultation", 41, "Dizzy in class",
           ((9, "call", "Room 2"), (8, "start", "DOC002")), URGENT, "Fainted in the classroom"),
    WalkIn(90, "vaccination", 33, "Flu vaccine", ((1, "call", "Vaccination"),)),
    WalkIn(104, "consultation", 26, "Cough and colds"),
    WalkIn(118, "physical-exam", 17, "Medical certificate for PE"),
    WalkIn(126, "dental", 12, "Bleeding gums"),
    WalkIn(140, "consultation", 10, "Headache for two days", ((3, "hold", "At the laboratory"),)),
    WalkIn(151, "consultation", 5, "Allergic rash"),
    WalkIn(163, "consultation", 2, "Asthma", (), EMERGENCY, "Short of breath"),
)  # fmt: skip


def live_through(actor: Actor, frame: Frame, students: Sequence[PatientRecord]) -> None:
    """The whole day: the queue, an absence, a series, an objection, a timetable, an offer."""
    by_id = clinic.students_acting(students)
    desk = clinic.acting(RECEPTIONIST, channel=Channel.STAFF)
    receive_walk_ins(desk, frame, students)
    tell_absence(desk, frame)
    plan_series(desk, frame, students[20])
    contest_a_point(actor, frame, by_id)
    bring_timetable(by_id[students[GUIDE].facts.university_id], frame)
    keep_quiet(actor, frame)


def keep_quiet(actor: Actor, frame: Frame) -> None:
    """Nobody gets mail about the story so far; the bells of today stay unread."""
    notifications.settle_messages(
        actor,
        user_ids=list(accounts.demo_password_hashes()),
        unsent_before=frame.now + MINUTE,
        unread_before=frame.now - A_DAY,
    )


def receive_walk_ins(desk: Actor, frame: Frame, students: Sequence[PatientRecord]) -> None:
    """The waiting room of this hour, also when the sample clinic is loaded at night."""
    deeds: list[tuple[int, Callable[[], None]]] = []
    numbers: dict[int, int] = {}
    for one in WALK_INS:
        if local_date(frame.now - one.came * MINUTE, frame.zone) != frame.today:
            continue  # shortly after midnight
        deeds.append((one.came, _arrival(desk, one, students[one.student], numbers)))
        deeds += [
            (before, _step(desk, one, step, detail, numbers)) for before, step, detail in one.steps
        ]
    for before, deed in sorted(deeds, key=lambda pair: -pair[0]):
        with clock.pretend(frame.now - before * MINUTE):
            deed()


def _arrival(
    desk: Actor, one: WalkIn, student: PatientRecord, numbers: dict[int, int]
) -> Callable[[], None]:
    def receive() -> None:
        try:
            numbers[one.student] = visits.receive_walk_in(
                desk,
                patient=student.facts.university_id,
                type_code=one.type,
                reason=one.reason,
                priority=one.priority,
                priority_reason=one.why,
            ).id
        except DomainError:
            return  # is here already, for an appointment

    return receive


def _step(
    desk: Actor, one: WalkIn, step: str, detail: str, numbers: Mapping[int, int]
) -> Callable[[], None]:
    def take() -> None:
        number = numbers.get(one.student)
        if number is None:
            return
        if step == "call":
            visits.call(desk, visit_id=number, place=detail)
        elif step == "hold":
            visits.hold(desk, visit_id=number, reason=detail)
        elif step == "leave":
            visits.leave(desk, visit_id=number, reason="Had to go to class")
        else:
            provider = clinic.acting(detail, channel=Channel.STAFF)
            act = visits.start if step == "start" else visits.complete
            act(provider, visit_id=number)

    return take


def tell_absence(desk: Actor, frame: Frame) -> None:
    """A physician is away for a morning; most visits were moved, two people must be called."""
    with clock.pretend(frame.now - ENTERED_BEFORE):
        morning, affected = max(_mornings(frame), key=lambda one: len(one[1]))
        outage_id = apply_outage(
            desk,
            provider=AWAY,
            starts_at=morning.starts_at,
            ends_at=morning.ends_at,
            accepted={one.id: _other_time(desk, one, frame) for one in affected[2:]},
            reason="Conference in Manila",
        )
    with clock.pretend(frame.now - ENTERED_BEFORE / 2):
        for item in outage_details(desk, outage_id=outage_id).call_list[:1]:
            mark_called(desk, outage_id=outage_id, item_id=item.id, note="Will call back")


def _mornings(frame: Frame) -> Iterator[tuple[Period, list[AppointmentView]]]:
    """The mornings of the week to come, with the visits that an absence would hit."""
    away = practitioner_by_university_id(AWAY)
    for days in AWAY_IN:
        day = frame.today + days * A_DAY
        morning = Period(*(datetime.combine(day, at, frame.zone) for at in MORNING))
        confirmed = (AppointmentStatus.CONFIRMED,)
        yield morning, overlapping(away.id, morning, confirmed) if away else []


def _other_time(desk: Actor, visit: AppointmentView, frame: Frame) -> tuple[datetime, str]:
    """The nearest time with a colleague; without one it stays, and is left to the call list."""
    day = local_date(visit.starts_at, frame.zone)
    free = scheduling.available_times(
        desk,
        type_code=visit.type,
        first=day,
        last=day + 3 * A_DAY,
        patient=visit.patient.university_id,
        without_limits=True,
    )
    others = [slot for slot in free if slot.provider != AWAY]
    nearest = min(others, key=lambda slot: abs(slot.starts_at - visit.starts_at), default=None)
    return (nearest.starts_at, nearest.provider) if nearest else (visit.starts_at, AWAY)


def plan_series(desk: Actor, frame: Frame, student: PatientRecord) -> None:
    """A weekly follow-up of four visits; what is not free is skipped (SCH-32)."""
    first = clinic.next_weekday(frame.today + 2 * A_DAY)
    for at in (time(16, 30), time(11, 30), time(15), time(9)):
        pattern = Pattern(
            frequency=Frequency.WEEKLY, every=1, first_on=first, local_time=at, count=4
        )
        wish = SeriesWish(
            type="checkup",
            patient=student.facts.university_id,
            provider="DOC002",
            pattern=pattern,
            reason="Blood pressure, every week for a month",
            override_reason="Agreed with the physician",
        )
        with clock.pretend(frame.now - SERIES_BEFORE):
            found = preview_series(desk, wish=wish)
            clashing = {one.number: SKIP for one in found if one.why_not}
            if len(clashing) < 2:
                book_series(desk, wish=wish, choices=clashing)
                return


def contest_a_point(actor: Actor, frame: Frame, students: Mapping[str, Actor]) -> None:
    """Somebody objects to the last point that was given (SCH-35)."""
    counted = [PointStatus.COUNTED]
    for one in scheduling.missed_visits(actor, statuses=counted, page=1, size=1)[:1]:
        student = students[one.patient.university_id]
        with clock.pretend(frame.now - ENTERED_BEFORE):
            scheduling.contest_point(student, point_id=one.point.id, objection=OBJECTION)


def bring_timetable(student: Actor, frame: Frame) -> None:
    """Classes of one student, from last week on."""
    monday = frame.today - (7 + frame.today.weekday()) * A_DAY
    classes = (
        ("CIS 2101 Data Structures", "MO,WE,FR", "0830", "1000"),
        ("MATH 1101 Calculus", "TU,TH", "1030", "1200"),
        ("GE 1106 Ethics", "TU,TH", "1330", "1500"),
    )
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0"]
    for title, days, starts, ends in classes:
        first = monday if days.startswith("MO") else monday + A_DAY
        lines += [
            *("BEGIN:VEVENT", f"UID:{starts}@classes"),
            f"DTSTART:{first:%Y%m%d}T{starts}00",
            f"DTEND:{first:%Y%m%d}T{ends}00",
            *(f"SUMMARY:{title}", f"RRULE:FREQ=WEEKLY;BYDAY={days};COUNT=54", "END:VEVENT"),
        ]
    with clock.pretend(frame.now - A_DAY):
        import_timetable(student, data="\n".join([*lines, "END:VCALENDAR", ""]))


def offer_a_time(actor: Actor, frame: Frame, students: Sequence[PatientRecord]) -> None:
    """A time that has just become free waits for an answer; never in quiet hours (SCH-31)."""
    dentist = practitioner_by_university_id("DENT001")
    first = frame.today + A_DAY
    free = scheduling.available_times(
        clinic.acting(RECEPTIONIST, channel=Channel.STAFF),
        type_code="dental",
        first=first,
        last=first + 6 * A_DAY,
        provider="DENT001",
        patient=students[GUIDE].facts.university_id,
    )
    if dentist is None or not free:
        return
    slot = free[len(free) // 2]
    try:
        scheduling.offer_freed_time(
            actor, practitioner_id=dentist.id, starts_at=slot.starts_at, ends_at=slot.ends_at
        )
    except RetryLater:
        return
    keep_quiet(actor, frame)
