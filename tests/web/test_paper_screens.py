"""Paper on the screen and from the command line: printing, entering, void and undo (SCH-33)."""

import io
import re

import pytest
from pypdf import PdfReader
from sqlalchemy import text as sql

from app.kernel import clock
from app.scheduling import services as scheduling
from app.scheduling.services import Wish
from app.visits.queries import paper, visit_of_appointment
from app.visits.services import printing
from tests.factories.scheduling import at
from tests.services.test_late_entry import print_forms
from tests.web.scheduling import counted_statements

pytestmark = pytest.mark.usefixtures("clinic")
STEP_ONE = {"number": "P-1", "on_date": "2026-11-23"}


def text(answer):
    return re.sub(r"\s+", " ", answer.get_data(as_text=True))


@pytest.fixture
def noon():
    """Forms were printed in the morning, and the outage is over at noon."""
    print_forms(5)
    with clock.pretend(at("12:00")):
        yield


@pytest.fixture
def booked(people):
    wish = Wish(type="consultation", starts_at=at("09:00"), provider=people.dana.id)
    return scheduling.book_appointment(people.sam.actor, wish=wish).id


def filled(people, **more):
    known = STEP_ONE | {
        "patient": people.sam.id,
        "outcome": "seen",
        "type": "consultation",
        "provider": people.dana.id,
        "campus": "Downtown",
        "arrived": "09:00",
        "started": "09:10",
        "ended": "09:30",
        "written_by": "Nurse Neil",
    }
    return known | more


def test_the_desk_prints_a_day_as_pdf(client, people):
    client.sign_in(people.rosa)

    answer = client.post("/paper/print/", data={"day": "2026-11-24", "forms": "1"})

    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert "paper-2026-11-24-printed-" in answer.headers["Content-Disposition"]
    words = PdfReader(io.BytesIO(answer.data)).pages[0].extract_text()
    assert "Tue 24 Nov 2026" in words
    page = text(client.get("/paper/"))
    assert "P-000001 to P-000001" in page
    assert "0 of 1 entered" in page
    refused = client.post("/paper/print/", data={"forms": "many"})
    assert refused.status_code == 422
    assert "between 0 and 100" in text(refused)


def test_a_form_is_entered_in_two_steps(client, people, booked, noon):
    client.sign_in(people.neil)
    assert "Step 1 of 2" in text(client.get("/paper/enter/"))

    second = text(client.get("/paper/enter/", query_string=STEP_ONE | {"patient": people.sam.id}))
    assert "Step 2 of 2" in second
    assert "9:00 AM Consultation" in second
    done = client.post(
        "/paper/enter/",
        data=filled(people, appointment=booked, type="", provider=""),
        follow_redirects=True,
    )

    assert "P-000001 was entered." in text(done)
    visit = visit_of_appointment(booked)
    assert (visit.status, visit.paper) == ("completed", "P-000001")
    page = text(client.get(f"/queue/{visit.id}/"))
    assert "Late entry" in page
    assert "From paper form P-000001" in page
    for path in ("/queue/", "/day-list/", "/appointments/list/", f"/appointments/show/{booked}"):
        assert "Late entry</span>" in text(client.get(path)), path
    assert "1 of 5 entered" in text(client.get("/paper/"))


def test_refusals_stand_beside_their_fields_and_what_was_typed_stays(client, people, noon):
    client.sign_in(people.rosa)

    refused = client.post("/paper/enter/", data=filled(people, ended="09:05", written_by="Ana"))
    assert refused.status_code == 422
    page = text(refused)
    assert "The visit cannot end before it began." in page
    assert 'id="ended-error"' in page
    assert 'value="Ana"' in page
    for wrong, sentence in (
        ({"number": "P-99"}, "No form with the number P-000099"),
        ({"patient": "99999999"}, "No patient has this university ID."),
        ({"on_date": "soon"}, "Please enter the day"),
        ({"outcome": "flew"}, "Please choose what happened."),
    ):
        answer = client.post("/paper/enter/", data=filled(people, **wrong))
        assert answer.status_code in (409, 422)
        assert sentence in text(answer)
    for wrong in ({"arrived": "x", "appointment": "9" * 30}, {"type": "x"}, {"provider": "ñ"}):
        assert client.post("/paper/enter/", data=filled(people, **wrong)).status_code == 422


