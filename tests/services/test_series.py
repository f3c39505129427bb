"""Recurring series on a real database (SCH-32)."""

from datetime import date, time

import pytest
from sqlalchemy import func, select

from app.kernel.errors import Forbidden
from app.scheduling import errors, services
from app.scheduling.errors.series import (
    BadSeries,
    NothingToBook,
    SeriesClash,
    SeriesOver,
    UnknownSeries,
)
from app.scheduling.models import Appointment, Series
from app.scheduling.queries import appointments
from app.scheduling.rules import AppointmentStatus
from app.scheduling.rules.series import Frequency, Pattern
from app.scheduling.services import Wish, series_preview, series_rest
from app.scheduling.services import series as use_cases
from app.scheduling.services.series import SKIP, MoveTo, SeriesWish
from app.scheduling.services.series_rest import RestWish
from tests.factories.scheduling import at

pytestmark = pytest.mark.usefixtures("clinic")


def wish(people, **more):
    rule = {
        "frequency": Frequency.WEEKLY,
        "every": 1,
        "first_on": date(2026, 11, 24),
        "local_time": time(9),
        "count": 3,
    }
    rule |= {name: more.pop(name) for name in list(more) if name in rule}
    values = {"type": "consultation", "patient": people.sam.id, "provider": people.dana.id}
    return SeriesWish(**values | more, pattern=Pattern(**rule))


def block(people, starts_at):
    """Eve has Dana's time."""
    taken = Wish(type="consultation", starts_at=at(starts_at), provider=people.dana.id)
    services.book_appointment(people.eve.actor, wish=taken)


def starts_of(series_id):
    return [
        visit.starts_at
        for visit in appointments.appointments_of_series(series_id)
        if visit.status is AppointmentStatus.CONFIRMED
    ]


def booked(people, **more):
    return use_cases.book_series(people.rosa.actor, wish=wish(people, **more))


def test_a_series_books_every_visit_with_its_number(people):
    series_id = booked(people)

    visits = appointments.appointments_of_series(series_id)
    assert [visit.series_number for visit in visits] == [1, 2, 3]
    assert starts_of(series_id) == [
        at("2026-11-24 09:00"),
        at("2026-12-01 09:00"),
        at("2026-12-08 09:00"),
    ]


def test_the_preview_names_each_clash_and_other_times_of_that_day(people):
    block(people, "2026-12-01 09:00")

    found = series_preview.preview_series(people.rosa.actor, wish=wish(people))

    assert [one.is_free for one in found] == [True, False, True]
    assert found[1].why_not == "DOC901 has another visit from 09:00 to 09:20."
    assert at("2026-12-01 09:20") in [slot.starts_at for slot in found[1].alternatives]


def test_a_holiday_is_a_clash_like_others(people):
    services.close_clinic(
        people.rosa.actor,
        name="Bonifacio Day",
        starts_at=at("2026-11-30 00:00"),
        ends_at=at("2026-12-01 00:00"),
    )

    found = series_preview.preview_series(
        people.rosa.actor, wish=wish(people, first_on=date(2026, 11, 23))
    )

    assert found[1].why_not == "The clinic is closed at this time (Bonifacio Day)."
    assert found[1].alternatives == ()


def test_a_clash_is_skipped_or_moved_as_chosen(people):
    block(people, "2026-12-01 09:00")
    block(people, "2026-12-08 09:00")

    series_id = use_cases.book_series(
        people.rosa.actor,
        wish=wish(people),
        choices={2: SKIP, 3: MoveTo(at("2026-12-08 10:00"), people.dino.id)},
    )

    assert starts_of(series_id) == [at("2026-11-24 09:00"), at("2026-12-08 10:00")]


def test_a_clash_that_appeared_meanwhile_books_nothing_and_is_named(db, people):
    block(people, "2026-12-01 09:00")

    with pytest.raises(SeriesClash) as refused:
        booked(people)

    assert refused.value.number == 2
    assert "Tue 1 Dec 2026, 9:00 AM" in refused.value.message


def test_skipping_everything_is_refused(people):
    with pytest.raises(NothingToBook):
        use_cases.book_series(
            people.rosa.actor, wish=wish(people, count=2), choices={1: SKIP, 2: SKIP}
        )


def test_limits_count_inside_the_series_and_only_an_override_sets_them_aside(people):
    found = series_preview.preview_series(people.rosa.actor, wish=wish(people, count=5))
    assert [one.is_free for one in found] == [True, True, True, False, False]

    series_id = booked(people, count=12, override_reason="Physical therapy")
    assert len(starts_of(series_id)) == 12


