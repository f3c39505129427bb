"""What is refused about points of missed visits (SCH-35)."""

from app.kernel.errors import Invalid, NotFound
from app.kernel.states import TransitionRefused


class UnknownPoint(NotFound):
    """No such point, or none of one's own."""

    code = "scheduling.unknown_point"

    def __init__(self, message: str = "There is no such missed visit.") -> None:
        super().__init__(message)


class MissedTooMany(Invalid):
    """Missed visits stand against booking this for oneself. The sentence says what helps."""

    code = "scheduling.missed_too_many"


class PointNotContestable(TransitionRefused):
    """The point cannot be objected to now. The sentence says why."""

    code = "scheduling.point_not_contestable"


class PointNotDecidable(TransitionRefused):
    """The point cannot be decided on now. The sentence says why."""

    code = "scheduling.point_not_decidable"
