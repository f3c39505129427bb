"""A copy of everything that is held about a person (DPA-02)."""

import hashlib
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from app.backup import services as backups
from app.infra.outbox import JobName, OutboxJob
from app.integrity.queries import all_holdings
from app.kernel import clock
from app.kernel.errors import Forbidden
from app.privacy import errors, queries, services
from app.privacy.rules import CopyStatus, RequestKind
from app.privacy.services import copies
from app.retention import services as retention
from app.scheduling.services.seats import take_seat
from app.security.models import AuditEvent
from tests.factories.privacy import asked, ended, in_work
from tests.factories.retention import (
    LONG_AFTER,
    approved,
    give_birth_dates,
    open_second_officer,
    visited,
)
from tests.factories.scheduling import SYSTEM, at
from tests.factories.sessions import create_session
from tests.factories.waitlist import join
from tests.people import PEOPLE

# Tables that lead to a patient and hold nothing about one that another table does not tell.
TELL_NOTHING_MORE = {
    "retention_disposal": "a list as a whole; its lines are told",
    "scheduling_claim": "the time of a visit, a seat or an offer once more",
    "scheduling_group_session": "a session as a whole",
    "scheduling_outage_item": "which visits were moved when a provider was out, and by whom",
    "scheduling_reminder": "which reminders were sent; the messages are told",
    "scheduling_seat_reminder": "which reminders were sent; the messages are told",
}


def made(request_id: int) -> queries.CopyView:
    """A copy as the worker leaves it."""
    copy_id = services.request_copy(PEOPLE.pia.actor, request_id=request_id)
    services.make_copy(SYSTEM, copy_id=copy_id)
    return queries.known_copy(copy_id)


def content(file: Path) -> tuple[dict[str, Any], str]:
    """What is in the file: JSON, and the text of the PDF."""
    with zipfile.ZipFile(file) as packed:
        assert sorted(packed.namelist()) == ["data.json", "data.pdf"]
        pages = PdfReader(io.BytesIO(packed.read("data.pdf"))).pages
        return json.loads(packed.read("data.json")), "\n".join(p.extract_text() for p in pages)


def test_the_copy_has_what_every_domain_holds(clinic, db):
    """DPA-02: access copy and portability."""
    visited(PEOPLE.sam)
    take_seat(PEOPLE.sam.actor, session_id=create_session("2026-11-25 09:00"))
    join(PEOPLE.sam)
    request_id = in_work()

    copy = made(request_id)

    file = services.copy_file(PEOPLE.pia.actor, copy_id=copy.id)
    assert hashlib.sha256(file.read_bytes()).hexdigest() == copy.sha256
    assert file.stat().st_mode & 0o077 == 0
    told, page = content(file)
    held = {key: one["rows"] for key, one in told["held"].items()}
    assert set(held) == {one.id for one in all_holdings()}
    assert held["patients.profile"][0]["last_name"] == "Dela Cruz"
    assert held["security.account"][0]["email"] == PEOPLE.sam.email
    assert held["scheduling.appointments"][0]["reason"] == "Sam has a cough"
    assert held["scheduling.appointments"][0]["starts_at"] == at("09:00").isoformat()
    assert [row["step"] for row in held["visits.history"]][-1:] == ["complete"]
    for filled in (
        "scheduling.history",
        "scheduling.seats",
        "scheduling.waiting_list",
        "notifications.messages",
        "visits.visits",
        "privacy.requests",
        "security.deeds",
    ):
        assert held[filled], filled
    assert "Rosa Peñaflor" in {row["who"] for row in held["security.looks"]}
    for words in ("What we hold about Sam Dela Cruz", "Sam has a cough", "Waiting list"):
        assert words in page


def test_nothing_of_anybody_else_is_in_it(clinic, db):
    visited(PEOPLE.eve)
    visited(PEOPLE.sam, "09:20")

    told, page = content(services.copy_file(PEOPLE.pia.actor, copy_id=made(in_work()).id))

    assert "Eve has a cough" not in json.dumps(told) + page
    assert "20259002" not in json.dumps(told) + page
    assert "password" not in json.dumps(told)


