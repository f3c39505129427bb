"""Missed visits: marked after their grace, with points that can be contested (SCH-35)."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.kernel import clock
from app.kernel.errors import Forbidden
from app.notifications.models import Communication
from app.scheduling import errors, services
from app.scheduling.errors.points import PointNotContestable, UnknownPoint
from app.scheduling.models import AppointmentType, NoShowPoint, TimeOff
from app.scheduling.queries import appointments
from app.scheduling.rules import AppointmentStatus
from app.scheduling.rules.points import PointStatus
from app.scheduling.services import Wish
from tests.factories.scheduling import SYSTEM, at

pytestmark = pytest.mark.usefixtures("clinic")
TO = AppointmentStatus


@pytest.fixture
def visit(people):
    """Sam's consultation with Dana at 9:00."""
    wish = Wish(type="consultation", starts_at=at("09:00"), provider=people.dana.id)
    return services.book_appointment(people.sam.actor, wish=wish)


@pytest.fixture
def point(visit, db):
    """The point of Sam's missed visit."""
    with clock.pretend(at("09:15")):
        services.mark_no_shows(SYSTEM)
    return the_point(db)


def the_point(db):
    return db.scalars(select(NoShowPoint).execution_options(populate_existing=True)).one()


def status_of(visit):
    return appointments.known_appointment(visit.id).status


def missed(db, visit, count, *, starts_at="11:00"):
    """As many points as if so many visits had been missed."""
    known = appointments.known_appointment(visit.id)
    for _ in range(count):
        wish = Wish(type="consultation", starts_at=at(starts_at), patient=known.patient_key)
        other = services.book_appointment(SYSTEM, wish=wish)
        services.change_status(
            SYSTEM, appointment_id=other.id, status=TO.CANCELLED, reason="to miss it"
        )
        db.add(
            NoShowPoint(
                appointment_id=other.id,
                patient_id=known.patient_id,
                given_at=at("07:00"),
                expires_at=at("07:00") + timedelta(days=90),
                status="counted",
            )
        )
    db.flush()


def test_a_visit_is_missed_exactly_when_its_grace_is_over(visit):
    with clock.pretend(at("09:14")):
        assert services.mark_no_shows(SYSTEM) == 0
    with clock.pretend(at("09:15")):
        assert services.mark_no_shows(SYSTEM) == 1
        assert services.mark_no_shows(SYSTEM) == 0

    assert status_of(visit) is TO.NO_SHOW


def test_the_grace_is_that_of_the_kind_of_visit(visit, db):
    db.execute(update(AppointmentType).values(no_show_grace_minutes=60))

    with clock.pretend(at("09:59")):
        assert services.mark_no_shows(SYSTEM) == 0
    with clock.pretend(at("10:00")):
        assert services.mark_no_shows(SYSTEM) == 1


def test_a_missed_visit_gives_one_point_and_one_message(point, visit, people, db):
    assert (point.appointment_id, point.status) == (visit.id, "counted")
    assert point.expires_at == at("09:15") + timedelta(days=90)
    rows = db.scalars(select(Communication).where(Communication.template == "missed")).all()
    assert {(row.channel, row.recipient_user_id) for row in rows} == {
        ("in-app", people.sam.user_id),
        ("email", people.sam.user_id),
    }


def test_nobody_misses_a_visit_when_the_provider_was_away(visit, people, db):
    known = appointments.known_appointment(visit.id)
    db.add(
        TimeOff(
            practitioner_id=known.practitioner_id,
            starts_at=at("08:00"),
            ends_at=at("12:00"),
            note="ill",
        )
    )
    db.flush()

    with clock.pretend(at("09:30")):
        assert services.mark_no_shows(SYSTEM) == 0
        assert services.mark_no_shows(SYSTEM) == 0

    after = appointments.known_appointment(visit.id)
    assert (after.status, after.needs_rebooking) == (TO.CONFIRMED, True)
    assert after.version == visit.version + 1
    assert db.scalars(select(NoShowPoint)).all() == []


def test_who_is_checked_in_is_not_missed(visit, people):
    with clock.pretend(at("08:50")):
        services.change_status(people.rosa.actor, appointment_id=visit.id, status=TO.CHECKED_IN)
    with clock.pretend(at("09:30")):
        assert services.mark_no_shows(SYSTEM) == 0


