"""What the waiting list refuses (SCH-31)."""

from collections.abc import Sequence

from app.kernel.errors import Conflict, Invalid, NotFound
from app.scheduling.errors import FreeTime


class AlreadyWaiting(Conflict):
    """One open entry for each patient and kind of visit."""

    code = "scheduling.already_waiting"

    def __init__(
        self, message: str = "There is an entry on the waiting list for this kind of visit already."
    ) -> None:
        super().__init__(message)


class BadWait(Invalid):
    """Days or times of day that no visit can fit into."""

    code = "scheduling.bad_wait"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message, errors={field: [message]})


class UnknownEntry(NotFound):
    """No such entry, or none that the actor may know of."""

    code = "scheduling.unknown_waitlist_entry"

    def __init__(self, message: str = "There is no such entry on the waiting list.") -> None:
        super().__init__(message)


class NotWaiting(Conflict):
    """The entry is over: fulfilled, withdrawn or expired."""

    code = "scheduling.not_waiting"

    def __init__(self, message: str = "This entry on the waiting list is over already.") -> None:
        super().__init__(message)


class UnknownOffer(NotFound):
    """No such offer, or none that the actor may know of."""

    code = "scheduling.unknown_offer"

    def __init__(self, message: str = "There is no such offer.") -> None:
        super().__init__(message)


class OfferOver(Conflict):
    """The time is not kept any more. `alternatives` are free times near it."""

    code = "scheduling.offer_over"

    def __init__(
        self,
        message: str = "This offer is over, and the time may be somebody else's now. "
        "You stay on the waiting list, and we tell you of the next free time.",
        *,
        alternatives: Sequence[FreeTime] = (),
    ) -> None:
        super().__init__(message)
        self.alternatives: list[FreeTime] = list(alternatives)


class CannotOffer(Conflict):
    """The time that staff name is not free, does not suit the wish, or was offered before."""

    code = "scheduling.cannot_offer"

    def __init__(
        self,
        message: str = "This time cannot be offered to this patient: it is not free, does not "
        "suit the wish, is too soon, or was offered before.",
    ) -> None:
        super().__init__(message, errors={"slot": [message]})


class QuietNow(Conflict):
    """Offers wait for the end of the quiet hours (NOT-03)."""

    code = "scheduling.quiet_now"

    def __init__(self, until: str) -> None:
        super().__init__(
            f"These are quiet hours, so no offer leaves before {until}. "
            "You can call the patient and book instead."
        )
