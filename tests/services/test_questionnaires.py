"""Questions at booking: versions, answers stored with the visit, red flags that divert."""

import pytest
from sqlalchemy import func, select

from app.infra.db import session
from app.infra.idempotency import KeyReused
from app.kernel.errors import Forbidden
from app.scheduling import services
from app.scheduling.errors import UnknownType
from app.scheduling.errors.questionnaires import (
    AnswersNeeded,
    BadQuestionnaire,
    Diverted,
    QuestionsChanged,
)
from app.scheduling.models import Appointment, BookingAnswers, Diversion, Questionnaire
from app.scheduling.queries import questionnaires as queries
from app.scheduling.rules.questionnaires import AskedQuestion, Draft
from app.scheduling.services import Wish
from app.scheduling.services.booking import once_for
from app.scheduling.services.questionnaires import (
    answers_of_visit,
    as_wish_answers,
    diversions_of_day,
    preview_questionnaire,
    save_questionnaire,
)
from app.security.models import AuditEvent
from tests.factories.scheduling import at

pytestmark = pytest.mark.usefixtures("clinic")
ASKED = Draft(
    (
        AskedQuestion(text="Chest pain?", red_flags=("Yes",), advice="Come at once."),
        AskedQuestion(text="Since when?", kind="text", required=False),
    ),
    "I agree that the clinic reads my answers.",
)
GOOD = {"q1": "No", "q2": "Friday"}


@pytest.fixture
def asked(clinic, people):
    """Consultations ask two questions and want consent."""
    return save_questionnaire(people.ada.actor, type_code="consultation", draft=ASKED)


def wish(**more):
    return Wish(**{"type": "consultation", "starts_at": at("2026-11-24 09:00"), **more})


def book(person, **more):
    return services.book_appointment(person.actor, wish=wish(**more))


def count(model):
    return session().scalar(select(func.count()).select_from(model))


def test_a_save_makes_a_version_and_keeps_the_old_one(asked, people):
    other = Draft((AskedQuestion(text="Fever?"),))

    assert asked == 1
    assert save_questionnaire(people.ada.actor, type_code="Consultation", draft=other) == 2
    assert save_questionnaire(people.ada.actor, type_code="consultation", draft=other) == 2
    assert count(Questionnaire) == 2


def test_only_an_administrator_changes_questions(people):
    for person in (people.rosa, people.dana, people.sam):
        with pytest.raises(Forbidden):
            save_questionnaire(person.actor, type_code="consultation", draft=ASKED)
        with pytest.raises(Forbidden):
            preview_questionnaire(person.actor, draft=ASKED)


def test_questions_without_words_and_of_no_type_are_refused(people):
    with pytest.raises(BadQuestionnaire):
        save_questionnaire(
            people.ada.actor, type_code="consultation", draft=Draft((AskedQuestion(text=""),))
        )
    with pytest.raises(UnknownType):
        save_questionnaire(people.ada.actor, type_code="surgery", draft=ASKED)


def test_answers_are_stored_with_the_visit(asked, people):
    booked = book(people.sam, answers=GOOD, consent=True)

    stored = session().get(BookingAnswers, booked.id)
    assert stored.answers == GOOD
    assert stored.consented_at is not None


def test_open_questions_are_refused_and_nothing_is_booked(asked, people):
    with pytest.raises(AnswersNeeded) as caught:
        book(people.sam)

    assert set(caught.value.errors) == {"answers.q1", "consent"}
    assert count(Appointment) == 0


def test_a_type_without_questions_books_as_before(asked, people):
    assert book(people.sam, type="vaccination", answers=None).status == "confirmed"
    assert count(BookingAnswers) == 0


def test_questions_taken_away_are_asked_no_more(asked, people):
    save_questionnaire(people.ada.actor, type_code="consultation", draft=Draft())

    assert book(people.sam).status == "confirmed"


def test_a_red_flag_books_nothing_and_is_noted_once(asked, people):
    for _ in range(2):  # a double tap
        with pytest.raises(Diverted) as caught:
            book(people.sam, answers={"q1": "Yes"})

    assert caught.value.advice == ["Come at once."]
    assert count(Appointment) == 0
    assert count(Diversion) == 1
    events = list(
        session().scalars(
            select(AuditEvent).where(AuditEvent.action == "scheduling:booking:divert")
        )
    )
    assert len(events) == 1
    assert "hest" not in str(events[0].details)  # NOT-02: no clinical word outside the answers


def test_answers_to_an_older_version_are_asked_again(asked, people):
    save_questionnaire(
        people.ada.actor, type_code="consultation", draft=Draft((AskedQuestion(text="Fever?"),))
    )

    with pytest.raises(QuestionsChanged):
        book(people.sam, answers={"q1": "No"}, questions_version=asked)


def test_the_front_desk_may_leave_the_questions_out_but_not_a_red_flag(asked, people):
    booked = book(people.rosa, patient=people.sam.id)

    assert session().get(BookingAnswers, booked.id) is None
    with pytest.raises(Diverted):
        book(people.rosa, patient=people.eve.id, answers={"q1": "Yes"})


def test_the_same_key_with_other_answers_is_another_request(asked, people):
    first = wish(answers=GOOD, consent=True)
    actor = people.sam.actor
    booked = services.book_appointment(actor, wish=first, once=once_for(actor, "k", first))

    again = services.book_appointment(actor, wish=first, once=once_for(actor, "k", first))
    other = wish(answers={"q1": "No"}, consent=True)

    assert again == booked  # SCH-06
    with pytest.raises(KeyReused):
        services.book_appointment(actor, wish=other, once=once_for(actor, "k", other))


def test_answers_are_read_by_clinicians_only(asked, people):
    booked = book(people.sam, answers=GOOD, consent=True)

    read = answers_of_visit(people.dana.actor, appointment_id=booked.id)
    assert read.answers == [("Chest pain?", "No"), ("Since when?", "Friday")]
    assert read.version == 1
    for person in (people.rosa, people.ada, people.sam, people.eve):
        assert answers_of_visit(person.actor, appointment_id=booked.id) is None


def test_answers_follow_a_visit_that_is_moved(asked, people):
    booked = book(people.sam, answers=GOOD, consent=True)
    moved = services.reschedule_appointment(
        people.sam.actor, appointment_id=booked.id, starts_at=at("2026-11-25 09:00")
    )

    assert answers_of_visit(people.dana.actor, appointment_id=moved.id).answers


def test_the_desk_learns_who_was_diverted_but_not_why(asked, people):
    with pytest.raises(Diverted):
        book(people.sam, answers={"q1": "Yes"})

    (for_desk,) = diversions_of_day(people.rosa.actor)
    (for_doctor,) = diversions_of_day(people.dana.actor)

    assert for_desk.patient.university_id == people.sam.id
    assert for_desk.questions == []
    assert for_doctor.questions == ["Chest pain?"]
    with pytest.raises(Forbidden):
        diversions_of_day(people.eve.actor)


def test_reading_answers_of_a_visit_without_any_is_nothing(people):
    booked = book(people.sam)

    assert answers_of_visit(people.dana.actor, appointment_id=booked.id) is None


def test_types_are_listed_with_their_versions(asked):
    codes = {type_id: code for type_id, code, _ in queries.type_names()}

    assert {codes[key]: value for key, value in queries.versions_by_type().items()} == {
        "consultation": (1, 2)
    }


def test_empty_answers_are_no_answers():
    assert as_wish_answers({"q1": "No", "q2": "", "q3": None}) == {"q1": "No"}
