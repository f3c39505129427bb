"""Rooms and equipment on a real database (SCH-01, SCH-02, SCH-13, SCH-14, SCH-19)."""

from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from app.kernel.errors import Forbidden, Invalid
from app.scheduling import errors, services
from app.scheduling.errors.resources import (
    ResourceCodeTaken,
    ResourceInUse,
    ResourceKindFixed,
    UnknownBlock,
    UnknownResource,
)
from app.scheduling.models import Appointment, Claim
from app.scheduling.queries.facts import EQUIPMENT, ROOM
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services import booking, resources
from app.scheduling.services.resources import ResourceDraft
from app.security.models import AuditEvent
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


def place(db, visit):
    return db.scalars(select(Appointment.place).where(Appointment.id == visit.id)).one()


def test_a_visit_claims_its_room_and_equipment_with_the_buffers(db, people):
    room, device = create_room(category="chair"), create_equipment()
    need(("chair", 1), ("ecg", 1), code="dental-cleaning")

    booked = book(people.sam, "09:00", type="dental-cleaning")

    assert held(db, booked) == sorted([room, device])  # SCH-01
    assert place(db, booked) == "Room R1, Device ECG-1"
    claim = db.scalars(
        select(Claim).where(Claim.appointment_id == booked.id, Claim.resource_kind == ROOM)
    ).one()
    assert (claim.held_from, claim.held_until) == (at("08:55"), at("10:10"))


def test_a_room_that_is_retired_while_a_booking_waits_is_not_taken(people, monkeypatch):
    room = create_room()
    need(("treatment room", 1))
    lock_for_new = booking.lock_parties_for_new

    def after_the_retirement(*args):
        # The type was read; before the locks are had, somebody else puts the room out of use.
        retire(room)
        return lock_for_new(*args)

    monkeypatch.setattr(booking, "lock_parties_for_new", after_the_retirement)

    with pytest.raises(errors.SlotTaken):  # SCH-03: looked at again behind the locks
        book(people.sam, "09:00", provider=people.dana.id)


def retire(room):
    draft = ResourceDraft(
        kind=ROOM, category="treatment room", code="R1", name="Room R1", is_active=False
    )
    resources.save_resource(SYSTEM, draft=draft, resource_id=room)


def test_two_providers_cannot_use_one_room_at_once(people):
    create_room()
    need(("treatment room", 1))
    book(people.sam, "09:00", provider=people.dana.id)

    with pytest.raises(errors.SlotTaken) as refused:
        book(people.eve, "09:00", provider=people.dino.id)

    assert at("09:20") in [slot.starts_at for slot in refused.value.alternatives]


def test_the_database_itself_refuses_a_room_for_two(db, people):
    room = create_room()
    need(("treatment room", 1))
    booked = book(people.sam, "09:00")

    with pytest.raises(IntegrityError, match="ex_scheduling_claim"):  # SCH-02
        db.execute(
            text(
                "INSERT INTO scheduling_claim (appointment_id, resource_kind, resource_id,"
                " starts_at, ends_at, held_from, held_until, active)"
                " VALUES (:a, 3, :r, :s, :e, :s, :e, true)"
            ),
            {"a": booked.id, "r": room, "s": at("09:10"), "e": at("09:30")},
        )


def test_a_moved_visit_takes_a_room_that_is_free_then(db, people):
    first, second = create_room("R1"), create_room("R2")
    need(("treatment room", 1))
    moved = book(people.sam, "09:00", provider=people.dana.id)
    other = book(people.eve, "09:20", provider=people.dino.id)
    assert held(db, moved) == [first]
    block(room=first, starts="10:00", ends="11:00")

    after = services.reschedule_appointment(
        SYSTEM, appointment_id=moved.id, starts_at=at("10:00"), reason="earlier lecture"
    )

    assert held(db, after) == [second]
    assert held(db, moved) == []
    assert after.place == "Room R2"
    assert held(db, other)


def test_a_visit_moves_onto_part_of_its_own_time_in_its_only_room(db, people):
    room = create_room()
    need(("treatment room", 1))
    booked = book(people.sam, "09:00", provider=people.dana.id)

    after = services.reschedule_appointment(
        people.rosa.actor,
        appointment_id=booked.id,
        starts_at=at("09:00"),
        ends_at=at("09:40"),
        reason="more time",
    )

    assert held(db, after) == [room]


