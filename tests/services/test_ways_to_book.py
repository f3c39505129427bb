"""Questions at booking (SCH-13) and missed visits (SCH-35) on every way into a booking."""

from datetime import date, time

import pytest
from sqlalchemy import func, select

from app.infra.outbox import JobName, OutboxJob
from app.kernel import clock
from app.kernel.errors import Forbidden
from app.notifications.models import Communication
from app.scheduling import errors, services
from app.scheduling.errors.points import MissedTooMany
from app.scheduling.errors.questionnaires import AnswersNeeded, Diverted
from app.scheduling.models import Appointment, BookingAnswers, Diversion, Hold
from app.scheduling.queries import waitlist
from app.scheduling.queries.questionnaires import given_answers
from app.scheduling.rules import AppointmentStatus
from app.scheduling.rules.questionnaires import AskedQuestion, Draft
from app.scheduling.rules.series import Frequency, Pattern
from app.scheduling.rules.waitlist import EntryStatus
from app.scheduling.services import WaitingWish, Wish, seats
from app.scheduling.services.questionnaires import save_questionnaire
from app.scheduling.services.series import SeriesWish, book_series
from app.scheduling.services.wish import Answers
from tests.factories.points import create_missed_visits
from tests.factories.scheduling import SYSTEM, at
from tests.factories.sessions import create_session
from worker.jobs import waitlist as jobs

pytestmark = pytest.mark.usefixtures("clinic")

ASKED = Draft(
    (AskedQuestion(text="Chest pain?", red_flags=("Yes",), advice="Come at once."),),
    "I agree that the clinic reads my answers.",
)
GOOD = Answers(answers={"q1": "No"}, consent=True)
FLAGGED = Answers(answers={"q1": "Yes"}, consent=True)
TUESDAY = date(2026, 11, 24)
NINE = "2026-11-24 09:00"


@pytest.fixture
def asked(people):
    """Consultations ask a question and want consent."""
    save_questionnaire(people.ada.actor, type_code="consultation", draft=ASKED)


def wish(starts_at=NINE, **more):
    return Wish(**{"type": "consultation", "starts_at": at(starts_at), **more})


def book(person, given=None, **more):
    wanted = wish(**more)
    return services.book_appointment(
        person.actor, wish=wanted.answering(given) if given else wanted
    )


def offered(db, people, starts_at=NINE):
    """Eve gives her time with Dana up while Sam waits; returns what Sam is offered, or None."""
    visit = services.book_appointment(
        SYSTEM, wish=wish(starts_at, patient=people.eve.id, provider=people.dana.id)
    )
    services.join_waitlist(
        people.sam.actor,
        wish=WaitingWish(
            type="consultation", first_day=at(starts_at).date(), last_day=at(starts_at).date()
        ),
    )
    services.change_status(
        SYSTEM, appointment_id=visit.id, status=AppointmentStatus.CANCELLED, reason="ill"
    )
    promised = select(OutboxJob).where(
        OutboxJob.name == JobName.OFFER_FREED_TIMES, OutboxJob.status == "waiting"
    )
    for job in db.scalars(promised).all():
        jobs.offer_freed_times(SYSTEM, **job.payload)
    return db.scalars(select(Hold).where(Hold.status == "open")).one_or_none()


def answers_of(visit):
    given = given_answers(visit.id)
    return given.answers if given else None


def is_open(offer):
    kept = waitlist.offer(offer.id)
    return kept is not None and kept.is_open_at(clock.now())


def count(db, model):
    return db.scalar(select(func.count()).select_from(model))


# Questions


def test_taking_an_offer_asks_the_questions_and_keeps_the_offer_meanwhile(db, people, asked):
    offer = offered(db, people)

    with pytest.raises(AnswersNeeded) as refused:
        services.accept_offer(people.sam.actor, offer_id=offer.id)
    assert set(refused.value.errors) == {"answers.q1", "consent"}
    assert is_open(offer)

    visit = services.accept_offer(people.sam.actor, offer_id=offer.id, given=GOOD)
    assert answers_of(visit) == [("Chest pain?", "No")]


def test_the_desk_may_take_an_offer_for_a_patient_without_answers(db, people, asked):
    offer = offered(db, people)

    visit = services.accept_offer(people.rosa.actor, offer_id=offer.id)

    assert answers_of(visit) is None


def test_a_red_flag_at_an_offer_diverts_and_is_noted(db, people, asked):
    offer = offered(db, people)

    with pytest.raises(Diverted) as refused:
        services.accept_offer(people.sam.actor, offer_id=offer.id, given=FLAGGED)

    assert refused.value.advice == ["Come at once."]
    assert count(db, Diversion) == 1
    assert is_open(offer)


def series(people, **more):
    pattern = Pattern(
        frequency=Frequency.WEEKLY, every=1, first_on=TUESDAY, local_time=time(9), count=3
    )
    values = {"type": "consultation", "patient": people.sam.id, "provider": people.dana.id}
    return SeriesWish(**values | more, pattern=pattern)


def test_the_answers_of_a_series_are_given_once_and_stored_with_every_visit(db, people, asked):
    book_series(people.rosa.actor, wish=series(people, given=GOOD))

    assert count(db, BookingAnswers) == 3


def test_a_half_answered_series_is_refused_with_the_field_and_books_nothing(db, people, asked):
    with pytest.raises(AnswersNeeded) as refused:
        book_series(people.rosa.actor, wish=series(people, given=Answers(consent=True)))

    assert set(refused.value.errors) == {"answers.q1"}
    assert count(db, Appointment) == 0


