"""The questions of a kind of visit when an offered time is taken, without scripts (SCH-13)."""

import pytest
from sqlalchemy import select

from app.infra.db import session
from app.scheduling import services
from app.scheduling.models import Hold
from app.scheduling.queries import schedules
from app.scheduling.rules.questionnaires import AskedQuestion, Draft
from app.scheduling.services import WaitingWish
from app.scheduling.services.questionnaires import save_questionnaire
from tests.factories.scheduling import SYSTEM, at

ASKED = Draft((AskedQuestion(text="Chest pain?", red_flags=("Yes",), advice="Come now."),))


def dana():
    card = schedules.practitioner_by_university_id("DOC901")
    assert card is not None
    return card.id


@pytest.fixture
def offer(clinic, app, people):
    """Tuesday at nine with Dana is kept for Sam; consultations ask a question."""
    with app.app_context():
        save_questionnaire(people.ada.actor, type_code="consultation", draft=ASKED)
        tuesday = at("2026-11-24 09:00").date()
        wish = WaitingWish(type="consultation", first_day=tuesday, last_day=tuesday)
        services.join_waitlist(people.sam.actor, wish=wish)
        services.offer_freed_time(
            SYSTEM,
            practitioner_id=dana(),
            starts_at=at("2026-11-24 09:00"),
            ends_at=at("2026-11-24 09:20"),
        )
        return f"/portal/waitlist/offers/{session().scalars(select(Hold.id)).one()}"


def test_the_offer_asks_and_an_answer_takes_it(sam, offer):
    assert sam.open(offer).says("Chest pain?")

    assert sam.send("Take this time", **{"answer-q1": "No"}).says("Your appointment is booked.")


def test_an_open_question_is_marked_and_the_offer_stays(sam, offer):
    form = sam.open(offer).form("Take this time")
    del form.fields["answer-q1"]

    page = sam.post(form)

    assert page.status == 422
    assert page.says("Please answer this question.")
    assert sam.open(offer).says("It is kept for you until")


def test_a_red_flag_leads_to_call_or_come_now_and_the_offer_stays(sam, offer):
    sam.open(offer)

    page = sam.send("Take this time", **{"answer-q1": "Yes"})

    assert page.status == 422
    assert page.says("Call or come now")
    assert page.says("Come now.")
    assert sam.open(offer).says("It is kept for you until")