def test_only_the_clinic_marks_missed_visits_in_bulk(visit, people):
    for person in (people.sam, people.eve, people.neil):
        with pytest.raises(Forbidden):
            services.mark_no_shows(person.actor)


def test_a_late_arrival_takes_the_point_back_and_missing_it_again_gives_it_again(
    point, visit, people, db
):
    with clock.pretend(at("09:20")):
        services.change_status(people.rosa.actor, appointment_id=visit.id, status=TO.CHECKED_IN)
    assert the_point(db).status == "void"

    with clock.pretend(at("09:25")):
        services.change_status(people.rosa.actor, appointment_id=visit.id, status=TO.CONFIRMED)
        services.change_status(people.rosa.actor, appointment_id=visit.id, status=TO.NO_SHOW)
    assert the_point(db).status == "counted"


def test_two_points_make_the_next_own_booking_wait_for_approval(visit, people, db):
    missed(db, visit, 1)
    wish = Wish(type="consultation", starts_at=at("14:00"))
    assert services.book_appointment(people.sam.actor, wish=wish).status == "confirmed"

    missed(db, visit, 1, starts_at="2026-11-25 11:00")
    wish = Wish(type="consultation", starts_at=at("2026-11-24 15:00"))
    assert services.book_appointment(people.sam.actor, wish=wish).status == "pending"


def test_three_points_shorten_the_horizon_for_the_patient_but_not_for_staff(visit, people, db):
    missed(db, visit, 3)
    far = at("2026-12-03 14:00")
    by_sam = Wish(type="consultation", starts_at=far)
    by_desk = Wish(type="consultation", starts_at=far, patient=people.sam.id)
    days = {"first": far.date(), "last": far.date(), "type_code": "consultation"}

    assert services.available_times(people.sam.actor, **days) == []
    assert services.available_times(people.eve.actor, **days) != []
    assert services.available_times(people.rosa.actor, **days, patient=people.sam.id) != []
    with pytest.raises(errors.TooFar) as refusal:
        services.book_appointment(people.sam.actor, wish=by_sam)
    assert refusal.value.message == "This visit can be booked at most 7 days ahead."
    assert services.book_appointment(people.rosa.actor, wish=by_desk).status == "confirmed"


def test_an_expired_point_counts_no_longer(visit, people, db):
    missed(db, visit, 2)
    db.execute(update(NoShowPoint).values(expires_at=at("07:00") + timedelta(seconds=1)))

    with clock.pretend(at("07:01")):
        wish = Wish(type="consultation", starts_at=at("15:00"))
        assert services.book_appointment(people.sam.actor, wish=wish).status == "confirmed"


def test_a_patient_contests_and_the_desk_takes_the_point_back(point, people, db):
    services.contest_point(people.sam.actor, point_id=point.id, objection="I was at the window.")
    assert (the_point(db).status, the_point(db).objection) == ("contested", "I was at the window.")
    with pytest.raises(PointNotContestable):
        services.contest_point(people.sam.actor, point_id=point.id, objection="Really!")

    services.decide_point(
        people.rosa.actor, point_id=point.id, status=PointStatus.WAIVED, reason="You were there."
    )

    [own], _ = services.own_points(people.sam.actor)
    assert (own.status, own.decision) == (PointStatus.WAIVED, "You were there.")
    assert not own.counts(at("10:00"))
    told = db.scalars(select(Communication).where(Communication.template == "point_decided")).all()
    assert {row.recipient_user_id for row in told} == {people.sam.user_id}


def test_a_point_of_somebody_else_is_not_there(point, people):
    with pytest.raises(UnknownPoint):
        services.contest_point(people.eve.actor, point_id=point.id, objection="Mine?")
    with pytest.raises(UnknownPoint):
        services.contest_point(people.sam.actor, point_id=point.id + 1, objection="Mine?")
    assert services.own_points(people.eve.actor)[0] == []


def test_only_the_front_desk_decides(point, people):
    for person in (people.sam, people.eve, people.neil, people.dana):
        with pytest.raises(Forbidden):
            services.decide_point(
                person.actor, point_id=point.id, status=PointStatus.WAIVED, reason="no"
            )
    with pytest.raises(UnknownPoint):
        services.decide_point(SYSTEM, point_id=0, status=PointStatus.WAIVED, reason="no")