def test_answers_are_told_with_their_questions_and_the_consent(clinic, db):
    visited(PEOPLE.sam)
    db.execute(
        text(
            "INSERT INTO scheduling_questionnaire"
            " (type_id, version, questions, consent, created_at)"
            ' SELECT type_id, 90, \'[{"id": "q1", "text": "Any fever?"}]\', \'I agree.\', now()'
            " FROM scheduling_appointment LIMIT 1"
        )
    )
    db.execute(
        text(
            'INSERT INTO scheduling_booking_answers SELECT a.id, q.id, \'{"q1": "yes"}\', now()'
            " FROM scheduling_appointment a, scheduling_questionnaire q WHERE q.version = 90"
        )
    )
    db.commit()

    told, page = content(services.copy_file(PEOPLE.pia.actor, copy_id=made(in_work()).id))

    [answers] = told["held"]["scheduling.answers"]["rows"]
    assert answers["answers"] == {"Any fever?": "yes"}
    assert answers["consent_text"] == "I agree."
    assert "Any fever?: yes" in page


def test_a_long_section_is_cut_in_the_pdf_and_whole_in_the_json(clinic, db, monkeypatch):
    monkeypatch.setattr(copies, "SHOWN", 1)
    visited(PEOPLE.sam)

    told, page = content(services.copy_file(PEOPLE.pia.actor, copy_id=made(in_work()).id))

    rows = told["held"]["scheduling.history"]["rows"]
    assert f"And {len(rows) - 1} more, in data.json." in page


REFERENCES = text(
    """
    WITH RECURSIVE ours(name) AS (
      SELECT 'patients_patient'::name UNION
      SELECT c.relname FROM ours JOIN pg_constraint r ON r.contype = 'f'
        AND r.confrelid = to_regclass(ours.name::text) JOIN pg_class c ON c.oid = r.conrelid
    ) SELECT name FROM ours ORDER BY name
    """.replace("::", "\\:\\:")
)


def test_no_table_that_leads_to_a_patient_is_forgotten(app, db):
    """DPA-02: whoever adds a table says what it holds, or why it holds nothing."""
    declared = {table for one in all_holdings() for table in one.tables}

    missing = set(db.scalars(REFERENCES)) - declared - set(TELL_NOTHING_MORE)

    assert missing == set(), "declare it in HOLDINGS of the domain's room of invariants"
    assert declared & set(TELL_NOTHING_MORE) == set()


def test_holdings_are_told_apart_and_read_the_tables_that_they_name():
    assert len({one.id for one in all_holdings()}) == len(all_holdings())
    for one in all_holdings():
        for table in one.tables:
            assert table in one.rows, one.id


def test_a_worker_is_told_and_a_second_run_changes_nothing(clinic, db):
    request_id = in_work()
    copy_id = services.request_copy(PEOPLE.pia.actor, request_id=request_id)

    job = db.scalars(select(OutboxJob).where(OutboxJob.name == JobName.MAKE_COPY)).one()
    assert job.payload == {"copy_id": copy_id}
    services.make_copy(SYSTEM, copy_id=copy_id)
    first = queries.known_copy(copy_id)
    services.make_copy(SYSTEM, copy_id=copy_id)

    assert queries.known_copy(copy_id) == first
    with pytest.raises(errors.CopyUnderWay):
        services.request_copy(PEOPLE.pia.actor, request_id=request_id)


def test_the_database_itself_wants_one_copy_at_a_time(clinic, db):
    request_id = in_work()
    made(request_id)

    with pytest.raises(IntegrityError, match="uq_privacy_copy_current"):
        db.execute(
            text(
                "INSERT INTO privacy_copy (request_id, status, asked_at, asked_by)"
                " VALUES (:id, 'waiting', now(), 'x')"
            ),
            {"id": request_id},
        )


