"""Seats of group sessions ask what their kind of visit asks (SCH-04, SCH-13)."""

import pytest
from sqlalchemy import func, select

from app.scheduling.errors.questionnaires import AnswersNeeded, Diverted
from app.scheduling.errors.sessions import SessionFull
from app.scheduling.models import Diversion, Seat, SeatAnswers
from app.scheduling.rules.questionnaires import AskedQuestion, Draft
from app.scheduling.services import seats
from app.scheduling.services.questionnaires import answers_of_seats, save_questionnaire
from app.scheduling.services.wish import Answers
from tests.factories.sessions import create_session

pytestmark = pytest.mark.usefixtures("clinic")

ASKED = Draft(
    (AskedQuestion(text="Fever today?", red_flags=("Yes",), advice="Please stay at home."),),
    "I agree to be vaccinated.",
)
GOOD = Answers(answers={"q1": "No"}, consent=True)
FLAGGED = Answers(answers={"q1": "Yes"}, consent=True)


@pytest.fixture
def session_id(people):
    """A vaccination session whose kind of visit asks a question."""
    save_questionnaire(people.ada.actor, type_code="vaccination", draft=ASKED)
    return create_session(capacity=1)


def count(db, model):
    return db.scalar(select(func.count()).select_from(model))


def test_a_seat_without_answers_is_refused_and_takes_no_place(session_id, people, db):
    with pytest.raises(AnswersNeeded):
        seats.take_seat(people.sam.actor, session_id=session_id)

    assert count(db, Seat) == 0
    assert seats.take_seat(people.eve.actor, session_id=session_id, given=GOOD)


def test_answers_and_consent_are_stored_with_the_seat(session_id, people, db):
    seat = seats.take_seat(people.sam.actor, session_id=session_id, given=GOOD)

    [given] = answers_of_seats(people.neil.actor, session_id=session_id).values()
    assert given.answers == [("Fever today?", "No")]
    assert given.consented_at is not None
    assert db.scalar(select(SeatAnswers.seat_id)) == seat.id


def test_a_red_flag_takes_no_seat_and_is_noted_once(session_id, people, db):
    for _tap in range(2):
        with pytest.raises(Diverted) as diverted:
            seats.take_seat(people.sam.actor, session_id=session_id, given=FLAGGED)

    assert "Please stay at home." in diverted.value.advice
    assert (count(db, Seat), count(db, Diversion)) == (0, 1)


def test_the_desk_may_leave_the_questions_out(session_id, people):
    assert seats.take_seat(people.rosa.actor, session_id=session_id, patient=people.sam.id)


def test_the_desk_does_not_read_answers(session_id, people):
    seats.take_seat(people.sam.actor, session_id=session_id, given=GOOD)

    assert answers_of_seats(people.rosa.actor, session_id=session_id) == {}


def test_good_answers_do_not_make_a_seat_where_none_is(session_id, people, db):
    seats.take_seat(people.sam.actor, session_id=session_id, given=GOOD)

    with pytest.raises(SessionFull):
        seats.take_seat(people.eve.actor, session_id=session_id, given=GOOD)
    assert count(db, SeatAnswers) == 1


def test_a_second_tap_keeps_the_first_answers(session_id, people, db):
    first = seats.take_seat(people.sam.actor, session_id=session_id, given=GOOD)
    second = seats.take_seat(people.sam.actor, session_id=session_id)

    assert second.id == first.id
    assert count(db, SeatAnswers) == 1
