"""Races of the queue with real processes: no number twice, no patient called twice (SCH-33)."""

import pytest

from app.kernel import clock
from app.scheduling import services as scheduling
from app.scheduling.services import Wish
from app.visits import queries, services
from app.visits.services.devices import add_device, device_at
from app.visits.services.kiosk import kiosk_check_in, kiosk_walk_in
from tests.factories.scheduling import SYSTEM, at, create_crowd
from tests.racing import race

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("clinic")]


@pytest.fixture
def arena(app, template_database, tmp_path):
    """The URL of this test's own database and a folder for the racing sites."""
    return app.config["SQLALCHEMY_DATABASE_URI"], tmp_path


def take_a_number(number, *, crowd):
    """Each racer receives another patient."""
    return services.receive_walk_in(SYSTEM, patient=crowd[number], type_code="consultation").token


def take_one_patients_number(number, *, patient):
    """Every racer receives the same patient."""
    return services.receive_walk_in(SYSTEM, patient=patient, type_code="consultation").token


def check_in_at_a_kiosk(number, *, secrets, typed):
    """The same person at one of the kiosks, tapping many times."""
    device = device_at("kiosk", secrets[number % len(secrets)])
    return kiosk_check_in(device, typed=typed).token


def take_a_number_at_a_kiosk(number, *, secrets, typed):
    """The same, without an appointment."""
    device = device_at("kiosk", secrets[number % len(secrets)])
    return kiosk_walk_in(device, typed=typed, service="consultation").token


def call_the_next(number, *, place):
    """Each racer calls whose turn it is."""
    return services.call_next(SYSTEM, type_code="consultation", place=f"{place} {number}").token


def answers_of(results):
    return sorted(answer for _, answer, _ in results)


def test_numbers_given_out_at_once_never_repeat(arena, db):
    crowd = create_crowd(20)

    results = race(*arena, take_a_number, runners=20, processes=2, crowd=crowd)

    assert answers_of(results) == [f"C-{number:03d}" for number in range(1, 21)]


def test_one_patient_received_many_times_at_once_has_one_number(arena, db):
    patient = create_crowd(1)[0]

    results = race(*arena, take_one_patients_number, runners=8, processes=2, patient=patient)

    assert answers_of(results) == ["C-001"] * 8
    assert len(queries.queue(at("09:00").date())) == 1


def test_nurses_who_call_next_at_once_get_different_patients(arena, db):
    for patient in create_crowd(3):
        services.receive_walk_in(SYSTEM, patient=patient, type_code="consultation")

    results = race(*arena, call_the_next, runners=4, processes=2, place="Room")

    assert answers_of(results) == ["C-001", "C-002", "C-003", "visits.nobody_waiting"]


@pytest.fixture
def kiosks(people):
    """The secrets of two kiosks."""
    added = [add_device(people.ada.actor, kind="kiosk", name=name) for name in ("Door", "Back")]
    return [one.path.strip("/").split("/")[1] for one in added]


@pytest.fixture
def booked(people):
    """Sam's consultation at 8:00 AM."""
    wish = Wish(type="consultation", starts_at=at("08:00"), provider=people.dana.id)
    return scheduling.book_appointment(people.sam.actor, wish=wish)


def test_double_taps_at_two_kiosks_take_one_number(arena, db, people, kiosks):
    facts = {"secrets": kiosks, "typed": people.eve.id}

    results = race(*arena, take_a_number_at_a_kiosk, runners=8, processes=2, **facts)

    assert answers_of(results) == ["C-001"] * 8


def test_double_taps_at_two_kiosks_check_in_once(arena, db, people, kiosks, booked):
    with clock.pretend(at("07:45")):
        facts = {"secrets": kiosks, "typed": people.sam.id}
        results = race(*arena, check_in_at_a_kiosk, runners=8, processes=2, **facts)

    assert answers_of(results) == ["C-001"] * 8
    assert len(queries.queue(at("09:00").date())) == 1


def test_a_number_gives_way_once_however_often_one_taps(arena, db, people, kiosks, booked):
    services.receive_walk_in(SYSTEM, patient=people.sam.id, type_code="consultation")

    with clock.pretend(at("07:45")):
        facts = {"secrets": kiosks, "typed": people.sam.id}
        results = race(*arena, check_in_at_a_kiosk, runners=8, processes=2, **facts)

    assert answers_of(results) == ["C-002"] * 8
    assert [entry.visit.token for entry in queries.queue(at("09:00").date())] == ["C-002"]