def test_two_visits_change_rooms_by_moving_one_after_the_other(db, people):
    """A swap in one room needs a free time in between: nobody is ever without a place."""
    create_room()
    need(("treatment room", 1))
    one = book(people.sam, "09:00", provider=people.dana.id)
    two = book(people.eve, "10:00", provider=people.dino.id)

    def move(visit, to):
        return services.reschedule_appointment(
            SYSTEM, appointment_id=visit.id, starts_at=at(to), reason="swap"
        )

    with pytest.raises(errors.SlotTaken):
        move(one, "10:00")
    parked = move(one, "11:00")
    swapped = move(two, "09:00")
    assert move(parked, "10:00").starts_at == at("10:00")
    assert swapped.starts_at == at("09:00")


def test_a_cancelled_visit_gives_its_room_back(people):
    create_room()
    need(("treatment room", 1))
    booked = book(people.sam, "09:00", provider=people.dana.id)
    with pytest.raises(errors.SlotTaken):
        book(people.eve, "09:00", provider=people.dino.id)

    services.change_status(
        SYSTEM, appointment_id=booked.id, status=AppointmentStatus.CANCELLED, reason="ill"
    )

    assert book(people.eve, "09:00", provider=people.dino.id).status == "confirmed"


def test_a_room_of_another_campus_is_not_offered(people):
    create_room(campus="Talamban")
    need(("treatment room", 1))

    with pytest.raises(errors.SlotTaken):
        book(people.sam, "09:00")  # the providers are downtown


def test_maintenance_keeps_visits_away_until_it_is_lifted(people):
    room = create_room()
    need(("treatment room", 1))
    kept = block(room=room, note="New lamp")
    with pytest.raises(errors.SlotTaken):
        book(people.sam, "09:00")

    resources.lift_block(SYSTEM, block_id=kept)
    resources.lift_block(SYSTEM, block_id=kept)  # a double tap is harmless

    assert book(people.sam, "09:00").status == "confirmed"


def test_maintenance_of_many_days_counts_on_each_of_them(people):
    room = create_room()
    need(("treatment room", 1))
    block(room=room, starts="09:00", ends="2026-12-04 12:00")

    with pytest.raises(errors.SlotTaken):
        book(people.sam, "2026-12-03 10:00")

    assert book(people.sam, "2026-12-04 13:00").status == "confirmed"


def test_visits_in_the_way_of_maintenance_are_listed_without_a_name(people):
    room = create_room()
    need(("treatment room", 1))
    booked = book(people.sam, "09:00", provider=people.dana.id)

    with pytest.raises(ResourceInUse) as refused:
        block(room=room)

    assert refused.value.appointment_ids == [booked.id]
    assert "Consultation, Dana Villamor on Mon 23 Nov 09:00" in refused.value.message
    assert "Sam" not in refused.value.message


def test_maintenance_cannot_be_entered_twice_for_one_time(people):
    room = create_room()
    block(room=room, note="New lamp")

    with pytest.raises(ResourceInUse, match="New lamp"):
        block(room=room, starts="11:00", ends="13:00")


def test_a_visit_right_before_maintenance_keeps_its_buffer(people):
    room = create_room(category="chair")
    need(("chair", 1), code="dental-cleaning")
    book(people.sam, "08:00", type="dental-cleaning")  # ends 9:00 and needs ten minutes more

    with pytest.raises(ResourceInUse):
        block(room=room, starts="09:05", ends="10:00")  # SCH-14

    assert block(room=room, starts="09:10", ends="10:00")


@pytest.mark.parametrize(
    ("starts", "ends", "note"),
    [
        ("10:00", "10:00", ""),
        ("2026-11-20 08:00", "2026-11-20 09:00", ""),
        ("09:00", "2028-11-23 09:00", ""),
        ("09:00", "10:00", "x" * 201),
        ("09:00", "10:00", "two\nlines"),
    ],
)
def test_odd_maintenance_is_refused(starts, ends, note):
    with pytest.raises(Invalid):
        block(room=create_room(), starts=starts, ends=ends, note=note)


def test_what_does_not_exist_cannot_be_blocked_lifted_or_changed():
    with pytest.raises(UnknownResource):
        block(room=999_999)
    with pytest.raises(UnknownBlock):
        resources.lift_block(SYSTEM, block_id=999_999)
    draft = ResourceDraft(kind=ROOM, category="room", code="R1", name="Room")
    with pytest.raises(UnknownResource):
        resources.save_resource(SYSTEM, draft=draft, resource_id=999_999)


