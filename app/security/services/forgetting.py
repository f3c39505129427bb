"""Accounts of people whose records are no longer kept (RET-02)."""

from collections.abc import Mapping

from sqlalchemy import delete, func, select

from app.infra.db import Transaction
from app.kernel.actor import Actor
from app.kernel.ids import UserId
from app.security.models import ClinicUser, SignInAttempt
from app.security.services.audit import record_event
from app.security.services.sessions import end_sessions

NO_PASSWORD = "!"  # noqa: S105 - no hash looks like this, so no password fits


def forget_accounts(
    tx: Transaction, actor: Actor, pseudonyms: Mapping[UserId, str]
) -> dict[str, int]:
    """Close them for good and take name, addresses and ID out; the key stays for the trail.

    The lines of the audit trail itself are sealed and stay as they are (AUD-02, AUD-05).
    """
    found = tx.execute(select(ClinicUser).where(ClinicUser.id.in_(list(pseudonyms)))).scalars()
    accounts = list(found)
    logins = [
        login.lower()
        for user in accounts
        for login in (user.username, user.email, user.university_id)
        if login
    ]
    tried = delete(SignInAttempt).where(func.lower(SignInAttempt.login).in_(logins))
    attempts = int(tx.execute(tried).rowcount)
    for user in accounts:
        pseudonym = pseudonyms[UserId(user.id)]
        user.first_name, user.last_name = "Person", pseudonym
        user.username, user.email = f"gone-{pseudonym.lower()}", _nowhere(pseudonym)
        user.university_id, user.password = None, NO_PASSWORD
        user.active, user.roles, user.groups = False, [], []
        end_sessions(actor, user_id=UserId(user.id), reason="record disposed of")
        record_event(tx, actor, "security:user:forget", object_type="User", object_id=user.id)
    tx.session.flush()
    return {"accounts": len(accounts), "sign-in attempts": attempts}


def _nowhere(pseudonym: str) -> str:
    """An address that cannot exist (RFC 2606), because the column must hold one."""
    return f"gone-{pseudonym.lower()}@disposed.invalid"
