"""Requests about somebody's own data, and breaches."""

from datetime import datetime

from app.kernel.actor import Actor
from app.privacy import services
from app.privacy.rules import BreachKind, Judgement, RequestKind, RequestStatus
from app.privacy.services import Facts, RequestDraft
from tests.people import PEOPLE, Person

WISH = "I want to know what you hold about me."
BECAUSE = "As the law and our policy say."


def asked(
    kind: RequestKind = RequestKind.ACCESS,
    person: Person | None = PEOPLE.sam,
    *,
    stranger: str = "",
    received_at: datetime | None = None,
    by: Actor | None = None,
) -> int:
    """A request that Pia entered."""
    draft = RequestDraft(
        kind=kind,
        wish=WISH,
        university_id=person.id if person and not stranger else "",
        stranger_name=stranger,
        received_at=received_at,
    )
    return services.register_request(by or PEOPLE.pia.actor, draft=draft)


def in_work(kind: RequestKind = RequestKind.ACCESS, person: Person = PEOPLE.sam) -> int:
    """The same, in Pia's hands."""
    request_id = asked(kind, person)
    services.take_request(PEOPLE.pia.actor, request_id=request_id)
    return request_id


def ended(request_id: int, status: RequestStatus = RequestStatus.ANSWERED) -> None:
    """Pia ends it."""
    services.end_request(PEOPLE.pia.actor, request_id=request_id, status=status, outcome=BECAUSE)


NATURE = "A list was left in the hall of the library."
GRAVE = Judgement(is_sensitive=True, was_acquired=True, has_real_risk=True)
HARMLESS = Judgement(is_sensitive=True, was_acquired=False)


def leaked(
    judgement: Judgement | None = None,
    *,
    detected_at: datetime | None = None,
    is_exercise: bool = False,
    kind: BreachKind = BreachKind.CONFIDENTIALITY,
) -> int:
    """A breach that Pia entered."""
    return services.register_breach(
        PEOPLE.pia.actor,
        title="A list in the library",
        kind=kind,
        facts=Facts(nature=NATURE, persons=4, judgement=judgement or Judgement()),
        detected_at=detected_at,
        is_exercise=is_exercise,
    )
