"""Group sessions and seats on a real database (SCH-04)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.kernel import clock
from app.kernel.errors import Forbidden, Invalid
from app.notifications.models import Communication
from app.scheduling import errors, services
from app.scheduling.errors import sessions as refusals
from app.scheduling.models import Claim
from app.scheduling.queries import schedules
from app.scheduling.queries import sessions as queries
from app.scheduling.rules.sessions import Cohort, SeatStatus, SessionStatus
from app.scheduling.services import Wish, class_lists, seats, sessions
from app.security.models import AuditEvent
from tests.factories.scheduling import MONDAY_SEVEN, SYSTEM, at, create_crowd
from tests.factories.sessions import create_session, session_draft

pytestmark = pytest.mark.usefixtures("clinic")


def book(person, starts_at, **more):
    wish = Wish(**{"type": "vaccination", "starts_at": at(starts_at), **more})
    return services.book_appointment(person.actor, wish=wish)


def taken(session_id):
    return queries.group_session(session_id).taken


# -- planning


def test_a_session_keeps_visits_off_its_provider(people):
    create_session()

    with pytest.raises(errors.SlotTaken):
        book(people.sam, "2026-11-24 10:00")  # SCH-01
    assert book(people.sam, "2026-11-24 13:00").status == "confirmed"


def test_a_session_over_visits_is_refused_and_says_when_they_are(people):
    book(people.sam, "2026-11-24 09:30")

    with pytest.raises(refusals.SessionClash, match=r"1 visit at this time \(09:30\)"):
        create_session()


def test_two_sessions_of_one_provider_do_not_overlap():
    create_session()

    with pytest.raises(refusals.SessionClash, match="something else"):
        create_session("2026-11-24 10:00")


def test_an_edit_keeps_its_own_time_and_moves_an_empty_session(people):
    session_id = create_session()

    sessions.save_session(
        people.rosa.actor, session_id=session_id, version=1, draft=session_draft(title="Flu day")
    )
    sessions.save_session(
        people.rosa.actor, session_id=session_id, draft=session_draft("2026-11-25 09:00")
    )

    assert queries.group_session(session_id).starts_at == at("2026-11-25 09:00")
    assert book(people.sam, "2026-11-24 10:00").status == "confirmed"


def test_capacity_never_falls_below_the_seats_that_are_taken(people):
    session_id = create_session()
    for person in (people.sam, people.eve):
        seats.take_seat(person.actor, session_id=session_id)

    with pytest.raises(refusals.TooFewSeats, match="2 people have a seat"):
        sessions.save_session(SYSTEM, session_id=session_id, draft=session_draft(capacity=1))


def test_a_session_with_seats_keeps_its_time(people):
    session_id = create_session()
    seats.take_seat(people.sam.actor, session_id=session_id)

    with pytest.raises(refusals.TimesAreFixed):
        sessions.save_session(
            SYSTEM, session_id=session_id, draft=session_draft("2026-11-25 09:00")
        )


def test_an_edit_of_an_old_page_is_refused():
    session_id = create_session()

    with pytest.raises(refusals.StaleSession):
        sessions.save_session(SYSTEM, session_id=session_id, version=7, draft=session_draft())


@pytest.mark.parametrize(
    "wrong",
    [{"title": " "}, {"capacity": 0}, {"capacity": None}, {"ends_at": at("2026-11-24 09:00")}],
)
def test_a_draft_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(Invalid):
        create_session(**wrong)


def test_students_plan_no_sessions(people):
    with pytest.raises(Forbidden):
        sessions.save_session(people.eve.actor, draft=session_draft())


# -- opening hours (SCH-12)

SATURDAY = "2026-11-28 09:00"


@pytest.mark.parametrize(
    ("starts_at", "more", "sentence"),
    [
        (SATURDAY, {}, "NURSE901 has no hours that day."),
        (
            "2026-11-24 11:00",
            {},
            "does not fit into the hours of NURSE901 that day: 08:00 to 12:00",
        ),
        ("2026-11-24 22:00", {"ends_at": at("2026-11-25 09:00")}, "does not fit into the hours"),
    ],
)
def test_a_session_outside_hours_is_refused_with_the_sentence_of_bookings(
    starts_at, more, sentence
):
    with pytest.raises(refusals.SessionOutsideHours, match=sentence):
        create_session(starts_at, **{"ends_at": at(starts_at) + timedelta(hours=2), **more})


def test_a_closed_clinic_and_time_off_refuse_a_session():
    services.close_clinic(
        SYSTEM,
        name="Foundation day",
        starts_at=at("2026-11-25 00:00"),
        ends_at=at("2026-11-26 00:00"),
    )
    nurse = schedules.practitioner_by_university_id("NURSE901").id
    services.add_time_off(
        SYSTEM,
        practitioner_id=nurse,
        starts_at=at("2026-11-24 10:00"),
        ends_at=at("2026-11-24 11:00"),
    )

    with pytest.raises(refusals.SessionOutsideHours, match=r"closed at this time \(Foundation day"):
        create_session("2026-11-25 09:00")
    with pytest.raises(refusals.SessionOutsideHours, match="has time off until 11:00"):
        create_session()  # SCH-12


def test_hours_are_set_aside_with_a_reason_by_those_who_may_and_never_a_claim(db, people):
    why = "Campaign on a Saturday"
    with pytest.raises(Forbidden):
        sessions.save_session(people.neil.actor, draft=session_draft(SATURDAY, override_reason=why))

    key = sessions.save_session(
        people.rosa.actor, draft=session_draft(SATURDAY, override_reason=why)
    )
    noted = db.scalars(
        select(AuditEvent).where(AuditEvent.action == "scheduling:group-session:save")
    ).all()
    sessions.save_session(
        people.neil.actor, session_id=key, draft=session_draft(SATURDAY, title="Measles")
    )  # its time stays, so nobody is asked again

    assert [one.reason for one in noted] == [why]
    assert queries.group_session(key).title == "Measles"
    with pytest.raises(refusals.SessionClash):  # SCH-01
        sessions.save_session(people.rosa.actor, draft=session_draft(SATURDAY, override_reason=why))


def test_a_session_longer_than_a_day_is_refused_with_a_sentence():
    with pytest.raises(Invalid) as refused:
        create_session(ends_at=at("2026-11-25 12:00"))

    assert refused.value.errors["ends_at"] == [
        "A session must end after it starts, within twelve hours."
    ]


# -- taking seats


def test_a_seat_holds_the_patients_time_and_tells_them(db, people):
    session_id = create_session()

    seat = seats.take_seat(people.sam.actor, session_id=session_id)

    claim = db.scalars(select(Claim).where(Claim.seat_id == seat.id)).one()
    sent = db.scalars(select(Communication)).all()
    assert (claim.resource_kind, claim.starts_at) == (2, at("2026-11-24 09:00"))
    assert taken(session_id) == 1
    assert {one.channel for one in sent} == {"in-app", "email"}
    assert all("accination" not in one.subject for one in sent)  # NOT-02
    with pytest.raises(errors.SlotTaken):
        book(people.sam, "2026-11-24 10:00", type="consultation")


def test_a_double_tap_gives_the_same_seat(people):
    session_id = create_session()

    first = seats.take_seat(people.sam.actor, session_id=session_id)
    second = seats.take_seat(people.sam.actor, session_id=session_id)

    assert first.id == second.id
    assert taken(session_id) == 1


def test_a_full_session_names_others(people):
    full = create_session(capacity=1)
    other = create_session("2026-11-25 09:00")
    seats.take_seat(people.sam.actor, session_id=full)

    with pytest.raises(refusals.SessionFull) as refused:
        seats.take_seat(people.eve.actor, session_id=full)

    assert [one.id for one in refused.value.alternatives] == [other]


def test_a_busy_patient_gets_no_seat(people):
    session_id = create_session()
    book(people.sam, "2026-11-24 10:00", type="consultation")

    with pytest.raises(errors.PatientBusy):
        seats.take_seat(people.sam.actor, session_id=session_id)
    assert taken(session_id) == 0


def test_a_session_that_opens_later_says_when(people):
    session_id = create_session(opens_at=at("2026-11-23 12:00"))

    with pytest.raises(refusals.NotOpenYet, match="Monday, 23 November, 12:00 PM"):
        seats.take_seat(people.sam.actor, session_id=session_id)
    assert seats.take_seat(people.rosa.actor, session_id=session_id, patient=people.sam.id)


def test_a_session_for_others_is_not_for_sam(people):
    session_id = create_session(cohorts=(Cohort(MONDAY_SEVEN, "BSN"),))

    with pytest.raises(refusals.UnknownSession):
        seats.take_seat(people.sam.actor, session_id=session_id)
    with pytest.raises(refusals.UnknownSession):
        seats.own_session(people.sam.actor, session_id=session_id)
    assert seats.own_sessions(people.sam.actor) == []


def test_seats_end_with_the_start_for_students_and_with_the_end_for_all(people):
    session_id = create_session()

    with clock.pretend(at("2026-11-24 09:30")):
        with pytest.raises(refusals.SessionOver):
            seats.take_seat(people.sam.actor, session_id=session_id)
        assert seats.take_seat(people.rosa.actor, session_id=session_id, patient=people.sam.id)
    with clock.pretend(at("2026-11-24 12:00")), pytest.raises(refusals.SessionOver):
        seats.take_seat(people.rosa.actor, session_id=session_id, patient=people.eve.id)


def test_eve_takes_no_seat_for_sam(people):
    session_id = create_session()

    with pytest.raises(Forbidden):
        seats.take_seat(people.eve.actor, session_id=session_id, patient=people.sam.id)


def test_booking_can_be_stopped_and_opened_again(people):
    session_id = create_session()
    sessions.set_booking_open(people.rosa.actor, session_id=session_id, is_open=False)

    with pytest.raises(refusals.SessionOver):
        seats.take_seat(people.sam.actor, session_id=session_id)
    sessions.set_booking_open(people.rosa.actor, session_id=session_id, is_open=True)
    assert seats.take_seat(people.sam.actor, session_id=session_id)


# -- giving back


def test_a_seat_that_is_given_back_is_free_for_others(people):
    session_id = create_session(capacity=1)
    seats.take_seat(people.sam.actor, session_id=session_id)

    for _ in range(2):  # the second tap changes nothing
        assert seats.cancel_seat(people.sam.actor, session_id=session_id).taken == 0

    assert seats.take_seat(people.eve.actor, session_id=session_id)
    assert book(people.sam, "2026-11-24 10:00", type="consultation").status == "confirmed"


def test_after_the_cutoff_only_the_desk_gives_a_seat_back(people):
    session_id = create_session()
    seats.take_seat(people.sam.actor, session_id=session_id)

    with clock.pretend(at("2026-11-24 07:30")):
        with pytest.raises(refusals.TooLateForSeat):
            seats.cancel_seat(people.sam.actor, session_id=session_id)
        seats.cancel_seat(people.rosa.actor, session_id=session_id, patient=people.sam.id)
    assert taken(session_id) == 0


def test_eve_cancels_no_seat_that_is_not_hers(people):
    session_id = create_session()
    seats.take_seat(people.sam.actor, session_id=session_id)

    with pytest.raises(refusals.UnknownSession):
        seats.cancel_seat(people.eve.actor, session_id=session_id)
    with pytest.raises(Forbidden):
        seats.cancel_seat(people.eve.actor, session_id=session_id, patient=people.sam.id)
    assert taken(session_id) == 1


def test_calling_a_session_off_ends_seats_and_frees_the_time(db, people):
    session_id = create_session()
    seats.take_seat(people.sam.actor, session_id=session_id)

    with pytest.raises(errors.ReasonRequired):
        sessions.cancel_session(people.rosa.actor, session_id=session_id, reason=" ")
    told = sessions.cancel_session(people.rosa.actor, session_id=session_id, reason="No vaccine")
    again = sessions.cancel_session(people.rosa.actor, session_id=session_id, reason="No vaccine")

    templates = set(db.scalars(select(Communication.template)))
    assert (told, again, taken(session_id)) == (1, 0, 0)
    assert "seat_cancelled" in templates
    assert book(people.sam, "2026-11-24 10:00").status == "confirmed"


# -- attendance


def test_stations_are_passed_in_order_and_closing_marks_the_rest_missed(people):
    session_id = create_session(stations=("Weight", "Vaccine"))
    sam, eve = (
        seats.take_seat(one.actor, session_id=session_id) for one in (people.sam, people.eve)
    )
    with pytest.raises(refusals.SeatRefused, match="from the day"):
        seats.mark_seat(people.neil.actor, seat_id=sam.id, status=SeatStatus.ATTENDED)

    with clock.pretend(at("2026-11-24 09:10")):
        with pytest.raises(refusals.SeatRefused, match="come first"):
            seats.pass_station(people.neil.actor, seat_id=sam.id, position=2)
        for position in (1, 1, 2):  # a double tap is harmless
            seats.pass_station(people.neil.actor, seat_id=sam.id, position=position)
        with pytest.raises(refusals.SeatRefused, match="later stations"):
            seats.pass_station(people.neil.actor, seat_id=sam.id, position=1, undo=True)
        with pytest.raises(Invalid, match="cannot be removed"):
            sessions.save_session(SYSTEM, session_id=session_id, draft=session_draft())
        missed = sessions.close_session(people.neil.actor, session_id=session_id)

    assert missed == 1
    assert seats.known_seat(sam.id).status is SeatStatus.ATTENDED
    assert seats.known_seat(sam.id).passed == (1, 2)
    assert seats.known_seat(eve.id).status is SeatStatus.MISSED
    assert queries.group_session(session_id).status is SessionStatus.DONE


def test_a_mark_can_be_taken_back(people):
    session_id = create_session()
    seat = seats.take_seat(people.sam.actor, session_id=session_id)

    with clock.pretend(at("2026-11-24 09:10")):
        for status in (SeatStatus.MISSED, SeatStatus.ATTENDED, SeatStatus.BOOKED):
            assert (
                seats.mark_seat(people.neil.actor, seat_id=seat.id, status=status).status is status
            )


def test_students_mark_nobody_and_a_session_does_not_end_before_it_begins(people):
    session_id = create_session()
    seat = seats.take_seat(people.sam.actor, session_id=session_id)

    with pytest.raises(Forbidden):
        seats.mark_seat(people.sam.actor, seat_id=seat.id, status=SeatStatus.ATTENDED)
    with pytest.raises(refusals.SeatRefused, match="not begun"):
        sessions.close_session(people.neil.actor, session_id=session_id)


# -- class lists


def test_a_class_list_is_tried_first_and_booked_once(people):
    session_id = create_session(capacity=3)
    crowd = create_crowd(4)
    book(people.rosa, "2026-11-24 09:00", type="consultation", patient=crowd[1])
    seats.take_seat(people.sam.actor, session_id=session_id)
    text = "\n".join(
        ["id,name", crowd[0], crowd[1], "NOBODY1", people.sam.id, *crowd[2:], crowd[0]]
    )

    tried = class_lists.try_class_list(people.rosa.actor, session_id=session_id, text=text)
    before = taken(session_id)
    done = class_lists.book_class_list(people.rosa.actor, session_id=session_id, text=text)
    again = class_lists.book_class_list(people.rosa.actor, session_id=session_id, text=text)

    assert [(row.line, row.outcome) for row in tried] == [
        (2, "ready"),
        (3, "busy"),
        (4, "unknown"),
        (5, "already"),
        (6, "ready"),
        (7, "full"),
        (8, "repeated"),
    ]
    assert before == 1
    assert [row.outcome for row in done] == [
        *("booked", "busy", "unknown", "already", "booked", "full", "repeated")
    ]
    assert taken(session_id) == 3
    assert "booked" not in {row.outcome for row in again}


def test_students_book_no_class(people):
    session_id = create_session()

    with pytest.raises(Forbidden):
        class_lists.book_class_list(people.eve.actor, session_id=session_id, text=people.sam.id)