def test_a_red_flag_in_a_series_books_nothing_and_is_noted(db, people, asked):
    with pytest.raises(Diverted):
        book_series(people.rosa.actor, wish=series(people, given=FLAGGED))

    assert count(db, Appointment) == 0
    assert count(db, Diversion) == 1


def test_a_moved_visit_keeps_its_answers_and_asks_nothing(people, asked):
    booked = book(people.sam, GOOD)

    moved = services.reschedule_appointment(
        people.sam.actor, appointment_id=booked.id, starts_at=at("2026-11-24 10:00")
    )

    assert answers_of(moved) == [("Chest pain?", "No")]


def despite(reason):
    return Answers(answers={"q1": "Yes"}, consent=True, despite_flag=reason)


def test_staff_who_may_override_book_despite_a_red_flag_with_a_reason(db, people, asked):
    reason = "Seen by the nurse at the window, not urgent."

    booked = book(people.rosa, despite(reason), patient=people.sam.id)

    kept = db.get(Appointment, booked.id)
    assert kept.override_reason == reason
    assert answers_of(booked) == [("Chest pain?", "Yes")]
    assert count(db, Diversion) == 0


def test_booking_despite_a_red_flag_needs_a_reason_and_the_permission(db, people, asked):
    with pytest.raises(errors.OverrideNeedsReason):
        book(people.rosa, despite("  "), patient=people.sam.id)
    for person, patient in ((people.sam, None), (people.neil, people.sam.id)):
        with pytest.raises(Forbidden):
            book(person, despite("I feel fine."), patient=patient)

    assert count(db, Appointment) == 0


# Missed visits


def test_an_offer_taken_after_two_missed_visits_waits_for_approval(db, people):
    create_missed_visits(db, people.sam, 2)
    offer = offered(db, people)

    visit = services.accept_offer(people.sam.actor, offer_id=offer.id)

    [entry] = services.own_waitlist(people.sam.actor).results
    assert (visit.status, entry.status) == ("pending", EntryStatus.FULFILLED)


@pytest.mark.parametrize(("starts_at", "is_offered"), [(NINE, True), ("2026-12-03 14:00", False)])
def test_after_three_missed_visits_nothing_far_ahead_is_offered(db, people, starts_at, is_offered):
    create_missed_visits(db, people.sam, 3)

    assert bool(offered(db, people, starts_at)) is is_offered


def test_an_own_move_after_two_missed_visits_waits_for_approval(db, people):
    booked = book(people.sam)
    create_missed_visits(db, people.sam, 2)

    moved = services.reschedule_appointment(
        people.sam.actor, appointment_id=booked.id, starts_at=at("2026-11-24 10:00")
    )

    told = db.scalars(
        select(Communication.event).where(Communication.recipient_user_id == people.sam.user_id)
    )
    assert moved.status == "pending"
    assert "appointment.pending" in set(told)
    services.change_status(
        people.rosa.actor, appointment_id=moved.id, status=AppointmentStatus.CONFIRMED
    )


def test_a_declined_move_leaves_no_entry_in_the_calendar(db, people):
    booked = book(people.sam)
    create_missed_visits(db, people.sam, 2)
    moved = services.reschedule_appointment(
        people.sam.actor, appointment_id=booked.id, starts_at=at("2026-11-24 10:00")
    )

    services.change_status(
        people.rosa.actor,
        appointment_id=moved.id,
        status=AppointmentStatus.DECLINED,
        reason="The doctor is not in.",
    )

    mail = db.scalars(
        select(Communication).where(
            Communication.event == "appointment.declined", Communication.channel == "email"
        )
    ).one()
    assert mail.calendar["method"] == "CANCEL"


def test_the_desk_moves_for_somebody_with_missed_visits_without_approval(db, people):
    booked = book(people.sam)
    create_missed_visits(db, people.sam, 3)

    moved = services.reschedule_appointment(
        people.rosa.actor, appointment_id=booked.id, starts_at=at("2026-12-03 10:00")
    )

    assert moved.status == "confirmed"


def test_an_own_move_after_three_missed_visits_reaches_no_further_than_a_booking(db, people):
    booked = book(people.sam)
    create_missed_visits(db, people.sam, 3)

    with pytest.raises(errors.TooFar):
        services.reschedule_appointment(
            people.sam.actor, appointment_id=booked.id, starts_at=at("2026-12-03 10:00")
        )


def test_after_two_missed_visits_the_desk_gives_the_seat(db, people):
    session_id = create_session()
    create_missed_visits(db, people.sam, 2)

    with pytest.raises(MissedTooMany) as refused:
        seats.take_seat(people.sam.actor, session_id=session_id)
    assert "front desk gives you your seat" in refused.value.message

    assert seats.take_seat(people.rosa.actor, session_id=session_id, patient=people.sam.id)
    assert seats.take_seat(people.eve.actor, session_id=session_id)


def test_after_three_missed_visits_a_seat_far_ahead_is_refused(db, people):
    session_id = create_session("2026-12-03 09:00")
    create_missed_visits(db, people.sam, 3)

    with pytest.raises(MissedTooMany) as refused:
        seats.take_seat(people.sam.actor, session_id=session_id)

    assert "at most 7 days ahead" in refused.value.message
