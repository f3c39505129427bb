"""Changing a visit: statuses along the table, moving, lengthening (SCH-03, SCH-07)."""

import pytest
from sqlalchemy import select

from app.kernel import clock
from app.kernel.errors import Forbidden, Invalid
from app.notifications.models import Communication
from app.scheduling import errors, services
from app.scheduling.models import Claim
from app.scheduling.queries import appointments
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services import Wish
from tests.factories.scheduling import at

pytestmark = pytest.mark.usefixtures("clinic")
TO = AppointmentStatus


@pytest.fixture
def visit(people):
    """Sam's consultation with Dana at 9:00."""
    wish = Wish(type="consultation", starts_at=at("09:00"), provider=people.dana.id)
    booked = services.book_appointment(people.sam.actor, wish=wish)
    return appointments.known_appointment(booked.id)


def change(person, visit, status, **more):
    return services.change_status(person.actor, appointment_id=visit.id, status=status, **more)


def move(person, visit, starts_at, **more):
    return services.reschedule_appointment(
        person.actor, appointment_id=visit.id, starts_at=at(starts_at), **more
    )


def active_claims(db, visit):
    return db.scalars(select(Claim).where(Claim.appointment_id == visit.id, Claim.active)).all()


def test_a_whole_visit_runs_through_its_states(people, visit):
    change(people.rosa, visit, TO.CHECKED_IN)
    change(people.dana, visit, TO.IN_PROGRESS)
    done = change(people.dana, visit, TO.COMPLETED)

    assert done.status is TO.COMPLETED
    assert done.version == 4
    assert [event.to_status for event in appointments.history(visit.id)] == [
        "confirmed",
        "checked-in",
        "in-progress",
        "completed",
    ]


def test_a_student_cancels_before_the_cutoff_and_frees_the_time(db, people):
    wish = Wish(type="consultation", starts_at=at("10:00"), provider=people.dana.id)
    booked = services.book_appointment(people.sam.actor, wish=wish)
    visit = appointments.known_appointment(booked.id)

    cancelled = change(people.sam, visit, TO.CANCELLED)

    assert cancelled.status is TO.CANCELLED
    assert active_claims(db, visit) == []
    assert services.book_appointment(people.eve.actor, wish=wish).status == "confirmed"


def test_after_the_cutoff_only_staff_cancel_and_must_say_why(people, visit):
    with clock.pretend(at("08:00")):
        with pytest.raises(errors.TooLateToCancel):
            change(people.sam, visit, TO.CANCELLED)
        with pytest.raises(errors.ReasonRequired):
            change(people.rosa, visit, TO.CANCELLED)

        cancelled = change(people.rosa, visit, TO.CANCELLED, reason="asked by phone")

    assert cancelled.ended_reason == "asked by phone"


def test_a_stranger_learns_nothing_of_a_visit(people, visit):
    with pytest.raises(errors.UnknownAppointment):
        change(people.eve, visit, TO.CANCELLED)


def test_staff_without_the_permission_are_refused(people, visit):
    with pytest.raises(Forbidden):
        change(people.cass, visit, TO.CHECKED_IN)


def test_moves_that_the_table_lacks_are_refused(people, visit):
    with pytest.raises(errors.TransitionRefused) as refused:
        change(people.rosa, visit, TO.COMPLETED)

    assert refused.value.code == "scheduling.transition_refused"


def test_an_old_page_is_told_that_the_visit_changed(people, visit):
    change(people.rosa, visit, TO.CHECKED_IN)

    with pytest.raises(errors.StaleVersion):
        change(people.dana, visit, TO.IN_PROGRESS, version=visit.version)


def test_rescheduled_cannot_be_set_without_a_time(people, visit):
    with pytest.raises(Invalid):
        change(people.rosa, visit, TO.RESCHEDULED)


def test_moving_keeps_the_old_visit_and_names_the_new_one(db, people, visit):
    successor = move(people.sam, visit, "10:00")

    old = appointments.known_appointment(visit.id)
    assert old.status is TO.RESCHEDULED
    assert (successor.uid, successor.sequence) == (visit.uid, 1)  # CAL-01
    assert active_claims(db, old) == []
    assert len(active_claims(db, successor)) == 2


def test_a_visit_moves_onto_a_part_of_its_own_time(people):
    booked = services.book_appointment(
        people.rosa.actor,
        wish=Wish(type="dental-cleaning", starts_at=at("09:00"), patient=people.sam.id),
    )
    visit = appointments.known_appointment(booked.id)

    longer = move(people.rosa, visit, "09:00", ends_at=at("10:30"))

    assert longer.ends_at == at("10:30")


