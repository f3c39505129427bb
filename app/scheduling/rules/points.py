"""Points of missed visits: which count, and what may become of them (SCH-35)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from app.scheduling.errors import ReasonRequired
from app.scheduling.errors.points import MissedTooMany, PointNotContestable, PointNotDecidable
from app.scheduling.rules.booking import check_reason_text
from app.scheduling.rules.facts import PointsPolicy


class PointStatus(StrEnum):
    """What became of a point. Waived and void ones count no longer."""

    COUNTED = "counted"
    CONTESTED = "contested"
    UPHELD = "upheld"
    WAIVED = "waived"
    VOID = "void"


COUNTING = frozenset({PointStatus.COUNTED, PointStatus.CONTESTED, PointStatus.UPHELD})

# What a point *is*, for the sentence of a refusal.
_SAID: Mapping[PointStatus, str] = MappingProxyType(
    {
        PointStatus.COUNTED: "has no objection",
        PointStatus.CONTESTED: "has an objection that the clinic looks at already",
        PointStatus.UPHELD: "was looked at, and it stays",
        PointStatus.WAIVED: "was taken back",
        PointStatus.VOID: "does not count, because the patient came after all",
    }
)


def does_count(status: PointStatus, *, expires_at: datetime, now: datetime) -> bool:
    """Whether the point still counts; it ends exactly when it expires."""
    return status in COUNTING and now < expires_at


def check_own_seat(
    points: int, policy: PointsPolicy, *, starts_at: datetime, now: datetime
) -> None:
    """Whether a patient with these points may take a seat in a session for themselves.

    A seat cannot wait for approval, so the front desk gives it. Raises MissedTooMany.
    """
    horizon = policy.horizon_of(points)
    if starts_at - now > horizon:
        days = f"{horizon.days} days" if horizon.days != 1 else "1 day"
        raise MissedTooMany(
            f"Because of missed visits you can take a seat at most {days} ahead. "
            "Please ask the front desk if you need it earlier."
        )
    if points >= policy.for_approval:
        raise MissedTooMany(
            "Because of missed visits the front desk gives you your seat. Please call or ask there."
        )


def check_objection(
    status: PointStatus, text: str | None, *, expires_at: datetime, now: datetime
) -> str:
    """The text of an objection. Raises ReasonRequired, BadText and PointNotContestable."""
    if status is not PointStatus.COUNTED:
        raise PointNotContestable(f"This missed visit {_SAID[status]}.")
    if now >= expires_at:
        raise PointNotContestable("This missed visit no longer counts.")
    return _text(text, "objection", "Please say in a few words why it should not count.")


def check_decision(status: PointStatus, target: PointStatus, text: str | None) -> str:
    """The reason of a decision; staff may also waive a point that nobody objected to.

    Raises ReasonRequired, BadText and PointNotDecidable.
    """
    is_open = status is PointStatus.CONTESTED
    is_kindness = status is PointStatus.COUNTED and target is PointStatus.WAIVED
    if not (is_open or is_kindness) or target not in (PointStatus.UPHELD, PointStatus.WAIVED):
        raise PointNotDecidable(f"This missed visit {_SAID[status]}.")
    return _text(text, "decision", "Please give the reason; the patient reads it.")


def _text(text: str | None, field: str, sentence: str) -> str:
    said = check_reason_text(text, field=field)
    if not said:
        refusal = ReasonRequired(sentence)
        refusal.errors = {field: [sentence]}
        raise refusal
    return said
