"""What becomes one alert, and when it is told again (BAK-04, NOT-04)."""

from dataclasses import replace
from datetime import timedelta

import pytest

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
    is_to_repeat,
    is_worse,
    key_of_job,
)
from app.operations.rules.jobs import about_jobs
from tests.rules.test_operations_rules import DAY, HOUR, MINUTE, NOW, beat


def of(key: str, severity: Severity, *, is_news: bool = False) -> Finding:
    return Finding("test", key, severity, f"{severity} {key}", is_news=is_news)


def test_a_thing_that_several_checks_see_has_one_alert_with_the_most_serious_sentence():
    seen = [
        of("job.a", Severity.WARNING),
        of("job.b", Severity.CRITICAL),
        of("job.a", Severity.CRITICAL),
        of("job.b", Severity.WARNING),
    ]

    change = changes([], seen, looked_at={"test"}, now=NOW)

    assert [(one.key, one.severity) for one in change.opened] == [
        ("job.a", Severity.CRITICAL),
        ("job.b", Severity.CRITICAL),
    ]


@pytest.mark.parametrize(
    ("before", "after", "worse"),
    [
        ("warning", "critical", True),
        ("critical", "critical", False),
        ("critical", "warning", False),
    ],
)
def test_what_becomes_critical_is_worse(before, after, worse):
    alert = OpenAlert(1, "test", "x", Severity(before), "x", NOW, NOW)

    assert is_worse(alert, of("x", Severity(after))) is worse


@pytest.mark.parametrize(
    ("acknowledged", "news", "again"),
    [(True, True, True), (False, True, False), (True, False, False)],
)
def test_more_of_it_is_told_to_those_who_took_it_for_known(acknowledged, news, again):
    alert = OpenAlert(1, "x", "x", Severity.WARNING, "x", NOW, NOW, NOW if acknowledged else None)

    assert is_to_repeat(alert, of("x", Severity.WARNING, is_news=news)) is again


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("visits.close_queues", "job.visits.close_queues"),
        ("backup.back_up", BACKUPS),
        ("backup.back_up_daily", BACKUPS),
        ("integrity.prove", PROOFS),
    ],
)
def test_a_job_that_was_asked_for_and_the_daily_one_are_one_thing(name, key):
    assert key_of_job(name) == key


def silent(name: str, period: timedelta) -> tuple[Beat, BeatState]:
    return replace(beat(ago=9 * DAY, period=period), name=name), BeatState.LATE


def test_jobs_that_are_silent_together_are_one_trouble():
    jobs = [silent("a.b", MINUTE), silent("c.d", DAY), silent("e.f", MINUTE)]

    [found] = about_jobs(jobs, NOW, late_before=2)
    [two] = about_jobs(jobs[:2], NOW, late_before=2)

    assert (found.key, found.severity, found.is_news) == ("late", Severity.CRITICAL, True)
    assert found.sentence.startswith("The job “d (c)” should run every day")
    assert found.sentence.endswith("2 more jobs are late: is the worker running?")
    assert two.sentence.endswith("1 more job is late: is the worker running?")
    assert not two.is_news
    assert bounds.about_outbox(2 * HOUR)[0].key == found.key


def test_a_job_that_fails_and_a_backup_that_is_late_are_told_by_themselves():
    failing = (replace(beat(), name="a.b", failures=3), BeatState.FAILING)

    found = about_jobs([failing, silent("backup.back_up_daily", DAY)], NOW, late_before=0)

    assert [one.key for one in found] == ["job.a.b", BACKUPS]
