"""How well time is used: held minutes over open minutes."""

from hypothesis import given
from hypothesis import strategies as st

from app.kernel.period import Period
from app.scheduling.rules.utilisation import Utilisation, utilisation
from tests.rules.clinic import at, minutes, period

DAY = period("08:00", "18:00")


def test_held_time_counts_inside_open_time_only():
    found = utilisation(DAY, opened=[period("09:00", "12:00")], held=[period("08:30", "09:30")])

    assert found == Utilisation(open_minutes=180, held_minutes=30)
    assert found.percent == 17


def test_time_out_of_use_is_not_open_and_overlapping_claims_count_once():
    found = utilisation(
        DAY,
        opened=[period("09:00", "12:00")],
        held=[period("09:00", "10:00"), period("09:30", "10:00")],
        out_of_use=[period("11:00", "12:00")],
    )

    assert found == Utilisation(open_minutes=120, held_minutes=60)


def test_what_is_never_open_has_no_use():
    assert utilisation(DAY, opened=[], held=[DAY]).percent is None


def test_only_the_window_counts():
    found = utilisation(DAY, opened=[period("06:00", "20:00")], held=[period("06:00", "09:00")])

    assert found == Utilisation(open_minutes=600, held_minutes=60)


def periods():
    return st.lists(
        st.tuples(st.integers(0, 100), st.integers(1, 40)).map(
            lambda pair: Period(at("06:00") + minutes(pair[0]), at("06:00") + minutes(sum(pair)))
        ),
        max_size=6,
    )


@given(periods(), periods(), periods())
def test_counting_minute_by_minute_gives_the_same(opened, held, out_of_use):
    window = Period(at("06:20"), at("07:40"))

    found = utilisation(window, opened=opened, held=held, out_of_use=out_of_use)

    def inside(periods, moment):
        return any(one.holds(moment) for one in periods)

    each = [at("06:20") + minutes(i) for i in range(80)]
    is_open = [one for one in each if inside(opened, one) and not inside(out_of_use, one)]
    assert found.open_minutes == len(is_open)
    assert found.held_minutes == len([one for one in is_open if inside(held, one)])
