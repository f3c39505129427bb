"""Who sees a patient that chose no provider: SCH-18."""

from datetime import timedelta

from app.scheduling.rules import available_slots, choose_provider
from tests.rules.clinic import MANILA, MONDAY, at, provider, question

YESTERDAY = at("12:00", MONDAY - timedelta(days=1))


def assigned(*providers):
    slots = available_slots(question(*providers))
    return choose_provider(slots, providers, zone=MANILA)


def one(number, booked=0, last=None, key=None):
    return provider(
        "09:00-09:30",
        number=number,
        key=key or f"DOC{number:03}",
        booked_by_day={MONDAY: booked},
        last_booked_at=last,
    )


def test_the_least_booked_that_day_comes_first():
    assert assigned(one(1, booked=4), one(2, booked=2), one(3, booked=3)) == [2, 3, 1]


def test_the_bookings_of_other_days_do_not_count():
    busy_tomorrow = provider(
        "09:00-09:30", number=1, booked_by_day={MONDAY + timedelta(days=1): 9}, key="DOC001"
    )

    assert assigned(one(2, booked=1), busy_tomorrow) == [1, 2]


def test_among_equals_the_least_recently_booked_comes_first_and_never_booked_before_all():
    hour_later = YESTERDAY + timedelta(hours=1)

    assert assigned(one(1, last=hour_later), one(2, last=YESTERDAY), one(3)) == [3, 2, 1]


def test_among_equals_in_all_the_university_id_decides():
    assert assigned(one(1, key="DOC009"), one(2, key="DOC001")) == [2, 1]


def test_a_provider_without_a_free_slot_is_not_chosen():
    away = provider("10:00-10:10", number=1)

    assert assigned(away, one(2, booked=9, key="DOC002")) == [2]


def test_a_slot_of_somebody_unknown_is_left_out():
    slots = available_slots(question(one(1), one(2)))

    assert choose_provider(slots, [one(2)], zone=MANILA) == [2]
