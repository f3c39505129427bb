"""What providers prefer, and how well rooms are used (SCH-13, SCH-18, SCH-19)."""

from datetime import date

import pytest

from app.kernel import clock
from app.kernel.errors import Forbidden
from app.kernel.period import Period
from app.scheduling import errors
from app.scheduling.errors.resources import (
    UnknownResource,
)
from app.scheduling.queries import resources as reads
from app.scheduling.services import resources
from tests.factories.resources import (
    block,
    book,
    create_equipment,
    create_room,
    held,
    is_flagged,
    need,
    provider_id,
    type_id,
)
from tests.factories.scheduling import SYSTEM, at

pytestmark = pytest.mark.usefixtures("clinic")

MONDAY = date(2026, 11, 23)


def test_any_provider_gets_the_room_of_their_own(db, people):
    create_room("R1")
    own = create_room("R2")
    need(("treatment room", 1))
    resources.set_provider_preferences(
        SYSTEM, practitioner_id=provider_id(people.dana), preferred_room_id=own
    )
    book(people.eve, "08:00", provider=people.dino.id)

    booked = book(people.sam, "09:00")  # Dana is the least booked one (SCH-18)

    assert booked.provider == people.dana.id
    assert held(db, booked) == [own]


def test_a_provider_who_no_longer_takes_a_type_is_not_asked_and_visits_are_flagged(db, people):
    booked = book(people.sam, "09:00", provider=people.dana.id)

    flagged = resources.set_provider_preferences(
        people.dana.actor,
        practitioner_id=provider_id(people.dana),
        preferred_room_id=None,
        not_offered=[type_id()],
    )

    assert flagged == 1  # SCH-19
    assert is_flagged(db, booked)
    with pytest.raises(errors.UnknownProvider):
        book(people.eve, "10:00", provider=people.dana.id)
    assert book(people.eve, "10:00").provider == people.dino.id
    resources.set_provider_preferences(
        people.dana.actor, practitioner_id=provider_id(people.dana), preferred_room_id=None
    )
    assert not is_flagged(db, booked)


def test_a_preferred_room_is_a_room_in_use_and_a_type_one_of_the_kind(people):
    dana = provider_id(people.dana)

    for room in (999_999, create_equipment(), create_room("R9", is_active=False)):
        with pytest.raises(UnknownResource):
            resources.set_provider_preferences(SYSTEM, practitioner_id=dana, preferred_room_id=room)
    with pytest.raises(errors.UnknownType):
        resources.set_provider_preferences(
            SYSTEM,
            practitioner_id=dana,
            preferred_room_id=None,
            not_offered=[type_id("dental-cleaning")],
        )
    with pytest.raises(errors.UnknownProvider):
        resources.set_provider_preferences(SYSTEM, practitioner_id=999_999, preferred_room_id=None)


def test_a_colleague_and_a_stranger_change_nobodys_preferences(people):
    for person in (people.dino, people.eve, people.cass):
        with pytest.raises(Forbidden):
            resources.set_provider_preferences(
                person.actor, practitioner_id=provider_id(people.dana), preferred_room_id=None
            )


def test_use_counts_held_minutes_over_open_minutes(people):
    room = create_room()
    need(("treatment room", 1))
    book(people.sam, "09:00", provider=people.dana.id)
    block(room=room, starts="13:00", ends="17:00")

    uses = {
        one.name: one.use
        for one in resources.use_of_time(people.rosa.actor, first=MONDAY, last=MONDAY)
    }

    assert (uses["Dana Villamor"].open_minutes, uses["Dana Villamor"].held_minutes) == (480, 20)
    assert uses["Dino Cabahug"].held_minutes == 0
    assert (uses["Room R1"].open_minutes, uses["Room R1"].held_minutes) == (240, 20)
    assert uses["Room R1"].percent == 8


def test_the_day_of_a_room_says_what_holds_it_and_names_no_patient(people):
    room = create_room()
    need(("treatment room", 1))
    booked = book(people.sam, "09:00", provider=people.dana.id)
    block(room=room, starts="13:00", ends="17:00", note="New lamp")

    found = reads.occupations(Period(at("00:00"), at("23:00")), now=clock.now())

    assert [(one.kind, one.label, one.appointment_id) for one in found] == [
        ("visit", "Consultation, Dana Villamor", booked.id),
        ("block", "New lamp", None),
    ]
