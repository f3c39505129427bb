"""The clocks of requests and breaches, and when a breach must be notified (DPA-01 to DPA-03)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.privacy import errors, rules
from app.privacy.rules import BreachKind, BreachStatus, Judgement, RequestStatus, Told
from app.retention.rules import Verdict

MANILA = ZoneInfo("Asia/Manila")
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # noon in Cebu
DAY = timedelta(days=1)
STAYS = Verdict(date(2033, 11, 23), "Kept until 2033-11-23.", ("It is under a hold.",), False)
DUE = Verdict(date(2020, 1, 1), "Kept until 2020-01-01.", (), True)


def test_an_answer_is_due_at_the_end_of_the_last_day():
    """DPA-02: the limit counts civil days of the clinic."""
    due = rules.due_at(NOON, days=30, zone=MANILA)

    assert due == datetime(2026, 12, 23, 16, 0, tzinfo=UTC)  # midnight in Cebu
    assert rules.clock_of(due, now=NOON, zone=MANILA).sentence == "30 days left"


@pytest.mark.parametrize(
    ("days", "sentence", "is_overdue"),
    [
        (29, "1 day left", False),
        (30, "Due today", False),
        (31, "1 day overdue", True),
        (40, "10 days overdue", True),
    ],
)
def test_the_clock_tells_how_many_days_are_left(days, sentence, is_overdue):
    due = rules.due_at(NOON, days=30, zone=MANILA)

    clock = rules.clock_of(due, now=NOON + days * DAY, zone=MANILA)

    assert (clock.sentence, clock.is_overdue) == (sentence, is_overdue)
    assert clock.due_on == date(2026, 12, 23)


def test_a_request_is_of_one_person():
    rules.check_person("20259001", "")
    rules.check_person("", "Ann Stranger")
    for both in (("20259001", "Ann"), ("", "")):
        with pytest.raises(errors.NeedsOnePerson):
            rules.check_person(*both)


def test_a_request_was_received_neither_tomorrow_nor_in_another_age():
    rules.check_received(NOON - DAY, now=NOON)
    for odd in (NOON + DAY, NOON - 400 * DAY):
        with pytest.raises(errors.OddValue):
            rules.check_received(odd, now=NOON)


def test_a_request_is_taken_into_work_before_it_is_answered():
    rules.check_step(RequestStatus.RECEIVED, RequestStatus.IN_WORK)
    rules.check_step(RequestStatus.RECEIVED, RequestStatus.WITHDRAWN)
    for end in rules.ENDED:
        rules.check_step(RequestStatus.IN_WORK, end)
    with pytest.raises(errors.NotNow, match="into work first"):
        rules.check_step(RequestStatus.RECEIVED, RequestStatus.ANSWERED)
    with pytest.raises(errors.NotNow, match="in work already"):
        rules.check_step(RequestStatus.IN_WORK, RequestStatus.IN_WORK)
    for end in rules.ENDED:
        with pytest.raises(errors.NotNow, match="over already"):
            rules.check_step(end, RequestStatus.IN_WORK)


def test_an_erasure_waits_for_the_duty_and_then_for_the_disposal():
    """DPA-02, RET-02."""
    rules.check_erasure(None)
    with pytest.raises(errors.KeepingDuty, match="under a hold"):
        rules.check_erasure(STAYS)
    with pytest.raises(errors.NotErasedYet):
        rules.check_erasure(DUE)


def test_the_refusal_of_an_erasure_says_until_when():
    """DPA-02: refused for records under retention duty, with the reason."""
    words = "We may not do this now."

    assert rules.refusal_words(words, STAYS) == f"{words} {STAYS.sentence}"
    assert rules.refusal_words(words, DUE) == words
    assert rules.refusal_words(words, None) == words


def test_words_say_something():
    assert rules.checked_words("  ten letters\r\nand more ", "wish") == "ten letters\nand more"
    with pytest.raises(errors.OddValue) as refusal:
        rules.checked_words("no", "wish")
    assert "wish" in refusal.value.errors


@pytest.mark.parametrize(
    ("answers", "must"),
    [
        ((True, True, True), True),
        ((True, True, None), None),
        ((None, None, None), None),
        ((False, None, None), False),
        ((True, False, True), False),
        ((True, True, False), False),
    ],
)
def test_a_breach_is_notified_when_all_three_answers_are_yes(answers, must):
    """DPA-01: sensitive data, acquired by somebody without right, real risk of serious harm."""
    sensitive, acquired, risk = answers
    judgement = Judgement(is_sensitive=sensitive, was_acquired=acquired, has_real_risk=risk)

    assert judgement.must_notify is must


@pytest.mark.parametrize(
    ("hours", "sentence", "is_short", "is_over"),
    [
        (0, "72 h 00 min left", False, False),
        (47, "25 h 00 min left", False, False),
        (48, "24 h 00 min left", True, False),
        (71.5, "0 h 30 min left", True, False),
        (72, "Over for 0 h 00 min", True, True),
        (80, "Over for 8 h 00 min", True, True),
    ],
)
def test_the_countdown_has_72_hours(hours, sentence, is_short, is_over):
    """DPA-03."""
    left = rules.countdown(NOON, now=NOON + timedelta(hours=hours))

    assert (left.sentence, left.is_short, left.is_over) == (sentence, is_short, is_over)


def test_detection_and_notices_have_their_order():
    rules.check_detected(NOON, now=NOON)
    rules.check_told(NOON, detected_at=NOON, now=NOON)
    for odd in (NOON + DAY, NOON - 4_000 * DAY):
        with pytest.raises(errors.OddValue):
            rules.check_detected(odd, now=NOON)
    for odd in (NOON - DAY, NOON + 2 * DAY):
        with pytest.raises(errors.OddValue):
            rules.check_told(odd, detected_at=NOON, now=NOON + DAY)


def test_a_breach_is_kept_quiet_only_by_its_answers():
    harmless = Judgement(is_sensitive=False)
    grave = Judgement(is_sensitive=True, was_acquired=True, has_real_risk=True)

    rules.check_not_notifiable(BreachStatus.OPEN, harmless)
    with pytest.raises(errors.MustNotify):
        rules.check_not_notifiable(BreachStatus.OPEN, grave)
    with pytest.raises(errors.NotJudged):
        rules.check_not_notifiable(BreachStatus.OPEN, Judgement())
    with pytest.raises(errors.NotNow):
        rules.check_not_notifiable(BreachStatus.NOTIFIED, harmless)


def test_a_breach_is_closed_once_and_after_the_decision():
    rules.check_closable(BreachStatus.NOTIFIED)
    rules.check_closable(BreachStatus.NOT_NOTIFIABLE)
    rules.check_open(BreachStatus.OPEN)
    with pytest.raises(errors.NotNow, match="before you close"):
        rules.check_closable(BreachStatus.OPEN)
    with pytest.raises(errors.NotNow, match="is closed"):
        rules.check_closable(BreachStatus.CLOSED)


def test_a_window_ends_after_it_begins():
    rules.check_window(None, NOON)
    rules.check_window(NOON, NOON + DAY)
    with pytest.raises(errors.OddValue):
        rules.check_window(NOON, NOON)


def test_the_yearly_summary_counts_each_kind_without_exercises():
    """DPA-01: incidents are summarised yearly."""

    def told(kind: BreachKind, hours: int | None, *, exercise: bool = False) -> Told:
        at = None if hours is None else NOON + timedelta(hours=hours)
        return Told(kind, BreachStatus.CLOSED, exercise, NOON, at, 3)

    taken, changed, lost = rules.yearly(
        [
            told(BreachKind.CONFIDENTIALITY, 20),
            told(BreachKind.CONFIDENTIALITY, 80),
            told(BreachKind.CONFIDENTIALITY, 1, exercise=True),
            told(BreachKind.INTEGRITY, None),
        ]
    )

    assert (taken.breaches, taken.notified, taken.in_time, taken.persons) == (2, 2, 1, 6)
    assert taken.longest == timedelta(hours=80)
    assert (changed.breaches, changed.notified, changed.longest) == (1, 0, None)
    assert lost.breaches == 0


def test_a_copy_goes_after_its_days():
    assert rules.expires_at(NOON, days=14) == NOON + 14 * DAY
