"""Whom a patient knows."""

from datetime import timedelta

from app.scheduling.rules.usual import Seen, usual_provider
from tests.factories.scheduling import at

NOW = at("2026-11-23 08:00")


def seen(provider: str, days: int) -> Seen:
    return Seen(provider, NOW - timedelta(days=days))


def test_the_last_one_who_saw_the_patient_is_the_usual_provider():
    history = [seen("DOC001", 30), seen("DOC002", 3)]

    assert usual_provider(history, {"DOC001", "DOC002"}, now=NOW) == "DOC002"


def test_only_somebody_who_is_offered_counts():
    history = [seen("DEN001", 1), seen("DOC001", 30)]

    assert usual_provider(history, {"DOC001", "DOC002"}, now=NOW) == "DOC001"


def test_a_year_ago_still_counts_and_longer_ago_does_not():
    assert usual_provider([seen("DOC001", 365)], {"DOC001"}, now=NOW) == "DOC001"
    assert usual_provider([seen("DOC001", 366)], {"DOC001"}, now=NOW) is None


def test_nobody_is_usual_at_the_first_visit():
    assert usual_provider([], {"DOC001"}, now=NOW) is None