def test_a_visit_that_is_there_is_shown_and_can_be_confirmed_as_another(client, people, noon):
    client.sign_in(people.rosa)
    client.post("/paper/enter/", data=filled(people))

    refused = client.post("/paper/enter/", data=filled(people, number="P-2"))
    assert refused.status_code == 409
    assert "See the visit that is there" in text(refused)
    assert "This form is about another visit" in text(refused)
    again = client.post("/paper/enter/", data=filled(people, number="P-2", another="yes"))

    assert again.status_code == 303
    twice = client.post("/paper/enter/", data=filled(people))
    assert twice.status_code == 409
    assert "P-000001 was entered already" in text(twice)


def test_forms_are_marked_as_void_and_taken_back(client, people, noon):
    client.sign_in(people.rosa)
    client.post("/paper/enter/", data=filled(people))
    batch = paper.batch_of(1)

    page = text(client.post("/paper/void/", data={"number": "p2"}, follow_redirects=True))
    assert "P-000002 is marked as void." in page
    assert "1 of 5 entered, 1 void" in page
    page = text(client.post("/paper/undo/", data={"number": "P-000001"}, follow_redirects=True))
    assert "P-000001 is open again." in page
    page = text(client.post("/paper/void/", data={"batch": batch.id}, follow_redirects=True))
    assert "4 forms are marked as void." in page
    for path, data in (("void", {"number": "P-77"}), ("undo", {"number": "P-77"})):
        page = text(client.post(f"/paper/{path}/", data=data, follow_redirects=True))
        assert "alert-danger" in page


def test_the_page_costs_the_same_for_many_printings(app, client, people):
    client.sign_in(people.rosa)
    print_forms(2)
    client.get("/paper/")
    with counted_statements(app) as few:
        client.get("/paper/")
    for _ in range(10):
        print_forms(2)
    client.get("/paper/")
    with counted_statements(app) as many:
        client.get("/paper/")

    assert len(many) == len(few)


def test_one_command_prints_today_without_the_web_site(app, people, tmp_path):
    runner = app.test_cli_runner()

    done = runner.invoke(args=["clinic", "paper", "--out", str(tmp_path), "--forms", "2"])

    assert done.exit_code == 0, done.output
    assert "Forms P-000001 to P-000002." in done.output
    file = next(tmp_path.glob("paper-*.pdf"))
    assert str(file) in done.output
    assert "P-000002" in PdfReader(file).pages[-1].extract_text()
    refused = runner.invoke(args=["clinic", "paper", "--out", str(tmp_path), "--forms", "999"])
    assert (refused.exit_code, "between 0 and 100" in refused.output) == (1, True)
    nowhere = runner.invoke(args=["clinic", "paper", "--out", f"{file}/x", "--forms", "0"])
    assert (nowhere.exit_code, "could not be written" in nowhere.output) == (1, True)


def test_one_command_makes_lost_numbers_known(app, people):
    runner = app.test_cli_runner()

    done = runner.invoke(args=["clinic", "paper-numbers", "--up-to", "P-000030"])
    again = runner.invoke(args=["clinic", "paper-numbers", "--up-to", "P-000030"])

    assert "P-000001 to P-000030 can be entered now." in done.output
    assert (again.exit_code, "last known number is P-000030" in again.output) == (1, True)


def test_the_job_fills_the_folder_with_alerts_too(app, db, tmp_path, monkeypatch):
    from app.kernel.actor import system_actor
    from worker.jobs.visits import store_paper

    monkeypatch.setattr(printing, "paper_folder", lambda: tmp_path / "paper")
    db.execute(
        sql(
            "INSERT INTO operations_alert (kind, key, severity, sentence, opened_at, seen_at)"
            " VALUES ('disk', 'home', 'warning', 'The disk is nearly full.', now(), now())"
        )
    )
    db.commit()

    store_paper(system_actor())

    file = next((tmp_path / "paper").glob("*.pdf"))
    assert "Alert: The disk is nearly full." in PdfReader(file).pages[0].extract_text()


def test_late_entries_are_counted_in_reports_but_not_their_times(client, people, noon):
    client.sign_in(people.rosa)
    client.post("/paper/enter/", data=filled(people))

    page = text(client.get("/reports/scheduling/?first=2026-11-23&last=2026-11-23"))

    assert "Late entries" in page
    assert '<th scope="row">Consultation</th><td class="c-table__num">1</td>' in page