def test_a_code_belongs_to_one_room_in_any_case():
    create_room("R1")

    with pytest.raises(ResourceCodeTaken):
        create_room("r1")


def test_a_room_stays_a_room():
    room = create_room("R1")
    draft = ResourceDraft(kind=EQUIPMENT, category="ecg", code="R1", name="Room 1")

    with pytest.raises(ResourceKindFixed):
        resources.save_resource(SYSTEM, draft=draft, resource_id=room)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", 1),
        ("code", "two words"),
        ("code", ""),
        ("name", " "),
        ("category", "x" * 41),
        ("campus", "The Moon"),
    ],
)
def test_an_odd_description_names_its_field(field, value):
    values = {"kind": ROOM, "category": "room", "code": "R1", "name": "Room"} | {field: value}

    with pytest.raises(Invalid) as refused:
        resources.save_resource(SYSTEM, draft=ResourceDraft(**values))

    assert list(refused.value.errors) == [field]


def test_a_room_out_of_use_is_not_offered_and_its_visits_are_flagged(db, people):
    room = create_room("R1")
    need(("treatment room", 1))
    booked = book(people.sam, "09:00")
    gone = ResourceDraft(
        kind=ROOM, category="treatment room", code="R1", name="Room R1", is_active=False
    )

    saved = resources.save_resource(SYSTEM, draft=gone, resource_id=room)

    assert saved.flagged == 1  # SCH-19
    assert is_flagged(db, booked)
    with pytest.raises(errors.SlotTaken):
        book(people.eve, "10:00")
    # Another change of the schedule does not take the flag away while the room is gone.
    services.add_time_off(
        SYSTEM,
        practitioner_id=provider_id(people.dana),
        starts_at=at("2026-12-01 08:00"),
        ends_at=at("2026-12-01 09:00"),
    )
    assert is_flagged(db, booked)


def test_a_room_that_comes_back_into_use_unflags_its_visits(db, people):
    room = create_room("R1")
    need(("treatment room", 1))
    booked = book(people.sam, "09:00")
    for is_active in (False, True):
        draft = ResourceDraft(
            kind=ROOM, category="treatment room", code="R1", name="Room", is_active=is_active
        )
        resources.save_resource(SYSTEM, draft=draft, resource_id=room)

    assert not is_flagged(db, booked)


def test_needs_must_be_possible():
    create_room("R1")

    for needs in (
        [("treatment room", 2)],
        [("sauna", 1)],
        [("treatment room", 0)],
        [("treatment room", 1), ("treatment room", 1)],
    ):
        with pytest.raises(Invalid):
            need(*needs)
    with pytest.raises(errors.UnknownType):
        resources.set_needs(SYSTEM, type_id=999_999, needs=[])


def test_booked_visits_keep_what_they_have_when_needs_change(db, people):
    create_room("R1")
    booked = book(people.sam, "09:00")

    assert need(("treatment room", 1)) == 1
    assert held(db, booked) == []
    assert need() == 1


def test_who_may_do_what(people):
    room = create_room()
    draft = ResourceDraft(kind=ROOM, category="room", code="R7", name="Room")

    for person in (people.eve, people.rosa, people.dana):
        with pytest.raises(Forbidden):
            resources.save_resource(person.actor, draft=draft)
        with pytest.raises(Forbidden):
            resources.set_needs(person.actor, type_id=type_id(), needs=[])
    for person in (people.eve, people.dana, people.neil):
        with pytest.raises(Forbidden):
            block(person.actor, room=room)
        with pytest.raises(Forbidden):
            resources.lift_block(person.actor, block_id=1)
    with pytest.raises(Forbidden):
        resources.use_of_time(people.eve.actor, first=MONDAY, last=MONDAY)
    assert block(people.rosa.actor, room=room)
    assert resources.save_resource(people.ada.actor, draft=draft)


def test_every_change_is_audited(db, people):
    room = create_room()
    need(("treatment room", 1))
    resources.lift_block(SYSTEM, block_id=block(room=room))
    resources.set_provider_preferences(
        SYSTEM, practitioner_id=provider_id(people.dana), preferred_room_id=room
    )

    actions = set(db.scalars(select(AuditEvent.action)))
    assert {
        "scheduling:resource:save",
        "scheduling:appointment-type:needs",
        "scheduling:resource:block",
        "scheduling:resource:lift-block",
        "scheduling:practitioner:preferences",
    } <= actions
