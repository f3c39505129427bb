"""The audit trail gets a new key, and whoever kept the old one forges in vain (AUD-02)."""

import io
import json

import pypdf
import pytest
from sqlalchemy import func, select, text

from app.backup.services.keys import backup_vault, note_sheet
from app.backup.services.reading import backup_page
from app.backup.services.sheet import escrow_sheet
from app.infra.db import session, transaction
from app.kernel.actor import Channel, system_actor
from app.kernel.errors import Forbidden
from app.security import services
from app.security.errors import NoAuditKey, TrailBroken
from app.security.models import AuditEvent, AuditSeal
from app.security.rules import AuditKeys, EventFacts, Head, seal_hash
from app.security.services import seals
from app.security.services.seal_keys import audit_keys, known_head, note_head
from tests.people import PEOPLE

SYSTEM = system_actor(Channel.CLI)
REASON = "Somebody left who had the key"
REPLACED = "was made with a key that had been replaced"


@pytest.fixture
def trail(db, tmp_path, monkeypatch):
    """Ten sealed lines, with keys of this test alone."""
    monkeypatch.setattr("app.security.services.seal_keys._file", lambda name: tmp_path / name)
    write(10)
    services.seal_events()
    return db


def write(count: int) -> None:
    """So many new lines of the audit trail."""
    with transaction() as tx:
        for number in range(count):
            services.record_event(
                tx, SYSTEM, "tests:thing:do", object_type="Thing", object_id=number
            )


def change() -> AuditKeys:
    """A new key, and five lines after it; the keys of before, which somebody kept."""
    before = audit_keys()
    services.change_audit_key(SYSTEM, reason=REASON)
    write(5)
    services.seal_events()
    return before


def chain(**more):
    """What verifying the live trail finds."""
    session().flush()
    more.setdefault("is_live", True)
    noted = known_head()
    heads = [noted] if noted else []
    return seals.verify_chain(session().connection(), heads=heads, **more)


def head() -> Head:
    """The last seal."""
    seq, made = (
        session()
        .execute(select(AuditSeal.seq, AuditSeal.hash).order_by(AuditSeal.seq.desc()).limit(1))
        .one()
    )
    return Head(seq, bytes(made))


def forge(kept: AuditKeys, first: int, *, reason: str = "nothing happened") -> None:
    """With all rights in the database and a kept key: change a line, and seal on from there."""
    for table in ("event", "seal"):
        session().execute(text(f"ALTER TABLE security_audit_{table} DISABLE TRIGGER USER"))
    session().execute(
        text(
            "UPDATE security_audit_event SET reason = :reason WHERE id ="
            " (SELECT event_id FROM security_audit_seal WHERE seq = :first)"
        ),
        {"reason": reason, "first": first},
    )
    link = session().scalar(select(AuditSeal.hash).where(AuditSeal.seq == first - 1))
    columns = ", ".join(f"e.{name}" for name in EventFacts._fields[:-1])
    rows = (
        session()
        .execute(
            text(
                f"SELECT s.seq, s.sealed_at, {columns}, CAST(e.details AS text)"  # noqa: S608
                " FROM security_audit_seal s JOIN security_audit_event e ON e.id = s.event_id"
                " WHERE s.seq >= :first ORDER BY s.seq"
            ),
            {"first": first},
        )
        .all()
    )
    key = kept.keys[kept.primary]
    for seq, sealed_at, *facts in rows:
        made = seal_hash(
            key, prev_hash=link, seq=seq, sealed_at=sealed_at, event=EventFacts(*facts)
        )
        session().execute(
            text(
                "UPDATE security_audit_seal SET prev_hash = :link, hash = :made, key_id = :name"
                " WHERE seq = :seq"
            ),
            {"link": link, "made": made, "name": kept.primary, "seq": seq},
        )
        link = made


def test_the_trail_is_whole_across_the_change_and_each_seal_knows_its_key(trail):
    old = change()

    found = chain()

    assert found.holds, found.problems
    now = audit_keys()
    assert list(now.keys) == [old.primary, now.primary]
    used = select(AuditSeal.key_id, func.count()).group_by(AuditSeal.key_id)
    counts = dict(session().execute(used).all())
    assert counts.keys() == {old.primary, now.primary}
    assert counts[now.primary] == 6  # the beginning of the key, and five lines
    told = (
        session()
        .execute(
            select(AuditEvent.action, AuditEvent.object_id, AuditEvent.reason)
            .where(AuditEvent.object_type == "AuditKey")
            .order_by(AuditEvent.id)
        )
        .all()
    )
    assert [tuple(row) for row in told] == [
        ("security:audit-key:retire", old.primary, REASON),
        ("security:audit-key:begin", now.primary, REASON),
    ]


def test_a_second_change_keeps_every_key(trail):
    first = change()
    second = change()

    assert list(audit_keys().keys) == [first.primary, second.primary, audit_keys().primary]
    assert chain().holds


@pytest.mark.committed
def test_verifying_and_the_key_of_a_real_clinic(app):
    with app.app_context():
        services.change_audit_key(SYSTEM, reason=REASON)
        found = services.verify_audit(PEOPLE.pia.actor)

        assert found.holds, found.problems
        assert found.sealed > 2


