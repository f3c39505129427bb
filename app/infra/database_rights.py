"""Rights of the account that the site runs with, for servers where it does not own the database.

The owner's account migrates and restores; the site's own may read and write rows, and nothing
else (AUD-02, docs/adr/0020). What history forbids is read from the catalogue: a deed that a
trigger refuses to everybody is not granted either, so that nobody can take the trigger away first.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg2.extensions import encrypt_password
from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from app.infra.locks import LockSpace

SITE_KEY = 2  # beside the lock of migrations (migrations/env.py)
EVERYTHING = ("SELECT", "INSERT", "UPDATE", "DELETE")
DEEDS = {8: "DELETE", 16: "UPDATE", 32: "TRUNCATE"}  # pg_trigger.tgtype
READ_ONLY = ("alembic_version",)
Right = tuple[str, str]  # the privilege, and a column or nothing

_TABLES = text(
    "SELECT c.relname, c.relkind = 'S' AS is_sequence,"
    " ARRAY(SELECT attname::text FROM pg_attribute"
    "  WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns,"
    " ARRAY(SELECT privilege_type || ' ' FROM aclexplode(c.relacl) WHERE grantee = r.oid"
    "  UNION ALL SELECT a.privilege_type || ' ' || attname FROM pg_attribute,"
    "  aclexplode(attacl) a WHERE attrelid = c.oid AND a.grantee = r.oid) AS given,"
    " EXISTS(SELECT FROM aclexplode(c.relacl) WHERE grantee = 0) AS is_public"
    " FROM pg_class c, pg_roles r WHERE r.rolname = :role AND c.relkind IN ('r', 'p', 'v', 'S')"
    " AND c.relnamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend"
    "  WHERE objid = c.oid AND classid = 'pg_class'::regclass AND deptype = 'e')"
    " ORDER BY c.relname"
)
_REFUSED = text(
    "SELECT c.relname, t.tgtype, ARRAY(SELECT attname::text FROM pg_attribute"
    "  WHERE attrelid = c.oid AND attnum = ANY (t.tgattr)) AS columns"
    " FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
    " WHERE p.proname = 'refuse_change' AND c.relnamespace = 'public'::regnamespace"
)
_ROLE = text(
    "SELECT rolsuper, pg_has_role(oid, 'MEMBER') AS is_ours, rolname = current_user AS is_owner"
    " FROM pg_roles WHERE rolname = :role"
)
_AROUND = text(
    "SELECT has_schema_privilege(:role, 'public', 'CREATE') AS creates,"
    " has_schema_privilege(:role, 'public', 'USAGE') AS looks,"
    " has_database_privilege(:role, current_database(), 'TEMPORARY') AS keeps,"
    " has_database_privilege(:role, current_database(), 'CONNECT') AS enters"
)
# What the present account could do to tables that nobody may change.
_POWERS = text(
    "SELECT r.rolsuper, r.rolcreaterole,"
    " (SELECT pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = current_database()),"
    " ARRAY(SELECT c.relname::text FROM pg_class c WHERE c.relname = ANY (:tables)"
    "  AND c.relnamespace = 'public'::regnamespace AND pg_has_role(c.relowner, 'USAGE')),"
    " ARRAY(SELECT c.relname::text FROM pg_class c WHERE c.relname = ANY (:tables)"
    "  AND c.relnamespace = 'public'::regnamespace"
    "  AND (has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER')"
    "   OR has_any_column_privilege(c.oid, 'UPDATE')))"
    " FROM pg_roles r WHERE r.rolname = current_user"
)


class RightsRefused(Exception):
    """The server does not let the owner's account do this. The text says what to do."""


@dataclass(frozen=True, slots=True)
class Powers:
    """Why an account could change tables that must not be changed, and those it was given."""

    reasons: tuple[str, ...]
    given: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table or a sequence, and what the site's account was given on it."""

    name: str
    is_sequence: bool
    columns: tuple[str, ...]
    given: frozenset[Right]
    is_public: bool


