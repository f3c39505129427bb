"""Screens of the waiting room, and arriving at one of them (SCH-33)."""

from datetime import timedelta

import pytest

from app.infra import signing
from app.infra.db import session
from app.kernel import clock
from app.kernel.errors import Forbidden
from app.patients.models import Patient
from app.scheduling import services as scheduling
from app.scheduling.queries.appointments import known_appointment
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services import Wish
from app.security.models import AuditEvent
from app.visits import services
from app.visits.errors.devices import (
    KioskBusy,
    NoCodeToday,
    NotForThisKiosk,
    NotNow,
    UnknownAtKiosk,
    UnknownDevice,
    UnusableCode,
    UnusableDevice,
)
from app.visits.models import Device, KioskTry, Visit
from app.visits.queries import visits
from app.visits.queries.devices import devices
from app.visits.services.devices import add_device, device_at, revoke_device, wall
from app.visits.services.kiosk import (
    check_in_code,
    kiosk_check_in,
    kiosk_greet,
    kiosk_walk_in,
    offered_services,
)
from tests.factories.scheduling import at

pytestmark = pytest.mark.usefixtures("clinic")


@pytest.fixture
def kiosk(people):
    """A kiosk at the entrance."""
    return device_at("kiosk", secret_of(add_device(people.ada.actor, kind="kiosk", name="Door")))


@pytest.fixture
def booked(people):
    """Sam's consultation at 9:00 AM."""
    made = scheduling.book_appointment(
        people.sam.actor,
        wish=Wish(type="consultation", starts_at=at("09:00"), provider=people.dana.id),
    )
    return known_appointment(made.id)


def secret_of(added) -> str:
    """The secret part of an address."""
    return added.path.strip("/").split("/")[1]


def test_only_the_hash_of_an_address_is_kept(people):
    added = add_device(people.ada.actor, kind="display", name=" Waiting  room ")

    row = session().get(Device, added.id)

    assert row.name == "Waiting room"
    assert secret_of(added) not in {row.token_hash, row.name}
    assert device_at("display", secret_of(added)).id == added.id


def test_adding_and_revoking_are_audited(people):
    added = add_device(people.ada.actor, kind="kiosk", name="Door")
    revoke_device(people.ada.actor, device_id=added.id)
    revoke_device(people.ada.actor, device_id=added.id)

    actions = [e.action for e in session().query(AuditEvent).filter_by(object_type="Device")]

    assert actions == ["visits:device:add", "visits:device:revoke"]


def test_a_revoked_address_is_not_there_any_more(people):
    added = add_device(people.ada.actor, kind="kiosk", name="Door")
    revoke_device(people.ada.actor, device_id=added.id)

    with pytest.raises(UnknownDevice):
        device_at("kiosk", secret_of(added))
    assert devices()[0].revoked_at is not None


def test_the_address_of_a_display_is_no_kiosk(people):
    added = add_device(people.ada.actor, kind="display", name="Wall")

    with pytest.raises(UnknownDevice):
        device_at("kiosk", secret_of(added))


@pytest.mark.parametrize("name", ["rosa", "dana", "eve"])
def test_only_administrators_add_and_revoke(people, name):
    actor = getattr(people, name).actor

    with pytest.raises(Forbidden):
        add_device(actor, kind="kiosk", name="Door")
    with pytest.raises(Forbidden):
        revoke_device(actor, device_id=1)


@pytest.mark.parametrize(
    ("kind", "name", "campus"), [("robot", "x", ""), ("kiosk", " ", ""), ("kiosk", "x", "y" * 61)]
)
def test_a_screen_needs_a_kind_and_a_name(people, kind, name, campus):
    with pytest.raises(UnusableDevice):
        add_device(people.ada.actor, kind=kind, name=name, campus=campus)


def test_an_unknown_screen_cannot_be_revoked(people):
    with pytest.raises(UnknownDevice):
        revoke_device(people.ada.actor, device_id=999)


def test_a_screen_is_noted_as_seen_once_a_minute(people):
    token = secret_of(add_device(people.ada.actor, kind="kiosk", name="Door"))
    device_at("kiosk", token)
    first = devices()[0].last_seen_at
    with clock.pretend(first + timedelta(seconds=59)):
        device_at("kiosk", token)
    assert devices()[0].last_seen_at == first
    with clock.pretend(first + timedelta(seconds=60)):
        device_at("kiosk", token)
    assert devices()[0].last_seen_at > first


