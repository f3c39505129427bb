"""When providers work: hours, other hours on a date, time off, and who is affected (SCH-10..12)."""

from datetime import date, time

import pytest
from sqlalchemy import select

from app.kernel.errors import Forbidden, Invalid
from app.scheduling import services
from app.scheduling.errors import UnknownProvider
from app.scheduling.queries import appointments, previews, schedules
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services import Wish
from app.scheduling.services.schedules import Span
from app.security.models import AuditEvent
from tests.factories.scheduling import MANILA, at

pytestmark = pytest.mark.usefixtures("clinic")
MONDAY, FRIDAY = date(2026, 11, 23), date(2026, 11, 27)
SATURDAY = 5
EVENING = Span(weekday=0, starts=time(18), ends=time(20), campus="Downtown")


def provider_id(person):
    return schedules.practitioner_by_university_id(person.id).id


def book(people, starts_at="09:00", **more):
    wish = Wish(type="consultation", starts_at=at(starts_at), provider=people.dana.id, **more)
    return services.book_appointment(people.sam.actor, wish=wish)


def open_hours(person, day=MONDAY):
    """The opening hours of a day as texts, such as 8-12."""
    days = previews.preview(provider_id(person), first=day, last=day, zone=MANILA)
    return [
        f"{period.starts_at.astimezone(MANILA):%H}-{period.ends_at.astimezone(MANILA):%H}"
        for period in days[0].open
    ]


def is_flagged(booked):
    return appointments.known_appointment(booked.id).needs_rebooking


def save(actor, person, span=EVENING, **more):
    return services.save_weekly_hours(actor, practitioner_id=provider_id(person), span=span, **more)


def test_hours_of_the_week_open_the_calendar(people):
    save(people.rosa.actor, people.dana)

    assert open_hours(people.dana) == ["08-12", "13-17", "18-20"]  # SCH-10


def test_hours_that_touch_become_one(people):
    save(people.rosa.actor, people.dana, Span(weekday=0, starts=time(12), ends=time(13)))

    assert open_hours(people.dana) == ["08-17"]


def test_hours_may_run_past_midnight(people):
    night = Span(weekday=0, starts=time(22), ends=time(2))
    save(people.rosa.actor, people.dana, night)

    assert open_hours(people.dana)[-1] == "22-00"
    assert open_hours(people.dana, date(2026, 11, 24))[0] == "00-02"


def test_hours_count_only_while_they_are_valid(people):
    span = Span(weekday=0, starts=time(18), ends=time(20), valid_from=date(2026, 12, 7))
    save(people.rosa.actor, people.dana, span)

    assert "18-20" not in open_hours(people.dana)
    assert "18-20" in open_hours(people.dana, date(2026, 12, 7))


def test_hours_that_overlap_are_refused_beside_the_field(people):
    span = Span(weekday=0, starts=time(11), ends=time(14))

    with pytest.raises(Invalid) as refusal:
        save(people.rosa.actor, people.dana, span)

    assert refusal.value.errors == {"starts": ["These hours overlap with 8:00 AM to 12:00 PM."]}


def test_hours_of_other_months_do_not_overlap(people):
    save(people.rosa.actor, people.dana, Span(
        weekday=SATURDAY, starts=time(8), ends=time(12), valid_to=date(2026, 12, 31)
    ))  # fmt: skip

    save(people.rosa.actor, people.dana, Span(
        weekday=SATURDAY, starts=time(9), ends=time(11), valid_from=date(2027, 1, 1)
    ))  # fmt: skip

    assert open_hours(people.dana, date(2026, 11, 28)) == ["08-12"]
    assert open_hours(people.dana, date(2027, 1, 2)) == ["09-11"]


@pytest.mark.parametrize(
    "span",
    [
        Span(weekday=0, starts=time(9), ends=time(9)),
        Span(weekday=7, starts=time(9), ends=time(10)),
        Span(
            weekday=SATURDAY,
            starts=time(9),
            ends=time(10),
            valid_from=date(2027, 1, 2),
            valid_to=date(2027, 1, 1),
        ),
    ],
)
def test_absurd_hours_are_refused(people, span):
    with pytest.raises(Invalid):
        save(people.rosa.actor, people.dana, span)


def test_a_physician_changes_only_her_own_hours(people):
    save(people.dana.actor, people.dana)

    with pytest.raises(Forbidden):
        save(people.dana.actor, people.dino)


