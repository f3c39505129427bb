"""Small checks around a booking."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.kernel.errors import Conflict, Forbidden, Invalid, Malformed, NotFound
from app.scheduling import errors
from app.scheduling.rules import (
    AppointmentStatus,
    check_override_reason,
    check_reason_text,
    check_start,
    check_type_bookable_by,
    check_version,
    check_window,
    first_status,
    window_from,
)
from tests.rules.clinic import BERLIN, MONDAY, at, policy


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (None, ""),
        ("  Fever since\r\nMonday ", "Fever since\nMonday"),
        ("Ñandú, «ok» 🙂\tyes", "Ñandú, «ok» 🙂\tyes"),
        ("x" * 500, "x" * 500),
    ],
)
def test_a_reason_is_kept_with_plain_line_ends_and_no_outer_blanks(typed, kept):
    assert check_reason_text(typed) == kept


@pytest.mark.parametrize("typed", ["x" * 501, "a\x00b", "a\x1bb", "a\x7fb", "\ud800"])
def test_a_reason_that_is_too_long_or_cannot_be_stored_is_refused(typed):
    with pytest.raises(errors.BadText) as refused:
        check_reason_text(typed)

    assert list(refused.value.errors) == ["reason"]


@pytest.mark.parametrize("typed", [None, "", "  "])
def test_an_override_without_a_reason_is_refused(typed):
    with pytest.raises(errors.OverrideNeedsReason):
        check_override_reason(typed)


def test_an_override_with_a_reason_keeps_it():
    assert check_override_reason(" Dean asked ") == "Dean asked"


def test_a_type_is_booked_by_its_roles_only_sch_13():
    for_students = policy(bookable_by=frozenset({"Student", "Nurse"}))

    check_type_bookable_by(for_students, frozenset({"Student"}))

    with pytest.raises(errors.TypeNotBookable):
        check_type_bookable_by(for_students, frozenset({"Faculty"}))


def test_a_window_of_62_days_is_the_longest():
    check_window(MONDAY, MONDAY + timedelta(days=61))

    with pytest.raises(errors.WindowTooLong):
        check_window(MONDAY, MONDAY + timedelta(days=62))


def test_a_window_that_ends_before_it_starts_is_refused():
    with pytest.raises(errors.WindowBackwards):
        check_window(MONDAY, MONDAY - timedelta(days=1))


@pytest.mark.parametrize("absurd", [date.min, date.max, date(1899, 12, 31), date(2201, 1, 1)])
def test_a_window_at_the_end_of_the_calendar_is_refused(absurd):
    with pytest.raises(errors.WindowAbsurd):
        check_window(absurd, absurd)
    with pytest.raises(errors.WindowAbsurd):
        window_from(absurd, None, today=MONDAY)
    with pytest.raises(errors.WindowAbsurd):
        window_from(None, absurd, today=absurd)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (None, None, (MONDAY, MONDAY + timedelta(days=6))),
        (
            MONDAY + timedelta(days=9),
            None,
            (MONDAY + timedelta(days=9), MONDAY + timedelta(days=15)),
        ),
        (None, MONDAY + timedelta(days=2), (MONDAY, MONDAY + timedelta(days=2))),
        (None, MONDAY - timedelta(days=2), (MONDAY - timedelta(days=2),) * 2),
    ],
)
def test_an_open_window_is_the_week_from_its_start(first, last, expected):
    assert window_from(first, last, today=MONDAY) == expected


def test_a_start_is_kept_in_utc():
    kept = check_start(datetime(2026, 11, 24, 9, tzinfo=BERLIN))

    assert kept == datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert kept.tzinfo is UTC


@pytest.mark.parametrize(
    "absurd",
    [
        at("09:00").replace(tzinfo=None),
        datetime.max.replace(tzinfo=UTC),
        datetime.min.replace(tzinfo=UTC),
    ],
)
def test_a_start_without_offset_or_at_the_end_of_time_is_not_offered(absurd):
    with pytest.raises(errors.NotOffered):
        check_start(absurd)


def test_a_page_that_shows_an_old_version_is_told_so():
    check_version(3, 3)
    check_version(None, 3)

    with pytest.raises(errors.StaleVersion):
        check_version(2, 3)


@pytest.mark.parametrize(
    ("needs_approval", "by_staff", "status"),
    [
        (True, False, AppointmentStatus.PENDING),
        (True, True, AppointmentStatus.CONFIRMED),
        (False, False, AppointmentStatus.CONFIRMED),
        (False, True, AppointmentStatus.CONFIRMED),
    ],
)
def test_a_booking_waits_for_approval_only_if_the_type_asks_and_a_patient_books(
    needs_approval, by_staff, status
):
    asked = policy(needs_approval=needs_approval)

    assert first_status(asked, booked_by_staff=by_staff) is status


@pytest.mark.parametrize(
    ("refusal", "family", "code"),
    [
        (errors.SlotTaken(), Conflict, "scheduling.slot_taken"),
        (errors.PatientBusy(), Conflict, "scheduling.slot_taken"),
        (errors.StaleVersion(), Conflict, "scheduling.stale_version"),
        (errors.TooLateToCancel(), Conflict, "scheduling.too_late_to_cancel"),
        (errors.NotOffered(), Invalid, "scheduling.not_offered"),
        (errors.KeyReused(), Invalid, "scheduling.idempotency_key_reused"),
        (errors.OverrideNeedsReason(), Invalid, "scheduling.override_needs_reason"),
        (errors.WindowTooLong(), Malformed, "scheduling.window_too_long"),
        (errors.TypeNotBookable(), Forbidden, "scheduling.type_not_bookable"),
        (errors.UnknownType(), NotFound, "scheduling.unknown_type"),
        (errors.UnknownPatient(), NotFound, "scheduling.unknown_patient"),
        (errors.UnknownProvider(), NotFound, "scheduling.unknown_provider"),
        (errors.UnknownAppointment(), NotFound, "scheduling.unknown_appointment"),
    ],
)
def test_each_refusal_has_its_family_its_code_and_a_sentence(refusal, family, code):
    assert isinstance(refusal, family)
    assert refusal.code == code
    assert str(refusal).endswith(".")
