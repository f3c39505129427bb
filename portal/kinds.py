"""What can be booked for, and with whom."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.kernel import clock
from app.kernel.clock import local_date
from app.scheduling.errors import UnknownProvider, UnknownType
from app.scheduling.queries.schedules import PractitionerCard, practitioners
from app.scheduling.queries.types import BookableType, bookable_types
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


@dataclass(frozen=True, slots=True)
class Providers:
    """Who sees patients for one kind of visit, by name, and who of them was asked for."""

    cards: Sequence[PractitionerCard]
    chosen: PractitionerCard | None

    @property
    def key(self) -> str | None:
        """The university ID of the chosen one; None is anybody."""
        return self.chosen.university_id if self.chosen else None

    def names(self, keys: Iterable[str]) -> list[str]:
        """The names of some of them."""
        known = {card.university_id: card.name for card in self.cards}
        return [known[key] for key in keys]


def providers_for(
    kinds: Sequence[str], asked: str | None, *, type_id: int | None = None
) -> Providers:
    """The providers of these kinds who take the type and the one that the address or form names.

    Raises UnknownProvider for somebody else.
    """
    cards = practitioners(kinds=kinds, type_id=type_id)
    if not asked:
        return Providers(cards, None)
    for card in cards:
        if card.university_id.lower() == asked.lower():
            return Providers(cards, card)
    raise UnknownProvider()
