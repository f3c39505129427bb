"""Booking (SCH-01 to SCH-07, SCH-13 to SCH-18) on a real database."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from app.infra.db import transaction
from app.infra.idempotency import KeyReused, Once
from app.infra.outbox import OutboxJob
from app.kernel import clock
from app.kernel.errors import Forbidden
from app.notifications.models import Communication
from app.scheduling import errors, services
from app.scheduling.models import AppointmentEvent, Claim
from app.scheduling.services import Wish
from app.security.models import AuditEvent
from tests.factories.scheduling import at

pytestmark = pytest.mark.usefixtures("clinic")


def book(person, starts_at, **more):
    wish = Wish(**{"type": "consultation", "starts_at": at(starts_at), **more})
    return services.book_appointment(person.actor, wish=wish)


def test_a_student_books_and_the_time_is_claimed_for_both(db, people):
    booked = book(people.sam, "09:00", provider=people.dana.id)

    claims = db.scalars(select(Claim).where(Claim.appointment_id == booked.id)).all()
    assert booked.status == "confirmed"
    assert booked.ends_at == at("09:20")
    assert {claim.resource_kind for claim in claims} == {1, 2}  # SCH-01: provider and patient


def test_event_audit_and_messages_are_written_with_the_booking(db, people):
    booked = book(people.sam, "09:00", provider=people.dana.id)

    event = db.scalars(select(AppointmentEvent)).one()
    audit = db.scalars(
        select(AuditEvent).where(AuditEvent.action == "scheduling:appointment:book")
    ).one()
    sent = db.scalars(select(Communication)).all()
    assert (event.appointment_id, event.from_status, event.to_status) == (
        booked.id,
        None,
        "confirmed",
    )
    assert audit.object_id == str(booked.id)
    assert {(m.channel, m.recipient_user_id) for m in sent} == {
        ("in-app", people.sam.user_id),
        ("email", people.sam.user_id),
        ("in-app", people.dana.user_id),
    }
    assert db.scalars(select(OutboxJob)).one().name == "notifications.send_message"


def test_a_taken_time_is_refused_with_alternatives(people):
    book(people.sam, "09:00", provider=people.dana.id)

    with pytest.raises(errors.SlotTaken) as refused:
        book(people.eve, "09:00", provider=people.dana.id)

    assert len(refused.value.alternatives) == 6
    assert at("09:00") not in [slot.starts_at for slot in refused.value.alternatives]


def test_the_database_itself_refuses_overlapping_claims(db, people):
    booked = book(people.sam, "09:00", provider=people.dana.id)
    claim = db.scalars(
        select(Claim).where(Claim.appointment_id == booked.id, Claim.resource_kind == 1)
    ).one()

    with pytest.raises(IntegrityError, match="ex_scheduling_claim"):  # SCH-02
        db.execute(
            text(
                "INSERT INTO scheduling_claim (appointment_id, resource_kind, resource_id,"
                " starts_at, ends_at, held_from, held_until, active)"
                " VALUES (:a, 1, :r, :s, :e, :s, :e, true)"
            ),
            {"a": booked.id, "r": claim.resource_id, "s": at("09:10"), "e": at("09:30")},
        )


def test_any_provider_takes_the_least_booked_one(people):
    book(people.sam, "09:00", provider=people.dana.id)

    booked = book(people.eve, "10:00")  # SCH-18

    assert booked.provider == people.dino.id


def test_a_patient_cannot_be_in_two_places_at_once(people):
    book(people.sam, "09:00", provider=people.dana.id)

    with pytest.raises(errors.SlotTaken):
        book(people.sam, "09:00", provider=people.dino.id)


@pytest.mark.parametrize(
    ("starts_at", "refusal"),
    [
        ("06:00", errors.PastTime),
        ("07:40", errors.NotOffered),
        ("08:05", errors.OffTheGrid),
        ("12:00", errors.NotOffered),
        ("2026-11-28 09:00", errors.NotOffered),
        ("2027-11-23 09:00", errors.TooFar),
    ],
)
def test_times_that_are_not_offered_are_refused_with_the_reason(people, starts_at, refusal):
    with pytest.raises(refusal):
        book(people.sam, starts_at, provider=people.dana.id)


def test_notice_includes_its_boundary(people):
    assert book(people.sam, "08:00", provider=people.dana.id).status == "confirmed"  # SCH-15


def test_the_fourth_open_booking_is_refused(people):
    for day in (23, 24, 25):
        book(people.sam, f"2026-11-{day} 09:00")

    with pytest.raises(errors.LimitReached):  # SCH-17
        book(people.sam, "2026-12-03 09:00")


def test_the_front_desk_overrides_a_limit_with_a_reason(people):
    for day in (23, 24, 25):
        book(people.sam, f"2026-11-{day} 09:00")

    booked = book(
        people.rosa, "2026-11-26 09:00", patient=people.sam.id, override_reason="follow-up"
    )

    assert booked.patient == people.sam.id


def test_an_override_needs_its_reason_and_its_permission(people):
    with pytest.raises(errors.OverrideNeedsReason):
        book(people.rosa, "09:00", patient=people.sam.id, override_reason=" ")
    with pytest.raises(Forbidden):
        book(people.sam, "09:00", override_reason="please")


def test_nobody_overrides_a_claim(people):
    book(people.sam, "09:00", provider=people.dana.id)

    with pytest.raises(errors.SlotTaken):
        book(
            people.rosa,
            "09:00",
            provider=people.dana.id,
            patient=people.eve.id,
            override_reason="urgent",
        )


def test_a_student_cannot_book_for_somebody_else(people):
    with pytest.raises(Forbidden):
        book(people.eve, "09:00", patient=people.sam.id)


def test_a_cashier_cannot_book(people):
    with pytest.raises(Forbidden):
        book(people.cass, "09:00", patient=people.sam.id)


def test_unknown_names_are_told_apart(people):
    with pytest.raises(errors.UnknownType):
        book(people.sam, "09:00", type="nothing")
    with pytest.raises(errors.UnknownProvider):
        book(people.sam, "09:00", provider="DOC999")
    with pytest.raises(errors.UnknownPatient):
        book(people.rosa, "09:00", patient="20259999")


def test_a_dentist_is_no_provider_for_a_consultation(people):
    with pytest.raises(errors.UnknownProvider):
        book(people.sam, "09:00", provider=people.dee.id)


def test_types_that_need_approval_begin_as_pending_for_students(people):
    by_student = book(people.sam, "09:00", type="dental-cleaning")
    by_desk = book(people.rosa, "11:00", type="dental-cleaning", patient=people.eve.id)

    assert (by_student.status, by_desk.status) == ("pending", "confirmed")


def test_the_same_key_gives_the_same_answer_and_books_once(db, people):
    wish = Wish(type="consultation", starts_at=at("09:00"))
    once = Once.of(people.sam.user_id, "tap-1", {"type": "consultation"})

    first = services.book_appointment(people.sam.actor, wish=wish, once=once)
    again = services.book_appointment(people.sam.actor, wish=wish, once=once)

    assert first == again  # SCH-06
    assert len(db.scalars(select(AppointmentEvent)).all()) == 1


def test_the_same_key_with_another_body_is_refused(people):
    wish = Wish(type="consultation", starts_at=at("09:00"))
    services.book_appointment(
        people.sam.actor, wish=wish, once=Once.of(people.sam.user_id, "k", {"a": 1})
    )

    with pytest.raises(KeyReused):
        services.book_appointment(
            people.sam.actor, wish=wish, once=Once.of(people.sam.user_id, "k", {"a": 2})
        )


def test_a_refused_booking_leaves_nothing_behind(db, people):
    with pytest.raises(errors.OffTheGrid):
        book(people.sam, "09:07", provider=people.dana.id)

    assert db.scalars(select(Claim)).all() == []
    assert db.scalars(select(OutboxJob)).all() == []


def test_history_and_appointments_cannot_be_deleted(db, people):
    book(people.sam, "09:00")

    with pytest.raises(IntegrityError, match="never changed or removed"):  # SCH-07
        db.execute(text("DELETE FROM scheduling_appointment_event"))


def test_staff_learn_why_a_time_is_not_offered(people):
    book(people.sam, "09:00", provider=people.dana.id)

    taken = services.explain_time(
        people.rosa.actor,
        type_code="consultation",
        starts_at=at("09:00"),
        provider=people.dana.id,
    )
    free = services.explain_time(
        people.rosa.actor,
        type_code="consultation",
        starts_at=at("09:20"),
        provider=people.dana.id,
    )

    assert taken is not None
    assert taken.sentence
    assert free is None


def test_free_times_leave_out_the_patients_other_visits(people):
    book(people.sam, "09:00", provider=people.dana.id)
    today = clock.local_date(at("09:00"), at("09:00").tzinfo)

    offered = services.available_times(
        people.sam.actor, type_code="consultation", first=today, last=today
    )

    assert at("09:00") not in [slot.starts_at for slot in offered]
    assert at("09:20") in [slot.starts_at for slot in offered]


def offered_to(person, day):
    return services.available_times(
        person.actor, type_code="consultation", first=day, last=day, provider="DOC901"
    )


def test_a_changed_schedule_counts_for_the_next_question(people):
    tuesday = at("2026-11-24 09:00").date()
    dana = offered_to(people.sam, tuesday)[0].practitioner_id

    services.save_override(people.rosa.actor, practitioner_id=dana, on_date=tuesday, spans=[])

    assert offered_to(people.sam, tuesday) == []  # what a process remembers is under a stamp


def test_a_schedule_that_was_rolled_back_is_not_remembered(people):
    tuesday = at("2026-11-24 09:00").date()
    before = offered_to(people.sam, tuesday)

    with pytest.raises(ZeroDivisionError), transaction():
        day_off_then_fail(people, before[0].practitioner_id, tuesday)

    assert offered_to(people.sam, tuesday) == before


def day_off_then_fail(people, practitioner_id, day):
    """Other hours that are read back once and then taken back."""
    services.save_override(
        people.rosa.actor, practitioner_id=practitioner_id, on_date=day, spans=[]
    )
    assert offered_to(people.sam, day) == []
    raise ZeroDivisionError