def test_a_patient_checks_in_by_typing_the_id(kiosk, people, booked):
    with clock.pretend(at("08:45")):
        ticket = kiosk_check_in(kiosk, typed=f" {people.sam.id} ")
        again = kiosk_check_in(kiosk, typed=people.sam.id)

    assert ticket == again
    assert ticket.position == 1
    assert known_appointment(booked.id).status is AppointmentStatus.CHECKED_IN
    assert session().query(Visit).one().channel == "kiosk"


def test_a_patient_checks_in_with_the_code_of_the_day(kiosk, booked):
    with clock.pretend(at("08:45")):
        ticket = kiosk_check_in(kiosk, typed=check_in_code(booked))

    assert ticket.token.endswith("-001")


def test_a_code_appears_on_the_day_of_the_visit_only(booked):
    with clock.pretend(at("2026-11-22 12:00")), pytest.raises(NoCodeToday):
        check_in_code(booked)


def test_a_code_of_another_day_is_refused(kiosk, booked):
    code = signing.sign("check-in", {"a": booked.id, "d": "2026-11-24"})

    with clock.pretend(at("08:45")), pytest.raises(UnusableCode):
        kiosk_check_in(kiosk, typed=code)


def test_a_code_that_was_signed_days_ago_has_ended(kiosk, booked):
    with clock.pretend(at("08:45") - timedelta(days=3)):
        code = signing.sign("check-in", {"a": booked.id, "d": "2026-11-23"})

    with clock.pretend(at("08:45")), pytest.raises(UnusableCode):
        kiosk_check_in(kiosk, typed=code)


@pytest.mark.parametrize("code", ["a.b.c", "x" * 40, "." * 400])
def test_a_made_up_code_is_refused_and_counted(kiosk, code):
    with pytest.raises(UnusableCode):
        kiosk_check_in(kiosk, typed=code)

    assert [row.was_known for row in session().query(KioskTry)] == [False]


@pytest.mark.parametrize(("time", "words"), [("08:29", "early"), ("09:16", "front desk")])
def test_too_early_and_too_late_say_what_to_do(kiosk, people, booked, time, words):
    with clock.pretend(at(time)), pytest.raises(NotNow, match=words):
        kiosk_check_in(kiosk, typed=people.sam.id)

    assert known_appointment(booked.id).status is AppointmentStatus.CONFIRMED


def test_unknown_tomorrow_and_nothing_booked_get_the_same_words(kiosk, people, booked):
    def words(typed: str) -> str:
        with pytest.raises(NotForThisKiosk) as caught:
            kiosk_check_in(kiosk, typed=typed)
        return caught.value.message

    with clock.pretend(at("2026-11-22 08:45")):  # the visit is tomorrow
        assert words(people.sam.id) == words("20990000") == words(people.eve.id) == words("")


def test_who_guesses_has_to_wait_a_minute(kiosk, people, booked):
    with clock.pretend(at("08:45")):
        for number in range(9):
            with pytest.raises(NotForThisKiosk):
                kiosk_check_in(kiosk, typed=f"2099000{number}")
        with pytest.raises(KioskBusy):
            kiosk_check_in(kiosk, typed=people.sam.id)
        with pytest.raises(KioskBusy):
            kiosk_greet(kiosk, typed=people.sam.id)
    with clock.pretend(at("08:46")):
        assert kiosk_check_in(kiosk, typed=people.sam.id).token


def test_guessing_at_one_kiosk_leaves_the_other_open(kiosk, people, booked):
    other = device_at("kiosk", secret_of(add_device(people.ada.actor, kind="kiosk", name="Back")))
    with clock.pretend(at("08:45")):
        for number in range(9):
            with pytest.raises(NotForThisKiosk):
                kiosk_check_in(kiosk, typed=f"2099000{number}")

        assert kiosk_check_in(other, typed=people.sam.id).token


def test_a_walk_in_gets_a_number_and_two_taps_the_same(kiosk, people):
    one = kiosk_walk_in(kiosk, typed=people.eve.id, service="consultation", reason="Headache")
    two = kiosk_walk_in(kiosk, typed=people.eve.id, service="consultation", reason="Headache")

    assert one == two == kiosk_greet(kiosk, typed=people.eve.id)
    assert session().query(Visit).one().reason == "Headache"


def number_at(kiosk, person, time, service="consultation"):
    """A number without an appointment, taken at this time."""
    with clock.pretend(at(time)):
        return kiosk_walk_in(kiosk, typed=person.id, service=service)


