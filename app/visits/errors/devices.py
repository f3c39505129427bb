"""What kiosks and displays refuse. Nothing here says whom the clinic knows."""

from app.kernel.errors import Conflict, Invalid, NotFound, TooMany


class UnknownDevice(NotFound):
    """No such screen, or one whose address was taken back."""

    code = "visits.unknown_device"

    def __init__(
        self, message: str = "This screen is not connected. Please ask the clinic's staff."
    ) -> None:
        super().__init__(message)


class UnusableDevice(Invalid):
    """A screen needs a name and one of the two kinds."""

    code = "visits.unusable_device"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message, errors={field: [message]})


class KioskBusy(TooMany):
    """Somebody types numbers that nobody has: a minute of rest."""

    code = "visits.kiosk_busy"

    def __init__(
        self, message: str = "Too many tries. Please wait a minute, or ask the front desk."
    ) -> None:
        super().__init__(message)


class NotForThisKiosk(Conflict):
    """Unknown, or known and not expected today: the same words, so that nobody learns which."""

    code = "visits.nothing_found"

    def __init__(
        self,
        message: str = "We found no visit for this today. If your visit is on another day, please"
        " come then. If you have none, take a number, or ask the front desk.",
    ) -> None:
        super().__init__(message)


class UnknownAtKiosk(Conflict):
    """No number for somebody whom the clinic does not know, or cannot take here."""

    code = "visits.not_taken_here"

    def __init__(
        self,
        message: str = "We cannot give you a number here. Please check what you typed, or ask the"
        " front desk.",
    ) -> None:
        super().__init__(message)


class NotNow(Conflict):
    """The visit is today, but this is not the time to check in alone."""

    code = "visits.not_now"


class UnusableCode(Invalid):
    """A QR code that was not made here, or not for today."""

    code = "visits.unusable_code"

    def __init__(
        self,
        message: str = "This code is not for today. Please open your visit in the portal again, or"
        " type your ID.",
    ) -> None:
        super().__init__(message)


class NoCodeToday(NotFound):
    """The code appears on the day of the visit only."""

    code = "visits.no_code_today"

    def __init__(
        self, message: str = "The code for check-in appears on the day of the visit."
    ) -> None:
        super().__init__(message)
