"""The JSON interface: fixed names and shapes (rules/scheduling.md, HTTP interface)."""

import pytest

from tests.people import PASSWORD
from tests.web.scheduling import book, counted_statements

pytestmark = pytest.mark.usefixtures("open_day")

SLOTS = "/api/appointments/available-slots/"
BOOK = "/api/appointments/book/"
MINE = "/api/appointments/my-appointments/"
SCHEDULE = "/api/appointments/provider-schedule/"
WHY_NOT = "/api/appointments/why-not/"
MONDAY = "from=2026-11-23&to=2026-11-23"
NINE = "2026-11-23T09:00:00+08:00"


def test_free_times_have_the_fixed_shape(sam):
    answer = sam.get(f"{SLOTS}?type=consultation&provider=DOC901&{MONDAY}")

    assert answer.status_code == 200
    assert answer.json["timezone"] == "Asia/Manila"
    assert answer.json["slots"][0] == {
        "type": "consultation",
        "provider": "DOC901",
        "starts_at": "2026-11-23T08:00:00+08:00",
        "ends_at": "2026-11-23T08:20:00+08:00",
    }


def test_free_times_are_ordered_by_start_then_provider(sam):
    slots = sam.get(f"{SLOTS}?type=Consultation&{MONDAY}").json["slots"]

    order = [(slot["starts_at"], slot["provider"]) for slot in slots]
    assert order == sorted(order)
    assert {slot["provider"] for slot in slots} == {"DOC901", "DOC902"}
    assert {slot["type"] for slot in slots} == {"consultation"}


def test_free_times_of_two_months_take_six_statements_besides_the_sign_in(app, sam):
    with counted_statements(app) as seen:
        answer = sam.get(f"{SLOTS}?type=consultation&from=2026-11-23&to=2027-01-23")

    assert answer.status_code == 200
    about_accounts = [one for one in seen if "ab_" in one or "clinic_role" in one]
    assert len(seen) - len(about_accounts) <= 6, "\n\n".join(seen)


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("type=consultation&from=2026-11-24&to=2026-11-23", 400, None),
        ("type=consultation&from=2026-11-23&to=2027-01-24", 400, None),
        ("type=consultation&from=yesterday", 400, "from"),
        ("type=consultation&from=20261123", 400, "from"),
        ("type=consultation&from=1066-10-14&to=1066-10-15", 400, None),
        ("type=consultation&from=9999-12-31", 400, None),
        ("provider=DOC901", 422, "type"),
        ("type=consultation&colour=blue", 422, "colour"),
        ("type=magic", 404, None),
        ("type=consultation&provider=NOBODY1", 404, None),
        ("type=vaccination&provider=DOC901", 404, None),
        ("type=%00", 400, None),
        (f"type={'x' * 3000}", 404, None),
    ],
)
def test_odd_questions_get_a_sentence(sam, query, status, field):
    answer = sam.get(f"{SLOTS}?{query}")

    assert answer.status_code == status, answer.text
    assert answer.json["message"].endswith(".") or field
    assert field is None or answer.json["errors"][field]


def test_a_student_books_and_gets_the_fixed_shape(sam):
    answer = sam.post(BOOK, json={"type": "consultation", "starts_at": NINE, "provider": "doc901"})

    body = answer.json
    assert answer.status_code == 201
    assert body.pop("id") > 0
    assert body == {
        "status": "confirmed",
        "type": "consultation",
        "provider": "DOC901",
        "patient": "20259001",
        "starts_at": NINE,
        "ends_at": "2026-11-23T09:20:00+08:00",
        "reason": "",
        "version": 1,
    }


def test_a_type_that_needs_approval_is_pending_for_students(sam):
    answer = sam.post(BOOK, json={"type": "dental-cleaning", "starts_at": NINE})

    assert answer.json["status"] == "pending"


def test_the_front_desk_books_for_a_patient(rosa):
    answer = rosa.post(
        BOOK, json={"type": "consultation", "starts_at": NINE, "patient": "20259002"}
    )

    assert (answer.status_code, answer.json["patient"]) == (201, "20259002")


def test_a_lost_time_is_answered_with_alternatives(app, people, sam):
    book(app, people.eve, "09:00", provider="DOC901")

    answer = sam.post(BOOK, json={"type": "consultation", "starts_at": NINE, "provider": "DOC901"})

    assert answer.status_code == 409
    assert answer.json["code"] == "scheduling.slot_taken"
    assert len(answer.json["alternatives"]) == 6
    assert set(answer.json["alternatives"][0]) == {"type", "provider", "starts_at", "ends_at"}


