"""What calendar feeds and timetables refuse."""

from app.kernel.errors import Conflict, Invalid, NotFound


class UnknownFeed(NotFound):
    """No such address, or one that was taken back, or whose owner has left (SCH-37)."""

    code = "scheduling.unknown_feed"

    def __init__(self, message: str = "There is no such calendar.") -> None:
        super().__init__(message)


class NoFeedForYou(NotFound):
    """Only patients and providers have visits to put into a calendar."""

    code = "scheduling.no_feed"

    def __init__(
        self, message: str = "Only patients and providers have a calendar of their own."
    ) -> None:
        super().__init__(message)


class FeedClash(Conflict):
    """Two addresses were made at the same moment."""

    code = "scheduling.feed_clash"

    def __init__(
        self, message: str = "Another address was made at this moment. Please try again."
    ) -> None:
        super().__init__(message)


class BadTimetable(Invalid):
    """The text is no timetable that we understand. The sentence says why."""

    code = "scheduling.bad_timetable"

    def __init__(
        self, message: str = "This is not a calendar file. Please choose the .ics file."
    ) -> None:
        super().__init__(message, errors={"timetable": [message]})
