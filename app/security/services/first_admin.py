"""The first admin of an installation, made where nobody can sign in yet (AUT-07, AUT-08)."""

from app.infra.db import transaction
from app.infra.locks import LockSpace, lock
from app.kernel.actor import Actor
from app.kernel.ids import UserId
from app.kernel.permission import Role
from app.security import queries
from app.security.errors import AdminExists, NobodyAsks, OnlyAdmins
from app.security.services.accounts import open_account
from app.security.services.audit import record_event

ONE_AT_A_TIME = 1  # the key within LockSpace.ROLES; 0 is held while roles are seeded


def open_first_admin(
    actor: Actor,
    *,
    university_id: str,
    first_name: str,
    last_name: str,
    email: str,
    password_hash: str,
    forced_by: str | None = None,
) -> UserId:
    """Open the account of an admin, as long as nobody is one. Only for the command line.

    Later admins are made by admins. When none of them can sign in any more, somebody with access
    to the server takes it upon them: `forced_by` is their name and goes into the audit trail.
    Raises AdminExists without it, NobodyAsks when it is empty, and what open_account raises.
    """
    if not actor.is_system:
        raise OnlyAdmins()
    if forced_by is not None and not forced_by.strip():
        raise NobodyAsks()
    with transaction() as tx:
        lock(tx, LockSpace.ROLES, [ONE_AT_A_TIME])
        admins = len(queries.accounts_with_roles([Role.ADMIN]))
        if admins and forced_by is None:
            raise AdminExists()
        user_id = open_account(
            actor,
            university_id=university_id,
            first_name=first_name,
            last_name=last_name,
            email=email,
            roles=[Role.ADMIN],
            password_hash=password_hash,
        )
        record_event(
            tx,
            actor,
            "security:admin:create",
            object_type="User",
            object_id=user_id,
            reason=f"forced by {forced_by.strip()[:160]}" if forced_by else "first admin",
            details={"admins_before": admins},
        )
    return user_id
