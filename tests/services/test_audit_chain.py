"""The sealed chain of the audit trail, and everybody who tampers with it (AUD-02, EVD-01)."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, literal, select, text
from sqlalchemy.exc import DBAPIError

from app.infra.db import session, transaction
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import system_actor
from app.kernel.errors import Forbidden
from app.security import services
from app.security.errors import NoAuditKey
from app.security.models import AuditEvent, AuditSeal
from app.security.services import seals
from app.security.services.seal_keys import audit_keys, known_head, note_head

SYSTEM = system_actor()


@pytest.fixture
def trail(db, tmp_path, monkeypatch):
    """Ten events of ours behind those of the template, with keys of this test alone."""
    monkeypatch.setattr("app.security.services.seal_keys._file", lambda name: tmp_path / name)
    write(10)
    return db


def write(count: int) -> None:
    """So many new lines of the audit trail."""
    with transaction() as tx:
        for number in range(count):
            services.record_event(
                tx,
                SYSTEM,
                "tests:thing:do",
                object_type="Thing",
                object_id=number,
                reason="Peñaflor: \u202e \"quoted\" 'too', \\ and \x7f",
                details={"ratio": 1.50, "nested": {"b": [1, 2.0, None], "a": "ñ"}},
            )


def lift_guards() -> None:
    """What somebody with all rights in the database does first."""
    for table in ("event", "seal"):
        session().execute(text(f"ALTER TABLE security_audit_{table} DISABLE TRIGGER USER"))
    session().execute(
        text(
            "ALTER TABLE security_audit_seal DROP CONSTRAINT"
            " fk_security_audit_seal_event_id_security_audit_event"
        )
    )


def chain(**more):
    """What verifying this test's transaction finds."""
    session().flush()
    return seals.verify_chain(session().connection(), **more)


def last_event() -> int:
    """The key of the newest event."""
    return session().scalar(select(func.max(AuditEvent.id)))


def test_every_event_gets_a_seal_and_the_chain_holds(trail):
    count = session().scalar(select(func.count()).select_from(AuditEvent))

    assert services.seal_events() == count

    found = chain(heads=[known_head()])
    assert found.holds, found.problems
    assert (found.sealed, found.waiting, found.head) == (count, 0, known_head())


def test_sealing_again_seals_nothing(trail):
    services.seal_events()
    head = known_head()

    assert services.seal_events() == 0
    assert known_head() == head


def test_new_events_are_added_to_the_chain(trail, monkeypatch):
    monkeypatch.setattr(seals, "BATCH", 3)
    services.seal_events()
    write(7)

    assert services.seal_events(most=5) == 5
    assert chain().waiting == 2
    assert services.seal_events() == 2
    assert chain(heads=[known_head()]).holds


def test_an_event_that_was_committed_late_is_sealed_all_the_same(trail):
    late = insert_event_at(last_event() + 1)
    session().execute(text("SELECT setval('security_audit_event_id_seq', :n)"), {"n": late + 1})
    session().execute(text("SAVEPOINT held_back"))
    lift_guards()
    session().execute(text("DELETE FROM security_audit_event WHERE id = :id"), {"id": late})
    write(3)
    services.seal_events()

    insert_event_at(late)

    assert services.seal_events() == 1
    found = chain()
    assert found.holds, found.problems
    order = session().scalars(select(AuditSeal.event_id).order_by(AuditSeal.seq)).all()
    assert order[-1] == late < order[-2]


def insert_event_at(event_id: int) -> int:
    """A line with a chosen key, as a copy of the newest."""
    columns = [c for c in AuditEvent.__table__.columns if c.name != "id"]
    newest = select(literal(event_id), *columns).order_by(AuditEvent.id.desc()).limit(1)
    session().execute(insert(AuditEvent).from_select(["id", *(c.name for c in columns)], newest))
    return event_id