def test_an_appointment_in_its_window_ends_the_number_without_one(kiosk, people, booked):
    walk_in = number_at(kiosk, people.sam, "08:20")

    with clock.pretend(at("08:45")):
        ticket = kiosk_check_in(kiosk, typed=people.sam.id)
        again = kiosk_check_in(kiosk, typed=people.sam.id)

    assert walk_in.token != ticket.token == again.token
    by_token = {row.token: row for row in session().query(Visit)}
    assert by_token[walk_in.token].status == "void"
    assert by_token[ticket.token].appointment_id == booked.id
    assert known_appointment(booked.id).status is AppointmentStatus.CHECKED_IN


def test_who_took_a_number_in_time_was_in_time_for_the_appointment(kiosk, people, booked):
    number_at(kiosk, people.sam, "08:59")
    visit = session().query(Visit).one()
    services.prioritise(people.neil.actor, visit_id=visit.id, priority=2, reason="Fever")

    with clock.pretend(at("09:10")):
        ticket = kiosk_check_in(kiosk, typed=people.sam.id)

    kept = {row.token: row for row in session().query(Visit)}[ticket.token]
    assert (kept.due_at, kept.arrived_at) == (at("09:00"), at("09:10"))
    assert (kept.priority, kept.priority_reason) == (2, "Fever")


def test_before_the_window_the_number_stays(kiosk, people, booked):
    walk_in = number_at(kiosk, people.sam, "08:20")

    with clock.pretend(at("08:25")):
        assert kiosk_check_in(kiosk, typed=people.sam.id).token == walk_in.token
    assert known_appointment(booked.id).status is AppointmentStatus.CONFIRMED


def test_a_called_number_stays(kiosk, people, booked):
    walk_in = number_at(kiosk, people.sam, "08:20")
    with clock.pretend(at("08:45")):
        services.call_next(people.dana.actor, type_code="consultation", place="Room 2")

        assert kiosk_check_in(kiosk, typed=people.sam.id).token == walk_in.token
    assert known_appointment(booked.id).status is AppointmentStatus.CONFIRMED


def test_nobody_unknown_or_inactive_gets_a_number(kiosk, people):
    session().query(Patient).filter_by(university_id=people.eve.id).update({"status": "inactive"})

    for typed in ("20990000", people.eve.id):
        with pytest.raises(UnknownAtKiosk, match="cannot give you a number"):
            kiosk_greet(kiosk, typed=typed)
    assert session().query(Visit).count() == 0


def test_a_service_that_takes_no_walk_ins_is_not_offered(kiosk, people):
    with pytest.raises(UnknownAtKiosk, match="what you come for"):
        kiosk_walk_in(kiosk, typed=people.eve.id, service="nonsense")

    assert {one.code for one in offered_services()} >= {"consultation"}


def test_the_wall_shows_numbers_and_places_and_no_names(kiosk, people):
    ticket = kiosk_walk_in(kiosk, typed=people.eve.id, service="consultation")
    screen = device_at("display", secret_of(add_device(people.ada.actor, kind="display", name="W")))
    assert wall(screen).next == [ticket.token]

    services.call_next(people.dana.actor, type_code="consultation", place="Room 2")

    called = wall(screen).called
    assert [(one.token, one.place) for one in called] == [(ticket.token, "Room 2")]
    assert "Eve" not in repr(wall(screen))


def test_old_tries_are_forgotten(kiosk, people):
    kiosk_greet(kiosk, typed=people.eve.id)
    with clock.pretend(clock.now() + timedelta(minutes=6)):
        kiosk_greet(kiosk, typed=people.eve.id)

    assert session().query(KioskTry).count() == 1


@pytest.fixture
def other_tap(monkeypatch, kiosk, people):
    """The same person checks in at another tap, just after this one has read the visit."""
    look = visits.visit_of_patient_today
    taps = []

    def look_and_lose(*those):
        seen = look(*those)
        if not taps:
            taps.append("second")
            kiosk_check_in(kiosk, typed=people.sam.id)
        return seen

    monkeypatch.setattr(visits, "visit_of_patient_today", look_and_lose)
    return taps


def test_a_tap_that_loses_shows_the_number_of_the_other(people, kiosk, booked, other_tap):
    with clock.pretend(at("08:45")):
        assert kiosk_check_in(kiosk, typed=people.sam.id).token == "C-001"

    assert other_tap == ["second"]


def test_a_tap_that_loses_never_shows_the_number_that_gave_way(people, kiosk, booked, other_tap):
    services.receive_walk_in(people.rosa.actor, patient=people.sam.id, type_code="consultation")

    with clock.pretend(at("08:45")):
        assert kiosk_check_in(kiosk, typed=people.sam.id).token == "C-002"

    assert other_tap == ["second"]
