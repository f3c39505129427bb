"""People who were here long ago, and a list that is ready for its approvers."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import text

from app.infra.db import session
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.ids import PatientId
from app.kernel.permission import Role
from app.patients.queries import patient_by_university_id
from app.retention import queries, services
from app.scheduling import services as scheduling
from app.scheduling.services import Wish
from app.security import services as security
from app.visits import services as visits
from tests.factories.scheduling import SYSTEM, at
from tests.people import PEOPLE, Person

LONG_AFTER = datetime(2034, 6, 1, 1, 0, tzinfo=UTC)
REASON = "Yearly disposal of old records"
SECOND = Person("DPO902", "Paz", "Uy", Role.PRIVACY_OFFICER)


@contextmanager
def long_after() -> Iterator[None]:
    """Seven and a half years after the Monday on which the tests' clinic is open."""
    with clock.pretend(LONG_AFTER):
        yield


def open_second_officer() -> None:
    """A third person who may approve, beside Ada and Pia."""
    security.open_account(
        SYSTEM,
        university_id=SECOND.id,
        first_name=SECOND.first_name,
        last_name=SECOND.last_name,
        email=SECOND.email,
        roles=[SECOND.role],
        password_hash=None,
    )


def person(university_id: str) -> PatientId:
    """The key of a record."""
    card = patient_by_university_id(university_id)
    assert card is not None
    return card.id


def give_birth_dates() -> None:
    """Everybody is of age, so that the normal duty counts."""
    session().execute(text("UPDATE patients_patient SET born_on = '1999-05-01'"))
    session().commit()


def visited(who: Person, moment: str = "09:00") -> int:
    """A consultation with Dana that was booked in the portal with a reason, and took place."""
    wish = Wish(
        type="consultation",
        starts_at=at(moment),
        provider=PEOPLE.dana.id,
        reason=f"{who.first_name} has a cough",
    )
    booked = scheduling.book_appointment(who.actor, wish=wish).id
    with clock.pretend(at(moment)):
        here = visits.check_in(PEOPLE.rosa.actor, appointment_id=booked)
        visits.start(PEOPLE.dana.actor, visit_id=here.id)
        visits.complete(PEOPLE.dana.actor, visit_id=here.id)
    return int(booked)


def drawn_up(actor: Actor) -> queries.DisposalView:
    """A list as the worker leaves it."""
    disposal_id = services.request_list(actor, reason=REASON)
    services.draw_up(SYSTEM, disposal_id=disposal_id)
    return queries.known_disposal(disposal_id)


def approved() -> queries.DisposalView:
    """A list of Ada's that Pia and Paz approved."""
    found = drawn_up(PEOPLE.ada.actor)
    for approver in (PEOPLE.pia, SECOND):
        services.approve_list(approver.actor, disposal_id=found.id, list_hash=found.list_hash)
    return queries.known_disposal(found.id)