def test_the_same_key_gives_the_same_answer_and_one_booking(sam):
    body = {"type": "consultation", "starts_at": NINE}
    headers = {"Idempotency-Key": "tap-1"}

    first, second = (sam.post(BOOK, json=body, headers=headers) for _ in range(2))

    assert first.status_code == second.status_code == 201
    assert first.json == second.json
    assert sam.get(MINE).json["count"] == 1  # SCH-06


def test_the_same_key_with_another_body_is_refused(sam):
    headers = {"Idempotency-Key": "tap-1"}
    sam.post(BOOK, json={"type": "consultation", "starts_at": NINE}, headers=headers)

    answer = sam.post(
        BOOK, json={"type": "consultation", "starts_at": NINE, "reason": "x"}, headers=headers
    )

    assert answer.status_code == 422  # SCH-06


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"type": "consultation"}, 422, "starts_at"),
        ({"type": "consultation", "starts_at": None}, 422, "starts_at"),
        ({"type": 7, "starts_at": NINE}, 400, "type"),
        ({"type": "consultation", "starts_at": "soon"}, 400, "starts_at"),
        ({"type": "consultation", "starts_at": 12}, 400, "starts_at"),
        ({"type": "consultation", "starts_at": NINE, "price": 0}, 422, "price"),
        ({"type": "consultation", "starts_at": "2026-11-23T06:00+08:00"}, 422, "starts_at"),
        ({"type": "consultation", "starts_at": "2026-11-23T09:05+08:00"}, 422, "starts_at"),
        ({"type": "consultation", "starts_at": "2026-11-23T12:00+08:00"}, 422, "starts_at"),
        ({"type": "consultation", "starts_at": "9999-12-31T23:59+00:00"}, 422, "starts_at"),
        ({"type": "consultation", "starts_at": NINE, "reason": "a\x00b"}, 400, "reason"),
        ({"type": "consultation", "starts_at": NINE, "reason": "x" * 501}, 422, "reason"),
        ({"type": "consultation", "starts_at": NINE, "reason": "\ud800"}, 422, "reason"),
        ({"type": "con\x00", "starts_at": NINE}, 400, "type"),
        (
            {"type": "consultation", "starts_at": NINE, "override": {"why": "x"}},
            422,
            "override.why",
        ),
        ({"type": "consultation", "starts_at": NINE, "override": "x"}, 400, "override"),
        ({"type": "magic", "starts_at": NINE}, 404, None),
        ({"type": "consultation", "starts_at": NINE, "patient": "20259002"}, 403, None),
        ({"type": "consultation", "starts_at": NINE, "override": {"reason": "x"}}, 403, None),
        ([], 400, None),
        ("text", 400, None),
        (None, 400, None),
    ],
)
def test_odd_bookings_get_a_sentence_and_book_nothing(sam, body, status, field):
    answer = sam.post(BOOK, json=body)

    assert answer.status_code == status, answer.text
    assert answer.json["code"]
    assert answer.json["message"]
    assert field is None or answer.json["errors"][field]
    assert sam.get(MINE).json["count"] == 0


def test_broken_json_is_malformed(sam):
    answer = sam.post(BOOK, data="{", content_type="application/json")

    assert (answer.status_code, answer.json["code"]) == (400, "malformed")


def test_ones_own_visits_come_in_pages(app, people, sam):
    for day in (23, 24):
        book(app, people.sam, f"2026-11-{day} 09:00")
    book(app, people.eve, "10:00")

    answer = sam.get(f"{MINE}?when=upcoming&page=2&page_size=1")

    assert answer.json["count"] == 2
    assert (answer.json["page"], answer.json["page_size"]) == (2, 1)
    assert [one["starts_at"] for one in answer.json["results"]] == ["2026-11-24T09:00:00+08:00"]


def test_a_provider_sees_the_visits_of_their_patients(app, people):
    book(app, people.sam, "09:00", provider="DOC901")
    dana, dino = (app.test_client().sign_in(one) for one in (people.dana, people.dino))

    assert dana.get(MINE).json["count"] == 1
    assert dino.get(MINE).json["count"] == 0


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("page=0", 400),
        ("page=1000000000", 400),
        ("page=0000000019999999999999999999999", 400),
        ("page_size=0", 400),
        ("page_size=201", 400),
        ("page=one", 400),
        ("when=someday", 400),
        ("status=lost", 422),
        ("order=up", 422),
    ],
)
def test_absurd_paging_is_refused(sam, query, status):
    answer = sam.get(f"{MINE}?{query}")

    assert answer.status_code == status
    assert answer.json["errors"]


