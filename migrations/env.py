"""Runs migrations: FAB's metadata plus ours, one at a time, with time-outs."""

from alembic import context
from flask import current_app
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from app import tables
from app.infra.locks import LockSpace

LOCK_TIMEOUT = "5s"
MIGRATION_KEY = 1


def _engine():  # type: ignore[no-untyped-def]
    settings = current_app.config["SETTINGS"]
    if settings.has_two_accounts:  # the site's own account may not change the schema (AUD-02)
        return create_engine(settings.owner_url, poolclass=NullPool, hide_parameters=True)
    return current_app.extensions["migrate"].db.engine


def run() -> None:
    """Migrate in one transaction, under a lock so that two deployments cannot collide."""
    with _engine().connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=tables.Base.metadata,
            transaction_per_migration=False,
            **current_app.extensions["migrate"].configure_args,
        )
        with context.begin_transaction():
            # Another deployment may take its time; only then is a lock worth five seconds.
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(
                text("SELECT pg_advisory_xact_lock(:space, :key)"),
                {"space": int(LockSpace.MIGRATION), "key": MIGRATION_KEY},
            )
            connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
            context.run_migrations()


run()
