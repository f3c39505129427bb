"""Signing in, and ending what began with it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, insert, update

from app.infra.db import Transaction, transaction
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.ids import UserId
from app.security import queries, rules
from app.security.models import ClinicUser, SignInAttempt
from app.security.services.audit import record_event

ATTEMPTS_KEPT_FOR = timedelta(days=30)
FIRST_YEAR = datetime(2020, 1, 1, tzinfo=UTC)


def sign_in(
    actor: Actor, *, login: str, address: str, is_right: Callable[[str | None], bool]
) -> UserId | None:
    """The account to sign in, or None without saying why (AUT-01, AUT-03).

    `is_right` compares the password with a hash, or with a fake one for None, so that an
    unknown name takes as long as a wrong password. The try is stored before it is decided:
    tries that run side by side all count.
    """
    name = rules.normal_login(login)
    attempt_id = _note_attempt(name, address)
    since = clock.now() - rules.THROTTLE_WINDOW
    throttled = rules.is_throttled(queries.recent_failures(name, address, since=since))
    user_id = queries.user_id_for_login(name)
    user = _user(user_id)
    is_welcome = is_right(user.password if user else None) and user is not None
    if throttled or not is_welcome or user is None or not _may_enter(user):
        _note_refusal(actor, user_id, throttled=throttled)
        return None
    _note_success(actor, user, attempt_id)
    return UserId(user.id)


def _may_enter(user: ClinicUser) -> bool:
    """Open accounts only; in production none with a password that was printed (AUT-07)."""
    return bool(user.active) and not (user.is_demo and settings().is_production)


def _user(user_id: UserId | None) -> ClinicUser | None:
    with transaction() as tx:
        return tx.session.get(ClinicUser, user_id) if user_id is not None else None


def _note_attempt(login: str, address: str) -> int:
    with transaction() as tx:
        attempt = insert(SignInAttempt).values(
            login=login, address=address, succeeded=False, at=clock.now()
        )
        return int(tx.execute(attempt.returning(SignInAttempt.id)).scalar_one())


def _note_refusal(actor: Actor, user_id: UserId | None, *, throttled: bool) -> None:
    with transaction() as tx:
        record_event(
            tx,
            actor,
            "security:session:sign-in",
            object_type="User",
            object_id=user_id or "unknown",
            outcome="refused",
            details={"throttled": throttled},
        )


def _note_success(actor: Actor, user: ClinicUser, attempt_id: int) -> None:
    now = clock.now()
    with transaction() as tx:
        tx.execute(
            update(SignInAttempt).where(SignInAttempt.id == attempt_id).values(succeeded=True)
        )
        tx.execute(
            update(ClinicUser)
            .where(ClinicUser.id == user.id)
            .values(
                login_count=func.coalesce(ClinicUser.login_count, 0) + 1,
                fail_login_count=0,
                last_login=now.replace(tzinfo=None),
            )
        )
        record_event(tx, actor, "security:session:sign-in", object_type="User", object_id=user.id)


def end_sessions(actor: Actor, *, user_id: UserId, reason: str = "") -> None:
    """Every session of the account ends at its next request (AUT-05)."""
    with transaction() as tx:
        tx.execute(
            update(ClinicUser)
            .where(ClinicUser.id == user_id)
            .values(session_epoch=ClinicUser.session_epoch + 1)
        )
        record_event(
            tx,
            actor,
            "security:session:end",
            object_type="User",
            object_id=user_id,
            reason=reason,
        )


def end_all_sessions(tx: Transaction) -> None:
    """Every session of everybody ends at its next request (AUT-05), for a restored database.

    The number jumps to the seconds since 2020: adding one could bring back a number that was in
    use after the backup was made, and with it a session that had been ended.
    """
    jump = int((clock.now() - FIRST_YEAR).total_seconds())
    tx.execute(
        update(ClinicUser)
        .values(session_epoch=func.greatest(ClinicUser.session_epoch, jump) + 1)
        .execution_options(synchronize_session=False)
    )


def purge_attempts() -> int:
    """Forget sign-in attempts after a month. Returns how many."""
    with transaction() as tx:
        result = tx.execute(
            delete(SignInAttempt).where(SignInAttempt.at < clock.now() - ATTEMPTS_KEPT_FOR)
        )
    return int(result.rowcount)