def test_only_those_who_may_override_set_limits_aside(people):
    with pytest.raises(Forbidden):
        series_preview.preview_series(
            people.neil.actor, wish=wish(people, override_reason="Physical therapy")
        )


def test_a_form_sent_twice_books_one_series(db, people):
    once = use_cases.once_for(people.rosa.actor, "one-form", wish(people))
    first, second = (
        use_cases.book_series(people.rosa.actor, wish=wish(people), once=once) for _ in range(2)
    )

    assert first == second
    assert db.scalar(select(func.count()).select_from(Series)) == 1


def test_a_rule_out_of_bounds_is_refused(people):
    with pytest.raises(BadSeries):
        booked(people, count=61)


def test_students_book_no_series(people):
    with pytest.raises(Forbidden):
        use_cases.book_series(people.eve.actor, wish=wish(people))


def test_changing_the_rest_keeps_the_past_and_starts_a_successor(db, people):
    old = booked(people, override_reason="Therapy", count=4)
    second = appointments.appointments_of_series(old)[1]

    new = series_rest.change_rest(
        people.rosa.actor,
        wish=RestWish(
            appointment_id=second.id,
            first_on=date(2026, 12, 2),
            local_time=time(14),
            provider=people.dino.id,
            override_reason="Therapy",
        ),
    )

    assert starts_of(old) == [at("2026-11-24 09:00")]
    assert starts_of(new) == [
        at("2026-12-02 14:00"),
        at("2026-12-09 14:00"),
        at("2026-12-16 14:00"),
    ]
    assert {visit.provider for visit in appointments.appointments_of_series(new)} == {"DOC902"}
    assert db.get(Series, old).status == "split"
    assert db.get(Series, new).predecessor_id == old


def test_a_series_can_move_by_a_whole_week_onto_its_own_times(people):
    old = booked(people)
    first = appointments.appointments_of_series(old)[0]

    new = series_rest.change_rest(
        people.rosa.actor,
        wish=RestWish(
            appointment_id=first.id,
            first_on=date(2026, 12, 1),
            local_time=time(9),
        ),
    )

    assert starts_of(new) == [
        at("2026-12-01 09:00"),
        at("2026-12-08 09:00"),
        at("2026-12-15 09:00"),
    ]


def test_a_clash_while_changing_is_named(people):
    old = booked(people)
    block(people, "2026-12-08 10:00")

    with pytest.raises(SeriesClash) as refused:
        series_rest.change_rest(
            people.rosa.actor,
            wish=RestWish(
                appointment_id=appointments.appointments_of_series(old)[1].id,
                first_on=date(2026, 12, 1),
                local_time=time(10),
            ),
        )

    assert refused.value.number == 3


def test_cancelling_the_rest_keeps_what_was_before(db, people):
    old = booked(people)
    second = appointments.appointments_of_series(old)[1]

    count = series_rest.cancel_rest(
        people.rosa.actor, appointment_id=second.id, reason="Moved away"
    )

    assert count == 2
    assert starts_of(old) == [at("2026-11-24 09:00")]
    assert db.get(Series, old).status == "cancelled"
    with pytest.raises(SeriesOver):
        series_rest.cancel_rest(people.rosa.actor, appointment_id=second.id, reason="Again")


def test_a_stranger_learns_nothing_and_the_patient_may_not(people):
    visit = appointments.appointments_of_series(booked(people))[0]

    for person in (people.eve, people.sam):
        for key in (visit.id, 987):  # whether the visit exists or not
            with pytest.raises(Forbidden):
                series_rest.cancel_rest(person.actor, appointment_id=key, reason="x")
    with pytest.raises(errors.UnknownAppointment):
        series_rest.cancel_rest(people.rosa.actor, appointment_id=987, reason="x")


def test_a_single_visit_and_an_unknown_number_are_no_series(db, people):
    block(people, "2026-12-01 09:00")
    single = db.scalar(select(Appointment.id))

    with pytest.raises(UnknownSeries):
        series_rest.cancel_rest(people.rosa.actor, appointment_id=single, reason="x")
    with pytest.raises(UnknownSeries):
        use_cases.series_details(people.rosa.actor, series_id=987)


def test_the_page_of_a_series_shows_its_visits(people):
    details = use_cases.series_details(people.dana.actor, series_id=booked(people))

    assert (details.series.provider_name, len(details.visits)) == ("Dana Villamor", 3)
