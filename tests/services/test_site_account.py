"""AUD-02: the site's account in the database adds to the trail and can never change it."""

from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from app.backup.services.restore import found_set, restore_set
from app.backup.services.restoring import administering, create_database, drop_database
from app.backup.services.scratch import SCRATCH, copy_beside, tidy_copies
from app.backup.services.settling import Authority
from app.infra.database_rights import RightsRefused, renew_rights
from app.infra.db import let_go, session
from app.infra.local import testing
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Channel, system_actor
from app.operations.queries import checks
from app.retention import queries as retention
from app.retention import services as disposals
from app.security.errors import NoSiteAccount
from app.security.models import TRAIL
from app.security.services import powers_over_trail, renew_site_account, seal_events, verify_audit
from app.visits.queries import queue
from tests import site
from tests.clusters import PrivateCluster
from tests.factories.retention import (
    approved,
    give_birth_dates,
    long_after,
    open_second_officer,
    visited,
)
from tests.factories.scheduling import at
from tests.people import PEOPLE
from worker import runtime, schedule

SYSTEM = system_actor(Channel.CLI)
AUTHORITY = Authority("Ada Reyes", "Abe Santos", "The timetable was deleted by mistake.")
DENIED = "42501"  # InsufficientPrivilege

pytestmark = pytest.mark.committed


@pytest.fixture
def owner_url(template_database, worker_name):
    """A clinic's database, as its owner sees it."""
    name = f"{worker_name}_{uuid4().hex[:8]}"
    url = site.copy_database(template_database, name)
    yield url
    with administering(url) as connection:
        names = connection.scalars(text("SELECT datname FROM pg_database")).all()
    for found in names:
        if found.startswith(name):
            drop_database(url, found)


@pytest.fixture
def app(owner_url, tmp_path):
    """The site on it, with an account that only reads and writes rows."""
    servers = testing.share_servers()
    app = site.build_app(
        servers.as_site(owner_url),
        tmp_path,
        DATABASE_OWNER_URL=owner_url,
        BACKUP_SCRATCH_DATABASE_URL=servers.scratch_url,
    )
    said = command(app, "db-account")
    assert said.exit_code == 0, said.output
    yield app
    with app.app_context():
        let_go()
        site.db.engine.dispose()


def command(app, *words):
    """A command as an administrator types it, with the owner's account in its settings."""
    return app.test_cli_runner().invoke(args=["clinic", *words], catch_exceptions=False)


def say(url, *statements):
    """Statements of an account, each stored at once; the first answer of the last one."""
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            answer = connection.execute(text(statement))
        return answer.scalar() if answer.returns_rows else None


