"""The page of the scheduling report and its files."""

import csv
import io

import openpyxl
import pytest

from app.analytics.forms import Table
from app.analytics.views.files import as_csv, as_xlsx
from app.scheduling import services
from app.scheduling.services import Wish
from tests.factories.scheduling import at

pytestmark = pytest.mark.usefixtures("clinic")
PAGE = "/reports/scheduling/"


@pytest.fixture
def booked(people):
    wish = Wish(type="consultation", starts_at=at("09:00"), provider=people.dana.id)
    return services.book_appointment(people.sam.actor, wish=wish)


def test_the_page_shows_the_numbers_of_the_days(client, people, booked):
    client.sign_in(people.rosa)

    page = client.get(f"{PAGE}?from=2026-11-23&to=2026-11-23").text

    assert "Visits by weekday and hour" in page
    assert "Dana Villamor" in page
    assert "9 AM" in page
    assert people.sam.last_name not in page


def test_days_without_visits_are_said_to_be_empty(client, people):
    client.sign_in(people.rosa)

    page = client.get(f"{PAGE}?from=2026-01-01&to=2026-01-02").text

    assert "No visits in these days" in page


@pytest.mark.parametrize(
    "asked", ["from=2026-11-24&to=2026-11-23", "from=nonsense", "from=0001-01-01"]
)
def test_an_odd_range_is_explained_on_the_page(client, people, asked):
    client.sign_in(people.rosa)

    answer = client.get(f"{PAGE}?{asked}")

    assert answer.status_code == 200
    assert "alert-warning" in answer.text


def test_an_odd_range_of_a_file_is_a_bad_request(client, people):
    client.sign_in(people.ada)

    assert client.get(f"{PAGE}scheduling.csv?from=nonsense").status_code == 400


def test_the_csv_holds_every_table(client, people, booked):
    client.sign_in(people.ada)

    answer = client.get(f"{PAGE}scheduling.csv?from=2026-11-23&to=2026-11-23")

    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert ["By provider"] in rows
    assert [row for row in rows if row[:2] == ["Dana Villamor", "1"]]
    assert "attachment" in answer.headers["Content-Disposition"]


def test_the_workbook_opens_and_keeps_numbers_as_numbers(client, people, booked):
    client.sign_in(people.ada)

    answer = client.get(f"{PAGE}scheduling.xlsx?from=2026-11-23&to=2026-11-23")

    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    sheet = book["By provider"]
    assert [cell.value for cell in sheet[2]][:2] == ["Dana Villamor", 1]


def test_no_cell_runs_as_a_formula(app):
    """INP-03 in both kinds of files."""
    evil = [Table("T", ("=a",), [("=1+1", 2), ("@x", 0.5)])]

    with app.app_context():
        text = as_csv(evil, "x").get_data(as_text=True)
        book = openpyxl.load_workbook(io.BytesIO(as_xlsx(evil, "x").data))

    assert "\n=" not in text
    assert all(cell.data_type != "f" for row in book["T"] for cell in row)


def test_a_student_and_a_cashier_do_not_see_the_report(client, people):
    for person in (people.eve, people.cass):
        client.sign_in(person)

        assert client.get(PAGE).status_code in {302, 403}
