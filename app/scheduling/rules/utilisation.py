"""How well time is used: held minutes over open minutes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from app.kernel.period import Period, merged, minus

A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Utilisation:
    """Whole minutes. What is held outside of open time does not count."""

    open_minutes: int
    held_minutes: int

    @property
    def percent(self) -> int | None:
        """Held in per cent of open; None when nothing was open."""
        return round(100 * self.held_minutes / self.open_minutes) if self.open_minutes else None


def utilisation(
    window: Period,
    *,
    opened: Iterable[Period],
    held: Iterable[Period],
    out_of_use: Iterable[Period] = (),
) -> Utilisation:
    """The use of one provider or room in a window; time out of use is not open."""
    inside = [part for one in opened if (part := one.intersection(window))]
    open_time = minus(inside, out_of_use)
    left_over = minus(open_time, held)
    opened_for, unused_for = _length(open_time), _length(left_over)
    return Utilisation(opened_for // A_MINUTE, (opened_for - unused_for) // A_MINUTE)


def _length(periods: Iterable[Period]) -> timedelta:
    return sum((period.lasts_for for period in merged(periods)), timedelta(0))