FORBIDDEN = [
    "UPDATE security_audit_event SET reason = 'nothing happened'",
    "UPDATE security_audit_event SET id = id",
    "DELETE FROM security_audit_event",
    "TRUNCATE security_audit_event, security_audit_seal",
    "UPDATE security_audit_seal SET hash = prev_hash",
    "DELETE FROM security_audit_seal",
    "ALTER TABLE security_audit_event DISABLE TRIGGER USER",
    "ALTER TABLE security_audit_seal DISABLE TRIGGER USER",
    "DROP TRIGGER security_audit_event_append_only ON security_audit_event",
    "CREATE TRIGGER mine BEFORE INSERT ON security_audit_event EXECUTE FUNCTION change_stamp()",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
    " 'BEGIN RETURN NEW; END'",
    "DROP TABLE security_audit_seal",
    "ALTER TABLE security_audit_event RENAME TO old_trail",
    "SET session_replication_role = replica",
    "SET ROLE uscpis",
    "GRANT uscpis TO uscpis_site",
    "CREATE ROLE helper",
    "CREATE TABLE mine (id integer)",
    "CREATE TEMPORARY TABLE security_audit_event (id integer)",
    "CREATE SCHEMA mine",
    "CREATE DATABASE mine",
    "UPDATE alembic_version SET version_num = '0001'",
    "DELETE FROM scheduling_appointment",
    "DELETE FROM scheduling_claim",
    "UPDATE scheduling_appointment_event SET to_status = 'left'",
    "DELETE FROM scheduling_appointment_event",
    "UPDATE visits_event SET at = now()",
    "DELETE FROM visits_event",
    "TRUNCATE visits_event",
    "DELETE FROM retention_hold",
    "DELETE FROM retention_disposal",
    "DELETE FROM visits_paper_form",
    "SELECT setval('security_audit_event_id_seq', 1)",
    "TRUNCATE ab_user CASCADE",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_sites_account_may_not(app, statement):
    with pytest.raises(DBAPIError) as refused:
        say(app.config["SETTINGS"].database_url, statement)

    assert refused.value.orig.pgcode == DENIED


def test_what_nobody_may_do_to_history_the_site_was_not_even_granted(app, owner_url):
    """Every table that refuses a deed to everybody, those of later releases too."""
    granted = say(
        owner_url,
        """
        SELECT count(*) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE p.proname = 'refuse_change' AND (
          t.tgtype & 8 > 0 AND has_table_privilege('uscpis_site', t.tgrelid, 'DELETE')
          OR t.tgtype & 16 > 0 AND has_table_privilege('uscpis_site', t.tgrelid, 'UPDATE')
          OR has_table_privilege('uscpis_site', t.tgrelid, 'TRUNCATE, TRIGGER, REFERENCES'))
        """,
    )

    assert granted == 0
    assert (
        say(owner_url, "SELECT count(*) FROM pg_class WHERE relowner = 'uscpis_site'::regrole") == 0
    )


def test_a_day_at_the_clinic_under_the_limited_account(app, clinic, db):
    """Booking, checking in, sealing, every periodic job, and a disposal seven years later."""
    open_second_officer()
    visited(PEOPLE.sam)
    visited(PEOPLE.eve, "09:20")
    assert app.test_client().sign_in(PEOPLE.rosa).get("/").status_code == 200
    for name in sorted(schedule.EVERY):
        runtime.declared_jobs()[name].work(SYSTEM)
        session().commit()
    give_birth_dates()
    with clock.pretend(at("15:00")):
        assert [one.visit.status for one in queue(at("15:00").date())] == ["completed"] * 2
        seal_events()
        checked = verify_audit(PEOPLE.pia.actor)
        assert checked.holds
        assert checked.sealed > 10

    with long_after():
        found = approved()
        disposals.carry_out(SYSTEM, disposal_id=found.id)
        done = retention.known_disposal(found.id)
        assert (done.disposed, done.left_out) == (2, 0)
        assert verify_audit(PEOPLE.pia.actor).holds
    assert powers_over_trail().reasons == ()


def test_the_account_of_the_worker_proves_a_backup(app, owner_url):
    """BAK-02, with an account that may make scratch databases and nothing else."""
    assert command(app, "backup-keys", "new").exit_code in (0, 1)

    said = command(app, "backup")

    assert said.exit_code == 0, said.output
    with pytest.raises(DBAPIError) as refused:
        say(
            make_url(testing.share_servers().scratch_url).set(
                database=make_url(owner_url).database
            ),
            "SELECT count(*) FROM ab_user",
        )
    assert refused.value.orig.pgcode == DENIED


def test_after_a_restore_the_limited_account_works_and_is_still_limited(app, owner_url):
    """The rights are in no backup: they are given again before the databases change places."""
    assert command(app, "backup").exit_code == 0
    with app.app_context():
        folder = settings().backup_folder
        (name,) = [path.name for path in folder.glob("uscpis-*")]
        say(owner_url, "UPDATE ab_user SET first_name = 'Later'")
        let_go()
        restore_set(SYSTEM, found_set(str(folder), name), AUTHORITY, tell=lambda _step: None)

        assert powers_over_trail().reasons == ()
        assert verify_audit(PEOPLE.pia.actor).holds
        let_go()
    assert app.test_client().sign_in(PEOPLE.rosa).get("/").status_code == 200
    assert say(owner_url, "SELECT count(*) FROM ab_user WHERE first_name = 'Later'") == 0
    for statement in FORBIDDEN[:6]:
        with pytest.raises(DBAPIError) as refused:
            say(app.config["SETTINGS"].database_url, statement)
        assert refused.value.orig.pgcode == DENIED


def test_a_deployment_gives_the_rights_and_a_second_one_finds_nothing_to_do(app, owner_url):
    say(owner_url, "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM uscpis_site")
    say(owner_url, "GRANT ALL ON security_audit_event TO uscpis_site")
    say(owner_url, "GRANT SELECT ON ab_user TO PUBLIC")

    first, second = command(app, "deploy"), command(app, "deploy")

    assert "security_audit_event: INSERT, SELECT." in first.output
    assert "UPDATE of reason" in first.output
    assert second.exit_code == 0
    assert ": " not in second.output
    assert say(owner_url, "SELECT has_table_privilege('public', 'ab_user', 'SELECT')") is False
    with app.app_context():
        assert powers_over_trail().reasons == ()


def test_the_site_itself_cannot_migrate_and_says_who_can(app, owner_url, tmp_path):
    say(owner_url, "UPDATE alembic_version SET version_num = '0012'")
    limited = site.build_app(app.config["SETTINGS"].database_url, tmp_path / "limited")

    said = command(limited, "deploy")

    assert said.exit_code == 1
    assert "Set DATABASE_OWNER_URL" in said.output
    with limited.app_context():
        site.db.engine.dispose()


def test_it_is_said_why_an_account_could_change_the_trail(app, owner_url):
    say(owner_url, "GRANT UPDATE (reason) ON security_audit_event TO uscpis_site")
    say(owner_url, "GRANT TRUNCATE ON security_audit_seal TO uscpis_site")

    with app.app_context():
        assert powers_over_trail().reasons == (
            "it may change security_audit_event",
            "it may change security_audit_seal",
        )
        [watched] = [check for check in checks.CHECKS if check.kind == "trail"]
        [alert] = watched.look(clock.now()).findings
        assert "flask clinic db-account" in alert.sentence
        let_go()
    said = command(app, "check-deployment", "--offline")

    assert "WRONG  trail-account" in said.output
    assert "it may change security_audit_seal" in said.output


def test_the_owner_itself_could_change_the_trail(owner_url, tmp_path):
    app = site.build_app(owner_url, tmp_path)

    with app.app_context():
        assert powers_over_trail().given == ()  # one account is no alarm
        why = powers_over_trail().reasons
        done = renew_site_account()
        let_go()

    assert why == (
        "it owns the database",
        "it owns security_audit_event",
        "it owns security_audit_seal",
    )
    assert done == []
    assert "nothing to give" in command(app, "db-account").output
    assert "ADVICE one-account" in command(app, "check-deployment", "--offline").output
    with app.app_context():
        site.db.engine.dispose()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nobody_here", "CREATE ROLE \"nobody_here\" LOGIN  PASSWORD '...'"),
        ("postgres", "is a superuser"),
        ("uscpis", "is the owner's"),
        (None, "names no account"),
    ],
)
def test_an_account_that_cannot_be_the_sites_is_refused(owner_url, name, why):
    url = make_url(owner_url).set(username=name, password="word")._replace(username=name)

    with pytest.raises(RightsRefused, match=why.replace(".", "[.]")):
        renew_rights(owner_url, url.render_as_string(hide_password=False), kept=TRAIL)