TAMPERINGS = {
    "an edited event": (
        "UPDATE security_audit_event SET actor_name = 'somebody else' WHERE id = :event",
        "or its seal",
    ),
    "edited details": (
        """UPDATE security_audit_event SET details = '{"nested": {}}' WHERE id = :event""",
        "or its seal",
    ),
    "an edited time": (
        "UPDATE security_audit_event SET at = at + interval '1 microsecond' WHERE id = :event",
        "or its seal",
    ),
    "a removed event": ("DELETE FROM security_audit_event WHERE id = :event", "was removed"),
    "an event removed with its seal": (
        "WITH gone AS (DELETE FROM security_audit_seal WHERE event_id = :event)"
        " DELETE FROM security_audit_event WHERE id = :event",
        "is missing",
    ),
    "an edited seal": (
        "UPDATE security_audit_seal SET hash = decode(repeat('ab', 32), 'hex')"
        " WHERE event_id = :event",
        "or its seal",
    ),
    "a seal moved to another event": (
        "UPDATE security_audit_seal SET event_id = -event_id WHERE event_id IN (:event);"
        "UPDATE security_audit_seal SET event_id = :event WHERE event_id = :event - 1;"
        "UPDATE security_audit_seal SET event_id = :event - 1 WHERE event_id = -:event",
        "or its seal",
    ),
    "two seals in each other's place": (
        "UPDATE security_audit_seal SET seq = seq + 1000000 WHERE event_id = :event - 1;"
        "UPDATE security_audit_seal SET seq = seq - 1 WHERE event_id = :event;"
        "UPDATE security_audit_seal SET seq = seq - 999999 WHERE event_id = :event - 1",
        "does not follow",
    ),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_tampering_is_found(trail, what):
    services.seal_events()
    statements, sentence = TAMPERINGS[what]
    lift_guards()
    for statement in statements.split(";"):
        session().execute(text(statement), {"event": last_event() - 3})

    found = chain()

    assert not found.holds
    assert any(sentence in problem for problem in found.problems), found.problems


def test_a_line_added_behind_the_chain_is_found(trail):
    """It would lie among events that were sealed long ago, so it never gets a seal."""
    session().execute(text("SELECT setval('security_audit_event_id_seq', :n)"), {"n": 10_000})
    write(1)
    services.seal_events()
    with clock.pretend(clock.now() + timedelta(hours=2)):
        write(1)
        services.seal_events()
        forged = insert_event_at(5_000)
        services.seal_events()

    assert chain().problems == (f"Event {forged} was added behind the end of the chain.",)


def test_a_trail_that_was_cut_off_is_found_by_the_noted_head(trail):
    services.seal_events()
    lift_guards()
    kept = {"id": last_event() - 3}
    session().execute(text("DELETE FROM security_audit_seal WHERE event_id > :id"), kept)
    session().execute(text("DELETE FROM security_audit_event WHERE id > :id"), kept)

    assert chain().holds  # the rest fits together: only what was noted elsewhere tells
    found = chain(heads=[known_head()])
    assert "was cut off" in found.problems[0]


def test_sealing_on_does_not_cover_up_that_the_trail_was_cut_off(trail):
    services.seal_events()
    noted = known_head()
    lift_guards()
    last = last_event()
    session().execute(text("DELETE FROM security_audit_seal WHERE event_id = :id"), {"id": last})
    session().execute(text("DELETE FROM security_audit_event WHERE id = :id"), {"id": last})
    write(5)

    services.seal_events()

    assert known_head() == noted
    assert not chain(heads=[known_head()]).holds


def test_with_another_key_nothing_fits(trail, tmp_path):
    services.seal_events()
    kept = json.loads((tmp_path / "audit.json").read_text())
    kept["keys"][kept["primary"]] = "00" * 32
    (tmp_path / "audit.json").write_text(json.dumps(kept))

    found = chain()

    assert found.problem_count == found.sealed


def test_with_the_key_file_of_another_clinic_every_seal_is_unknown(trail, tmp_path):
    services.seal_events()
    (tmp_path / "audit.json").unlink()

    assert "not in the key file" in chain().problems[0]


def test_a_chain_is_accepted_with_a_reason_after_a_restore(trail):
    services.seal_events()
    note_head(type(known_head())(10**6, b"x" * 32))
    assert not chain(heads=[known_head()]).holds

    head = services.accept_chain(SYSTEM, reason="Restored the backup of Monday")

    assert chain(heads=[head]).holds
    event = session().scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).one()
    assert event.action == "security:audit-event:accept"
    assert event.details["noted_head"].startswith("1000000:")


