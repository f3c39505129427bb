"""A new schema works with the release before it, so an upgrade stops nobody.

While a release is rolled out, processes of both run on the new schema. Therefore a migration only
adds, and what it adds to a table that exists must not be needed to write a row.
"""

import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from uuid import uuid4

import pytest
from alembic.script import ScriptDirectory
from flask_migrate import upgrade
from sqlalchemy import create_engine, text

from app.infra import databases
from app.infra.local import testing
from tests import site
from tests.architecture.test_rooms import ROOT

# The first migration of this release; what comes before it was running somewhere.
FIRST_OF_THIS_RELEASE = "0008"
# Constraints that a migration put on a table that existed, and why the code before keeps them.
REVIEWED = {
    "0006: scheduling_claim.ck_scheduling_claim_one_owner": "claims of 0.1.0 have an appointment",
    "0014: scheduling_hold.ck_scheduling_hold_seat_of_session": "only offers of seats have one",
}
COLUMNS = text(
    "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,"
    " a.atthasdef OR a.attidentity <> '' FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
    " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0"
    " AND NOT a.attisdropped"
)
# Each with the columns that it looks at.
CONSTRAINTS = text(
    "SELECT c.relname, r.conname, ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = c.oid"
    "  AND attnum = ANY(r.conkey)) FROM pg_constraint r JOIN pg_class c ON c.oid = r.conrelid"
    " WHERE c.relnamespace = 'public'::regnamespace AND r.contype IN ('c', 'u', 'x', 'f')"
    " UNION ALL SELECT c.relname, i.relname, ARRAY(SELECT attname FROM pg_attribute"
    "  WHERE attrelid = c.oid AND attnum = ANY(x.indkey::smallint[]))"
    " FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid"
    " JOIN pg_class c ON c.oid = x.indrelid"
    " WHERE x.indisunique AND c.relnamespace = 'public'::regnamespace"
)


@dataclass(frozen=True)
class Column:
    """How a column takes values."""

    kind: str
    is_needed: bool
    has_default: bool


@dataclass(frozen=True)
class Schema:
    """Columns by table, and the constraints on each table with the columns they look at."""

    columns: dict[str, dict[str, Column]]
    constraints: dict[str, dict[str, set[str]]]


def schema_of(url: str) -> Schema:
    """What the database has now."""
    columns: dict[str, dict[str, Column]] = {}
    constraints: dict[str, dict[str, set[str]]] = {}
    engine = create_engine(url)
    with engine.connect() as connection:
        for table, name, kind, is_needed, has_default in connection.execute(COLUMNS):
            columns.setdefault(table, {})[name] = Column(kind, is_needed, has_default)
        for table, name, seen in connection.execute(CONSTRAINTS):
            constraints.setdefault(table, {})[name] = set(seen)
    engine.dispose()
    return Schema(columns, constraints)


@pytest.fixture(scope="module")
def schemas(tmp_path_factory):
    """The schema after each migration, by its revision, in order."""
    url = testing.share_servers().database(f"test_previous_{uuid4().hex[:8]}")
    app = site.build_app(url, tmp_path_factory.mktemp("home"))
    script = ScriptDirectory(str(ROOT / "migrations"))
    found = {}
    for revision in reversed([one.revision for one in script.walk_revisions()]):
        with app.app_context():
            upgrade(revision=revision)
        found[revision] = schema_of(url)
    site.drop_database(app, url)
    return found


@pytest.fixture(scope="module")
def steps(schemas):
    """Each schema with the one after it."""
    revisions = list(schemas)
    return [(after, schemas[before], schemas[after]) for before, after in pairwise(revisions)]


def test_no_migration_takes_anything_away(steps):
    gone = [
        f"{revision}: {table}.{name}"
        for revision, before, after in steps
        for table, columns in before.columns.items()
        for name in columns
        if name not in after.columns.get(table, {})
    ]

    assert gone == []


def test_no_migration_changes_what_a_column_holds(steps):
    changed = [
        f"{revision}: {table}.{name}"
        for revision, before, after in steps
        for table, columns in before.columns.items()
        for name, column in columns.items()
        if after.columns[table][name].kind != column.kind
        or after.columns[table][name].is_needed > column.is_needed
    ]

    assert changed == []


def test_a_row_is_written_without_the_new_columns(steps):
    needed = [
        f"{revision}: {table}.{name}"
        for revision, before, after in steps
        for table, columns in after.columns.items()
        if table in before.columns
        for name, column in columns.items()
        if name not in before.columns[table] and column.is_needed and not column.has_default
    ]

    assert needed == []


def test_a_new_constraint_on_old_columns_was_thought_about(steps):
    """One that looks at new columns only holds for rows without them: NULL breaks no rule."""
    new = {
        f"{revision}: {table}.{name}"
        for revision, before, after in steps
        for table, constraints in after.constraints.items()
        for name, seen in constraints.items()
        if name not in before.constraints.get(table, {})
        and seen & set(before.columns.get(table, {}))
    }

    assert new == set(REVIEWED)


def git(*words: str) -> bytes:
    """What git answers; nothing where it or the history is missing."""
    said = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False)
    return said.stdout if said.returncode == 0 else b""


def code_before() -> str:
    """The last commit before this release's first migration, if the clone reaches back to it."""
    (path,) = (ROOT / "migrations/versions").glob(f"*_{FIRST_OF_THIS_RELEASE}_*.py")
    added = git("log", "--diff-filter=A", "--format=%H", "--", str(path)).decode().split()
    return git("rev-parse", "--verify", f"{added[-1]}^").decode().strip() if added else ""


BEFORE = code_before() if shutil.which("git") else ""
SMOKE = """
import sys
from pathlib import Path
from tests import site
from tests.factories.scheduling import monday_seven, open_clinic
from tests.people import PEOPLE

app = site.build_app(sys.argv[1], Path(sys.argv[2]))
with monday_seven():
    with app.app_context():
        open_clinic()
    sam, rosa = (app.test_client().sign_in(one) for one in (PEOPLE.sam, PEOPLE.rosa))
    wish = {"type": "consultation", "provider": "DOC901"}
    book, moved = "/api/appointments/book/", {"starts_at": "2026-11-23T10:00:00+08:00"}
    booked = sam.post(book, json=wish | {"starts_at": "2026-11-23T09:00:00+08:00"})
    assert booked.status_code == 201, booked.text
    number = booked.json["id"]
    answer = sam.post(f"/api/appointments/{number}/reschedule/", json=moved)
    assert answer.status_code in (200, 201), answer.text
    for path in ("/", "/healthz"):
        assert rosa.get(path).status_code == 200, path
    assert sam.get("/portal/").status_code == 200
print("the release before works")
"""

if BEFORE:

    def test_the_release_before_signs_in_and_books_on_the_new_schema(
        template_database, worker_name, tmp_path
    ):
        with tarfile.open(fileobj=BytesIO(git("archive", BEFORE))) as packed:
            packed.extractall(tmp_path / "code", filter="data")
        for name in ("app/static/vendor", "portal/static/vendor"):
            (tmp_path / "code" / name).symlink_to(ROOT / name)
        name = f"{worker_name}_previous"
        url = site.copy_database(template_database, name)

        said = subprocess.run(
            [sys.executable, "-c", SMOKE, url, str(tmp_path / "home")],
            cwd=tmp_path / "code",
            env={k: v for k, v in os.environ.items() if not k.startswith("COV_")},
            capture_output=True,
            text=True,
            check=False,
        )

        databases.drop_database(template_database, name)
        assert "the release before works" in said.stdout, said.stderr
