"""A restore replaces everything or nothing, and needs two people (BAK-02, BAK-04)."""

from datetime import timedelta

import pytest

from app.backup.errors import (
    AlreadyRunning,
    BackupFailed,
    BadCode,
    NamesMissing,
    NoReason,
    NotEmpty,
    PlaceNotFound,
    RequestNotFound,
    RequestOver,
    SetNotFound,
    TwoPeople,
)
from app.backup.services import replacing
from app.backup.services.preview import preview_set
from app.backup.services.replacing import LiveState, live_state
from app.backup.services.requests import approve_restore, ask_restore, cancel_restore, use_code
from app.backup.services.restore import (
    drop_replaced,
    found_set,
    live_site,
    restore_set,
    without_accounts,
)
from app.backup.services.restoring import drop_database
from app.backup.services.settling import WAS_WAITING, Authority
from app.infra.db import let_go, session, transaction
from app.infra.locks import LockSpace, first_come
from app.kernel import clock
from app.kernel.errors import Forbidden
from app.notifications.rules import Template
from app.notifications.services import Recipient, notify
from app.security.services import verify_audit
from tests.factories.restores import OTHER_ADMIN, SYSTEM, create_world
from tests.people import PEOPLE

REASON = "The timetable was deleted by mistake."
AUTHORITY = Authority("Ada Reyes", "Abe Santos", REASON)

pytestmark = pytest.mark.committed


@pytest.fixture
def world(app):
    """A clinic with two administrators; what its restores leave behind goes afterwards."""
    world = create_world(app)
    yield world
    with app.app_context():
        let_go()
    for name in world.databases():
        if name != world.name:
            drop_database(world.url, name)


def silent(_step):
    """Nobody watches."""


def restored(world, set_name, **options):
    """A restore by two people, as the command does it."""
    with world.app.app_context():
        place = found_set(str(world.home / "backups"), set_name)
        return restore_set(SYSTEM, place, AUTHORITY, tell=silent, **options)


def approved(world, set_name):
    """A request that was approved, and its code."""
    place = str(world.home / "backups")
    with world.app.app_context():
        request_id = ask_restore(PEOPLE.ada.actor, set_name=set_name, place=place, reason=REASON)
        return request_id, approve_restore(OTHER_ADMIN.actor, request_id=request_id)


def test_two_people_bring_everything_back(world, app):
    client = app.test_client().sign_in(PEOPLE.rosa)
    made = world.make()
    world.say("DELETE FROM patients_enrolment", "UPDATE ab_user SET first_name = 'Gone'")
    world.report.write_text("changed")
    (world.home / "reports" / "later.txt").write_text("written later")
    _request, code = approved(world, made.set_name)

    done = world.run(
        "restore", made.set_name, "--from", str(world.home / "backups"), "--code", code
    )

    assert done.exit_code == 0, done.output
    assert "Everybody must sign in again" in done.output
    assert world.asked("SELECT count(*) FROM ab_user WHERE first_name = 'Gone'") == 0
    assert world.report.read_text() == "as it was"
    assert not (world.home / "reports" / "later.txt").exists()
    assert client.get("/").status_code == 302, "a session outlived the restore"
    app.test_client().sign_in(PEOPLE.rosa)


def test_the_new_trail_says_who_restored_and_why_and_is_whole(world, app):
    made = world.make()
    _request, code = approved(world, made.set_name)
    world.run("restore", made.set_name, "--from", str(world.home / "backups"), "--code", code)

    details = world.asked(
        "SELECT details || jsonb_build_object('reason', reason) FROM security_audit_event"
        " WHERE action = 'backup:set:restore'"
    )
    with app.app_context():
        found = verify_audit(SYSTEM)

    assert (details["asked_by"], details["approved_by"]) == ("Ada Reyes", "Abe Santos")
    assert details["reason"] == REASON
    assert found.holds, found.problems


def test_a_code_restores_once(world):
    made = world.make()
    _request, code = approved(world, made.set_name)
    command = ("restore", made.set_name, "--from", str(world.home / "backups"), "--code", code)
    assert world.run(*command).exit_code == 0

    again = world.run(*command)

    assert again.exit_code == 2
    assert "not valid" in again.output


def test_what_was_replaced_is_kept_until_somebody_drops_it(world, app):
    made = world.make()
    world.say("UPDATE ab_user SET last_name = 'Later' WHERE id = 1")
    world.report.write_text("changed")

    done = restored(world, made.set_name)

    kept = next(world.home.glob("before-*"))
    assert (kept / "reports" / "proof.txt").read_text() == "changed"
    assert done.before in world.databases()
    dropped = world.run("restore", "--drop-previous")
    assert dropped.exit_code == 0
    assert world.databases() == [world.name]
    assert not kept.exists()
    assert "nothing to remove" in world.run("restore", "--drop-previous").output
    with app.app_context(), pytest.raises(Forbidden):
        drop_replaced(PEOPLE.rosa.actor)


