"""Use cases of accounts: seeding roles, opening accounts, signing in, and the audit trail."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.infra.db import Transaction, transaction
from app.infra.fab_tables import FabPermission, FabRole, PermissionView, ViewMenu
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.ids import UserId
from app.kernel.permission import PermissionEnum, Role
from app.security import queries, rules
from app.security.errors import (
    AccountExists,
    PasswordTooWeak,
    RoleExists,
    RoleInUse,
    UnknownRole,
)
from app.security.models import AuditEvent, ClinicUser, RoleSeed, SignInAttempt
from app.security.permissions import Permission

ATTEMPTS_KEPT_FOR = timedelta(days=30)
ROLE_ITSELF = ""
INSERT_EVENT = insert(AuditEvent)


def record_event(
    tx: Transaction,
    actor: Actor,
    action: str,
    *,
    object_type: str,
    object_id: object,
    patient_id: int | None = None,
    outcome: str = "success",
    reason: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write who did what, in the transaction of the deed (AUD-01). No clinical words."""
    tx.later(
        INSERT_EVENT,
        {
            "at": clock.now(),
            "actor_id": actor.user_id,
            "actor_name": actor.name[:160],
            "actor_role": actor.role[:200],
            "channel": actor.channel.value,
            "address": actor.address[:45],
            "request_id": actor.request_id[:40],
            "action": action,
            "object_type": object_type,
            "object_id": str(object_id),
            "patient_id": patient_id,
            "outcome": outcome,
            "reason": reason,
            "details": dict(details or {}),
        },
    )


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
    if throttled or not is_welcome or user is None or not user.active:
        _note_refusal(actor, user_id, throttled=throttled)
        return None
    _note_success(actor, user, attempt_id)
    return UserId(user.id)


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


def open_account(
    actor: Actor,
    *,
    university_id: str,
    first_name: str,
    last_name: str,
    email: str,
    roles: Iterable[str],
    password_hash: str | None,
    is_demo: bool = False,
) -> UserId:
    """Open an account that can sign in. Raises AccountExists, UnknownRole."""
    with transaction() as tx:
        user = ClinicUser(
            username=university_id,
            university_id=university_id,
            first_name=first_name,
            last_name=last_name,
            email=email.lower(),
            password=password_hash,
            active=True,
            is_demo=is_demo,
        )
        user.roles = [_role(tx, name) for name in roles]
        tx.add(user)
        try:
            tx.flush()  # the event below names the account's id
        except IntegrityError as error:
            raise AccountExists() from error
        record_event(tx, actor, "security:user:open", object_type="User", object_id=user.id)
    return UserId(user.id)


def change_account(
    actor: Actor,
    *,
    user_id: UserId,
    first_name: str,
    last_name: str,
    email: str,
    university_id: str,
    is_active: bool,
    role_ids: Iterable[int],
) -> None:
    """Change an account; new roles or a closed account end its sessions (AUT-05, AUT-08).

    Raises AccountExists when the e-mail or university ID belongs to somebody else.
    """
    actor.require(Permission.USER_WRITE)
    with transaction() as tx:
        user = tx.session.get_one(ClinicUser, user_id)
        roles = tx.execute(select(FabRole).where(FabRole.id.in_(list(role_ids)))).scalars().all()
        loses_or_gains = set(user.roles) != set(roles) or bool(user.active) != is_active
        before = sorted(role.name for role in user.roles)
        user.first_name, user.last_name, user.email = first_name, last_name, email.lower()
        user.university_id, user.username, user.active = university_id, university_id, is_active
        user.roles = list(roles)
        try:
            tx.flush()  # a clash of names belongs to this form, not to the commit
        except IntegrityError as error:
            raise AccountExists() from error
        record_event(
            tx,
            actor,
            "security:user:change",
            object_type="User",
            object_id=user_id,
            details={"roles_before": before, "roles": sorted(role.name for role in roles)},
        )
        if loses_or_gains:
            end_sessions(actor, user_id=user_id, reason="roles or state changed")


def save_role(
    actor: Actor, *, role_id: int | None, name: str, permission_view_ids: Iterable[int]
) -> None:
    """Make or change a role and its permissions. Raises RoleExists for a taken name."""
    actor.require(Permission.ROLE_WRITE)
    with transaction() as tx:
        role = tx.session.get_one(FabRole, role_id) if role_id else FabRole()
        role.name = name
        role.permissions = list(
            tx.execute(
                select(PermissionView).where(PermissionView.id.in_(list(permission_view_ids)))
            ).scalars()
        )
        tx.add(role)
        try:
            tx.flush()  # the event names the id of a new role
        except IntegrityError as error:
            raise RoleExists() from error
        record_event(
            tx,
            actor,
            "security:role:save",
            object_type="Role",
            object_id=role.id,
            details={"name": name, "permissions": len(role.permissions)},
        )


