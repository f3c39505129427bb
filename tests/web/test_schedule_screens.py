"""Screens of working hours: the front desk, a physician's own page, and those who may not."""

import re
from html import unescape

import pytest

from app.scheduling.queries import schedules
from tests.factories.scheduling import monday_seven, open_clinic
from tests.web.scheduling import book, counted_statements

DANA, DINO = "/schedules/DOC901/", "/schedules/DOC902/"
EVENING = {"weekday": "0", "starts": "18:00", "ends": "20:00", "campus": "Downtown"}


@pytest.fixture
def site(app):
    """An open clinic on a Monday at 7:00 AM; no context stays open around the requests."""
    with monday_seven():
        with app.app_context():
            open_clinic()
        yield app


@pytest.fixture
def rosa(site, client, people):
    """The receptionist, signed in."""
    return client.sign_in(people.rosa)


@pytest.fixture
def dana(site, client, people):
    """A physician, signed in."""
    return client.sign_in(people.dana)


def hours_ids(app, university_id):
    with app.app_context():
        provider = schedules.practitioner_by_university_id(university_id)
        return [row.id for row in schedules.weekly_hours(provider.id)]


def text_of(answer):
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))))


def undo_of(answer):
    """The form behind "Undo": its address and fields."""
    html = answer.get_data(as_text=True)
    form = re.search(
        r'<form class="s-undo" method="post" action="([^"]+)">(.*?)</form>', html, re.S
    )
    return form[1], dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form[2]))


def test_the_front_desk_sees_everybodys_week_in_short(rosa):
    page = text_of(rosa.get("/schedules/"))

    assert "Dana Villamor" in page
    assert "Monday to Friday 8:00 AM–12:00 PM and 1:00 PM–5:00 PM" in page


def test_the_list_asks_few_questions(site, rosa):
    with counted_statements(site) as statements:
        rosa.get("/schedules/")

    assert len(statements) <= 8


def test_a_page_asks_few_questions(site, rosa):
    with counted_statements(site) as statements:
        rosa.get(DANA)

    assert len(statements) <= 12


def test_one_page_shows_the_week_and_what_it_comes_to(rosa):
    page = text_of(rosa.get(DANA))

    assert "Monday, 8:00 AM–12:00 PM Downtown" in page
    assert "Mon 23 Nov 8:00 AM–12:00 PM 1:00 PM–5:00 PM" in page
    assert "Sat 28 Nov Closed" in page


def test_the_front_desk_adds_hours(rosa):
    answer = rosa.post(DANA + "hours/", data=EVENING, follow_redirects=True)

    assert "Saved: Monday 6:00 PM–8:00 PM." in text_of(answer)
    assert "Monday, 6:00 PM–8:00 PM Downtown" in text_of(answer)


def test_changed_hours_name_the_visits_that_no_longer_fit(site, rosa, people):
    book(site, people.sam, "09:00", provider=people.dana.id)
    data = {**EVENING, "starts": "10:00", "ends": "12:00", "hours_id": hours_ids(site, "DOC901")[0]}

    answer = rosa.post(DANA + "hours/", data=data, follow_redirects=True)

    assert "1 visit no longer fits: see the list" in text_of(answer)
    assert "/appointments/list/?filter=needs-rebooking" in answer.get_data(as_text=True)
    assert rosa.get("/appointments/list/?filter=needs-rebooking").status_code == 200


def test_a_change_names_only_the_visits_that_it_hits(site, rosa, people):
    book(site, people.sam, "09:00", provider=people.dana.id)
    rosa.post(DANA + "dates/", data={"on_date": "2026-11-23", "kind": "off"})
    rosa.get(DANA)

    page = text_of(rosa.post(DANA + "hours/", data=EVENING, follow_redirects=True))

    assert "no longer fits" not in page
    assert "1 visit does not fit these hours." in page


def test_overlapping_hours_are_refused_beside_the_field_and_kept(site, rosa):
    data = {**EVENING, "starts": "11:00", "ends": "14:00"}

    answer = rosa.post(DANA + "hours/", data=data)

    assert answer.status_code == 422
    assert "These hours overlap with 8:00 AM to 12:00 PM." in text_of(answer)
    assert 'value="14:00"' in answer.get_data(as_text=True)
    assert len(hours_ids(site, "DOC901")) == 10


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("starts", "", "Please type a time."),
        ("starts", "half past", "Not a valid time value."),
        ("ends", "18:00", "The hours must end at another time than they start."),
        ("valid_from", "soon", "Not a valid date value."),
        ("valid_from", "9999-12-31", "Please choose a day between 1900 and 2200."),
    ],
)
def test_odd_hours_are_refused_beside_their_field(rosa, field, value, sentence):
    answer = rosa.post(DANA + "hours/", data={**EVENING, field: value})

    assert answer.status_code == 422
    assert sentence in text_of(answer)


