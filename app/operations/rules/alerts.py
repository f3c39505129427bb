"""What becomes of alerts: opened once, escalated when nobody answers, closed when it is over."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

# A trouble must stay away this long before its alert closes, so that one that comes and goes
# every minute does not write a message every minute.
CALM = timedelta(minutes=5)
WARNING_PATIENCE = timedelta(days=1)


class Severity(StrEnum):
    """Critical: care or data is at risk now. Warning: it will be when nobody looks."""

    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a check found wrong. The sentence names no patient.

    `kind` is the check, `key` the thing: only one alert is open for a key, whichever checks see it.
    `is_news`: more of it happened since the last look.
    """

    kind: str
    key: str
    severity: Severity
    sentence: str
    is_news: bool = False


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that was not resolved yet."""

    id: int
    kind: str
    key: str
    severity: Severity
    sentence: str
    opened_at: datetime
    seen_at: datetime
    acknowledged_at: datetime | None = None
    escalated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What to do now: alerts to open, to see again with a sentence of now, and to close."""

    opened: tuple[Finding, ...] = ()
    seen: tuple[tuple[OpenAlert, Finding], ...] = ()
    resolved: tuple[OpenAlert, ...] = field(default=())


def changes(
    open_alerts: Sequence[OpenAlert],
    findings: Sequence[Finding],
    *,
    looked_at: Collection[str],
    now: datetime,
) -> Change:
    """Compare what is open with what was found by the kinds of checks in `looked_at`.

    An alert of a check that did not look now is left alone: not seeing is not being well.
    """
    found = _by_thing(findings)
    known = {alert.key: alert for alert in open_alerts}
    return Change(
        opened=tuple(finding for key, finding in found.items() if key not in known),
        seen=tuple((known[key], finding) for key, finding in found.items() if key in known),
        resolved=tuple(
            alert
            for alert in open_alerts
            if alert.key not in found and alert.kind in looked_at and now - alert.seen_at >= CALM
        ),
    )


def _by_thing(findings: Sequence[Finding]) -> dict[str, Finding]:
    """One finding for each thing: the most serious, and of those the first."""
    found: dict[str, Finding] = {}
    for finding in findings:
        known = found.get(finding.key)
        if known is None or (known.severity, finding.severity) == (
            Severity.WARNING,
            Severity.CRITICAL,
        ):
            found[finding.key] = finding
    return found


def is_worse(alert: OpenAlert, finding: Finding) -> bool:
    """Whether what was a warning is critical now, so that it must be told again."""
    return (alert.severity, finding.severity) == (Severity.WARNING, Severity.CRITICAL)


def is_to_repeat(alert: OpenAlert, finding: Finding) -> bool:
    """Whether more happened after somebody took the alert for known. Others are still called."""
    return finding.is_news and alert.acknowledged_at is not None


def is_to_escalate(alert: OpenAlert, *, after: timedelta, now: datetime) -> bool:
    """Whether more people must hear of it: nobody acknowledged it in time.

    A warning waits for a day at least: nobody is to be called at night for what can wait.
    """
    if alert.acknowledged_at is not None or alert.escalated_at is not None:
        return False
    patience = after if alert.severity is Severity.CRITICAL else max(after, WARNING_PATIENCE)
    return now - alert.opened_at >= patience
