"""What a restore would change, said before anybody decides; nothing is changed by looking."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from app.backup.errors import BackupFailed
from app.backup.rules import Manifest, check_compatible
from app.backup.services.history import known_revisions
from app.backup.services.making import row_counts, server_major
from app.backup.services.proving import reading
from app.backup.services.replacing import LiveState, live_state
from app.backup.services.restore import live_site
from app.backup.services.restoring import Place, administering
from app.kernel import clock
from app.kernel.errors import DomainError


@dataclass(frozen=True, slots=True)
class TableChange:
    """How many rows a table has now, and would have."""

    name: str
    then: int
    now: int

    @property
    def difference(self) -> int:
        """Rows that come back, or go when it is below zero."""
        return self.then - self.now


@dataclass(frozen=True, slots=True)
class Preview:
    """A set and what it would replace. `refusal` says why it cannot be restored here."""

    manifest: Manifest
    age: timedelta
    state: LiveState
    tables: tuple[TableChange, ...]
    refusal: str
    needs_migration: bool

    @property
    def changed(self) -> list[TableChange]:
        """The tables that would not stay as large as they are."""
        return [table for table in self.tables if table.difference]

    @property
    def lost_since(self) -> datetime:
        """What was entered after this moment would be lost."""
        return self.manifest.made_at


def preview_set(place: Place) -> Preview:
    """Look at a set that was opened, and at what is live. Raises BackupFailed."""
    site, manifest = live_site(), place.manifest
    state = live_state(site)
    now: dict[str, int] = {}
    try:
        if state is LiveState.IN_USE:
            with reading(site.database_url) as connection:
                now = row_counts(connection)
        with administering(site.database_url) as server:
            major = server_major(server)
    except SQLAlchemyError as error:
        raise BackupFailed("The live database cannot be read.") from error
    names = sorted({*now, *manifest.row_counts})
    return Preview(
        manifest=manifest,
        age=clock.now() - manifest.made_at,
        state=state,
        tables=tuple(
            TableChange(name, manifest.row_counts.get(name, 0), now.get(name, 0)) for name in names
        ),
        refusal=_refusal(manifest, major),
        needs_migration=manifest.schema_revision != known_revisions()[-1],
    )


def _refusal(manifest: Manifest, major: int) -> str:
    try:
        check_compatible(manifest, history=known_revisions(), server_major=major)
    except DomainError as refusal:
        return refusal.message
    return ""
