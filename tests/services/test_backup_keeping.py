"""Which sets go and which stay, and the holds that keep one (BAK-01, RET-02)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.backup import queries, services
from app.backup.errors import HoldRefused, RunNotFound
from app.backup.models import BackupRun
from app.backup.services import pruning
from app.infra.db import session, transaction
from app.infra.storage import LocalFolder
from app.kernel.actor import system_actor
from app.kernel.errors import Forbidden, Malformed
from app.security.models import AuditEvent

SYSTEM = system_actor()
NOW = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)


@pytest.fixture
def site(db, app, tmp_path, monkeypatch):
    """The site with two folders for sets."""
    (tmp_path / "second").mkdir()
    changed = replace(
        app.config["SETTINGS"],
        backup_folder=tmp_path / "first",
        backup_second_folder=str(tmp_path / "second"),
    )
    monkeypatch.setitem(app.config, "SETTINGS", changed)
    return app


def a_set(tmp_path, days_ago, *, proof="passed"):
    """A run with a set in both folders; its key."""
    made_at = NOW - timedelta(days=days_ago)
    name = f"uscpis-{made_at:%Y%m%dT%H%M%SZ}-00000000"
    for folder in ("first", "second"):
        place = LocalFolder(tmp_path / folder)
        with place.writing(name, "manifest.json") as file:
            file.write(b"{}")
        place.finish(name)
    run = BackupRun(
        status="made",
        asked_by_name="system",
        started_at=made_at,
        finished_at=made_at,
        set_name=name,
        size_bytes=1000,
        proof=proof,
    )
    with transaction() as tx:
        tx.add(run)
        tx.flush()
        return run.id


def kept(tmp_path, folder="first"):
    """How many sets a folder has."""
    return len(LocalFolder(tmp_path / folder).sets())


def test_what_would_go_is_said_before_and_then_goes_everywhere(site, tmp_path, people):
    for day in range(60):
        a_set(tmp_path, day)
    preview = services.pruning_preview(people.ada.actor)
    going = {fate.set_name for fate in preview if not fate.reason}

    removed = pruning.prune(SYSTEM)

    assert set(removed) == going
    assert len(preview) == 60
    assert kept(tmp_path) == kept(tmp_path, "second") == 60 - len(going) < 14
    reasons = [fate.reason for fate in preview if fate.reason]
    assert reasons[:7] == ["newest of its day"] * 7
    gone = session().scalars(
        select(AuditEvent.object_id).where(AuditEvent.action == "backup:backup:remove")
    )
    assert len(list(gone)) == len(going)
    assert pruning.prune(SYSTEM) == []


def test_a_held_set_stays_and_goes_after_the_hold(site, tmp_path, people):  # RET-02
    run_ids = [a_set(tmp_path, day) for day in range(60)]
    services.hold_set(people.ada.actor, run_id=run_ids[45], reason="The board asks for it")

    pruning.prune(SYSTEM)
    held = queries.known_run(run_ids[45])
    services.lift_hold(people.ada.actor, run_id=run_ids[45])
    removed = pruning.prune(SYSTEM)

    assert held.removed_at is None
    assert (held.hold_reason, held.held_by_name) == ("The board asks for it", people.ada.name)
    assert removed == [held.set_name]
    actions = set(session().scalars(select(AuditEvent.action)))
    assert {"backup:backup:hold", "backup:backup:lift-hold"} <= actions


def test_nothing_goes_while_nothing_is_proven(site, tmp_path):  # BAK-02
    for day in range(30):
        a_set(tmp_path, day, proof="failed")

    assert pruning.prune(SYSTEM) == []


def test_a_place_that_is_away_keeps_the_set_listed(site, tmp_path):
    for day in range(20):
        a_set(tmp_path, day)
    (tmp_path / "second").rename(tmp_path / "away")

    assert pruning.prune(SYSTEM) == []
    was_kept = kept(tmp_path)
    (tmp_path / "away").rename(tmp_path / "second")
    removed = pruning.prune(SYSTEM)

    assert was_kept == 20
    assert removed
    assert kept(tmp_path) == kept(tmp_path, "second") == 20 - len(removed)


@pytest.mark.parametrize("reason", ["", "   ", "why", "x" * 501])
def test_a_hold_without_a_proper_reason_is_refused(site, tmp_path, people, reason):
    run_id = a_set(tmp_path, 1)

    with pytest.raises(Malformed):
        services.hold_set(people.ada.actor, run_id=run_id, reason=reason)


def test_a_hold_is_placed_and_lifted_once(site, tmp_path, people):
    run_id, ada = a_set(tmp_path, 1), people.ada.actor
    with pytest.raises(HoldRefused, match="not on hold"):
        services.lift_hold(ada, run_id=run_id)
    services.hold_set(ada, run_id=run_id, reason="A court asks for it")

    with pytest.raises(HoldRefused, match="already"):
        services.hold_set(ada, run_id=run_id, reason="A court asks for it")


def test_what_is_not_there_cannot_be_held(site, tmp_path, people):
    run_ids = [a_set(tmp_path, day) for day in range(60)]
    pruning.prune(SYSTEM)
    gone = next(key for key in run_ids if queries.known_run(key).removed_at)

    for run_id in (gone, 999_999):
        with pytest.raises(RunNotFound):
            services.hold_set(people.ada.actor, run_id=run_id, reason="A court asks")
        with pytest.raises(RunNotFound):
            services.lift_hold(people.ada.actor, run_id=run_id)


def test_only_admins_hold_and_look(site, tmp_path, people):
    run_id = a_set(tmp_path, 1)

    for person in (people.pia, people.neil, people.sam):
        with pytest.raises(Forbidden):
            services.hold_set(person.actor, run_id=run_id, reason="A court asks")
        with pytest.raises(Forbidden):
            services.lift_hold(person.actor, run_id=run_id)
        with pytest.raises(Forbidden):
            services.pruning_preview(person.actor)
        with pytest.raises(Forbidden):
            services.backup_page(person.actor)