def remove_role(actor: Actor, *, role_id: int) -> None:
    """Remove a role that nobody has. It is not seeded again. Raises RoleInUse."""
    actor.require(Permission.ROLE_WRITE)
    with transaction() as tx:
        role = tx.session.get_one(FabRole, role_id)
        if role.user:
            raise RoleInUse()
        role.permissions = []
        tx.session.delete(role)
        record_event(tx, actor, "security:role:remove", object_type="Role", object_id=role_id)


def check_password(password: str, *, forbidden_words: tuple[str, ...] = ()) -> None:
    """Raises PasswordTooWeak with the reason (AUT-02)."""
    problem = rules.password_problem(password, forbidden_words=forbidden_words)
    if problem:
        raise PasswordTooWeak(problem, errors={"password": [problem]})


def set_password_hash(actor: Actor, *, user_id: UserId, password_hash: str) -> None:
    """Store a new password and end the sessions that began with the old one (AUT-05)."""
    with transaction() as tx:
        tx.execute(
            update(ClinicUser).where(ClinicUser.id == user_id).values(password=password_hash)
        )
        record_event(tx, actor, "security:user:password", object_type="User", object_id=user_id)
        end_sessions(actor, user_id=user_id, reason="password changed")


def _role(tx: Transaction, name: str) -> FabRole:
    role: FabRole | None = tx.execute(
        select(FabRole).where(FabRole.name == str(name))
    ).scalar_one_or_none()
    if role is None:
        raise UnknownRole(f"There is no role {name}.")
    return role


def sync_roles(
    actor: Actor, *, permissions: Iterable[type[PermissionEnum]], restore: Iterable[str] = ()
) -> int:
    """Apply default grants that were never applied before; returns how many.

    Grants that an admin took away and roles that an admin removed stay away, unless the role
    is named in `restore`.
    """
    with transaction() as tx:
        applied = {
            (seed.role, seed.permission, seed.resource)
            for seed in tx.execute(select(RoleSeed)).scalars()
        }
        forgotten = {seed for seed in applied if seed[0] in set(restore)}
        tx.execute(delete(RoleSeed).where(RoleSeed.role.in_(list(restore))))
        applied -= forgotten
        wanted = _default_grants(permissions)
        fresh = sorted(wanted - applied)
        _store_grants(tx, fresh, removed_roles=_removed_roles(tx, applied))
        if fresh:
            record_event(
                tx,
                actor,
                "security:role:seed",
                object_type="Role",
                object_id="*",
                details={"grants": len(fresh)},
            )
    return len(fresh)


def _default_grants(permissions: Iterable[type[PermissionEnum]]) -> set[tuple[str, str, str]]:
    grants = {
        (role.value, member.fab_permission, member.fab_resource)
        for enum in permissions
        for member in enum
        for role in member.roles
    }
    return grants | {(role.value, ROLE_ITSELF, ROLE_ITSELF) for role in Role}


def _removed_roles(tx: Transaction, applied: set[tuple[str, str, str]]) -> set[str]:
    """Roles that were seeded once and are gone: an admin removed them."""
    existing = set(tx.execute(select(FabRole.name)).scalars())
    return {role for role, permission, _ in applied if permission == ROLE_ITSELF} - existing


def _store_grants(
    tx: Transaction, grants: list[tuple[str, str, str]], *, removed_roles: set[str]
) -> None:
    for role_name, permission, resource in grants:
        if role_name in removed_roles:
            continue
        role = _role_or_new(tx, role_name)
        if permission != ROLE_ITSELF:
            pair = permission_view(tx, permission, resource)
            if pair not in role.permissions:
                role.permissions.append(pair)
        tx.add(RoleSeed(role=role_name, permission=permission, resource=resource))


def _role_or_new(tx: Transaction, name: str) -> FabRole:
    role: FabRole | None = tx.execute(select(FabRole).where(FabRole.name == name)).scalar()
    if role is None:
        role = FabRole(name=name)
        tx.add(role)
        tx.flush()  # the next grant of this role looks it up
    return role


def permission_view(tx: Transaction, permission: str, resource: str) -> PermissionView:
    """FAB's row for a permission on a resource, made when it is missing."""
    pair: PermissionView | None = tx.execute(
        select(PermissionView)
        .join(FabPermission, FabPermission.id == PermissionView.permission_id)
        .join(ViewMenu, ViewMenu.id == PermissionView.view_menu_id)
        .where(FabPermission.name == permission, ViewMenu.name == resource)
    ).scalar()
    if pair is None:
        pair = PermissionView(
            permission=_named(tx, FabPermission, permission),
            view_menu=_named(tx, ViewMenu, resource),
        )
        tx.add(pair)
        tx.flush()  # the next grant may ask for the same pair
    return pair


def _named(tx: Transaction, model: type[Any], name: str) -> Any:
    row = tx.execute(select(model).filter_by(name=name)).scalar()
    if row is None:
        row = model(name=name)
        tx.add(row)
    return row


def purge_attempts() -> int:
    """Forget sign-in attempts after a month. Returns how many."""
    with transaction() as tx:
        result = tx.execute(
            delete(SignInAttempt).where(SignInAttempt.at < clock.now() - ATTEMPTS_KEPT_FOR)
        )
    return int(result.rowcount)
