"""Requests about somebody's own data, and breaches."""

from datetime import datetime

from app.kernel.actor import Actor
from app.privacy import services
from app.privacy.rules import RequestKind, RequestStatus
from app.privacy.services import RequestDraft
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