def test_a_missing_account_stops_a_restore_before_it_begins(app, owner_url, tmp_path):
    assert command(app, "backup").exit_code == 0
    stranger = make_url(app.config["SETTINGS"].database_url).set(username="nobody_here")
    with app.app_context():
        folder = settings().backup_folder
        (name,) = [path.name for path in folder.glob("uscpis-*")]
        place = found_set(str(folder), name)
        chosen = site.settings_for(
            stranger.render_as_string(hide_password=False), tmp_path, DATABASE_OWNER_URL=owner_url
        )
        app.config["SETTINGS"] = chosen

        with pytest.raises(NoSiteAccount, match="As a superuser: CREATE ROLE"):
            restore_set(SYSTEM, place, AUTHORITY, tell=lambda _step: None)


@pytest.fixture
def own_cluster(tmp_path):
    """A server of the test's own: on the shared one other tests tidy up, too."""
    made = PrivateCluster(tmp_path / "postgres")
    made.start()
    yield made.server
    made.destroy()


def test_each_account_tidies_up_only_its_own_copies(own_cluster, tmp_path):
    """A proof that was killed is no hurdle for a restore, nor the other way round."""
    owner, scratch = own_cluster.url(), own_cluster.url_as("uscpis_scratch")
    theirs, ours = f"uscpis_restore_{uuid4().hex[:12]}", f"{SCRATCH}{uuid4().hex[:12]}"
    create_database(owner, theirs)
    create_database(scratch, ours)

    with copy_beside(scratch, tmp_path, SCRATCH):
        pass

    with administering(owner) as connection:
        left = set(connection.scalars(text("SELECT datname FROM pg_database")))
    assert theirs in left
    assert ours not in left
    create_database(scratch, ours)
    assert set(tidy_copies(owner, tmp_path)) == {theirs, ours}
