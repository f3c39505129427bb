"""Dead-man checks: what silence, failure or a sudden drop of a periodic job means (BAK-04)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SHORTEST_GRACE = timedelta(minutes=5)
LONGEST_GRACE = timedelta(days=1)
# A job that comes back within the hour may fail once without anybody being told.
FORGIVING_PERIOD = timedelta(hours=1)
KEPT_SHARE = 0.7  # a drop of more than 30 % is an alarm


class BeatState(StrEnum):
    """How a periodic job stands now."""

    FINE = "fine"
    WAITING = "waiting"  # has not run yet, and need not have
    RUNNING = "running"
    LATE = "late"
    FAILING = "failing"
    TOO_LONG = "too-long"
    SHRUNK = "shrunk"

    @property
    def is_bad(self) -> bool:
        """Whether a person should look."""
        return self in {self.LATE, self.FAILING, self.TOO_LONG, self.SHRUNK}


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """What is expected of a job and how its last runs went."""

    name: str
    period: timedelta
    limit: timedelta
    known_since: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    succeeded_at: datetime | None = None
    failures: int = 0
    duration: timedelta | None = None
    size: int | None = None
    previous_size: int | None = None

    @property
    def is_running(self) -> bool:
        """Whether a run began and has not ended."""
        return self.started_at is not None and (
            self.ended_at is None or self.ended_at < self.started_at
        )


def grace(period: timedelta) -> timedelta:
    """How late a job may be: a quarter of its period, at least 5 minutes, at most a day."""
    return min(LONGEST_GRACE, max(SHORTEST_GRACE, period / 4))


def next_due(beat: Beat) -> datetime:
    """When the next success is expected; lateness begins a grace after it."""
    return (beat.succeeded_at or beat.known_since) + beat.period


def state_of(beat: Beat, now: datetime) -> BeatState:
    """The worst that can be said of the job; a clock that was set back makes nothing late."""
    if now > next_due(beat) + grace(beat.period):
        return BeatState.FAILING if beat.failures else BeatState.LATE
    if beat.failures > (0 if beat.period >= FORGIVING_PERIOD else 1):
        return BeatState.FAILING
    if beat.is_running and beat.started_at is not None:
        is_over = now - beat.started_at > beat.limit
        return BeatState.TOO_LONG if is_over else BeatState.RUNNING
    if has_shrunk(beat):
        return BeatState.SHRUNK
    return BeatState.FINE if beat.succeeded_at else BeatState.WAITING


def has_shrunk(beat: Beat) -> bool:
    """Whether the last run made over 30 % less than the one before (BAK-04)."""
    if beat.size is None or not beat.previous_size:
        return False
    return beat.size < beat.previous_size * KEPT_SHARE


def title_of(name: str) -> str:
    """visits.close_queues as "close queues (visits)"."""
    domain, _, job = name.partition(".")
    return f"{job.replace('_', ' ')} ({domain})" if job else domain


def sentence_of(beat: Beat, state: BeatState, now: datetime) -> str:
    """What is wrong with the job, for people."""
    title = f"The job “{title_of(beat.name)}”"
    if state is BeatState.LATE and beat.succeeded_at is None:
        return f"{title} has never run since it was planned {words(now - beat.known_since)} ago."
    if state is BeatState.LATE:
        since = words(now - (beat.succeeded_at or beat.known_since))
        return f"{title} should run every {every(beat.period)} and last did so {since} ago."
    if state is BeatState.FAILING:
        times = "once" if beat.failures == 1 else f"{beat.failures} times in a row"
        return f"{title} failed {times}."
    if state is BeatState.TOO_LONG:
        return f"{title} has been running for longer than {words(beat.limit)}."
    if state is BeatState.SHRUNK and beat.size is not None and beat.previous_size:
        share = round(100 * (1 - beat.size / beat.previous_size))
        return f"{title} made {share} % less than the time before."
    return f"{title} is fine."


def every(period: timedelta) -> str:
    """A period after the word "every": minute, 30 days."""
    return words(period).removeprefix("1 ")


def words(length: timedelta) -> str:
    """A length of time in its largest unit that fits: 45 seconds, 3 hours, 2 days."""
    seconds = max(0, int(length.total_seconds()))
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count != 1 else ''}"
    return f"{seconds} second{'s' if seconds != 1 else ''}"
