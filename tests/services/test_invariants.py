"""Every invariant of every domain holds, and finds what was planted against it (BAK-02)."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text

from app.infra.db import session
from app.integrity.queries import all_files, all_invariants, broken_invariants, check_invariants
from app.kernel import clock
from app.kernel.invariant import Invariant
from app.scheduling import services
from app.scheduling.services import Wish
from app.scheduling.services.seats import take_seat
from app.visits import services as visits
from tests import site
from tests.architecture.test_rooms import ROOT, domains
from tests.breaches import BREACHES, LIFTED_GUARDS
from tests.factories.scheduling import at, monday_seven, open_clinic
from tests.factories.sessions import create_session
from tests.factories.waitlist import join
from tests.people import PEOPLE, Person

BY_ID = {invariant.id: invariant for invariant in all_invariants()}


@pytest.fixture(scope="module")
def world(shared_app) -> Iterator[Connection]:
    """A clinic in which something of most kinds has happened, rolled back at the end."""
    with site.rolled_back(shared_app), shared_app.app_context():
        with monday_seven():
            open_clinic()
            tell_a_story()
        yield session().connection()


def tell_a_story() -> None:
    """Bookings, a move, a visit from arrival to end, a seat, and somebody who waits."""
    book(PEOPLE.sam, "2026-11-24 09:00")
    moved = book(PEOPLE.eve, "2026-11-24 09:20")
    services.reschedule_appointment(
        PEOPLE.eve.actor, appointment_id=moved, starts_at=at("2026-11-24 10:00")
    )
    today = book(PEOPLE.eve, "09:00")
    with clock.pretend(at("08:50")):
        here = visits.check_in(PEOPLE.rosa.actor, appointment_id=today)
        visits.start(PEOPLE.dana.actor, visit_id=here.id)
        visits.complete(PEOPLE.dana.actor, visit_id=here.id)
    number = create_session("2026-11-25 09:00")
    take_seat(PEOPLE.sam.actor, session_id=number)
    join(PEOPLE.eve)


def book(person: Person, starts_at: str) -> int:
    """A consultation with Dana."""
    wish = Wish(type="consultation", starts_at=at(starts_at), provider=PEOPLE.dana.id)
    return services.book_appointment(person.actor, wish=wish).id


@pytest.fixture(scope="module")
def unguarded(world) -> Connection:
    """The same without constraints and triggers, as a restored or meddled database may be."""
    world.execute(text(LIFT_ALL))
    return world


LIFT_ALL = """
DO $$ DECLARE c record; BEGIN
  FOR c IN SELECT conrelid::regclass AS place, conname FROM pg_constraint
           WHERE connamespace = 'public'::regnamespace AND contype IN ('f', 'c', 'x', 'u')
           ORDER BY contype = 'u' LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', c.place, c.conname);
  END LOOP;
  FOR c IN SELECT indexrelid::regclass AS name FROM pg_index i JOIN pg_class k
           ON k.oid = i.indexrelid WHERE indisunique AND NOT indisprimary
           AND k.relnamespace = 'public'::regnamespace LOOP
    EXECUTE format('DROP INDEX %s', c.name);
  END LOOP;
  FOR c IN SELECT DISTINCT tgrelid::regclass AS name FROM pg_trigger WHERE NOT tgisinternal LOOP
    EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', c.name);
  END LOOP;
END $$
"""


def plant(connection: Connection, statements: str, invariant: Invariant) -> list[str]:
    """The rows that an invariant names after these statements, which are taken back again."""
    point = connection.begin_nested()
    try:
        for statement in statements.split(";"):
            connection.execute(text(statement.replace(":", "\\:")))
        found = check_invariants(connection, [invariant])[0]
        assert not found.problem, found.problem
        return list(found.rows)
    finally:
        point.rollback()


def test_an_ordinary_clinic_breaks_nothing(world):
    broken = broken_invariants(world)

    assert [(found.invariant.id, found.rows, found.problem) for found in broken] == []


@pytest.mark.parametrize("name", LIFTED_GUARDS)
def test_a_guard_that_was_lifted_is_found(world, name):
    assert plant(world, LIFTED_GUARDS[name], BY_ID[name])


@pytest.mark.parametrize("name", BREACHES)
def test_a_planted_breach_is_found(unguarded, name):
    assert check_invariants(unguarded, [BY_ID[name]])[0].holds or "stamps" in name

    assert plant(unguarded, BREACHES[name], BY_ID[name])


def test_every_invariant_has_a_breach_to_prove_it():
    planted = set(BREACHES) | set(LIFTED_GUARDS)

    assert set(BY_ID) - planted == set(), "say in tests/breaches.py how to break it"
    assert planted - set(BY_ID) == set(), "these invariants are no more"


def test_invariants_are_told_apart_and_say_which_rule_they_keep():
    assert len(BY_ID) == len(all_invariants())
    for invariant in all_invariants():
        assert invariant.sentence.endswith("."), invariant.id
        assert invariant.rule[3] == "-", invariant.id
        assert "%" not in invariant.sentence


def test_every_domain_with_tables_says_what_must_hold():
    """A domain without tables owns no facts; analytics is one."""
    app = ROOT / "app"
    with_tables = {name for name in domains() if list((app / name).glob("models*"))}
    with_room = {name for name in domains() if (app / name / "invariants.py").exists()}

    assert with_tables - with_room == set()


def test_every_folder_of_files_is_named_once():
    folders = [area.folder for area in all_files()]

    assert "reports" in folders
    assert len(folders) == len(set(folders))
    assert not any(folder.startswith("/") or ".." in folder for folder in folders)


def test_one_that_cannot_be_asked_is_a_finding_and_stops_no_other(world):
    wrong = Invariant("tests.wrong", "BAK-02", "It is wrong.", "SELECT 'a' FROM no_such_table")
    slow = Invariant("tests.slow", "BAK-02", "It is slow.", "SELECT 'a' FROM pg_sleep(5)")
    fine = Invariant("tests.fine", "BAK-02", "It holds.", "SELECT 'a' WHERE false")

    found = check_invariants(world, [wrong, slow, fine], seconds_each=1)

    assert [one.holds for one in found] == [False, False, True]
    assert "42P01" in found[0].problem
    assert "longer than 1 seconds" in found[1].problem


def test_many_breaches_are_counted_but_only_some_named(world):
    many = Invariant(
        "tests.many", "BAK-02", "Few.", "SELECT 'row ' || n FROM generate_series(1, 500) n"
    )

    found = check_invariants(world, [many])[0]

    assert (found.count, len(found.rows), found.rows[0]) == (500, 20, "row 1")
