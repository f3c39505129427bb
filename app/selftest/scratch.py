"""A scratch database beside the clinic's, and sites on it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from flask import Flask
from flask_migrate import upgrade

from app.factory import create_app
from app.infra.databases import create_database, drop_database
from app.infra.db import db
from config.settings import Settings, read_settings

# What the sample clinic relies on, whatever the installation has configured.
CONFIGURED = {
    "STUDENT_ID_PATTERN": r"\d{8}",
    "STAFF_ID_PATTERN": r"[A-Za-z]+\d+",
    "MAX_OPEN_BOOKINGS": "50",
    "MAX_BOOKINGS_PER_DAY": "50",
    "MAX_BOOKINGS_PER_WEEK": "50",
    "LOG_LEVEL": "ERROR",
}


def settings_of(url: str, *, connections: int = 5) -> Settings:
    """The installation's settings with another database."""
    return read_settings(
        {
            **os.environ,
            **CONFIGURED,
            "DATABASE_URL": url,
            "DATABASE_OWNER_URL": url,
            "DATABASE_POOL_SIZE": str(connections),
        }
    )


@contextmanager
def scratch_site() -> Iterator[tuple[Flask, str]]:
    """A site on an empty, migrated database of its own, and the database's URL."""
    home = read_settings().scratch_url
    name = f"uscpis_selftest_{uuid4().hex[:10]}"
    url = create_database(home, name)
    try:
        app = create_app(settings_of(url))
        with app.app_context():
            upgrade()
            yield app, url
            db.session.remove()
            db.engine.dispose()
    finally:
        drop_database(home, name)
