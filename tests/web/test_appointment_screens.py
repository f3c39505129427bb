"""The list of visits, one visit, its next steps, moving and booking for a patient."""

import re

import pytest

from app.scheduling.queries import appointments
from tests.web.scheduling import book, counted_statements, set_status

pytestmark = pytest.mark.usefixtures("open_day")

LIST = "/appointments/"
BOOKING = "/appointments/book/"
NINE = "2026-11-23T09:00:00+08:00"


def status_of(app, booked):
    with app.app_context():
        return appointments.known_appointment(booked.id).status.value


def latest(app, booked):
    """The visit that the moved one became."""
    with app.app_context():
        found = appointments.known_appointment(booked.id)
        return appointments.appointments_of_patient(
            found.patient_id, now=found.created_at, when="upcoming"
        ).results[0]


# -- who may look


@pytest.mark.parametrize(
    "address", [LIST, "/appointments/list/", "/appointments/show/1", BOOKING, "/day-list/"]
)
def test_the_cashier_and_eve_see_no_visits(app, people, address):
    for person in (people.cass, people.eve):
        assert app.test_client().sign_in(person).get(address).status_code == 403


@pytest.mark.parametrize("address", [LIST, "/appointments/show/1", BOOKING])
def test_nobody_sees_visits_without_signing_in(client, address):
    answer = client.get(address)

    assert answer.status_code == 302
    assert "/login/" in answer.headers["Location"]


def test_eve_cannot_cancel_through_the_staff_screen(app, people):
    booked = book(app, people.sam, "09:00")

    answer = (
        app.test_client()
        .sign_in(people.eve)
        .post(f"/appointments/{booked.id}/status/", data={"to": "cancelled"})
    )

    assert answer.status_code == 403
    assert status_of(app, booked) == "confirmed"


# -- the list


def test_the_list_opens_with_today(app, people, rosa):
    book(app, people.sam, "09:00")
    book(app, people.eve, "2026-11-24 09:00")

    page = rosa.get(LIST).text

    assert "Dela Cruz, Sam" in page
    assert "Ñuñez, Eve" not in page


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("today", {"Dela Cruz"}),
        ("upcoming", {"Dela Cruz", "Ñuñez"}),
        ("pending", {"Ñuñez"}),
        ("needs-rebooking", set()),
        ("mine", {"Dela Cruz"}),
        ("all", {"Dela Cruz", "Ñuñez"}),
        ("nonsense", {"Dela Cruz"}),
    ],
)
def test_quick_filters_show_what_they_say(app, people, name, shown):
    book(app, people.sam, "09:00", provider="DOC901")
    book(app, people.eve, "2026-11-24 09:00", type="dental-cleaning")
    dana = app.test_client().sign_in(people.dana)

    page = dana.get(f"{LIST}?filter={name}").text

    assert {name for name in ("Dela Cruz", "Ñuñez") if name in page} == shown


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("_flt_0_patient_id=dela+cru", {"Dela Cruz"}),
        ("_flt_0_patient_id=20259001", {"Dela Cruz"}),
        ("_flt_0_patient_id=x", set()),
        ("_flt_0_status=pending", {"Ñuñez"}),
        ("_flt_0_status=nonsense", set()),
        ("_flt_0_starts_at=2026-11-23", {"Dela Cruz"}),
        ("_flt_1_starts_at=2026-11-24", {"Ñuñez"}),
        ("_flt_2_starts_at=2026-11-23", {"Dela Cruz"}),
        ("_flt_0_starts_at=someday", {"Dela Cruz", "Ñuñez"}),
    ],
)
def test_a_search_looks_through_all_visits(app, people, rosa, query, shown):
    book(app, people.sam, "09:00")
    book(app, people.eve, "2026-11-24 09:00", type="dental-cleaning")

    answer = rosa.get(f"{LIST}?{query}")

    assert answer.status_code == 200
    assert {name for name in ("Dela Cruz", "Ñuñez") if name in answer.text} == shown


@pytest.mark.parametrize(
    "query", ["page_AppointmentView=x", "_flt_9_status=x", "_oc_AppointmentView=nope"]
)
def test_an_odd_address_of_the_list_is_no_error_of_ours(rosa, query):
    assert rosa.get(f"{LIST}?{query}").status_code < 500


@pytest.mark.parametrize("name", ["today", "mine", "pending", "needs-rebooking", "upcoming", "all"])
def test_a_page_of_the_list_takes_a_fixed_number_of_statements(app, people, rosa, name):
    for minute in ("09:00", "09:20", "09:40"):
        book(app, people.rosa, minute, patient=people.sam.id, override_reason="test")

    with counted_statements(app) as seen:
        answer = rosa.get(f"{LIST}?filter={name}")

    assert answer.status_code == 200
    assert len(seen) <= 8, "\n\n".join(seen)


# -- one click


def test_a_patient_is_checked_in_with_one_click(app, people, rosa):
    booked = book(app, people.sam, "09:00")

    answer = rosa.post(
        f"/appointments/{booked.id}/status/",
        data={"to": "checked-in", "version": "1", "back": "/appointments/?filter=today"},
    )

    assert answer.headers["Location"] == "/appointments/?filter=today"
    assert status_of(app, booked) == "checked-in"


