"""Screens of staff: undelivered messages, jobs, and mail kept as files (NOT-04, JOB-01)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import event

from app.infra import mail
from app.infra.db import db, session, transaction
from app.infra.mail import Attachment, Letter
from app.infra.outbox import JobName, JobStatus, OutboxJob, enqueue
from app.kernel.actor import system_actor
from app.notifications import services
from app.notifications.models import Communication
from app.notifications.rules import Template
from app.notifications.services import Recipient


@contextmanager
def statements_of(app) -> Iterator[list[str]]:
    """What the site asks the database while this lasts."""
    seen: list[str] = []

    def note(connection, cursor, statement, *more):
        seen.append(statement)

    with app.app_context():
        target = db.engine
    event.listen(target, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(target, "before_cursor_execute", note)


@pytest.fixture
def dead_letter(app) -> int:
    """An e-mail that could not be delivered. Returns its id."""
    with app.app_context():
        with transaction() as tx:
            services.notify(
                tx,
                system_actor(),
                event="appointment.confirmed",
                entity="appointment/1",
                occurrence=0,
                recipient=Recipient(None, "Sam", "sam@usc.edu.ph"),
                subject="x",
                template=Template.CONFIRMED,
                params={},
            )
        with transaction() as tx:
            row = tx.session.query(Communication).one()
            row.status, row.error, row.attempts = "dead", "The mail server answered 550", 1
            return row.id


@pytest.fixture
def kept_letter(app) -> str:
    """A message in the mail folder. Returns its file name."""
    with app.app_context():
        mail.send(
            Letter(
                to="sam@usc.edu.ph",
                subject="Your appointment is confirmed",
                text="Dear Sam, <script>alert(1)</script>",
                html="<p>Dear Sam</p><script>alert(2)</script>",
                message_id="message-1@usc.edu.ph",
                written_at=datetime(2026, 11, 24, 1, 0, tzinfo=UTC),
                attachments=(
                    Attachment("appointment.ics", "text/calendar; method=REQUEST", b"BEGIN:X"),
                ),
            )
        )
    return "20261124-010000-message-1.eml"


def test_the_front_desk_sees_what_was_not_delivered_and_why(client, people, dead_letter):
    page = client.sign_in(people.rosa).get("/dead-letters/list/").get_data(as_text=True)

    assert "sam@usc.edu.ph" in page
    assert "The mail server answered 550" in page


def test_send_again_puts_the_message_back_into_the_queue(app, client, people, dead_letter):
    answer = client.sign_in(people.rosa).post(f"/dead-letters/action/resend/{dead_letter}")

    assert answer.status_code == 302
    with app.app_context():
        row = session().get(Communication, dead_letter)
        assert (row.status, row.attempts) == ("queued", 0)


def test_a_message_taken_back_leaves_the_list(client, people, dead_letter):
    client.sign_in(people.rosa).post(
        "/dead-letters/action_post", data={"action": "cancel", "rowid": [dead_letter]}
    )

    assert "sam@usc.edu.ph" not in client.get("/dead-letters/list/").get_data(as_text=True)


@pytest.mark.parametrize("person", ["neil", "cass", "sam"])
def test_others_do_not_see_undelivered_messages(client, people, dead_letter, person):
    client.sign_in(getattr(people, person))

    assert client.get("/dead-letters/list/").status_code == 403
    assert client.post(f"/dead-letters/action/resend/{dead_letter}").status_code == 403


def test_an_admin_sees_a_dead_job_and_runs_it_again(app, client, people):
    with app.app_context(), transaction() as tx:
        enqueue(tx, JobName.PURGE_OUTBOX, secret="what the job carries")
        tx.flush()
        job = tx.session.query(OutboxJob).one()
        job.status, job.error, job.attempts = JobStatus.DEAD, "ZeroDivisionError", 5
        job_id = job.id
    client.sign_in(people.ada)

    page = client.get("/jobs/list/").get_data(as_text=True)
    client.post(f"/jobs/action/run_again/{job_id}")

    assert "ZeroDivisionError" in page
    assert "what the job carries" not in page
    with app.app_context():
        assert session().get(OutboxJob, job_id).status == JobStatus.WAITING


def test_a_job_that_waits_anyway_is_not_run_again(app, client, people):
    with app.app_context(), transaction() as tx:
        enqueue(tx, JobName.PURGE_OUTBOX)
        tx.flush()
        job_id = tx.session.query(OutboxJob).one().id
    client.sign_in(people.ada)

    answer = client.post(f"/jobs/action/run_again/{job_id}", follow_redirects=True)

    assert "Only jobs that were given up can be run again." in answer.get_data(as_text=True)


def test_the_front_desk_does_not_see_jobs(client, people):
    assert client.sign_in(people.rosa).get("/jobs/list/").status_code == 403


def test_kept_mail_is_listed_and_shown_without_running_anything_in_it(client, people, kept_letter):
    client.sign_in(people.neil)

    listed = client.get("/mail/").get_data(as_text=True)
    shown = client.get(f"/mail/{kept_letter}/").get_data(as_text=True)

    assert f"/mail/{kept_letter}/" in listed
    assert "message-1@usc.edu.ph" in shown
    assert "&lt;script&gt;alert(1)" in shown
    assert "<script>alert" not in shown


def test_an_attachment_is_saved_as_plain_text(client, people, kept_letter):
    answer = client.sign_in(people.neil).get(f"/mail/{kept_letter}/parts/0/")

    assert answer.data == b"BEGIN:X"
    assert answer.mimetype == "text/plain"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="appointment.ics"'


def test_a_part_that_is_not_there_is_not_found(client, people, kept_letter):
    assert client.sign_in(people.neil).get(f"/mail/{kept_letter}/parts/1/").status_code == 404


@pytest.mark.parametrize(
    "name", ["..%2f..%2fetc%2fpasswd", "..", "nothing.eml", "%2e%2e%2fsecret.eml", ".hidden.eml"]
)
def test_no_name_leads_out_of_the_mail_folder(client, people, kept_letter, name):
    assert client.sign_in(people.neil).get(f"/mail/{name}/").status_code == 404


@pytest.mark.parametrize("person", ["dana", "cass", "sam"])
def test_others_do_not_read_the_mail(client, people, kept_letter, person):
    client.sign_in(getattr(people, person))

    assert client.get("/mail/").status_code == 403
    assert client.get(f"/mail/{kept_letter}/").status_code == 403


@pytest.mark.parametrize("screen", ["dead-letters", "jobs"])
@pytest.mark.parametrize("number", ["0", str(2**63), "9" * 30])
def test_a_number_that_is_no_row_is_not_found(client, people, screen, number):
    client.sign_in(people.ada)

    assert client.get(f"/{screen}/show/{number}").status_code == 404


def test_the_list_of_undelivered_messages_costs_a_fixed_number_of_queries(
    app, client, people, dead_letter
):
    client.sign_in(people.rosa)

    with statements_of(app) as statements:
        client.get("/dead-letters/list/")

    asked = [text for text in statements if text.lstrip().upper().startswith("SELECT")]
    assert 0 < len(asked) <= 8