def test_only_requests_for_a_copy_of_a_record_get_one(clinic, db):
    pia = PEOPLE.pia.actor
    with pytest.raises(errors.CopyNeedsRecord):
        services.request_copy(pia, request_id=asked(stranger="Ann Stranger"))
    with pytest.raises(errors.CopyNeedsRecord):
        services.request_copy(pia, request_id=asked(RequestKind.OBJECTION))
    over = in_work()
    ended(over)
    with pytest.raises(errors.NotNow):
        services.request_copy(pia, request_id=over)
    with pytest.raises(errors.NoCopy):
        services.copy_file(pia, copy_id=999)


def test_a_copy_goes_after_its_days_and_its_hash_stays(clinic, db):
    copy = made(in_work())
    file = copies.copies_folder() / copy.file_name
    (copies.copies_folder() / "copy-000009-left.zip").write_bytes(b"left by a killed worker")

    assert services.remove_copies(SYSTEM) == 0
    assert file.exists()
    assert not (copies.copies_folder() / "copy-000009-left.zip").exists()
    with clock.pretend(clock.now() + timedelta(days=14)):
        assert services.remove_copies(SYSTEM) == 1
    gone = queries.known_copy(copy.id)
    assert not file.exists()
    assert (gone.status, gone.sha256) == (CopyStatus.REMOVED, copy.sha256)
    with pytest.raises(errors.NoCopy):
        services.copy_file(PEOPLE.pia.actor, copy_id=copy.id)
    assert made(copy.request_id).id > copy.id


def test_a_file_waits_for_the_backup_that_may_still_know_it(clinic, db):
    """BAK-02: or the set would miss a file and could not be proven."""
    copy = made(in_work())
    file = copies.copies_folder() / copy.file_name
    backups.request_backup(PEOPLE.ada.actor)
    with clock.pretend(clock.now() + timedelta(days=14)):
        assert services.remove_copies(SYSTEM) == 1
        assert file.exists()
        with pytest.raises(errors.NoCopy):
            services.copy_file(PEOPLE.pia.actor, copy_id=copy.id)
        db.execute(text("UPDATE backup_run SET status = 'failed', finished_at = now()"))
        db.commit()

        assert services.remove_copies(SYSTEM) == 0

    assert not file.exists()


def test_the_copy_of_somebody_who_was_disposed_of_goes_at_once(clinic, db):
    """RET-02."""
    open_second_officer()
    visited(PEOPLE.sam)
    give_birth_dates()
    with clock.pretend(LONG_AFTER):
        copy = made(in_work())
        retention.carry_out(SYSTEM, disposal_id=approved().id)

        assert services.remove_copies(SYSTEM) == 1

    assert not (copies.copies_folder() / copy.file_name).exists()


def test_every_load_is_in_the_log_and_in_the_trail(clinic, db):
    """AUD-01, AUD-03."""
    copy = made(in_work())
    services.copy_file(PEOPLE.pia.actor, copy_id=copy.id)

    assert queries.entries(request_id=copy.request_id)[0].words == "The copy was loaded."
    line = db.scalars(
        select(AuditEvent).where(AuditEvent.action == "privacy:request:load-copy")
    ).one()
    assert (line.actor_name, line.object_id) == ("Pia Go", str(copy.request_id))


@pytest.mark.parametrize("who", [PEOPLE.ada, PEOPLE.rosa, PEOPLE.sam], ids=lambda one: one.role)
def test_only_the_privacy_officer_has_copies(clinic, db, who):
    """SEC-01: who administers has no clinical content either."""
    copy = made(in_work())
    for use_case in (
        lambda actor: services.request_copy(actor, request_id=copy.request_id),
        lambda actor: services.copy_file(actor, copy_id=copy.id),
        lambda actor: services.make_copy(actor, copy_id=copy.id),
        lambda actor: services.remove_copies(actor),
    ):
        with pytest.raises(Forbidden):
            use_case(who.actor)