def test_mail_that_was_waiting_goes_to_nobody_before_a_person_decides(world, app):
    with app.app_context(), transaction() as tx:
        notify(
            tx,
            SYSTEM,
            event="test.old",
            entity="test/1",
            occurrence=1,
            recipient=Recipient(PEOPLE.sam.user_id, "Sam", PEOPLE.sam.email),
            subject="Old",
            template=Template.REMINDER,
            params={},
        )
    made = world.make()

    done = restored(world, made.set_name)

    assert done.held_back_mails == 1
    mail = (
        "SELECT status || ': ' || error FROM notifications_communication WHERE event = 'test.old'"
    )
    assert world.asked(f"{mail} AND channel = 'email'") == f"dead: {WAS_WAITING}"
    assert world.asked("SELECT count(*) FROM infra_outbox_job WHERE status = 'leased'") == 0


def test_no_number_is_given_out_twice(world):
    made = world.make()
    sequence = "pg_get_serial_sequence('security_audit_event', 'id')"
    world.say(f"SELECT setval({sequence}, 900000)")

    restored(world, made.set_name)

    assert world.asked(f"SELECT nextval({sequence})") > 900_000


def test_runs_and_requests_of_the_backups_moment_are_over(world, app):
    first = world.make("00000001")
    request_id, code = approved(world, first.set_name)
    world.say(
        "INSERT INTO backup_run (status, asked_by_name, started_at)"
        " VALUES ('running', 'Ada Reyes', now())"
    )
    made = world.make("00000002")

    restored(world, made.set_name)

    assert world.asked("SELECT status FROM backup_run") == "failed"
    assert world.asked("SELECT cancelled_at FROM backup_restore_request") is not None
    with app.app_context(), pytest.raises(BadCode):
        use_code(SYSTEM, set_name=first.set_name, code=code)
    assert request_id


def test_a_set_that_fails_its_proof_replaces_nothing(world):
    world.say("DELETE FROM infra_stamp")
    made = world.make()
    world.say("UPDATE ab_user SET last_name = 'Live' WHERE id = 1")
    _request, code = approved(world, made.set_name)
    command = ("restore", made.set_name, "--from", str(world.home / "backups"), "--code", code)

    refused = world.run(*command)

    assert refused.exit_code == 2
    assert "Nothing was replaced. rules about the data:" in refused.output
    assert world.asked("SELECT last_name FROM ab_user WHERE id = 1") == "Live"
    assert world.report.exists()
    assert world.databases() == [world.name]
    accepted = world.run(*command, "--accept", "rules about the data")
    assert accepted.exit_code == 0, accepted.output
    noted = world.asked(
        "SELECT details ->> 'accepted_checks' FROM security_audit_event"
        " WHERE action = 'backup:set:restore'"
    )
    assert noted == '["rules about the data"]'


def test_a_backup_and_a_restore_hold_each_other_off(world, app):
    made = world.make()

    with app.app_context(), first_come(LockSpace.BACKUP) as is_alone:
        assert is_alone
        with pytest.raises(AlreadyRunning):
            restored(world, made.set_name)

    with app.app_context():
        site = live_site()
        place = found_set(str(world.home / "backups"), made.set_name)

        def look(_step):
            with first_come(LockSpace.BACKUP) as is_alone:
                assert not is_alone
            with pytest.raises(AlreadyRunning):
                restore_set(SYSTEM, place, AUTHORITY, tell=silent)
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            restore_set(SYSTEM, place, AUTHORITY, tell=look)
        assert live_state(site) is LiveState.IN_USE


def test_databases_that_do_not_change_places_leave_everything_as_it_was(world, monkeypatch):
    made = world.make()
    monkeypatch.setattr(replacing, "quoted", lambda name: f'"{name}" nonsense')

    with pytest.raises(BackupFailed, match="nothing was replaced"):
        restored(world, made.set_name)

    assert world.databases() == [world.name]
    assert world.report.read_text() == "as it was"
    assert not (world.home / replacing.NOTE).exists()


def test_a_preview_says_what_would_be_lost_and_changes_nothing(world, app):
    made = world.make()
    world.say("DELETE FROM security_sign_in_attempt", "UPDATE ab_user SET last_name = 'X'")
    with app.app_context():
        session().execute(
            replacing.text(
                "INSERT INTO security_sign_in_attempt (login, address,"
                " succeeded, at) VALUES ('x', 'y', false, now())"
            )
        )
        session().commit()
        preview = preview_set(found_set(str(world.home / "backups"), made.set_name))

    assert [table.name for table in preview.changed] == ["security_sign_in_attempt"]
    assert preview.changed[0].difference == -1
    assert preview.lost_since == made.made_at
    assert not preview.refusal
    shown = world.run("restore", made.set_name, "--from", str(world.home / "backups"), "--preview")
    assert shown.exit_code == 0
    assert "security_sign_in_attempt: 1 rows now, 0 then" in shown.output
    assert "Nothing was changed." in shown.output
    assert world.asked("SELECT count(*) FROM ab_user WHERE last_name = 'X'") > 0


