"""Why a patient is offered nothing: the limits of open visits, in a sentence (SCH-17)."""

from app.kernel import clock
from app.scheduling.queries.appointments import appointments_of_patient
from app.scheduling.queries.types import BookableType
from app.scheduling.rules import OPEN
from app.scheduling.services.parties import clinic_limits
from portal.auth import me

LOOK_AT = 100


def why_nothing_is_free(kind: BookableType) -> str | None:
    """The limit that is used up, or None when there is another cause."""
    page = appointments_of_patient(
        me().id, now=clock.now(), when="upcoming", statuses=sorted(OPEN), page_size=LOOK_AT
    )
    of_type = sum(visit.type_id == kind.id for visit in page.results)
    most, most_of_type = clinic_limits().max_open, kind.policy.max_open_per_patient
    if most is not None and page.count >= most:
        return f"You have {_visits(page.count)} to come, and more are not possible at a time."
    if most_of_type is not None and of_type >= most_of_type:
        return f"You have {_visits(of_type)} of this kind to come, and more are not possible."
    return None


def _visits(number: int) -> str:
    return f"{number} visit" if number == 1 else f"{number} visits"