def renew_rights(owner_url: str, site_url: str, *, kept: Collection[str]) -> list[str]:
    """Give the account of `site_url` what the site needs in the owner's database, and no more.

    `kept` are tables that are only added to, whatever the catalogue says. Makes the account where
    there is none and the owner may. Safe to repeat; returns what it did. Raises RightsRefused.
    """
    site = make_url(site_url)
    with _as_owner(owner_url) as connection:
        return [*_account(connection, site), *_rights(connection, _role(site), kept)]


def make_accounts(owner_url: str, site_url: str, scratch_url: str) -> list[str]:
    """Only the accounts, which the whole server knows; the second one makes scratch databases.

    Leaves one alone that lives on another server. Raises RightsRefused.
    """
    with _as_owner(owner_url) as connection:
        done = list(_account(connection, make_url(site_url)))
        if scratch_url and _server(scratch_url) == _server(owner_url):
            done += _account(connection, make_url(scratch_url), "CREATEDB")
    return done


def powers_over(connection: Connection, tables: Collection[str]) -> Powers:
    """What the present account could do to tables that are only added to (AUD-02)."""
    found = connection.execute(_POWERS, {"tables": list(tables)}).one()
    is_superuser, makes_roles, owns_database, owned, changed = found
    given = tuple(sorted(set(changed) - set(owned)))
    why = ["it is a superuser"] if is_superuser else []
    why += ["it may make itself a member of other accounts"] if makes_roles else []
    why += ["it owns the database"] if owns_database else []
    why += [f"it owns {name}" for name in sorted(owned)]
    return Powers((*why, *(f"it may change {name}" for name in given)), given)


@contextmanager
def _as_owner(url: str) -> Iterator[Connection]:
    """One transaction of the owner; nobody else gives rights in this database meanwhile."""
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    try:
        with engine.begin() as connection:
            connection.execute(
                text("SELECT pg_advisory_xact_lock(:space, :key)"),
                {"space": int(LockSpace.MIGRATION), "key": SITE_KEY},
            )
            yield connection
    except DBAPIError as error:
        said = str(error.orig).strip().splitlines()[0]
        raise RightsRefused(f"The database server refused: {said}") from error


def _server(url: str) -> str:
    """What tells servers apart in a URL."""
    parts = make_url(url)
    return f"{parts.host} {parts.port} {sorted(parts.query.items())}"


def _account(connection: Connection, site: URL, more: str = "") -> Iterator[str]:
    """The account is there, is no superuser, and the owner may put it out of a database."""
    role = _role(site)
    found = connection.execute(_ROLE, {"role": role}).one_or_none()
    if found is None:
        _make_role(connection, site, more)
        yield f"The account {role} was made."
    elif found.rolsuper:
        raise RightsRefused(f"The account {role} is a superuser. Use an ordinary one.")
    elif found.is_owner:
        raise RightsRefused(f"The account {role} is the owner's. The site needs another one.")
    if found is None or not found.is_ours:
        try:
            connection.execute(text(f"GRANT {_quoted(role)} TO CURRENT_USER"))
        except DBAPIError as error:
            raise RightsRefused(
                "The owner must be able to put the site's account out of the database. As a"
                f" superuser: GRANT {_quoted(role)} TO {_quoted(_owner(connection))};"
            ) from error
        yield f"The owner became a member of {role}."


def _make_role(connection: Connection, site: URL, more: str) -> None:
    role = _role(site)
    secret = encrypt_password(
        site.password or "", role, connection.connection.dbapi_connection, "scram-sha-256"
    )
    try:
        words = f"LOGIN {more} PASSWORD '{secret}'".replace(":", "\\:")
        connection.execute(text(f"CREATE ROLE {_quoted(role)} {words}"))
    except DBAPIError as error:
        raise RightsRefused(
            f"There is no account {role}, and the owner may not make one. As a superuser:"
            f" CREATE ROLE {_quoted(role)} LOGIN {more} PASSWORD '...';"
            f" GRANT {_quoted(role)} TO {_quoted(_owner(connection))};"
        ) from error


