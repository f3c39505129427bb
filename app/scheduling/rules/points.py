"""Points of missed visits: which count, and what may become of them (SCH-35)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from app.scheduling.errors import ReasonRequired
from app.scheduling.errors.points import PointNotContestable, PointNotDecidable
from app.scheduling.rules.booking import check_reason_text


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