@pytest.mark.parametrize("name", ["sam", "eve", "cass", "pia"])
def test_others_change_nobodys_hours(people, name):
    with pytest.raises(Forbidden):
        save(getattr(people, name).actor, people.dana)


def test_hours_of_an_unknown_provider_are_refused(people):
    with pytest.raises(UnknownProvider):
        services.save_weekly_hours(people.rosa.actor, practitioner_id=999_999, span=EVENING)


def test_hours_of_somebody_else_cannot_be_changed_or_removed_by_their_number(people):
    hours_id = schedules.weekly_hours(provider_id(people.dino))[0].id

    with pytest.raises(UnknownProvider):
        save(people.dana.actor, people.dana, hours_id=hours_id)
    with pytest.raises(UnknownProvider):
        services.remove_weekly_hours(
            people.dana.actor, practitioner_id=provider_id(people.dana), hours_id=hours_id
        )


def test_changed_hours_flag_the_visits_that_no_longer_fit(people):
    booked = book(people)
    row = schedules.weekly_hours(provider_id(people.dana))[0]
    later = Span(weekday=0, starts=time(10), ends=time(12), campus="Downtown")

    count = save(people.rosa.actor, people.dana, later, hours_id=row.id)

    assert count == 1  # SCH-19
    assert is_flagged(booked)
    assert schedules.misfits() == {provider_id(people.dana): 1}
    assert appointments.known_appointment(booked.id).status == "confirmed"  # nothing is lost


def test_removed_hours_flag_and_returning_hours_unflag(people):
    booked = book(people)
    row = schedules.weekly_hours(provider_id(people.dana))[0]
    remove = services.remove_weekly_hours

    flagged = remove(people.rosa.actor, practitioner_id=provider_id(people.dana), hours_id=row.id)
    again = save(people.rosa.actor, people.dana, Span(weekday=0, starts=time(8), ends=time(12)))

    assert (flagged, again) == (1, 0)
    assert not is_flagged(booked)


def test_a_day_is_copied_to_others_and_replaces_them(people):
    save(people.dana.actor, people.dana)

    services.copy_day(
        people.dana.actor, practitioner_id=provider_id(people.dana), weekday=0, to=[0, 4, SATURDAY]
    )

    assert open_hours(people.dana, FRIDAY) == ["08-12", "13-17", "18-20"]
    assert open_hours(people.dana, date(2026, 11, 28)) == ["08-12", "13-17", "18-20"]
    assert open_hours(people.dana, date(2026, 11, 24)) == ["08-12", "13-17"]


def test_a_copied_empty_day_empties_the_others_and_flags_their_visits(people):
    booked = book(people)

    count = services.copy_day(
        people.dana.actor, practitioner_id=provider_id(people.dana), weekday=6, to=[0]
    )

    assert count == 1
    assert is_flagged(booked)


@pytest.mark.parametrize("to", [[], [0], [7], [-1]])
def test_a_day_is_copied_only_to_other_days_of_the_week(people, to):
    with pytest.raises(Invalid) as refusal:
        services.copy_day(
            people.dana.actor, practitioner_id=provider_id(people.dana), weekday=0, to=to
        )

    assert "to" in refusal.value.errors


def test_a_physician_copies_nobody_elses_day(people):
    with pytest.raises(Forbidden):
        services.copy_day(
            people.dana.actor, practitioner_id=provider_id(people.dino), weekday=0, to=[1]
        )


def override(person, people, spans, on_date=MONDAY, **more):
    return services.save_override(
        person.actor,
        practitioner_id=provider_id(people.dana),
        on_date=on_date,
        spans=spans,
        **more,
    )


def test_other_hours_replace_a_date_and_unite(people):
    override(people.rosa, people, [(time(9), time(11)), (time(10), time(12))])

    assert open_hours(people.dana) == ["09-12"]  # SCH-11
    assert open_hours(people.dana, date(2026, 11, 30)) == ["08-12", "13-17"]


def test_a_date_without_hours_is_a_day_off(people):
    booked = book(people)

    count = override(people.dana, people, [], note="Seminar")

    assert count == 1
    assert is_flagged(booked)
    assert open_hours(people.dana) == []


def test_saving_a_date_again_replaces_it(people):
    override(people.rosa, people, [])
    override(people.rosa, people, [(time(9), time(11))])

    assert open_hours(people.dana) == ["09-11"]


