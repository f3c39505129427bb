"""Codes and numbers that were used, and arrivals on the wrong day: each has a clear answer."""

import pytest

from app.kernel import clock
from app.kernel.errors import DomainError
from app.scheduling.queries.appointments import known_appointment
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services import Wish, book_appointment
from app.visits import services
from app.visits.errors.devices import NotForThisKiosk
from app.visits.models import Visit
from app.visits.services.devices import add_device, device_at
from app.visits.services.kiosk import check_in_code, kiosk_check_in
from tests.factories.scheduling import at

pytestmark = pytest.mark.usefixtures("clinic")


@pytest.fixture
def kiosk(people):
    """A kiosk at the entrance."""
    added = add_device(people.ada.actor, kind="kiosk", name="Door")
    return device_at("kiosk", added.path.strip("/").split("/")[1])


def booked(people, starts_at):
    """Sam's consultation with Dana."""
    wish = Wish(type="consultation", starts_at=at(starts_at), provider=people.dana.id)
    return known_appointment(book_appointment(people.sam.actor, wish=wish).id)


def test_a_code_used_twice_is_one_arrival_with_one_number(kiosk, people, db):
    visit = booked(people, "09:00")
    with clock.pretend(at("08:45")):
        code = check_in_code(visit)
        first = kiosk_check_in(kiosk, typed=code)
        again = kiosk_check_in(kiosk, typed=code)

    assert first == again
    assert db.query(Visit).count() == 1


@pytest.mark.parametrize(
    "ending", [AppointmentStatus.COMPLETED, AppointmentStatus.LEFT], ids=["seen", "left"]
)
def test_the_code_of_a_visit_that_is_over_opens_nothing(kiosk, people, db, ending):
    visit = booked(people, "09:00")
    with clock.pretend(at("08:45")):
        code = check_in_code(visit)
        kiosk_check_in(kiosk, typed=code)
        steps = [AppointmentStatus.IN_PROGRESS, ending] if ending == "completed" else [ending]
        for status in steps:
            services.change_appointment_status(
                people.dana.actor, appointment_id=visit.id, status=status, reason="done"
            )

        with pytest.raises(NotForThisKiosk) as caught:
            kiosk_check_in(kiosk, typed=code)

    assert "front desk" in caught.value.message
    assert db.query(Visit).count() == 1
    assert known_appointment(visit.id).status is ending


def test_the_front_desk_checks_nobody_in_for_tomorrow(people, db):
    visit = booked(people, "2026-11-24 09:00")

    with pytest.raises(DomainError, match="day of the visit") as caught:
        services.check_in(people.rosa.actor, appointment_id=visit.id)

    assert caught.value.code == "scheduling.transition_refused"
    assert db.query(Visit).count() == 0