@pytest.mark.parametrize("data", [{"weekday": "9"}, {"weekday": "x"}, {"campus": "Moon"}, {}])
def test_forged_hours_are_refused(rosa, data):
    answer = rosa.post(DANA + "hours/", data={**EVENING, **data} if data else {})

    assert answer.status_code == 422


@pytest.mark.parametrize("key", ["x", "-1", "99999999999999999999"])
def test_a_nonsense_key_adds_instead_of_changing(site, rosa, key):
    rosa.post(DANA + "hours/", data={**EVENING, "hours_id": key})

    assert len(hours_ids(site, "DOC901")) == 11


def test_the_last_day_must_not_lie_before_the_first(rosa):
    data = {**EVENING, "valid_from": "2026-12-02", "valid_to": "2026-12-01"}

    answer = rosa.post(DANA + "hours/", data=data)

    assert "The last day must not lie before the first day." in text_of(answer)


def test_removed_hours_come_back_with_undo(site, rosa):
    first = hours_ids(site, "DOC901")[0]

    removed = rosa.post(f"{DANA}hours/{first}/remove/", follow_redirects=True)
    address, fields = undo_of(removed)
    restored = rosa.post(address, data=fields, follow_redirects=True)

    assert "Removed: Monday 8:00 AM–12:00 PM." in text_of(removed)
    assert "Monday, 8:00 AM–12:00 PM" in text_of(restored)


def test_hours_that_are_gone_already_are_not_found(rosa):
    assert rosa.post(f"{DANA}hours/999999/remove/").status_code == 404


def test_monday_is_copied_to_other_days(rosa):
    rosa.post(DANA + "hours/", data=EVENING)

    answer = rosa.post(DANA + "copy/", data={"weekday": "0", "to": ["4"]}, follow_redirects=True)

    assert "The hours of Monday were copied." in text_of(answer)
    assert "Friday, 6:00 PM–8:00 PM" in text_of(answer)


def test_a_copy_needs_a_day(rosa):
    answer = rosa.post(DANA + "copy/", data={"weekday": "0"})

    assert answer.status_code == 422
    assert "Please choose the days that are to get these hours." in text_of(answer)


def test_other_hours_on_one_date_and_back_again(rosa):
    data = {"on_date": "2026-12-04", "kind": "hours", "starts": "09:00", "ends": "11:00"}
    data |= {"note": "Seminar"}

    saved = rosa.post(DANA + "dates/", data=data, follow_redirects=True)
    removed = rosa.post(f"{DANA}dates/2026-12-04/remove/", follow_redirects=True)
    address, fields = undo_of(removed)
    restored = rosa.post(address, data=fields, follow_redirects=True)

    assert "Saved: Fri 4 Dec 2026: 9:00 AM–11:00 AM." in text_of(saved)
    assert "Fri 4 Dec 2026 9:00 AM–11:00 AM Seminar" in text_of(saved)
    assert "Fri 4 Dec 2026 has its usual hours again." in text_of(removed)
    assert "Fri 4 Dec 2026 9:00 AM–11:00 AM Seminar" in text_of(restored)


def test_a_day_off(rosa):
    answer = rosa.post(
        DANA + "dates/", data={"on_date": "2026-12-04", "kind": "off"}, follow_redirects=True
    )

    assert "Fri 4 Dec Closed Day off" in text_of(answer)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"kind": "hours"}, "Please type from when to when."),
        ({"kind": "off", "on_date": "2026-11-01"}, "This day has passed"),
        ({"kind": "off", "on_date": ""}, "Please choose a date."),
        (
            {"kind": "hours", "starts": "09:00", "ends": "10:00", "starts_2": "11:00"},
            "Please type both times, or neither.",
        ),
        ({"kind": "off", "note": "x" * 201}, "Field cannot be longer than 200 characters."),
        ({"kind": "off", "note": "Sem\x07inar"}, "plain characters"),
        ({"kind": "maybe"}, "Nothing was saved yet."),
    ],
)
def test_odd_dates_are_refused_beside_their_field(rosa, data, sentence):
    answer = rosa.post(DANA + "dates/", data={"on_date": "2026-12-04", **data})

    assert answer.status_code == 422
    assert sentence in text_of(answer)


