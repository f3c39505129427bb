"""What /healthz looks at: can the system do its work now?"""

from redis import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.infra import db, outbox, queue


def check_database() -> str:
    """ok, or what is wrong: away, or its schema is missing."""
    try:
        revision = db.session().execute(text("SELECT version_num FROM alembic_version")).scalar()
    except SQLAlchemyError:
        db.session().rollback()
        return "unavailable"
    return "ok" if revision else "not migrated"


def check_queue(url: str) -> str:
    """ok, or unavailable. Bookings go on without it; messages wait."""
    try:
        with queue.connect(url) as connection:
            connection.ping()
    except (RedisError, ValueError, OSError):
        return "unavailable"
    return "ok"


def report(redis_url: str) -> tuple[bool, dict[str, object]]:
    """Whether the system is ready, and what was checked.

    A lost queue does not make it unready: bookings are taken and messages follow later.
    """
    database = check_database()
    checks: dict[str, object] = {"database": database, "queue": check_queue(redis_url)}
    if database == "ok":
        checks["waiting_jobs"] = outbox.waiting_jobs()
    return database == "ok", checks
