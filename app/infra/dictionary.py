"""The data dictionary: every table and column as the models declare them, as one page."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import CheckConstraint, Column, MetaData, Table, UniqueConstraint
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import registry

from app.infra.db import Base, FabModel

HEADING = """# Data dictionary

Generated from the models by `make docs`; a test fails when this page is stale or a table has no
description. Instants (`TIMESTAMP WITH TIME ZONE`) are UTC, dates and times of day are the
clinic's. Exclusion constraints and triggers stand in `migrations/versions/`.
"""
# FAB describes its tables in its own documentation; these say what we use them for.
FROM_FAB = {
    "ab_api_key": "Keys for programs. FAB's; not used.",
    "ab_group": "Several roles under one name, given to many users at once. FAB's.",
    "ab_group_role": "Which roles a group gives. FAB's.",
    "ab_permission": "The names of permissions, such as `can_read`. FAB's.",
    "ab_permission_view": "A permission on a resource: what a role is made of. FAB's.",
    "ab_permission_view_role": "Which permissions a role has. FAB's.",
    "ab_register_user": "Registrations that wait for their code. FAB's; not used.",
    "ab_role": "Roles, edited by admins in the app. FAB's.",
    "ab_user_group": "Which groups a user is in. FAB's.",
    "ab_user_role": "Which roles a user has. FAB's.",
    "ab_view_menu": "The names of resources, such as `Appointment`. FAB's.",
}


def data_dictionary(metadata: MetaData) -> str:
    """The page in Markdown."""
    described = descriptions()
    tables = sorted(metadata.tables.values(), key=lambda table: table.name)
    return "\n".join([HEADING, *(_section(table, described) for table in tables)])


def descriptions() -> dict[str, str]:
    """What each table is for: the first paragraph of its class's docstring."""
    described = dict(FROM_FAB)
    for owner in (FabModel.registry, Base.registry):
        described |= _documented(owner)
    return described


def _documented(owner: registry) -> dict[str, str]:
    """FAB's own classes are left out: what they say is not about the clinic."""
    return {
        str(mapper.local_table.description): " ".join(text.split("\n\n")[0].split())
        for mapper in owner.mappers
        if (text := mapper.class_.__doc__) and mapper.class_.__module__.startswith("app.")
    }


def _section(table: Table, described: dict[str, str]) -> str:
    lines = [f"## {table.name}", "", described.get(table.name, ""), ""]
    lines += ["| column | type | may be empty | notes |", "|---|---|---|---|"]
    lines += [_row(column) for column in table.columns]
    notes = sorted(_constraints(table))
    return "\n".join([*lines, *([""] if notes else []), *(f"- {note}" for note in notes), ""])


def _row(column: Column[Any]) -> str:
    kind = column.type.compile(dialect=postgresql.dialect())
    return f"| {column.name} | {kind} | {'yes' if column.nullable else 'no'} | {_notes(column)} |"


def _notes(column: Column[Any]) -> str:
    notes = ["primary key"] if column.primary_key else []
    notes += sorted(f"→ {key.target_fullname}" for key in column.foreign_keys)
    if column.unique:
        notes.append("unique")
    if column.server_default is not None and hasattr(column.server_default, "arg"):
        notes.append(f"default {column.server_default.arg}")
    return "; ".join(notes)


def _constraints(table: Table) -> Iterator[str]:
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield f"unique: {_names(constraint.columns)}"
        elif isinstance(constraint, CheckConstraint):
            yield f"check: `{' '.join(str(constraint.sqltext).split())}`"
    for index in table.indexes:
        kind = "unique index" if index.unique else "index"
        yield f"{kind}: {_names(index.expressions)}"


def _names(parts: Iterable[Any]) -> str:
    return ", ".join(f"`{getattr(part, 'name', None) or part}`" for part in parts)
