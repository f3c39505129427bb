"""The pages of proofs, the button, the files, and the banner (BAK-02)."""

import json
from datetime import timedelta

import pytest
from markupsafe import escape
from sqlalchemy import text

from app.infra.db import session
from app.integrity import queries, services
from app.kernel import clock
from app.kernel.actor import system_actor
from tests.web.scheduling import counted_statements

PAGE = "/integrity/"


def ended(status: str = "passed", days_ago: int = 0) -> None:
    """A proof of some days ago, without its report."""
    session().execute(
        text(
            "INSERT INTO integrity_run (status, asked_by, started_at, finished_at, breach_count)"
            " VALUES (:status, 'system', :at, :at, 0)"
        ),
        {"status": status, "at": clock.now() - timedelta(days=days_ago)},
    )
    session().commit()


def test_before_the_first_proof_the_page_says_so_and_lists_every_rule(client, people):
    page = client.sign_in(people.pia).get(PAGE).text

    assert "No proof yet" in page
    for invariant in queries.all_invariants():
        assert str(escape(invariant.sentence)) in page


def test_prove_now_leads_to_a_page_that_waits(client, people):
    answer = client.sign_in(people.ada).post(f"{PAGE}prove")

    assert answer.status_code == 303
    page = client.get(answer.headers["Location"]).text
    assert "A worker is about to begin" in page
    assert client.get(f"{answer.headers['Location']}/progress").json["status"] == "waiting"
    assert "A proof is under way" in client.get(PAGE).text


def test_a_second_press_is_refused_in_a_sentence(client, people):
    client.sign_in(people.ada).post(f"{PAGE}prove")

    page = client.post(f"{PAGE}prove", follow_redirects=True).text

    assert "A proof is under way already" in page


@pytest.mark.committed
def test_the_result_and_both_files_can_be_had(app, people):
    with app.app_context():
        run = services.run_proof(system_actor())
    client = app.test_client().sign_in(people.pia)

    page = client.get(f"{PAGE}{run.id}").text
    assert f"All {run.checks_total} rules hold" in page
    assert run.audit_head in page
    overview = client.get(PAGE).text
    assert f"{run.checks_total} of {run.checks_total}" in overview
    assert "Not asked yet" not in overview
    pdf = client.get(f"{PAGE}{run.id}/report.pdf")
    assert (pdf.mimetype, pdf.data[:4]) == ("application/pdf", b"%PDF")
    told = json.loads(client.get(f"{PAGE}{run.id}/report.json").data)
    assert told["report"]["proof"] == run.id
    assert client.get(f"{PAGE}{run.id}/report.exe").status_code == 404


def test_a_failed_proof_names_what_breaks_which_rule(client, people, db):
    ended("failed")
    line = {"id": "a.b", "rule": "SCH-01", "sentence": "It holds.", "count": 30, "problem": ""}
    db.execute(
        text("UPDATE integrity_run SET breach_count = 1, checks_total = 2, results = :results"),
        {"results": json.dumps([line | {"rows": ["visit 7"], "seconds": 1}])},
    )
    db.commit()
    client.sign_in(people.ada)

    page = client.get(f"{PAGE}{queries.latest_runs()[0].id}").text

    assert "visit 7 and 29 more" in page


@pytest.mark.parametrize(
    ("status", "days", "sentence"),
    [
        ("failed", 0, "found data that breaks a rule"),
        ("broken", 0, "did not come to its end"),
        ("passed", 3, "is 3 days old"),
    ],
)
def test_the_banner_is_on_every_page_of_those_who_look_after_the_data(
    client, people, db, status, days, sentence
):
    ended(status, days)

    assert sentence in client.sign_in(people.ada).get("/users/userinfo/").text


def test_nobody_else_sees_the_banner_or_pays_for_it(app, people, db):
    ended("failed")
    rosa = app.test_client().sign_in(people.rosa)

    with counted_statements(app) as seen:
        page = rosa.get("/").text

    assert "breaks a rule" not in page
    assert not [statement for statement in seen if "integrity_run" in statement]


def test_a_good_and_fresh_proof_needs_no_banner_and_one_statement(app, people, db):
    ended("passed")
    ada = app.test_client().sign_in(people.ada)

    with counted_statements(app) as seen:
        page = ada.get("/users/userinfo/").text

    assert "Look at the proofs" not in page
    assert len([statement for statement in seen if "integrity_run" in statement]) == 1


def test_a_missing_key_is_said_on_the_page(client, people, monkeypatch):
    def missing() -> str:
        raise services.reading.NoReportKey("report-signing.pem")

    monkeypatch.setattr("app.integrity.services.reading.public_key", missing)

    assert "keys create" in client.sign_in(people.ada).get(PAGE).text


def test_an_unknown_proof_is_not_found(client, people):
    client.sign_in(people.ada)

    assert client.get(f"{PAGE}999999").status_code == 404
