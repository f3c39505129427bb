"""What can be booked for, and with whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.kernel import clock
from app.kernel.clock import local_date
from app.scheduling.errors import UnknownProvider, UnknownType
from app.scheduling.queries.facts import BookableType, bookable_types
from app.scheduling.queries.schedules import PractitionerCard, practitioners
from app.scheduling.rules import PractitionerKind, TypePolicy
from app.web.http import clinic_zone, current_actor

# A horizon without an end would run past the last year of the calendar.
MAXIMUM_HORIZON = timedelta(days=366)
ICONS = {
    PractitionerKind.PHYSICIAN: "stethoscope",
    PractitionerKind.DENTIST: "tooth",
    PractitionerKind.NURSE: "syringe",
    PractitionerKind.COUNSELLOR: "message",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of visit as a card: its icon comes from who does it."""

    type: BookableType
    icon: str

    @property
    def last_day(self) -> date:
        """The last clinic day that can be booked (SCH-15)."""
        return last_day_of(self.type.policy)


def last_day_of(policy: TypePolicy) -> date:
    """The last clinic day within the horizon (SCH-15)."""
    return local_date(clock.now() + min(policy.horizon, MAXIMUM_HORIZON), clinic_zone())


def my_kinds() -> list[Kind]:
    """The kinds that one may book oneself; others are not shown (SCH-13)."""
    roles = current_actor().roles
    return [_kind(each) for each in bookable_types() if each.policy.bookable_by & roles]


def my_kind(code: str) -> Kind:
    """One of those, by its code. Raises UnknownType."""
    for kind in my_kinds():
        if kind.type.policy.code == code.lower():
            return kind
    raise UnknownType()


def _kind(each: BookableType) -> Kind:
    first = PractitionerKind(each.kinds[0])
    return Kind(each, ICONS[first])


def providers_of(kinds: Sequence[str]) -> list[PractitionerCard]:
    """Who sees patients of these provider kinds, by name."""
    return practitioners(kinds=kinds)


def chosen_provider(
    providers: Sequence[PractitionerCard], university_id: str | None
) -> PractitionerCard | None:
    """The provider that the address names, or None for any. Raises UnknownProvider."""
    if not university_id:
        return None
    for card in providers:
        if card.university_id.lower() == university_id.lower():
            return card
    raise UnknownProvider()
