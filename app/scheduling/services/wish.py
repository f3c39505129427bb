"""What somebody wants to book."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to book. Without a provider any will do (SCH-18).

    `patient` and `provider` are university IDs; `override_reason` sets notice, horizon and
    limits aside, for those who may. `answers` are those to the questions of the type by key,
    `questions_version` the version that they were read in, where the asker knows it.
    """

    type: str
    starts_at: datetime
    provider: str | None = None
    patient: str | None = None
    reason: str = ""
    override_reason: str | None = None
    answers: Mapping[str, object] | None = None
    consent: bool = False
    questions_version: int | None = None