def test_staff_see_with_whom_a_provider_is_busy(app, people, rosa):
    booked = book(app, people.sam, "09:00", provider="DOC901")

    answer = rosa.get(f"{SCHEDULE}?provider=doc901&{MONDAY}")

    (day,) = answer.json["days"]
    assert answer.json["provider"] == "DOC901"
    assert day["date"] == "2026-11-23"
    assert [one["starts_at"][11:16] for one in day["open"]] == ["08:00", "13:00"]
    assert day["busy"] == [{"starts_at": NINE, "ends_at": "2026-11-23T09:20:00+08:00"}]
    assert [one["id"] for one in day["appointments"]] == [booked.id]


def test_students_see_busy_times_without_names(app, people, eve):
    book(app, people.sam, "09:00", provider="DOC901")

    answer = eve.get(f"{SCHEDULE}?provider=DOC901&{MONDAY}")

    assert len(answer.json["days"][0]["busy"]) == 1
    assert answer.json["days"][0]["appointments"] == []
    assert "20259001" not in answer.text


def test_staff_learn_why_a_time_is_not_free(app, people, rosa):
    book(app, people.sam, "10:00", provider="DOC901")
    question = f"{WHY_NOT}?type=consultation&provider=DOC901&starts_at="

    taken = rosa.get(question + "2026-11-23T10:00:00%2B08:00").json
    free = rosa.get(question + "2026-11-23T11:00:00+08:00").json

    assert (taken["is_free"], taken["code"]) == (False, "taken")
    assert "another visit" in taken["message"]
    assert free["is_free"] is True


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (f"{SLOTS}?type=consultation", 403),
        (MINE, 403),
        (f"{SCHEDULE}?provider=DOC901", 403),
        (f"{WHY_NOT}?type=consultation&provider=DOC901&starts_at=2026-11-23T09:00", 403),
        ("/api/calendar/feed/?from=2026-11-23&to=2026-11-23", 403),
    ],
)
def test_the_cashier_has_no_business_here(app, people, address, expected):
    answer = app.test_client().sign_in(people.cass).get(address)

    assert answer.status_code == expected
    assert answer.json["message"]


@pytest.mark.parametrize(
    "address",
    [
        WHY_NOT + "?type=consultation&provider=DOC901&starts_at=2026-11-23T09:00",
        "/api/calendar/feed/",
    ],
)
def test_eve_does_not_ask_what_staff_ask(eve, address):
    assert eve.get(address).status_code == 403


@pytest.mark.parametrize("address", [SLOTS, MINE, SCHEDULE, WHY_NOT, "/api/calendar/feed/"])
def test_nobody_gets_in_without_signing_in(client, address):
    answer = client.get(address)

    assert (answer.status_code, answer.json["code"]) == (401, "not_signed_in")


def test_a_bearer_token_books_without_a_cookie(app, people):
    client = app.test_client()
    token = client.post(
        "/api/v1/security/login",
        json={"username": people.sam.email, "password": PASSWORD, "provider": "db"},
    ).json["access_token"]

    answer = app.test_client().post(
        BOOK,
        json={"type": "consultation", "starts_at": NINE},
        headers={"Authorization": f"Bearer {token}"},
    )

    assert answer.status_code == 201


def test_a_wrong_bearer_token_is_not_signed_in(client):
    answer = client.get(MINE, headers={"Authorization": "Bearer nonsense"})

    assert (answer.status_code, answer.json["code"]) == (401, "not_signed_in")


def test_a_cookie_without_csrf_token_writes_nothing(app, sam, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)

    answer = sam.post(BOOK, json={"type": "consultation", "starts_at": NINE})

    assert (answer.status_code, answer.json["code"]) == (400, "csrf")  # WEB-02


def test_the_interface_describes_itself(client, people):
    answer = client.sign_in(people.ada).get("/api/v1/_openapi")

    assert answer.status_code == 200
    assert {
        "/api/appointments/available-slots/",
        "/api/appointments/book/",
        "/api/appointments/my-appointments/",
        "/api/appointments/{number}/status/",
        "/api/appointments/{number}/reschedule/",
        "/api/appointments/provider-schedule/",
    } <= set(answer.json["paths"])
