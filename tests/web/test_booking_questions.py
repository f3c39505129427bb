"""Questions at booking on the pages of staff and over JSON (SCH-13)."""

import pytest
from sqlalchemy import select

from app.infra.db import session
from app.kernel.ids import AppointmentId
from app.scheduling import services
from app.scheduling.models import Appointment, BookingAnswers, Hold
from app.scheduling.queries import schedules
from app.scheduling.queries.questionnaires import given_answers
from app.scheduling.rules.questionnaires import AskedQuestion, Draft
from app.scheduling.services import WaitingWish
from app.scheduling.services.questionnaires import save_questionnaire
from tests.factories.scheduling import SYSTEM, at, monday_seven, open_clinic

ASKED = Draft(
    (
        AskedQuestion(text="Chest pain?", red_flags=("Yes",), advice="Come at once."),
        AskedQuestion(text="Temperature?", kind="number", required=False),
    ),
    "I agree that the clinic reads my answers.",
)
FORM = {
    "type": "consultation",
    "patient": "20259001",
    "day": "2026-11-23",
    "slot": "2026-11-23T09:00:00+08:00|DOC901",
    "questions": "1",
}
BOOK = "/api/appointments/book/"
WISH = {"type": "consultation", "starts_at": "2026-11-23T09:00:00+08:00"}
GOOD = {"answers": {"q1": "No"}, "consent": True}
FLAGGED = {"answers": {"q1": "Yes"}, "consent": True}


@pytest.fixture(autouse=True)
def _clinic(app, people):
    with monday_seven():
        with app.app_context():
            open_clinic()
            save_questionnaire(people.ada.actor, type_code="consultation", draft=ASKED)
        yield


@pytest.fixture
def rosa(app, people):
    return app.test_client().sign_in(people.rosa)


@pytest.fixture
def sam(client, people):
    return client.sign_in(people.sam)


def kept(app):
    """The only visit: why rules were set aside, and the answers."""
    with app.app_context():
        visit = session().scalars(select(Appointment)).one()
        given = given_answers(AppointmentId(visit.id))
        return visit.override_reason, given.answers if given else None


def nobody_is_booked(app):
    with app.app_context():
        return session().scalars(select(Appointment)).first() is None


def test_the_booking_page_asks_the_questions_of_the_type(rosa):
    page = rosa.get("/appointments/book/?type=consultation").text

    assert "Chest pain?" in page
    assert "I agree that the clinic reads my answers." in page
    assert "Why book although" not in page
    assert "Chest pain?" not in rosa.get("/appointments/book/?type=vaccination").text


def test_the_desk_books_with_the_answers_or_without_any(app, rosa):
    answered = {"answer-q1": "No", "answer-q2": "37.5", "consent": "yes"}

    assert rosa.post("/appointments/book/", data=FORM | answered).status_code == 302

    assert kept(app) == ("", [("Chest pain?", "No"), ("Temperature?", "37.5")])
    other = FORM | {"patient": "20259002", "slot": "2026-11-23T10:00:00+08:00|DOC901"}
    assert rosa.post("/appointments/book/", data=other).status_code == 302


def test_half_an_answer_is_refused_beside_its_field(app, rosa):
    page = rosa.post("/appointments/book/", data=FORM | {"answer-q2": "warm", "consent": "yes"})

    assert "Please answer this question." in page.text
    assert "Please type a number." in page.text
    assert 'value="warm"' in page.text
    assert nobody_is_booked(app)


def test_a_red_flag_is_shown_to_the_desk_and_overridden_only_with_a_reason(app, rosa):
    flagged = FORM | {"answer-q1": "Yes", "consent": "yes"}

    page = rosa.post("/appointments/book/", data=flagged).text
    assert "Call or come now." in page
    assert "Come at once." in page
    assert "Why book although the answer is urgent" in page
    assert nobody_is_booked(app)

    reason = "The nurse has seen the patient."
    assert (
        rosa.post("/appointments/book/", data=flagged | {"despite_flag": reason}).status_code == 302
    )
    assert kept(app) == (reason, [("Chest pain?", "Yes")])


def test_a_clinician_without_the_permission_is_not_offered_the_override(app, people):
    neil = app.test_client().sign_in(people.neil)
    flagged = FORM | {"answer-q1": "Yes", "consent": "yes"}

    page = neil.post("/appointments/book/", data=flagged).text
    forced = neil.post("/appointments/book/", data=flagged | {"despite_flag": "Fine."})

    assert "Call or come now." in page
    assert "Why book although" not in page
    assert "not allowed" in forced.text
    assert nobody_is_booked(app)


SERIES = {
    "type": "consultation",
    "provider": "DOC901",
    "patient": "20259001",
    "frequency": "weekly",
    "every": "1",
    "first_on": "2026-11-24",
    "local_time": "09:00",
    "count": "2",
    "key": "k1",
    "questions": "1",
}


def test_a_series_asks_once_and_refuses_half_an_answer(app, rosa):
    assert "Chest pain?" in rosa.get("/series/", query_string=SERIES).text

    half = rosa.post("/series/", data=SERIES | {"consent": "yes"})
    assert half.status_code == 422
    assert "Please answer this question." in half.text
    assert nobody_is_booked(app)

    done = rosa.post("/series/", data=SERIES | {"consent": "yes", "answer-q1": "No"})
    assert done.status_code == 302
    with app.app_context():
        assert len(session().scalars(select(BookingAnswers)).all()) == 2


def test_json_booking_names_each_open_question(app, sam):
    refused = sam.post(BOOK, json=WISH)

    assert refused.status_code == 422
    assert set(refused.json["errors"]) == {"answers.q1", "consent"}
    assert sam.post(BOOK, json=WISH | GOOD).status_code == 201


def test_a_red_flag_over_json_diverts_and_only_the_desk_may_override(app, sam, rosa):
    refused = sam.post(BOOK, json=WISH | FLAGGED)
    forced = sam.post(BOOK, json=WISH | FLAGGED | {"despite_flag": "I feel fine."})
    by_desk = WISH | FLAGGED | {"patient": "20259001", "despite_flag": "Seen by the nurse."}

    assert (refused.status_code, refused.json["code"]) == (422, "scheduling.diverted")
    assert forced.status_code == 403
    assert rosa.post(BOOK, json=by_desk).status_code == 201
    assert kept(app)[0] == "Seen by the nurse."


def dana():
    card = schedules.practitioner_by_university_id("DOC901")
    assert card is not None
    return card.id


@pytest.fixture
def offer(app, people):
    """Tuesday at nine with Dana is kept for Sam."""
    with app.app_context():
        tuesday = at("2026-11-24 09:00").date()
        wish = WaitingWish(type="consultation", first_day=tuesday, last_day=tuesday)
        services.join_waitlist(people.sam.actor, wish=wish)
        services.offer_freed_time(
            SYSTEM,
            practitioner_id=dana(),
            starts_at=at("2026-11-24 09:00"),
            ends_at=at("2026-11-24 09:20"),
        )
        return f"/api/waitlist/offers/{session().scalars(select(Hold.id)).one()}/accept/"


def test_taking_an_offer_over_json_asks_the_questions(sam, offer):
    refused = sam.post(offer)
    odd = sam.post(offer, json={"answers": [], "consent": True})
    unknown = sam.post(offer, json={"answer": {}})

    assert (refused.status_code, set(refused.json["errors"])) == (422, {"answers.q1", "consent"})
    assert odd.status_code == 400
    assert unknown.status_code == 422
    assert sam.post(offer, json=FLAGGED).json["code"] == "scheduling.diverted"
    assert sam.post(offer, json=GOOD).status_code == 200
