"""What somebody wants to book."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a booking that is no form of its own brings along: an offer, a series.

    `despite_flag` is the reason why staff book although an answer is a red flag.
    """

    answers: Mapping[str, object] | None = None
    consent: bool = False
    version: int | None = None
    despite_flag: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to book. Without a provider any will do (SCH-18).

    `patient` and `provider` are university IDs; `override_reason` sets notice, horizon and
    limits aside, for those who may. `answers` are those to the questions of the type by key,
    `questions_version` the version that they were read in, where the asker knows it;
    `despite_flag` is the reason why staff book although an answer is a red flag.
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
    despite_flag: str | None = None

    def answering(self, given: Answers) -> "Wish":
        """The same wish with these answers."""
        return replace(
            self,
            answers=given.answers,
            consent=given.consent,
            questions_version=given.version,
            despite_flag=given.despite_flag,
        )
