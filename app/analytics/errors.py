"""What analytics refuses."""

from app.kernel.errors import Malformed

LONGEST_DAYS = 366


class RangeRefused(Malformed):
    """The range of days runs backwards, is too long, or lies in no sane year."""

    code = "analytics.range_refused"

    def __init__(self, message: str) -> None:
        super().__init__(message, errors={"to": [message]})
