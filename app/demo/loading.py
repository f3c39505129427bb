"""Loads the sample clinic: everything that is missing, and visits only where there are none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from app.demo import clinic, privacy, roster, today, whole_day
from app.demo.clinic import TYPES, Door
from app.demo.plan import AHEAD, HISTORY, MINUTE, Frame, Offer, PlannedVisit, plan_visits
from app.demo.roster import RECEPTIONIST, STAFF, StaffMember
from app.demo.story import Cast, Story
from app.infra.db import transaction
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor, Channel
from app.kernel.errors import Forbidden
from app.kernel.ids import PractitionerId
from app.kernel.period import Period
from app.notifications import services as notifications
from app.patients.rules import PatientRecord
from app.scheduling.queries.catalogue import has_appointments
from app.scheduling.queries.facts import provider_schedules
from app.scheduling.queries.schedules import practitioners
from app.scheduling.rules import opening_by_day
from app.scheduling.services.catalogue import TypeDraft
from app.security import queries as accounts

# When the accounts were opened and the clinic set up.
LONG_AGO: Final = timedelta(days=60)
UNREAD_FOR: Final = timedelta(days=1)
# How often each kind of visit is wanted, and what patients write about it.
WANTED: Final = {"consultation": 6, "checkup": 2, "physical-exam": 3, "dental": 4}
REASONS: Final[Mapping[str, tuple[str, ...]]] = {
    "consultation": (
        "Cough and colds since Sunday",
        "Headache for three days",
        "Stomach pain after meals",
        "Follow-up of last week's visit",
        "Sprained ankle during PE",
        "",
    ),
    "checkup": ("Yearly check-up", "Blood pressure check", ""),
    "dental": ("Toothache on the left side", "Loose filling", "Regular check-up", ""),
    "dental-cleaning": ("Last cleaning was a year ago", "Before my braces are fitted", ""),
    "vaccination": ("Flu vaccine", "Second dose of hepatitis B", "Tetanus booster", ""),
    "physical-exam": ("Needed for my practicum", "Intramurals", "Off-campus activity", ""),
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did."""

    visits: int
    refused: int


def load_demo(
    actor: Actor, door: Door, *, history: timedelta = HISTORY, ahead: timedelta = AHEAD
) -> Loaded:
    """Make the sample clinic, or complete it; a second load changes nothing.

    Raises Forbidden in production, which must not have accounts with a known password (AUT-07).
    """
    if settings().is_production:
        raise Forbidden("A site that serves patients must not have demo accounts.")
    config = settings()
    frame = Frame(clock.now(), config.time_zone, history, ahead)
    students = roster.students(
        frame.today, campuses=config.campuses, mail_domain=config.mail_domain
    )
    with clock.pretend(frame.now - LONG_AGO):
        clinic.open_accounts(actor, door, students)
        clinic.set_passwords(actor, door)
        clinic.register_students(actor, students)
        clinic.offer_visits(actor)
        clinic.employ_providers(actor)
        _close_on_holidays(actor, frame)
        whole_day.furnish(actor)
    whole_day.plan_vaccination(actor, frame, students)  # before visits take the nurse's time
    is_first = not has_appointments()
    loaded = _tell_visits(actor, frame, students)
    if is_first:
        today.live_through(actor, frame, students)
    whole_day.ask_and_wait(actor, frame, students)
    if is_first:
        today.offer_a_time(actor, frame, students)
        privacy.keep_register(frame, roster.student_ids()[6])
    return loaded


def _close_on_holidays(actor: Actor, frame: Frame) -> None:
    """This year, the next, and the last one when the history reaches into it."""
    clinic.close_on_holidays(actor, first=frame.first, last=date(frame.today.year + 1, 12, 31))


def _tell_visits(actor: Actor, frame: Frame, students: Sequence[PatientRecord]) -> Loaded:
    """All visits in one transaction: a load that breaks off leaves none."""
    if has_appointments():
        return Loaded(0, 0)
    with transaction() as tx:
        clinic.plan_absences(actor, frame.today)
        tx.flush()  # the plan reads the absences
        visits = _planned(frame)
        story = Story(tx, frame, _cast(students))
        story.tell(visits)
        notifications.settle_messages(
            actor,
            user_ids=list(accounts.demo_password_hashes()),
            unsent_before=frame.now,
            unread_before=frame.now - UNREAD_FOR,
        )
    return Loaded(len(visits) - story.refused, story.refused)


def _planned(frame: Frame) -> list[PlannedVisit]:
    staff = [member for member in STAFF if member.kind is not None]
    return plan_visits(
        frame,
        _opening(frame),
        {member.id: _offers_of(member) for member in staff},
        roster.student_ids(),
    )


def _opening(frame: Frame) -> Mapping[str, Mapping[date, Sequence[Period]]]:
    """When each provider of the demo is open, holidays and absences taken out."""
    ids = {member.id for member in STAFF if member.kind is not None}
    cards = {card.id: card.university_id for card in practitioners() if card.university_id in ids}
    window = (frame.first, frame.last, frame.zone)
    providers, closures = provider_schedules(
        list(cards), first=frame.first, last=frame.last, zone=frame.zone
    )
    opening = {
        cards[PractitionerId(provider.practitioner_id)]: opening_by_day(provider, closures, *window)
        for provider in providers
    }
    return dict(sorted(opening.items()))


def _offers_of(member: StaffMember) -> list[Offer]:
    return [_offer(draft) for draft in TYPES if member.kind in draft.provider_kinds]


def _offer(draft: TypeDraft) -> Offer:
    return Offer(
        code=draft.code,
        lasts_for=draft.duration_minutes * MINUTE,
        step=(draft.step_minutes or draft.duration_minutes) * MINUTE,
        gap=max(draft.buffer_before_minutes, draft.buffer_after_minutes) * MINUTE,
        notice=draft.notice_minutes * MINUTE,
        weight=WANTED.get(draft.code, 1),
        needs_approval=draft.needs_approval,
        reasons=REASONS.get(draft.code, ("",)),
    )


def _cast(students: Sequence[PatientRecord]) -> Cast:
    return Cast(
        desk=clinic.acting(RECEPTIONIST, channel=Channel.STAFF),
        providers={
            member.id: clinic.acting(member.id, channel=Channel.STAFF)
            for member in STAFF
            if member.kind is not None
        },
        students=clinic.students_acting(students),
    )


def accounts_of_demo(mail_domain: str) -> list[str]:
    """One line per account of the staff, and one for all students, for the terminal."""
    lines = [
        f"{member.id:<9} {member.first_name} {member.last_name}, {member.role.lower()}"
        for member in STAFF
    ]
    ids = roster.student_ids()
    return [
        f"Accounts of the sample clinic; the e-mail is the ID in lower case @{mail_domain}:",
        *lines,
        f"{ids[0]} to {ids[-1]}  students",
    ]