def test_an_unreadable_note_is_no_head(trail, tmp_path):
    (tmp_path / "audit-head.txt").write_text("nonsense")

    assert known_head() is None


def test_the_key_is_ours_alone_and_made_once(trail, tmp_path):
    made = audit_keys()

    assert (tmp_path / "audit.json").stat().st_mode & 0o777 == 0o600
    assert services.create_audit_key() is False
    assert audit_keys() == made


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"primary": "a", "keys": {"b": "00"}}', "x"])
def test_a_damaged_key_file_is_refused(trail, tmp_path, content):
    (tmp_path / "audit.json").write_text(content)

    with pytest.raises(NoAuditKey):
        services.seal_events()


def test_only_those_who_may_verify_the_trail(trail, people):
    with pytest.raises(Forbidden):
        services.verify_audit(people.rosa.actor)
    with pytest.raises(Forbidden):
        services.accept_chain(people.rosa.actor, reason="because")


def test_in_production_a_missing_key_is_no_reason_to_make_one(trail, monkeypatch, tmp_path):
    """AUD-02: a new key would seal a new story."""
    monkeypatch.setattr(type(settings()), "is_production", property(lambda _: True))

    with pytest.raises(NoAuditKey, match="keys create"):
        services.seal_events()

    assert not (tmp_path / "audit.json").exists()
    assert services.create_audit_key() is True
    assert services.seal_events() > 0


def test_seals_are_never_changed_or_removed(trail):
    """EVD-01: the database itself refuses."""
    services.seal_events()

    for deed in ("DELETE FROM", "TRUNCATE"):
        with pytest.raises(DBAPIError, match="never changed"), session().begin_nested():
            session().execute(text(f"{deed} security_audit_seal"))


@pytest.mark.committed
def test_verifying_seals_first_and_writes_down_what_it_found(app, people):
    with app.app_context():
        found = services.verify_audit(people.pia.actor)

        assert found.holds, found.problems
        assert found.sealed > 0
        assert known_head() == found.head
        event = session().scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).one()
        assert (event.action, event.outcome) == ("security:audit-event:verify", "success")


@pytest.mark.committed
def test_several_processes_seal_one_chain(app):
    """JOB-01, AUD-02: whoever seals at the same time adds to the same end."""
    with app.app_context():
        write(50)

    def seal(_number: int) -> int:
        with app.app_context():
            if _number % 2:
                write(5)
            return services.seal_events()

    with ThreadPoolExecutor(4) as pool:
        sealed = sum(pool.map(seal, range(8)))

    with app.app_context():
        sealed += services.seal_events()
        found = services.verify_audit(SYSTEM)
        assert found.holds, found.problems
        assert found.sealed == sealed


def test_two_processes_that_begin_at_once_make_one_key(tmp_path):
    file = tmp_path / "keys" / "one.json"
    code = (
        "import sys, secrets; from pathlib import Path; from app.infra.key_files import kept_key;"
        "print(kept_key(Path(sys.argv[1]), lambda: secrets.token_hex(), may_create=True))"
    )
    root = Path(__file__).parents[2]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(file)], stdout=subprocess.PIPE, text=True, cwd=root
        )
        for _ in range(4)
    ]

    answers = {process.communicate()[0] for process in running}

    assert len(answers) == 1
    assert [path.name for path in file.parent.iterdir()] == ["one.json"]
