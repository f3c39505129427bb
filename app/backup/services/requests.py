"""A restore needs two people: one asks, another approves and gets the code (BAK-04)."""

from sqlalchemy import select

from app.backup.errors import BadCode, NoReason, RequestNotFound, RequestOver, TwoPeople
from app.backup.models import RestoreRequest
from app.backup.permissions import Permission
from app.backup.rules.asking import (
    CODE_LASTS,
    OPEN_FOR,
    SHORTEST_REASON,
    hash_of,
    is_good,
    is_reason,
    new_code,
)
from app.backup.services.checking import read_set
from app.backup.services.keys import backup_vault
from app.backup.services.places import place_named
from app.backup.services.settling import Authority
from app.infra.db import Transaction, transaction
from app.kernel import clock
from app.kernel.actor import Actor
from app.notifications.services import raise_alarm
from app.security.services import record_event

PAGE = "/backups/restore/"


def ask_restore(actor: Actor, *, set_name: str, place: str, reason: str) -> int:
    """Ask another administrator to approve a restore; returns the request's key.

    Raises Forbidden, NoReason, and what `read_set` says of a set that cannot be restored.
    """
    actor.require(Permission.RESTORE_ASK)
    if not is_reason(reason):
        raise NoReason(SHORTEST_REASON)
    read_set(place_named(place), backup_vault(), set_name)
    now = clock.now()
    with transaction() as tx:
        request = RestoreRequest(
            set_name=set_name,
            place=place,
            reason=reason.strip(),
            asked_by_id=actor.user_id,
            asked_by_name=actor.name[:160],
            asked_at=now,
            expires_at=now + OPEN_FOR,
        )
        tx.add(request)
        tx.flush()
        _record(tx, actor, "ask", request)
        raise_alarm(
            tx,
            actor,
            event="backup.restore_asked",
            subject=f"{actor.name} asks to restore a backup",
            link=PAGE,
        )
        return int(request.id)


def approve_restore(actor: Actor, *, request_id: int) -> str:
    """Approve somebody else's request; returns the code, which is shown once and never stored.

    Raises Forbidden, RequestNotFound, TwoPeople, RequestOver.
    """
    actor.require(Permission.RESTORE_APPROVE)
    now, code = clock.now(), new_code()
    with transaction() as tx:
        request = _locked(tx, request_id)
        if request.asked_by_id == actor.user_id or actor.user_id is None:
            raise TwoPeople()
        if request.approved_at or request.cancelled_at or now >= request.expires_at:
            raise RequestOver()
        request.approved_by_id, request.approved_by_name = actor.user_id, actor.name[:160]
        request.approved_at, request.expires_at = now, now + CODE_LASTS
        request.code_hash = hash_of(code)
        _record(tx, actor, "approve", request)
    return code


def cancel_restore(actor: Actor, *, request_id: int) -> None:
    """Take a request back; its code no longer works. Raises RequestNotFound, RequestOver."""
    actor.require(Permission.RESTORE_ASK)
    with transaction() as tx:
        request = _locked(tx, request_id)
        if request.cancelled_at or clock.now() >= request.expires_at:
            raise RequestOver()
        request.cancelled_at = clock.now()
        _record(tx, actor, "cancel", request)


def use_code(actor: Actor, *, set_name: str, code: str) -> Authority:
    """Who stands behind this code; notes its use. Raises BadCode.

    A restore that stopped half-way may be begun again with it until it expires. After a restore
    the request is gone with the database that held it, so it restores once.
    """
    now = clock.now()
    with transaction() as tx:
        request = tx.execute(
            select(RestoreRequest)
            .where(RestoreRequest.code_hash == hash_of(code), RestoreRequest.code_hash != "")
            .with_for_update()
        ).scalar_one_or_none()
        if request is None or request.set_name != set_name or not _may_begin(request):
            raise BadCode()
        request.used_at = request.used_at or now
        _record(tx, actor, "begin", request)
        return Authority(request.asked_by_name, request.approved_by_name, request.reason)


def _may_begin(request: RestoreRequest) -> bool:
    return is_good(
        approved=request.approved_at is not None,
        cancelled_at=request.cancelled_at,
        expires_at=request.expires_at,
        now=clock.now(),
    )


def _locked(tx: Transaction, request_id: int) -> RestoreRequest:
    request: RestoreRequest | None = tx.execute(
        select(RestoreRequest)
        .where(RestoreRequest.id == request_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if request is None:
        raise RequestNotFound()
    return request


def _record(tx: Transaction, actor: Actor, action: str, request: RestoreRequest) -> None:
    record_event(
        tx,
        actor,
        f"backup:restore:{action}",
        object_type="RestoreRequest",
        object_id=request.id,
        reason=request.reason,
        details={"set": request.set_name, "place": request.place},
    )
