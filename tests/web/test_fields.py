"""Instants, days and texts between a form, a page and the database."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import Form

from app.kernel.errors import Invalid, Malformed
from app.web import api
from app.web.fields import LocalDateTimeField, clock_time, format_day, format_instant, instant_of

BERLIN = ZoneInfo("Europe/Berlin")
NINE = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


class WhenForm(Form):
    """One instant."""

    when = LocalDateTimeField("When")


def typed(app, text):
    """The form with this text in its field, validated."""
    with app.app_context():
        form = WhenForm(MultiDict({"when": text}))
        form.validate()
        return form


def test_a_typed_time_is_the_clinics_wall_time(app):
    assert typed(app, "2026-11-24T09:00").when.data == NINE


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-01T09:00", "2026-11-24T25:00", "9:00"])
def test_what_is_no_time_is_said_beside_the_field(app, text):
    assert typed(app, text).when.errors == ["This is not a date and time."]


def test_an_instant_is_shown_as_wall_time(app):
    with app.app_context():
        assert 'value="2026-11-24T09:00"' in str(WhenForm(data={"when": NINE}).when())
        assert format_instant(NINE) == "Tue 24 Nov 2026, 9:00 AM"
        assert format_day(date(2026, 11, 4)) == "Wed 4 Nov 2026"


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (time(0, 0), "12:00 AM"),
        (time(9, 5), "9:05 AM"),
        (time(12, 0), "12:00 PM"),
        (time(23, 59), "11:59 PM"),
    ],
)
def test_times_read_as_people_here_say_them(moment, words):
    assert clock_time(moment) == words


def test_a_skipped_hour_is_refused_and_a_repeated_one_is_the_first():
    """SCH-16, at the form."""
    with pytest.raises(ValueError, match="clocks change"):
        instant_of(datetime(2026, 3, 29, 2, 30), BERLIN)  # noqa: DTZ001 - wall time

    first = instant_of(datetime(2026, 10, 25, 2, 30), BERLIN)  # noqa: DTZ001 - wall time
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["2026-11-24T09:00:00+08:00", "2026-11-24T09:00:00 08:00", "2026-11-24T01:00:00Z"],
)
def test_an_instant_of_a_program_is_understood(app, text):
    with app.app_context():
        assert api.instant("starts_at", text) == NINE


@pytest.mark.parametrize("text", ["", "soon", "2026-11-24T99:00", "x" * 10_000, None, 5])
def test_an_odd_instant_of_a_program_is_malformed(app, text):
    """INP-01"""
    with app.app_context(), pytest.raises(Malformed):
        api.instant("starts_at", text)


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b"", Malformed),
        (b"[]", Malformed),
        (b"{", Malformed),
        (b'{"reason": 5}', Malformed),
        (b'{"version": true}', Malformed),
        (b'{"reason": "a\\u0000b"}', Malformed),
        (b'{"role": "Admin"}', Invalid),
    ],
)
def test_a_body_holds_known_fields_of_the_right_type_only(app, body, refusal):
    """ACC-04"""
    with (
        app.test_request_context(method="POST", data=body, content_type="application/json"),
        pytest.raises(refusal),
    ):
        api.json_body({"reason": str, "version": int})


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=x", "page=1000000000", "page=²"])
def test_an_absurd_page_is_malformed(app, query):
    """INP-01"""
    with app.test_request_context(f"/?{query}"), pytest.raises(Malformed):
        api.page_arguments()


def test_pages_have_a_default_and_a_limit(app):
    with app.test_request_context("/"):
        assert api.page_arguments() == (1, 25)
    with app.test_request_context("/?page_size=201"), pytest.raises(Malformed):
        api.page_arguments()
