"""What is told of periodic jobs: each failure by itself, silence together (BAK-04).

When nobody works, every job is late. That is one trouble and not one for each job.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.operations.rules.alerts import Finding, Severity
from app.operations.rules.beats import Beat, BeatState, sentence_of
from app.operations.rules.things import BACKUPS, LATE, key_of_job

DAY = timedelta(days=1)
Standing = tuple[Beat, BeatState]


def about_jobs(bad: Sequence[Standing], now: datetime, *, late_before: int) -> list[Finding]:
    """`late_before`: how many were late at the last look."""
    late = late_jobs(bad)
    found = [
        Finding("job", key_of_job(beat.name), _severity(beat), sentence_of(beat, state, now))
        for beat, state in bad
        if (beat, state) not in late
    ]
    return found + _about_late(late, now, is_news=len(late) > late_before)


def late_jobs(bad: Sequence[Standing]) -> list[Standing]:
    """Those that are silent, the most serious first. Backups have an alert for themselves."""
    late = [
        (beat, state)
        for beat, state in bad
        if state is BeatState.LATE and key_of_job(beat.name) != BACKUPS
    ]
    return sorted(late, key=lambda one: _severity(one[0]) is not Severity.CRITICAL)


def _about_late(late: Sequence[Standing], now: datetime, *, is_news: bool) -> list[Finding]:
    if not late:
        return []
    beat, state = late[0]
    sentence = sentence_of(beat, state, now)
    if len(late) > 1:
        more = "1 more job is" if len(late) == 2 else f"{len(late) - 1} more jobs are"
        sentence = f"{sentence} {more} late: is the worker running?"
    return [Finding("job", LATE, _severity(beat), sentence, is_news=is_news)]


def _severity(beat: Beat) -> Severity:
    return Severity.CRITICAL if beat.period >= DAY else Severity.WARNING