def test_a_list_offers_only_steps_that_are_allowed(app, people, rosa):
    booked = book(app, people.sam, "09:00")
    dana = app.test_client().sign_in(people.dana)

    desk, physician = rosa.get(LIST).text, dana.get(f"{LIST}?filter=today").text

    assert "Check in" in desk
    assert "Complete</button>" not in desk
    assert "Check in" not in physician  # the table gives check-in to the desk
    assert f"/appointments/show/{booked.id}" in physician


def test_a_stale_page_changes_nothing_and_says_so(app, people, rosa):
    booked = book(app, people.sam, "09:00")
    set_status(app, people.rosa, booked, "checked-in")

    answer = rosa.post(
        f"/appointments/{booked.id}/status/",
        data={"to": "confirmed", "version": "1"},
        follow_redirects=True,
    )

    assert "changed in the meantime" in answer.text
    assert status_of(app, booked) == "checked-in"


def test_a_step_that_the_table_lacks_is_refused_with_a_sentence(app, people, rosa):
    booked = book(app, people.sam, "09:00")

    answer = rosa.post(
        f"/appointments/{booked.id}/status/", data={"to": "completed"}, follow_redirects=True
    )

    assert "nobody can complete this visit now" in answer.text


def test_cancelling_asks_for_a_reason_first(app, people, rosa):
    booked = book(app, people.sam, "09:00")
    address = f"/appointments/{booked.id}/status/"

    page = rosa.get(f"{address}?to=cancelled").text
    without = rosa.post(address, data={"to": "cancelled"})
    done = rosa.post(address, data={"to": "cancelled", "reason": "Provider is ill"})

    assert "Cancel the visit" in page
    assert "Please give a reason" in without.text
    assert done.status_code == 302
    assert status_of(app, booked) == "cancelled"


@pytest.mark.parametrize(
    "back",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/a\nb"],
)
def test_the_way_back_never_leaves_the_site(app, people, rosa, back):
    booked = book(app, people.sam, "09:00")

    answer = rosa.post(
        f"/appointments/{booked.id}/status/", data={"to": "checked-in", "back": back}
    )

    assert answer.headers["Location"] == f"/appointments/show/{booked.id}"  # WEB-03


@pytest.mark.parametrize(
    "path", ["0/status/?to=cancelled", "99999999999999999999/move/", "1/status/?to=x"]
)
def test_a_visit_or_step_that_is_not_there_is_not_found(rosa, path):
    assert rosa.get(f"/appointments/{path}").status_code == 404


# -- one visit


def test_the_page_of_a_visit_tells_its_history(app, people, rosa):
    booked = book(app, people.sam, "09:00", reason="Cough & cold")
    set_status(app, people.rosa, booked, "checked-in")

    page = rosa.get(f"/appointments/show/{booked.id}").text

    assert "Cough &amp; cold" in page
    assert "Rosa Peñaflor" in page
    assert "Start" in page


def test_the_front_desk_sees_whether_the_mail_went_out(app, people, rosa):
    booked = book(app, people.sam, "09:00")
    dana = app.test_client().sign_in(people.dana)

    desk = rosa.get(f"/appointments/show/{booked.id}").text
    physician = dana.get(f"/appointments/show/{booked.id}").text

    assert "Waiting to be sent" in desk
    assert "20259001@usc.edu.ph" in desk
    assert "E-mails about it" not in physician


# -- moving


def test_the_front_desk_moves_a_visit(app, people, rosa):
    booked = book(app, people.sam, "09:00", provider="DOC901")
    page = rosa.get(f"/appointments/{booked.id}/move/?day=2026-11-24").text
    (value,) = {one for one in re.findall(r'value="([^"]+\|DOC901)"', page) if "T10:00" in one}

    answer = rosa.post(
        f"/appointments/{booked.id}/move/",
        data={"slot": value, "version": "1", "reason": "Patient asked"},
    )

    assert answer.status_code == 302
    assert status_of(app, booked) == "rescheduled"
    assert latest(app, booked).starts_at.hour == 2  # 10:00 AM in Manila


def test_a_visits_own_time_is_no_obstacle_to_another_provider(app, people, rosa):
    booked = book(app, people.sam, "09:00", provider="DOC901")

    own = rosa.get(f"/appointments/{booked.id}/move/").text
    other = rosa.get(f"/appointments/{booked.id}/move/?provider=DOC902&day=2026-11-23").text

    assert f"{NINE}|DOC901" not in own
    assert f"{NINE}|DOC902" in other


def test_a_move_onto_a_taken_time_proposes_others(app, people, rosa):
    book(app, people.eve, "10:00", provider="DOC901")
    booked = book(app, people.sam, "09:00", provider="DOC901")

    answer = rosa.post(
        f"/appointments/{booked.id}/move/",
        data={"slot": "2026-11-23T10:00:00+08:00|DOC901", "version": "1"},
    )

    assert "just been taken" in answer.text
    assert "These times are free" in answer.text
    assert status_of(app, booked) == "confirmed"


@pytest.mark.parametrize("slot", ["", "soon", "2026-11-23T09:05:00+08:00|DOC901", f"{NINE}|NOBODY"])
def test_an_odd_choice_of_time_stays_on_the_page(app, people, rosa, slot):
    booked = book(app, people.sam, "09:00", provider="DOC901")

    answer = rosa.post(f"/appointments/{booked.id}/move/", data={"slot": slot})

    assert answer.status_code in (200, 404)
    assert status_of(app, booked) == "confirmed"
