"""A time that is kept while somebody fills the form of a booking (the state "held")."""

from datetime import timedelta

from app.scheduling.errors.form_holds import KeptTooOften, TooManyHolds

KEEP_FOR = timedelta(minutes=5)
# Nobody keeps the clinic's times from others without booking.
LOOK_BACK = timedelta(minutes=10)
MOST_IN_A_ROW = 20
MOST_OF_ONE_TIME = 2


def check_may_keep(*, lately: int, same_time: int) -> None:
    """Whether one more time may be kept: `lately` counts those of the last ten minutes,
    `same_time` how often this very time was kept for the patient.

    Raises TooManyHolds, KeptTooOften.
    """
    if lately >= MOST_IN_A_ROW:
        raise TooManyHolds()
    if same_time >= MOST_OF_ONE_TIME:
        raise KeptTooOften()
