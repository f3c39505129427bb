"""What is refused about times that are kept while a form is filled."""

from app.kernel.errors import Conflict, TooMany


class TooManyHolds(TooMany):
    """Somebody looks at times faster than people do."""

    code = "scheduling.too_many_holds"

    def __init__(
        self,
        message: str = "You have looked at many times in a short while. "
        "You can still book; no time is kept for you at present.",
    ) -> None:
        super().__init__(message)


class KeptTooOften(Conflict):
    """The same time was kept for the same patient before, and they did not book it."""

    code = "scheduling.kept_too_often"

    def __init__(
        self,
        message: str = "This time was kept for you already. "
        "You can book it as long as nobody else does.",
    ) -> None:
        super().__init__(message)
