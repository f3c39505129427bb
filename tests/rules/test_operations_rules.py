"""When a job is late, what is out of bounds, and what becomes of alerts (BAK-04, NOT-04)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.operations.rules import (
    BACKUPS,
    PROOFS,
    Beat,
    BeatState,
    Finding,
    OpenAlert,
    Severity,
    bounds,
    changes,
    grace,
    is_to_escalate,
    sentence_of,
    state_of,
)
from app.operations.rules.alerts import CALM
from app.operations.rules.beats import words

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def beat(*, ago=MINUTE, period=DAY, **more) -> Beat:
    """A job that succeeded some time ago."""
    facts = {"succeeded_at": NOW - ago, "started_at": NOW - ago, "ended_at": NOW - ago}
    return Beat(
        name="backup.create",
        period=period,
        limit=timedelta(minutes=3),
        known_since=NOW - 90 * DAY,
        **facts | more,
    )


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        (MINUTE, 5 * MINUTE),
        (HOUR, 15 * MINUTE),
        (DAY, 6 * HOUR),
        (30 * DAY, DAY),
    ],
)
def test_the_grace_grows_with_the_period_within_bounds(period, expected):
    assert grace(period) == expected


def test_a_job_is_late_only_after_its_period_and_its_grace():
    """BAK-04"""
    on_time, late = beat(ago=DAY + 6 * HOUR), beat(ago=DAY + 6 * HOUR + MINUTE)

    assert state_of(on_time, NOW) is BeatState.FINE
    assert state_of(late, NOW) is BeatState.LATE
    assert sentence_of(late, BeatState.LATE, NOW) == (
        "The job “create (backup)” should run every day and last did so 1 day ago."
    )


def test_a_job_that_never_ran_waits_first_and_is_late_then():
    fresh = {"succeeded_at": None, "started_at": None, "ended_at": None}

    waiting = Beat(**_facts(beat()) | fresh | {"known_since": NOW - HOUR})
    late = Beat(**_facts(beat()) | fresh)

    assert state_of(waiting, NOW) is BeatState.WAITING
    assert state_of(late, NOW) is BeatState.LATE
    assert "has never run since it was planned 90 days ago" in sentence_of(
        late, BeatState.LATE, NOW
    )


def _facts(one: Beat) -> dict[str, object]:
    return {name: getattr(one, name) for name in Beat.__dataclass_fields__}


@pytest.mark.parametrize(
    ("period", "failures", "expected"),
    [
        (MINUTE, 1, BeatState.FINE),
        (MINUTE, 2, BeatState.FAILING),
        (DAY, 1, BeatState.FAILING),
    ],
)
def test_one_failure_of_a_frequent_job_is_forgiven(period, failures, expected):
    assert state_of(beat(period=period, failures=failures), NOW) is expected


def test_a_job_that_fails_until_it_is_late_is_called_failing():
    failing = beat(ago=3 * DAY, failures=4)

    assert state_of(failing, NOW) is BeatState.FAILING
    assert sentence_of(failing, BeatState.FAILING, NOW).endswith("failed 4 times in a row.")
    assert sentence_of(beat(failures=1), BeatState.FAILING, NOW).endswith("failed once.")


def test_a_run_that_outlasts_its_limit_is_too_long():
    running = beat(started_at=NOW - MINUTE, ended_at=NOW - HOUR)
    stuck = beat(started_at=NOW - 4 * MINUTE, ended_at=NOW - HOUR)

    assert state_of(running, NOW) is BeatState.RUNNING
    assert state_of(stuck, NOW) is BeatState.TOO_LONG
    assert "longer than 3 minutes" in sentence_of(stuck, BeatState.TOO_LONG, NOW)


@pytest.mark.parametrize(
    ("size", "previous", "expected"),
    [
        (70, 100, BeatState.FINE),
        (69, 100, BeatState.SHRUNK),
        (0, 100, BeatState.SHRUNK),
        (69, None, BeatState.FINE),
        (None, 100, BeatState.FINE),
        (0, 0, BeatState.FINE),
    ],
)
def test_a_drop_of_more_than_thirty_per_cent_is_told(size, previous, expected):
    """BAK-04"""
    assert state_of(beat(size=size, previous_size=previous), NOW) is expected


def test_the_drop_is_named_in_per_cent():
    shrunk = beat(size=25, previous_size=100)

    assert sentence_of(shrunk, BeatState.SHRUNK, NOW).endswith(
        "made 75 % less than the time before."
    )
    assert sentence_of(beat(), BeatState.FINE, NOW).endswith("is fine.")


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=400)))
def test_a_job_once_late_stays_late_until_it_runs(waited):
    state = state_of(beat(ago=waited), NOW)

    assert (state is BeatState.LATE) == (waited > DAY + 6 * HOUR)
    assert state.is_bad == (state is BeatState.LATE)


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (timedelta(seconds=-5), "0 seconds"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(seconds=119), "1 minute"),
        (timedelta(hours=5, minutes=59), "5 hours"),
        (timedelta(days=2), "2 days"),
    ],
)
def test_a_length_of_time_reads_like_speech(length, expected):
    assert words(length) == expected


# -- alerts


def alert(key="a", kind="job", **more) -> OpenAlert:
    """An alert that is open for an hour and was seen just now."""
    facts = {"opened_at": NOW - HOUR, "seen_at": NOW, "severity": Severity.CRITICAL} | more
    return OpenAlert(id=1, kind=kind, key=key, sentence="old words", **facts)


def finding(key="a", kind="job", sentence="new words") -> Finding:
    return Finding(kind, key, Severity.WARNING, sentence)


def test_what_is_found_first_opens_and_what_is_open_is_seen_again():
    change = changes([alert("a")], [finding("a"), finding("b")], looked_at={"job"}, now=NOW)

    assert [one.key for one in change.opened] == ["b"]
    assert [(old.key, new.sentence) for old, new in change.seen] == [("a", "new words")]
    assert change.resolved == ()


def test_an_alert_closes_when_its_trouble_stays_away_for_a_while():
    calm, fresh = alert("calm", seen_at=NOW - CALM), alert("fresh", seen_at=NOW - MINUTE)

    change = changes([calm, fresh], [], looked_at={"job"}, now=NOW)

    assert change.resolved == (calm,)


def test_an_alert_of_a_check_that_could_not_look_stays_open():
    change = changes([alert(seen_at=NOW - DAY)], [], looked_at={"disk"}, now=NOW)

    assert change.resolved == ()


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, True),
        ({"opened_at": NOW - 59 * MINUTE}, False),
        ({"acknowledged_at": NOW}, False),
        ({"escalated_at": NOW}, False),
        ({"severity": Severity.WARNING}, False),
        ({"severity": Severity.WARNING, "opened_at": NOW - DAY}, True),
    ],
)
def test_an_alert_that_nobody_acknowledged_in_time_is_escalated_once(facts, expected):
    assert is_to_escalate(alert(**facts), after=HOUR, now=NOW) is expected


# -- bounds


@pytest.mark.parametrize(
    ("oldest", "severities"),
    [
        (None, []),
        (10 * MINUTE, []),
        (11 * MINUTE, ["warning"]),
        (2 * HOUR, ["critical"]),
    ],
)
def test_work_that_waits_too_long_is_told(oldest, severities):
    assert [one.severity for one in bounds.about_outbox(oldest)] == severities


@pytest.mark.parametrize(
    ("jobs", "mails", "sentence"),
    [
        ({"a.b_c": 1}, 0, "The job “b c (a)” was given up and waits for a person."),
        ({"a.b_c": 3}, 0, "The job “b c (a)” was given up 3 times and waits for a person."),
        ({}, 1, "1 e-mail was given up and waits for a person."),
        ({}, 2, "2 e-mails were given up and wait for a person."),
    ],
)
def test_dead_letters_are_counted_in_a_sentence(jobs, mails, sentence):
    """NOT-04"""
    [found] = bounds.about_dead_letters(jobs, mails, before={})

    assert found.sentence == sentence
    assert found.is_news
    assert bounds.about_dead_letters({}, 0, before={"mail": 1}) == []


def test_only_more_dead_letters_than_at_the_last_look_are_news():
    found = bounds.about_dead_letters({"a.b": 1, "c.d": 2}, 2, before={"a.b": 1, "mail": 3})

    assert [(one.key, one.is_news) for one in found] == [
        ("job.a.b", False),
        ("job.c.d", True),
        ("mail", False),
    ]


@pytest.mark.parametrize(
    ("sent", "given_up", "is_told"),
    [(0, 0, False), (5, 4, False), (90, 10, False), (89, 11, True), (0, 10, True)],
)
def test_mail_that_does_not_arrive_is_told_once_there_is_enough_of_it(sent, given_up, is_told):
    outcomes = bounds.MailOutcomes(sent, given_up, waiting=50)

    assert bool(bounds.about_mail(outcomes)) is is_told


@pytest.mark.parametrize(
    ("total", "free", "severities"),
    [
        (100 * 1024**3, 50 * 1024**3, []),
        (100 * 1024**3, 9 * 1024**3, []),  # little in per cent, enough in bytes
        (10 * 1024**3, 1024**3 - 1, ["warning"]),
        (100 * 1024**3, 2 * 1024**3, ["critical"]),
        (0, 0, ["critical"]),
    ],
)
def test_a_disk_that_fills_up_is_told(total, free, severities):
    found = bounds.about_disk(bounds.Disk("data folder", "/data", total, free))

    assert [one.severity for one in found] == severities


@pytest.mark.parametrize(
    ("days", "severities"), [(21, []), (20, ["warning"]), (2, ["critical"]), (-1, ["critical"])]
)
def test_a_certificate_is_told_of_three_weeks_ahead(days, severities):
    found = bounds.about_certificate("clinic.example", NOW + days * DAY + HOUR, NOW)

    assert [one.severity for one in found] == severities


def test_an_expired_certificate_is_called_so():
    [found] = bounds.about_certificate("clinic.example", NOW - DAY, NOW)

    assert found.sentence == "The certificate of clinic.example has expired."


@pytest.mark.parametrize(
    ("lag", "is_told"), [(timedelta(0), False), (5 * MINUTE, False), (HOUR, True), (None, True)]
)
def test_a_copy_that_falls_behind_is_told(lag, is_told):
    assert bool(bounds.about_replica(lag)) is is_told


@pytest.mark.parametrize(
    ("minutes", "is_failing", "words"),
    [
        (15, True, []),
        (16, False, ["16 minutes ago. A disaster"]),
        (16, True, ["16 minutes ago and the last try failed."]),
    ],
)
def test_a_log_that_is_not_archived_for_a_quarter_of_an_hour_is_told(minutes, is_failing, words):
    found = bounds.about_archive(NOW - timedelta(minutes=minutes), is_failing, NOW)  # BAK-01

    assert [one.severity for one in found] == [Severity.CRITICAL] * len(words)
    assert all(word in one.sentence for word, one in zip(words, found, strict=True))


def test_an_error_is_named_by_its_kind_and_place_only():
    place = ("builtins.KeyError", "app/x.py:look")
    found, of_a_job = bounds.about_errors(
        [bounds.Error("abc", *place), bounds.Error("abd", *place, job="a.b_c")]
    )

    assert found.key == "error.abc"
    assert found.sentence == "An unexpected error happened: KeyError in app/x.py:look."
    assert of_a_job.key == "job.a.b_c"
    assert (
        of_a_job.sentence == "The job “b c (a)” met an unexpected error: KeyError in app/x.py:look."
    )


@pytest.mark.parametrize(
    ("has_passed", "ago", "keys"),
    [
        (True, 36 * HOUR, []),
        (True, 37 * HOUR, [PROOFS]),
        (False, HOUR, ["proof.failed"]),
        (False, 9 * DAY, ["proof.failed"]),
    ],
)
def test_a_proof_that_failed_or_is_old_is_told(has_passed, ago, keys):
    found = bounds.about_proof(has_passed, NOW - ago, NOW)

    assert [one.key for one in found] == keys


def test_a_proof_that_did_not_end_is_told_as_what_becomes_of_the_job():
    [found] = bounds.about_proof(False, NOW, NOW, is_broken=True)

    assert (found.key, found.severity) == (PROOFS, Severity.CRITICAL)


def test_the_last_backup_is_told_with_everything_else_about_backups():
    [grave] = bounds.about_last_run("A backup failed.", is_grave=True)
    [mild] = bounds.about_last_run("A backup was not copied.", is_grave=False)

    assert (grave.key, grave.severity) == (BACKUPS, Severity.CRITICAL)
    assert (mild.key, mild.severity) == (BACKUPS, Severity.WARNING)
    assert bounds.about_last_run("", is_grave=True) == []


@pytest.mark.parametrize(
    ("proven", "known", "sentences"),
    [
        (None, None, []),
        (None, 26 * HOUR, []),
        (None, 27 * HOUR, ["No backup has been proven by a restore yet."]),
        (26 * HOUR, 90 * DAY, []),
        (
            2 * DAY,
            90 * DAY,
            ["The last backup that was proven by a restore was made 2 days ago."],
        ),
    ],
)
def test_a_backup_that_is_old_or_was_never_brought_back_is_told(proven, known, sentences):
    """BAK-04"""
    instants = [None if ago is None else NOW - ago for ago in (proven, known)]

    assert [one.sentence for one in bounds.about_backup(*instants, NOW)] == sentences


def test_an_account_that_could_change_the_trail_is_critical():
    """AUD-02"""
    [found] = bounds.about_trail(["security_audit_event", "security_audit_seal"])

    assert found.severity is Severity.CRITICAL
    assert "could change security_audit_event and security_audit_seal" in found.sentence
    assert bounds.about_trail([]) == []