def test_a_removed_date_has_its_usual_hours_again(people):
    override(people.rosa, people, [])

    services.remove_override(
        people.rosa.actor, practitioner_id=provider_id(people.dana), on_date=MONDAY
    )

    assert open_hours(people.dana) == ["08-12", "13-17"]


def test_a_past_date_stays_as_it_was(people):
    with pytest.raises(Invalid) as refusal:
        override(people.rosa, people, [], on_date=date(2026, 11, 22))

    assert "on_date" in refusal.value.errors


@pytest.mark.parametrize("note", ["x" * 201, "Sem\x00inar", "two\nlines"])
def test_a_note_is_short_and_plain(people, note):
    with pytest.raises(Invalid) as refusal:
        override(people.rosa, people, [], note=note)

    assert "note" in refusal.value.errors


def test_an_empty_span_on_a_date_is_refused(people):
    with pytest.raises(Invalid):
        override(people.rosa, people, [(time(9), time(9))])


def test_a_physician_sets_nobody_elses_date(people):
    with pytest.raises(Forbidden):
        override(people.dino, people, [])


def time_off(person, people, starts_at, ends_at):
    return services.add_time_off(
        person.actor,
        practitioner_id=provider_id(people.dana),
        starts_at=at(starts_at),
        ends_at=at(ends_at),
    )


def test_time_off_takes_part_of_a_day(people):
    booked = book(people)

    count = time_off(people.dana, people, "08:30", "10:00")

    assert count == 1  # SCH-12
    assert is_flagged(booked)
    days = previews.preview(provider_id(people.dana), first=MONDAY, last=MONDAY, zone=MANILA)
    assert [f"{p.starts_at.astimezone(MANILA):%H:%M}" for p in days[0].open] == [
        "08:00",
        "10:00",
        "13:00",
    ]
    assert days[0].notes == ("Time off",)


def test_removed_time_off_unflags(people):
    booked = book(people)
    time_off(people.dana, people, "08:30", "10:00")
    row = schedules.absences(provider_id(people.dana), since=at("07:00"))[0]

    count = services.remove_time_off(
        people.dana.actor, practitioner_id=provider_id(people.dana), time_off_id=row.id
    )

    assert count == 0
    assert not is_flagged(booked)


def test_time_off_must_not_end_before_it_starts(people):
    with pytest.raises(Invalid) as refusal:
        time_off(people.dana, people, "10:00", "10:00")

    assert "ends_at" in refusal.value.errors


def test_a_physician_removes_nobody_elses_time_off(people):
    time_off(people.dana, people, "08:30", "10:00")
    row = schedules.absences(provider_id(people.dana), since=at("07:00"))[0]

    with pytest.raises(Forbidden):
        services.remove_time_off(
            people.dino.actor, practitioner_id=provider_id(people.dana), time_off_id=row.id
        )
    with pytest.raises(UnknownProvider):
        services.remove_time_off(
            people.dino.actor, practitioner_id=provider_id(people.dino), time_off_id=row.id
        )


def test_time_off_beats_other_hours_on_the_date(people):
    override(people.rosa, people, [(time(9), time(11))])
    time_off(people.rosa, people, "09:00", "10:00")

    assert open_hours(people.dana) == ["10-11"]


def test_every_change_of_a_schedule_is_in_the_audit_trail(db, people):
    save(people.dana.actor, people.dana)

    events = db.scalars(select(AuditEvent).where(AuditEvent.actor_name == people.dana.name))
    assert [event.action for event in events] == ["scheduling:schedule:hours"]


def test_visits_that_were_given_up_are_not_flagged(people):
    booked = book(people)
    services.change_status(
        people.rosa.actor,
        appointment_id=booked.id,
        status=AppointmentStatus.CANCELLED,
        reason="The patient rang.",
    )

    count = override(people.dana, people, [])

    assert count == 0
    assert not is_flagged(booked)


def test_a_flagged_visit_that_moves_is_flagged_no_more(people):
    booked = book(people)
    override(people.dana, people, [])

    moved = services.reschedule_appointment(
        people.rosa.actor, appointment_id=booked.id, starts_at=at("2026-11-24 09:00")
    )

    assert not moved.needs_rebooking
    assert appointments.count_needing_rebooking() == 0