def test_a_move_onto_a_taken_time_leaves_everything_as_it_was(db, people, visit):
    services.book_appointment(
        people.eve.actor,
        wish=Wish(type="consultation", starts_at=at("10:00"), provider=people.dana.id),
    )

    with pytest.raises(errors.SlotTaken):
        move(people.rosa, visit, "10:00")

    assert appointments.known_appointment(visit.id).status is TO.CONFIRMED
    assert len(active_claims(db, visit)) == 2


def test_staff_move_a_visit_to_another_provider(people, visit):
    moved = move(people.rosa, visit, "09:00", provider=people.dino.id)

    assert moved.provider == people.dino.id


def test_a_move_to_an_unknown_or_unfit_provider_is_refused(people, visit):
    with pytest.raises(errors.UnknownProvider):
        move(people.rosa, visit, "10:00", provider="DOC999")
    with pytest.raises(errors.UnknownProvider):
        move(people.rosa, visit, "10:00", provider=people.dee.id)


def test_only_staff_change_the_length_and_in_sane_steps(people, visit):
    with pytest.raises(Forbidden):
        move(people.sam, visit, "10:00", ends_at=at("11:00"))
    with pytest.raises(Invalid):
        move(people.rosa, visit, "10:00", ends_at=at("10:03"))
    with pytest.raises(Invalid):
        move(people.rosa, visit, "10:00", ends_at=at("09:00"))


def test_a_moved_visit_keeps_its_new_length(people, visit):
    longer = move(people.rosa, visit, "09:00", ends_at=at("09:40"))

    moved = move(people.rosa, longer, "10:00")

    assert moved.ends_at == at("10:40")


def test_an_approval_tells_the_patient_once(db, people):
    booked = services.book_appointment(
        people.sam.actor, wish=Wish(type="dental-cleaning", starts_at=at("09:00"))
    )
    visit = appointments.known_appointment(booked.id)

    change(people.rosa, visit, TO.CONFIRMED)

    mails = db.scalars(
        select(Communication.template).where(
            Communication.channel == "email",
            Communication.recipient_user_id == people.sam.user_id,
        )
    ).all()
    assert sorted(mails) == ["confirmed", "pending"]


def test_declining_needs_a_reason_and_frees_the_time(db, people):
    booked = services.book_appointment(
        people.sam.actor, wish=Wish(type="dental-cleaning", starts_at=at("09:00"))
    )
    visit = appointments.known_appointment(booked.id)

    with pytest.raises(errors.ReasonRequired):
        change(people.rosa, visit, TO.DECLINED)
    change(people.rosa, visit, TO.DECLINED, reason="the chair is broken")

    assert active_claims(db, visit) == []


def test_a_check_in_is_undone_without_a_second_confirmation(db, people, visit):
    change(people.rosa, visit, TO.CHECKED_IN)
    before = len(db.scalars(select(Communication)).all())

    undone = change(people.rosa, visit, TO.CONFIRMED)

    assert undone.status is TO.CONFIRMED
    assert len(db.scalars(select(Communication)).all()) == before


def test_a_missed_visit_gives_its_time_back_and_a_late_arrival_takes_it_again(db, people, visit):
    with clock.pretend(at("09:16")):
        change(people.rosa, visit, TO.NO_SHOW)
        assert active_claims(db, visit) == []

        change(people.rosa, visit, TO.CHECKED_IN)

    assert len(active_claims(db, visit)) == 2


def test_a_visit_is_not_missed_when_the_provider_was_away(people, visit):
    services.add_time_off(
        people.rosa.actor,
        practitioner_id=visit.practitioner_id,
        starts_at=at("08:00"),
        ends_at=at("12:00"),
    )

    with clock.pretend(at("09:30")), pytest.raises(errors.TransitionRefused):
        change(people.rosa, visit, TO.NO_SHOW)


def test_an_admin_marks_an_entry_as_wrong_with_a_reason(db, people, visit):
    with pytest.raises(errors.ReasonRequired):
        change(people.ada, visit, TO.ENTERED_IN_ERROR)

    wrong = change(people.ada, visit, TO.ENTERED_IN_ERROR, reason="wrong patient")

    assert wrong.status is TO.ENTERED_IN_ERROR
    assert active_claims(db, visit) == []


def test_a_cancellation_tells_both_sides(db, people, visit):
    change(people.rosa, visit, TO.CANCELLED, reason="doctor is ill")

    told = db.scalars(select(Communication).where(Communication.template == "cancelled")).all()
    assert {(m.channel, m.recipient_user_id) for m in told} == {
        ("email", people.sam.user_id),
        ("in-app", people.sam.user_id),
        ("in-app", people.dana.user_id),
    }


def test_visits_of_a_provider_who_sees_no_patients_any_more_wait_for_another_time(people, visit):
    services.save_practitioner(
        people.ada.actor, user_id=people.dana.user_id, kind="physician", is_active=False
    )

    assert appointments.known_appointment(visit.id).needs_rebooking  # SCH-19
