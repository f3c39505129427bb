"""What the Privacy Officer of the sample clinic works on: a request, an exercise that is over."""

from datetime import timedelta
from typing import Final

from app.demo import clinic
from app.demo.plan import Frame
from app.kernel import clock
from app.kernel.actor import Channel
from app.privacy import services
from app.privacy.rules import Addressee, BreachKind, Judgement, RequestKind
from app.privacy.services import Facts, RequestDraft

OFFICER: Final = "DPO001"
ASKED_BEFORE: Final = timedelta(days=6)
EXERCISE_BEFORE: Final = timedelta(days=40)
HOUR: Final = timedelta(hours=1)
EXERCISE: Final = Facts(
    nature="Exercise: a printed day list was left in a classroom and found by a student.",
    data_involved="Names, university IDs and times of 23 visits.",
    measures="The list was brought back; day lists now stay at the front desk.",
    contact="The Privacy Officer, privacy@usc.edu.ph",
    persons=23,
    judgement=Judgement(is_sensitive=True, was_acquired=True, has_real_risk=True),
)


def keep_register(frame: Frame, student: str) -> None:
    """One open request of a student, and one breach exercise from its entry to its end."""
    officer = clinic.acting(OFFICER, channel=Channel.STAFF)
    with clock.pretend(frame.now - EXERCISE_BEFORE):
        breach_id = services.register_breach(
            officer,
            title="Exercise: day list left in a classroom",
            kind=BreachKind.CONFIDENTIALITY,
            facts=EXERCISE,
            is_exercise=True,
        )
    for to, hours in ((Addressee.COMMISSION, 20), (Addressee.PERSONS, 26)):
        with clock.pretend(frame.now - EXERCISE_BEFORE + hours * HOUR):
            services.record_notice(officer, breach_id=breach_id, to=to)
    with clock.pretend(frame.now - EXERCISE_BEFORE + 96 * HOUR):
        services.close_breach(
            officer,
            breach_id=breach_id,
            lessons="The template was at hand; the list of contacts was old and is renewed now.",
        )
    with clock.pretend(frame.now - ASKED_BEFORE):
        draft = RequestDraft(
            kind=RequestKind.ACCESS,
            wish="Please give me a copy of everything that the clinic holds about me.",
            university_id=student,
        )
        request_id = services.register_request(officer, draft=draft)
    with clock.pretend(frame.now - ASKED_BEFORE + HOUR):
        services.take_request(officer, request_id=request_id)
