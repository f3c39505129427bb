"""What somebody wants to book."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to book. Without a provider any will do (SCH-18).

    `patient` and `provider` are university IDs; `override_reason` sets notice, horizon and
    limits aside, for those who may.
    """

    type: str
    starts_at: datetime
    provider: str | None = None
    patient: str | None = None
    reason: str = ""
    override_reason: str | None = None
