"""What is said of runs, and when the daily one begins (BAK-01, BAK-04)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.backup.rules.runs import (
    Proof,
    RunStatus,
    age_in_words,
    has_shrunk,
    is_stale,
    missing_from,
    percent_done,
    shrink_sentence,
    size_in_words,
    trouble_of,
)
from app.kernel.daily import DailyAt

NOW = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)
MANILA, BERLIN = ZoneInfo("Asia/Manila"), ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    [
        ZoneInfo(name)
        for name in ("Asia/Manila", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
    ]
)


@pytest.mark.parametrize(
    ("hours", "stale"), [(None, True), (0, False), (26, False), (26.1, True), (500, True)]
)
def test_a_set_is_stale_after_26_hours(hours, stale):
    made_at = None if hours is None else NOW - timedelta(hours=hours)

    assert is_stale(made_at, NOW) is stale


@pytest.mark.parametrize(
    ("size", "before", "shrunk"),
    [(100, None, False), (70, 100, False), (69, 100, True), (500, 100, False), (0, 1, True)],
)
def test_a_third_less_is_suddenly_small(size, before, shrunk):
    assert has_shrunk(size, before) is shrunk


def test_the_sentence_of_a_small_set_says_how_much():
    assert "40 % smaller" in shrink_sentence(60, 100)


@pytest.mark.parametrize(
    ("done", "expected", "percent"), [(0, 0, 0), (5, 10, 50), (10, 10, 99), (50, 10, 99)]
)
def test_progress_never_claims_the_end(done, expected, percent):
    assert percent_done(done, expected) == percent


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "less than a minute"),
        (1, "1 minute"),
        (59, "59 minutes"),
        (60, "1 hour"),
        (26 * 60, "26 hours"),
        (48 * 60, "2 days"),
        (-5, "less than a minute"),
    ],
)
def test_an_age_reads_plainly(minutes, words):
    assert age_in_words(timedelta(minutes=minutes)) == words


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 B"), (1536, "1.5 KB"), (50 * 1024**2, "50 MB"), (2**50, "1024.0 TB")]
)
def test_a_size_reads_plainly(size, words):
    assert size_in_words(size) == words


def test_the_places_without_the_set_are_named():
    places = [
        {"label": "a", "is_there": True, "problem": ""},
        {"label": "b", "is_there": False, "problem": "b: away."},
    ]

    assert missing_from(places) == ["b: away."]


def test_the_daily_time_is_that_of_the_clinic():
    daily = DailyAt(time(2, 30), MANILA)

    assert daily.after(NOW) == datetime(2026, 11, 23, 18, 30, tzinfo=UTC)
    assert daily.after(daily.after(NOW)) == datetime(2026, 11, 24, 18, 30, tzinfo=UTC)


def test_a_night_that_skips_the_time_has_a_backup_all_the_same():
    daily = DailyAt(time(2, 30), BERLIN)  # on 29 March 2026 the clock jumps from 2 to 3

    found = daily.after(datetime(2026, 3, 28, 12, tzinfo=UTC))

    assert found == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 3:30 there
    assert daily.after(found) == datetime(2026, 3, 30, 0, 30, tzinfo=UTC)


def test_a_night_that_has_the_time_twice_has_one_backup():
    daily = DailyAt(time(2, 30), BERLIN)  # on 25 October 2026 it is half past two twice

    first = daily.after(datetime(2026, 10, 24, 12, tzinfo=UTC))

    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert daily.after(first) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


@given(
    st.integers(0, 3_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.times(),
    ZONES,
)
def test_the_next_time_is_always_ahead_and_once_a_civil_day(instant, at, zone):
    daily = DailyAt(at.replace(second=0, microsecond=0), zone)
    first = daily.after(instant)
    second = daily.after(first)

    assert instant < first <= instant + timedelta(hours=26)
    assert timedelta(hours=22) < second - first < timedelta(hours=26)
    days = {first.astimezone(zone).date(), second.astimezone(zone).date()}
    assert len(days) == 2
    assert max(days) - min(days) == timedelta(days=1)
    assert isinstance(min(days), date)


FINE = {
    "status": RunStatus.MADE,
    "proof": Proof.PASSED,
    "error": "",
    "checks": [{"passed": True, "sentence": "Whole."}],
    "places": [{"is_there": True, "problem": ""}],
    "size": 100,
    "before": 100,
}
AWAY = [{"is_there": True, "problem": ""}, {"is_there": False, "problem": "b: away."}]
BROKEN = [{"passed": True, "sentence": "Whole."}, {"passed": False, "sentence": "Rows are gone."}]


@pytest.mark.parametrize(
    ("changed", "sentence", "is_grave"),
    [
        ({"status": RunStatus.FAILED, "error": "Full."}, "A backup failed. Full.", True),
        (
            {"proof": Proof.FAILED, "checks": BROKEN},
            "A backup could not be restored. Rows are gone.",
            True,
        ),
        ({"proof": Proof.NONE, "error": "It was cut."}, "A backup was not looked after. ", True),
        ({"size": 60}, "The newest backup is 40 % smaller", True),
        ({"places": AWAY}, "A backup was not copied. b: away.", False),
    ],
)
def test_what_is_wrong_with_the_last_backup_is_a_sentence(changed, sentence, is_grave):  # BAK-04
    trouble = trouble_of(**FINE | changed)

    assert trouble is not None
    assert trouble.sentence.startswith(sentence)
    assert trouble.is_grave is is_grave


def test_of_a_good_backup_nothing_is_told():
    assert trouble_of(**FINE) is None
    assert trouble_of(**FINE | {"before": None}) is None
