"""Looking at the rest of a series before it is moved, and choosing (SCH-32)."""

from dataclasses import replace
from datetime import date, time

import pytest

from app.kernel.errors import Forbidden
from app.scheduling.errors.series import NothingToMove, SeriesOver, UnknownSeries
from app.scheduling.models import AppointmentType
from app.scheduling.queries import appointments
from app.scheduling.services import series as use_cases
from app.scheduling.services import series_preview, series_rest
from app.scheduling.services.series import SKIP, MoveTo
from app.scheduling.services.series_rest import RestWish
from tests.factories.scheduling import at
from tests.services.test_series import block, starts_of, wish

pytestmark = pytest.mark.usefixtures("clinic")


def rest(people, number=1, **more):
    series_id = use_cases.book_series(people.rosa.actor, wish=wish(people))
    visit = appointments.appointments_of_series(series_id)[number - 1]
    values = {"first_on": date(2026, 12, 1), "local_time": time(9)}
    return series_id, RestWish(appointment_id=visit.id, **values | more)


def looked_at(people, wanted, **more):
    found = series_preview.preview_rest(people.rosa.actor, wish=wanted, **more)
    return [(one.planned.number, one.planned.why_not) for one in found]


def test_the_old_times_of_the_rest_are_in_nobodys_way(people):
    _, wanted = rest(people)

    assert looked_at(people, wanted) == [(1, ""), (2, ""), (3, "")]


def test_nothing_is_changed_by_looking(people):
    series_id, wanted = rest(people, local_time=time(14))
    before = starts_of(series_id)

    looked_at(people, wanted)

    assert starts_of(series_id) == before


def test_a_clash_of_the_rest_is_named_with_other_times(people):
    _, wanted = rest(people, 2, local_time=time(10))
    block(people, "2026-12-08 10:00")

    found = series_preview.preview_rest(people.rosa.actor, wish=wanted)

    assert [one.planned.number for one in found] == [2, 3]
    assert found[0].planned.is_free
    assert found[1].planned.why_not == "DOC901 has another visit from 10:00 to 10:20."
    assert at("2026-12-08 10:20") in [one.starts_at for one in found[1].planned.alternatives]
    assert found[1].visit.starts_at == at("2026-12-08 09:00")


def test_a_clash_of_the_rest_stays_or_moves_as_chosen(people):
    old, wanted = rest(people, 2, local_time=time(10))
    block(people, "2026-12-01 10:00")
    block(people, "2026-12-08 10:00")

    new = series_rest.change_rest(
        people.rosa.actor,
        wish=wanted,
        choices={2: SKIP, 3: MoveTo(at("2026-12-08 11:00"), people.dino.id)},
    )

    assert starts_of(old) == [at("2026-11-24 09:00"), at("2026-12-01 09:00")]
    assert starts_of(new) == [at("2026-12-08 11:00")]


def test_a_visit_that_stays_is_in_the_way_of_the_others(people):
    _, wanted = rest(people)

    found = looked_at(people, wanted, choices={2: SKIP})

    assert found[0][1] != ""  # the first would come where the second stays


def test_leaving_everything_as_it_is_moves_nothing(people):
    _, wanted = rest(people, 3)

    with pytest.raises(NothingToMove):
        series_rest.change_rest(people.rosa.actor, wish=wanted, choices={3: SKIP})


def test_the_limit_of_a_week_counts_inside_the_moved_rest(db, people):  # SCH-17
    db.query(AppointmentType).filter_by(code="consultation").update({"max_per_week": 1})
    db.commit()
    _, wanted = rest(people, first_on=date(2026, 12, 3))

    assert looked_at(people, wanted) == [(1, ""), (2, ""), (3, "")]
    refused = looked_at(people, wanted, choices={2: SKIP})
    assert refused[0][1] == "A patient may have at most 1 visit of this kind in one week."


def test_the_limit_of_a_week_is_seen_when_a_series_is_planned(db, people):  # SCH-17
    db.query(AppointmentType).filter_by(code="consultation").update({"max_per_week": 1})
    db.commit()
    use_cases.book_series(people.rosa.actor, wish=wish(people, count=1))

    found = series_preview.preview_series(
        people.rosa.actor, wish=wish(people, first_on=date(2026, 11, 26), count=2)
    )

    assert found[0].why_not == "A patient may have at most 1 visit of this kind in one week."
    assert found[1].is_free


def test_moved_visits_count_in_the_second_look(people):  # SCH-17
    block(people, "2026-12-01 09:00")
    wanted = wish(people, count=4)

    first = series_preview.preview_series(people.rosa.actor, wish=wanted)
    second = series_preview.preview_series(
        people.rosa.actor,
        wish=wanted,
        choices={2: MoveTo(at("2026-12-01 09:20"), people.dana.id)},
    )

    assert [one.is_free for one in first] == [True, False, True, True]
    assert [one.is_free for one in second] == [True, False, True, False]


def test_only_who_may_book_looks_at_the_rest(people):
    _, wanted = rest(people)

    for person in (people.eve, people.sam):
        with pytest.raises(Forbidden):
            series_preview.preview_rest(person.actor, wish=wanted)


def test_a_single_visit_and_a_finished_series_have_no_rest(db, people):
    _, wanted = rest(people)
    block(people, "2026-12-15 09:00")
    single = max(
        appointments.appointments_between(
            appointments.Period(at("2026-12-15 08:00"), at("2026-12-15 12:00"))
        ),
        key=lambda one: one.id,
    )

    with pytest.raises(UnknownSeries):
        looked_at(people, replace(wanted, appointment_id=single.id))
    series_rest.cancel_rest(
        people.rosa.actor, appointment_id=wanted.appointment_id, reason="Moved away"
    )
    with pytest.raises(SeriesOver):
        looked_at(people, wanted)