def _rights(connection: Connection, role: str, kept: Collection[str]) -> Iterator[str]:
    around = connection.execute(_AROUND, {"role": role}).one()
    database, name = _quoted(_database(connection)), _quoted(role)
    for is_wrong, statement in (
        (around.creates, f"REVOKE CREATE ON SCHEMA public FROM PUBLIC, {name}"),
        (not around.looks, f"GRANT USAGE ON SCHEMA public TO {name}"),
        (around.keeps, f"REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC, {name}"),
        (not around.enters, f"GRANT CONNECT ON DATABASE {database} TO {name}"),
    ):
        if is_wrong:
            connection.execute(text(statement))
            yield f"{statement}."
    withheld = _withheld(connection, kept)
    for table in _tables(connection, role):
        wanted = _wanted(table, withheld.get(table.name, {}))
        if table.given != wanted or table.is_public:
            _give(connection, table, name, wanted)
            yield f"{table.name}: {_words(wanted)}."


def _tables(connection: Connection, role: str) -> list[Table]:
    rows = connection.execute(_TABLES, {"role": role})
    return [
        Table(
            row.relname,
            row.is_sequence,
            tuple(row.columns),
            frozenset(
                (right, column) for right, _, column in (g.partition(" ") for g in row.given)
            ),
            row.is_public,
        )
        for row in rows
    ]


def _withheld(connection: Connection, kept: Collection[str]) -> dict[str, dict[str, set[str]]]:
    """What is forbidden to everybody: by table the deeds, each with its columns or with none."""
    found: dict[str, dict[str, set[str]]] = {}
    for row in connection.execute(_REFUSED):
        deeds = found.setdefault(row.relname, {})
        for bit, deed in DEEDS.items():
            if row.tgtype & bit:
                deeds[deed] = set(row.columns) if deed == "UPDATE" else set()
    return found | {name: {"UPDATE": set(), "DELETE": set()} for name in kept}


def _wanted(table: Table, withheld: Mapping[str, Collection[str]]) -> frozenset[Right]:
    if table.is_sequence:
        return frozenset({("SELECT", ""), ("USAGE", "")})
    if table.name in READ_ONLY:
        return frozenset({("SELECT", "")})
    rights = {(right, "") for right in EVERYTHING if right not in withheld}
    columns = withheld.get("UPDATE")
    if columns:  # RET-02: the words of somebody who was disposed of may be blanked
        rights |= {("UPDATE", column) for column in table.columns if column not in columns}
    return frozenset(rights)


def _give(connection: Connection, table: Table, role: str, wanted: frozenset[Right]) -> None:
    kind = "SEQUENCE" if table.is_sequence else "TABLE"
    target = f"{kind} {_quoted(table.name)}"
    connection.execute(text(f"REVOKE ALL ON {target} FROM PUBLIC, {role}"))
    rights = ", ".join(
        f"{right} ({_quoted(column)})" if column else right for right, column in wanted
    )
    connection.execute(text(f"GRANT {rights} ON {target} TO {role}"))


def _words(wanted: frozenset[Right]) -> str:
    return ", ".join(
        sorted(f"{right} of {column}" if column else right for right, column in wanted)
    )


def _role(site: URL) -> str:
    if not site.username:
        raise RightsRefused("DATABASE_URL names no account.")
    return site.username


def _owner(connection: Connection) -> str:
    return connection.engine.url.username or "the owner"


def _database(connection: Connection) -> str:
    return str(connection.scalar(text("SELECT current_database()")))


def _quoted(name: str) -> str:
    """A name as PostgreSQL wants it; the colon is SQLAlchemy's."""
    return '"' + name.replace('"', '""').replace(":", "\\:") + '"'