def test_verify_backup_says_whether_a_set_can_be_restored(world):
    made = world.make()
    folder = world.home / "backups"

    good = world.run("verify-backup", made.set_name, "--from", str(folder))
    path = folder / made.set_name / "files.tar.sealed"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    bad = world.run("verify-backup", made.set_name, "--from", str(folder))
    missing = world.run("verify-backup", "uscpis-nowhere", "--from", str(folder))

    assert good.exit_code == 0, good.output
    assert "can be restored." in good.output
    assert (bad.exit_code, missing.exit_code) == (1, 2)
    assert "FAILED seals" in bad.output


def test_a_restore_needs_a_code_or_an_empty_machine(world, app):
    made = world.make()
    where = ("restore", made.set_name, "--from", str(world.home / "backups"))

    assert "Give --code" in world.run(*where).output
    refused = world.run(*where, "--empty-machine", "--asked-by", "A", "--approved-by", "B")
    assert refused.exit_code == 2
    assert "already holds a clinic" in refused.output
    assert "Name the set" in world.run("restore").output
    assert world.run("restore", "--finish").exit_code == 0
    with app.app_context(), pytest.raises(PlaceNotFound):
        found_set("/no/such/folder", made.set_name)


def test_an_empty_machine_needs_two_names_and_a_reason(world, app):
    with app.app_context():
        with pytest.raises(NotEmpty):
            without_accounts("Ada", "Abe", REASON)
        world.say("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
        for first, second in (("Ada", "ada "), ("", "Abe"), ("Ada", "")):
            with pytest.raises(NamesMissing):
                without_accounts(first, second, REASON)
        with pytest.raises(NoReason):
            without_accounts("Ada", "Abe", "because")
        assert without_accounts(" Ada ", "Abe", REASON).asked_by == "Ada"


@pytest.mark.parametrize("is_there", [True, False])
def test_an_empty_installation_is_filled_and_nothing_is_kept_of_it(world, is_there):
    made = world.make()
    people = world.asked("SELECT count(*) FROM ab_user")
    drop_database(world.url, world.name)
    if is_there:
        replacing.administer(world.url, f'CREATE DATABASE "{world.name}"')

    done = world.run(
        *("restore", made.set_name, "--from", str(world.home / "backups"), "--empty-machine"),
        *("--asked-by", "Ada Reyes", "--approved-by", "Abe Santos"),
    )

    assert done.exit_code == 0, done.output
    assert world.asked("SELECT count(*) FROM ab_user") == people
    assert world.databases() == [world.name]


def test_requests_are_made_and_approved_by_two_administrators(world, app):
    made = world.make()
    folder = str(world.home / "backups")
    with app.app_context():
        ada, abe, rosa = PEOPLE.ada.actor, OTHER_ADMIN.actor, PEOPLE.rosa.actor
        with pytest.raises(Forbidden):
            ask_restore(rosa, set_name=made.set_name, place=folder, reason=REASON)
        with pytest.raises(NoReason):
            ask_restore(ada, set_name=made.set_name, place=folder, reason="  oops   ")
        with pytest.raises(SetNotFound):
            ask_restore(ada, set_name="uscpis-nowhere", place=folder, reason=REASON)
        request_id = ask_restore(ada, set_name=made.set_name, place=folder, reason=REASON)
        with pytest.raises(TwoPeople):
            approve_restore(ada, request_id=request_id)
        with pytest.raises(TwoPeople):
            approve_restore(SYSTEM, request_id=request_id)
        with pytest.raises(RequestNotFound):
            approve_restore(abe, request_id=request_id + 1)
        with pytest.raises(BadCode):
            use_code(SYSTEM, set_name=made.set_name, code="")
        code = approve_restore(abe, request_id=request_id)
        with pytest.raises(RequestOver):
            approve_restore(abe, request_id=request_id)
        with pytest.raises(BadCode):
            use_code(SYSTEM, set_name="another-set", code=code)
        spoken = use_code(SYSTEM, set_name=made.set_name, code=code.lower().replace("-", " "))
        assert spoken == AUTHORITY
        cancel_restore(ada, request_id=request_id)
        with pytest.raises(BadCode):
            use_code(SYSTEM, set_name=made.set_name, code=code)
        with pytest.raises(RequestOver):
            cancel_restore(ada, request_id=request_id)


def test_a_code_expires_after_an_hour_and_a_request_after_a_day(world, app):
    made = world.make()
    folder = str(world.home / "backups")
    with app.app_context():
        _id, code = approved(world, made.set_name)
        late = ask_restore(PEOPLE.ada.actor, set_name=made.set_name, place=folder, reason=REASON)
        now = clock.now()
        with clock.pretend(now + timedelta(minutes=61)), pytest.raises(BadCode):
            use_code(SYSTEM, set_name=made.set_name, code=code)
        with clock.pretend(now + timedelta(hours=25)), pytest.raises(RequestOver):
            approve_restore(OTHER_ADMIN.actor, request_id=late)
