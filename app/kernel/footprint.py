"""What somebody left behind in a domain: since when nothing happened, and what is still open."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Footprint:
    """Of one person in one domain. `open_matters` are sentences for the one who asks why."""

    last_consultation_at: datetime | None = None
    last_activity_at: datetime | None = None
    open_matters: tuple[str, ...] = ()

    def __or__(self, other: "Footprint") -> "Footprint":
        """Both together: the later instants, and all that is open."""
        return Footprint(
            _later(self.last_consultation_at, other.last_consultation_at),
            _later(self.last_activity_at, other.last_activity_at),
            self.open_matters + other.open_matters,
        )


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((at for at in (one, other) if at is not None), default=None)
