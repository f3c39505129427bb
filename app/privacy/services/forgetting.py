"""Takes the words out of requests of people whose records are no longer kept (RET-02).

Disposal lies below this domain and cannot call it, so a job looks after it every hour.
"""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import case, update

from app.infra.db import transaction
from app.kernel.actor import Actor, Channel
from app.kernel.ids import PatientId
from app.patients.queries import kept_records
from app.privacy import queries
from app.privacy.models import Entry, PersonalCopy, RightsRequest
from app.privacy.permissions import Permission
from app.security.services import record_event

REMOVED: Final = "removed with the record"
NOBODY: Final = "Person"


def people_gone(owners: Mapping[int, PatientId]) -> list[int]:
    """The numbers of those requests whose person was disposed of."""
    wanted = set(owners.values())
    kept = {one.id for one in kept_records(among=wanted, limit=len(wanted))}
    return [number for number, patient_id in owners.items() if patient_id not in kept]


def forget_words(actor: Actor) -> int:
    """Wishes, contacts, outcomes, notes and own names go; kind, days and state stay.

    Returns of how many requests. The database lets the words of nobody else out of the log.
    """
    actor.require(Permission.REQUEST_WRITE)
    numbers = people_gone(queries.requests_with_words(REMOVED))
    if not numbers:
        return 0
    of_theirs = RightsRequest.id.in_(numbers)
    by_themselves = RightsRequest.channel == Channel.PORTAL.value
    with transaction() as tx:
        for statement in (
            update(Entry)
            .where(Entry.request_id == RightsRequest.id, of_theirs)
            .values(
                words=REMOVED,
                actor_name=case(
                    (by_themselves & (Entry.actor_id == RightsRequest.registered_by_id), NOBODY),
                    else_=Entry.actor_name,
                ),
            ),
            update(PersonalCopy)
            .where(PersonalCopy.request_id == RightsRequest.id, of_theirs, by_themselves)
            .values(asked_by=NOBODY),
            update(RightsRequest)
            .where(of_theirs)
            .values(
                wish=REMOVED,
                contact="",
                outcome=case((RightsRequest.outcome == "", ""), else_=REMOVED),
                registered_by=case((by_themselves, NOBODY), else_=RightsRequest.registered_by),
            ),
        ):
            tx.execute(statement.execution_options(synchronize_session=False))
        for number in numbers:
            record_event(
                tx,
                actor,
                "privacy:request:forget",
                object_type="RightsRequest",
                object_id=number,
            )
    return len(numbers)