@pytest.mark.parametrize("knows_the_head", [True, False])
def test_new_lines_sealed_with_the_old_key_are_found(trail, knows_the_head):
    """AUD-02: a forger with the old key, all rights, and even the note of the last seal."""
    kept = change()
    forge(kept, head().seq - 2)
    if knows_the_head:
        note_head(head())

    found = chain()

    assert not found.holds
    assert any(REPLACED in one for one in found.problems), found.problems


def test_everything_since_the_change_sealed_anew_with_the_old_key_is_found(trail):
    kept = change()
    begins = audit_keys().begins[audit_keys().primary]
    forge(kept, begins.seq + 1)
    note_head(head())

    found = chain()

    assert found.problem_count == 6
    assert all(REPLACED in one for one in found.problems)


def test_lines_of_before_the_change_sealed_anew_with_the_old_key_are_found(trail):
    """Cut off behind the change and sealed anew, with the note changed too: the key's own note."""
    kept = change()
    begins = audit_keys().begins[audit_keys().primary]
    forge(kept, 3)
    session().execute(text("DELETE FROM security_audit_seal WHERE seq > :seq"), {"seq": begins.seq})
    note_head(head())

    found = chain()

    assert found.problems == (
        f"Seal {begins.seq} is another one than was noted outside of the database.",
    )


def test_a_trail_cut_off_before_the_change_is_found_by_the_note_of_the_key(trail):
    kept = change()
    forge(kept, 3)
    session().execute(text("DELETE FROM security_audit_seal WHERE seq > 5"))
    note_head(head())

    assert "The trail was cut off" in chain().problems[0]


def test_a_copy_of_before_the_change_is_whole_and_in_no_copy_an_old_key_comes_back(trail):
    """A backup of last week has its seals with last week's key (BAK-02)."""
    session().flush()
    kept = change()
    assert chain(is_live=False).holds
    forge(kept, head().seq)

    found = chain(is_live=False)

    assert any(REPLACED in one for one in found.problems)


def test_after_a_restore_of_before_the_change_the_new_key_seals_on(trail):
    old = change()
    for table in ("event", "seal"):
        session().execute(text(f"ALTER TABLE security_audit_{table} DISABLE TRIGGER USER"))
    session().execute(text("DELETE FROM security_audit_seal WHERE seq > 6"))
    session().execute(
        text(
            "DELETE FROM security_audit_event e WHERE NOT EXISTS"
            " (SELECT FROM security_audit_seal WHERE event_id = e.id)"
        )
    )
    assert not chain().holds

    services.accept_chain(SYSTEM, reason="Restored the backup of Monday")

    now = audit_keys()
    assert chain().holds, chain().problems
    assert now.begins[now.primary].seq == 6
    write(2)
    services.seal_events()
    forge(old, head().seq)
    note_head(head())
    assert any(REPLACED in one for one in chain().problems)


def test_a_key_is_not_changed_while_the_trail_does_not_hold(trail):
    note_head(Head(10**6, b"x" * 32))
    before = audit_keys()

    with pytest.raises(TrailBroken, match="verify-audit"):
        services.change_audit_key(SYSTEM, reason=REASON)

    assert audit_keys() == before


def test_only_those_who_may_verify_the_trail_change_its_key(trail):
    with pytest.raises(Forbidden):
        services.change_audit_key(PEOPLE.rosa.actor, reason=REASON)


@pytest.mark.parametrize("begins", ["x", {"a": "nonsense"}, ["1:00"]])
def test_a_damaged_note_of_a_change_is_refused(trail, tmp_path, begins):
    kept = json.loads((tmp_path / "audit.json").read_text())
    (tmp_path / "audit.json").write_text(json.dumps(kept | {"begins": begins}))

    with pytest.raises(NoAuditKey):
        audit_keys()


def test_a_key_file_of_an_earlier_release_is_read(trail, tmp_path):
    kept = json.loads((tmp_path / "audit.json").read_text())
    del kept["begins"]
    (tmp_path / "audit.json").write_text(json.dumps(kept))

    assert chain().holds
    change()
    assert chain().holds


def test_the_command_says_what_to_do_next(app, trail):
    said = app.test_cli_runner().invoke(args=["clinic", "keys", "rotate", "--reason", REASON])

    assert said.exit_code == 0, said.output
    assert f"the key {audit_keys().primary} seals" in said.output
    assert "backup-keys sheet" in said.output
    note_head(Head(10**6, b"x" * 32))
    refused = app.test_cli_runner().invoke(args=["clinic", "keys", "rotate", "--reason", REASON])
    assert refused.exit_code == 2
    assert "does not hold the seal" in refused.output


def test_the_sheet_names_the_key_in_use_and_the_page_asks_for_a_new_one(trail):
    """BAK-03: without the newest key on paper a restored trail could not be checked."""
    note_sheet(SYSTEM, backup_vault())
    before = backup_page(PEOPLE.ada.actor).needs_sheet

    change()

    assert not before
    assert backup_page(PEOPLE.ada.actor).needs_sheet
    pages = pypdf.PdfReader(io.BytesIO(escrow_sheet(SYSTEM))).pages
    words = "".join(page.extract_text() for page in pages)
    assert f"sealed with key {audit_keys().primary}, with 1 older" in " ".join(words.split())
    assert not backup_page(PEOPLE.ada.actor).needs_sheet