@pytest.mark.parametrize("day", ["2026-12-24", "yesterday", "9999-99-99"])
def test_a_date_with_usual_hours_has_nothing_to_remove(rosa, day):
    assert rosa.post(f"{DANA}dates/{day}/remove/").status_code == 404


def test_time_off_and_undo(site, rosa, people):
    book(site, people.sam, "09:00", provider=people.dana.id)
    data = {"starts_at": "2026-11-23T08:30", "ends_at": "2026-11-23T10:00", "note": "Leave"}

    entered = rosa.post(DANA + "time-off/", data=data, follow_redirects=True)
    html = entered.get_data(as_text=True)
    removed = rosa.post(re.search(r'action="([^"]*time-off/\d+/remove/)"', html)[1])
    address, fields = undo_of(rosa.get(DANA))
    restored = rosa.post(address, data=fields, follow_redirects=True)

    assert "1 visit no longer fits" in text_of(entered)
    assert "Mon 23 Nov 2026, 8:30 AM until Mon 23 Nov 2026, 10:00 AM Leave" in text_of(entered)
    assert removed.status_code == 302
    assert "1 visit no longer fits" in text_of(restored)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"ends_at": "2026-11-23T08:30"}, "Time off must end after it starts."),
        ({"ends_at": "later"}, "This is not a date and time."),
        ({"ends_at": "9999-12-31T23:59"}, "Please choose a day between 1900 and 2200."),
        ({"starts_at": ""}, "Please choose when it begins."),
    ],
)
def test_odd_time_off_is_refused_beside_its_field(rosa, data, sentence):
    whole = {"starts_at": "2026-11-23T08:30", "ends_at": "2026-11-23T10:00", **data}

    answer = rosa.post(DANA + "time-off/", data=whole)

    assert answer.status_code == 422
    assert sentence in text_of(answer)


def test_time_off_that_is_gone_is_not_found(rosa):
    assert rosa.post(f"{DANA}time-off/999999/remove/").status_code == 404


def test_an_unknown_provider_is_not_found(rosa):
    assert rosa.get("/schedules/NOBODY1/").status_code == 404
    assert rosa.post("/schedules/NOBODY1/hours/", data=EVENING).status_code == 404


def test_a_physician_changes_her_own_hours(dana):
    answer = dana.post(DANA + "hours/", data=EVENING, follow_redirects=True)

    assert "Your working hours" in text_of(answer)
    assert "Monday, 6:00 PM–8:00 PM" in text_of(answer)


def test_a_physician_finds_herself_first(dana):
    page = text_of(dana.get("/schedules/"))

    assert page.index("Dana Villamor") < page.index("Dee Osmeña")


def test_a_physician_looks_at_a_colleagues_hours_but_does_not_change_them(site, dana):
    first = hours_ids(site, "DOC902")[0]

    page = dana.get(DINO)

    assert "The front desk or the provider changes them." in text_of(page)
    assert 'action="/schedules/' not in page.get_data(as_text=True)
    assert dana.post(DINO + "hours/", data=EVENING).status_code == 403
    assert dana.post(DINO + "hours/", data={}).status_code == 403
    assert dana.post(f"{DINO}hours/{first}/remove/").status_code == 403
    assert dana.post(DINO + "copy/", data={"weekday": "0", "to": ["1"]}).status_code == 403
    assert (
        dana.post(DINO + "dates/", data={"on_date": "2026-12-04", "kind": "off"}).status_code == 403
    )


@pytest.mark.parametrize("name", ["cass", "pia", "eve"])
@pytest.mark.parametrize("path", ["/schedules/", DANA])
def test_a_cashier_the_privacy_officer_and_a_student_see_no_hours(site, client, people, name, path):
    client.sign_in(getattr(people, name))

    assert client.get(path).status_code == 403
    assert client.post(DANA + "hours/", data=EVENING).status_code == 403


def test_nobody_sees_hours_without_signing_in(site, client):
    assert client.get("/schedules/").headers["Location"].startswith("/login/")
