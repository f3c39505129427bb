"""What people see before a restore: requests, the sets to choose from, what one would change."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.backup import queries
from app.backup.errors import RunNotFound
from app.backup.models import RestoreRequest
from app.backup.permissions import Permission
from app.backup.queries import RunView
from app.backup.rules.runs import age_in_words
from app.backup.services.preview import Preview, preview_set
from app.backup.services.restore import found_set
from app.infra.db import session
from app.kernel import clock
from app.kernel.actor import Actor

SHOWN = 20


@dataclass(frozen=True, slots=True)
class RequestLine:
    """One request; `may_*` is what the person who looks may do with it now."""

    id: int
    set_name: str
    place: str
    reason: str
    asked_by: str
    asked_at: datetime
    approved_by: str
    expires_at: datetime
    state: str
    may_approve: bool
    may_cancel: bool


@dataclass(frozen=True, slots=True)
class RestorePage:
    """Requests that are open, those that are over, and the sets that are kept."""

    open_requests: list[RequestLine]
    past_requests: list[RequestLine]
    sets: list[RunView]
    may_ask: bool


@dataclass(frozen=True, slots=True)
class SetPage:
    """One set and what it would replace."""

    run: RunView
    place: str
    age: str
    preview: Preview
    may_ask: bool


def restore_page(actor: Actor) -> RestorePage:
    """Raises Forbidden."""
    actor.require(Permission.RESTORE_READ)
    rows = session().scalars(select(RestoreRequest).order_by(RestoreRequest.id.desc()).limit(SHOWN))
    now = clock.now()
    lines = [_line(actor, row, now) for row in rows]
    return RestorePage(
        open_requests=[line for line in lines if line.state in ("waiting", "approved")],
        past_requests=[line for line in lines if line.state not in ("waiting", "approved")],
        sets=[run for run in queries.kept_runs() if _place_of(run)],
        may_ask=actor.may(Permission.RESTORE_ASK),
    )


def set_page(actor: Actor, *, run_id: int) -> SetPage:
    """Open a set and compare it with what is live. Raises Forbidden, RunNotFound, and what
    `read_set` says of a set that cannot be restored."""
    actor.require(Permission.RESTORE_READ)
    run = queries.known_run(run_id)
    place = _place_of(run) if run is not None and run.is_kept else ""
    if run is None or not place:
        raise RunNotFound()
    preview = preview_set(found_set(place, str(run.set_name)))
    age = age_in_words(preview.age)
    return SetPage(run, place, age, preview, actor.may(Permission.RESTORE_ASK))


def _place_of(run: RunView) -> str:
    """The first place where the set lies."""
    return next((str(place["label"]) for place in run.places if place["is_there"]), "")


def _line(actor: Actor, row: RestoreRequest, now: datetime) -> RequestLine:
    state = _state(row, now)
    return RequestLine(
        id=row.id,
        set_name=row.set_name,
        place=row.place,
        reason=row.reason,
        asked_by=row.asked_by_name,
        asked_at=row.asked_at,
        approved_by=row.approved_by_name,
        expires_at=row.expires_at,
        state=state,
        may_approve=state == "waiting"
        and actor.may(Permission.RESTORE_APPROVE)
        and row.asked_by_id != actor.user_id,
        may_cancel=state in ("waiting", "approved") and actor.may(Permission.RESTORE_ASK),
    )


def _state(row: RestoreRequest, now: datetime) -> str:
    if row.cancelled_at:
        return "cancelled"
    if now >= row.expires_at:
        return "begun" if row.used_at else "expired"
    return "approved" if row.approved_at else "waiting"
