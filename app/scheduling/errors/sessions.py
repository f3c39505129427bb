"""What group sessions refuse (SCH-04)."""

from collections.abc import Sequence
from typing import Protocol

from app.kernel.errors import Conflict, Invalid, NotFound
from app.scheduling.errors import SlotTaken


class OtherSession(Protocol):
    """What a refusal says about another session."""

    @property
    def id(self) -> int: ...
    @property
    def title(self) -> str: ...


class UnknownSession(NotFound):
    """No such session, or none that the actor may know of."""

    code = "scheduling.unknown_session"

    def __init__(self, message: str = "There is no such group session.") -> None:
        super().__init__(message)


class UnknownSeat(NotFound):
    """No such seat, or none that the actor may know of."""

    code = "scheduling.unknown_seat"

    def __init__(self, message: str = "There is no seat in this session for this person.") -> None:
        super().__init__(message)


class SessionClash(SlotTaken):
    """The provider or the room is taken at the time; the sentence names what is in the way."""

    code = "scheduling.session_clash"

    def __init__(
        self,
        message: str = "The provider or the room is taken at this time. Please choose another.",
    ) -> None:
        super().__init__(message)


class SessionOutsideHours(Invalid):
    """The clinic is closed or the provider not there at the time (SCH-12). The sentence says why.

    Those who may set rules aside can plan it with a reason.
    """

    code = "scheduling.session_outside_hours"

    def __init__(self, message: str) -> None:
        super().__init__(message, errors={"starts_at": [message]})


class SessionFull(Conflict):
    """Every seat is taken (SCH-04). `alternatives` are other open sessions of the type."""

    code = "scheduling.session_full"

    def __init__(
        self,
        message: str = "The last seat has just been taken.",
        *,
        alternatives: Sequence[OtherSession] = (),
    ) -> None:
        super().__init__(message)
        self.alternatives = list(alternatives)

    @property
    def extra(self) -> dict[str, object]:
        """For the JSON answer."""
        return {"alternatives": [{"id": one.id, "title": one.title} for one in self.alternatives]}


class SessionOver(Conflict):
    """Seats are given out no more: the session is closed, cancelled, done or has begun."""

    code = "scheduling.session_over"

    def __init__(self, message: str = "Seats in this session can no longer be booked.") -> None:
        super().__init__(message)


class NotOpenYet(Invalid):
    """Booking begins later for this person. The sentence says when."""

    code = "scheduling.session_not_open_yet"


class TooFewSeats(Conflict):
    """The capacity would be lower than the number of seats that are taken (SCH-04)."""

    code = "scheduling.too_few_seats"

    def __init__(self, taken: int) -> None:
        people = "1 person has" if taken == 1 else f"{taken} people have"
        sentence = f"{people} a seat already, so the session cannot have fewer seats than that."
        super().__init__(sentence, errors={"capacity": [sentence]})


class TimesAreFixed(Conflict):
    """People have seats, so the session keeps its time."""

    code = "scheduling.session_times_fixed"

    def __init__(self) -> None:
        sentence = (
            "People have seats at this time, so it stays. "
            "Cancel the session and create another for a new time."
        )
        super().__init__(sentence, errors={"starts_at": [sentence]})


class StaleSession(Conflict):
    """Somebody changed the session since the page was shown."""

    code = "scheduling.stale_session"

    def __init__(
        self, message: str = "This session was changed in the meantime. Please look at it again."
    ) -> None:
        super().__init__(message)


class SeatRefused(Conflict):
    """The seat or the session cannot take this step now. The sentence says why."""

    code = "scheduling.seat_refused"


class TooLateForSeat(SeatRefused):
    """A patient gives a seat up after the cutoff; the front desk still may."""

    code = "scheduling.too_late_for_seat"

    def __init__(
        self,
        message: str = "It is too late to cancel this seat online. Please call the front desk.",
    ) -> None:
        super().__init__(message)
