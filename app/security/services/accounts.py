"""Opening and changing accounts."""

from collections.abc import Iterable

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.infra.db import Transaction, transaction
from app.infra.fab_tables import FabRole
from app.infra.runtime import settings
from app.kernel.actor import Actor
from app.kernel.ids import UserId
from app.kernel.permission import Role
from app.security import queries, rules
from app.security.errors import (
    AccountExists,
    BadAddress,
    BadUniversityId,
    OnlyAdmins,
    OwnAccount,
    PasswordTooWeak,
    UnknownRole,
)
from app.security.models import ClinicUser
from app.security.permissions import Permission
from app.security.services.audit import record_event
from app.security.services.sessions import end_sessions


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
    """Open an account that can sign in. Raises AccountExists, UnknownRole, OnlyAdmins.

    Raises BadUniversityId, BadAddress for what is no ID or e-mail here.
    """
    actor.require(Permission.USER_WRITE)
    roles = [str(name) for name in roles]
    _check_may_touch(actor, roles)
    _check_names(university_id, email)
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

    Raises AccountExists when the e-mail or university ID belongs to somebody else; OnlyAdmins,
    OwnAccount when the actor may not give or take these roles.
    """
    actor.require(Permission.USER_WRITE)
    _check_names(university_id, email)
    with transaction() as tx:
        user = tx.session.get_one(ClinicUser, user_id)
        roles = tx.execute(select(FabRole).where(FabRole.id.in_(list(role_ids)))).scalars().all()
        loses_or_gains = set(user.roles) != set(roles) or bool(user.active) != is_active
        before = sorted(role.name for role in user.roles)
        _check_may_touch(actor, [*before, *(role.name for role in roles)])
        if loses_or_gains and actor.user_id == user_id:
            raise OwnAccount()
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


def check_password(password: str, *, forbidden_words: tuple[str, ...] = ()) -> None:
    """Raises PasswordTooWeak with the reason (AUT-02)."""
    problem = rules.password_problem(password, forbidden_words=forbidden_words)
    if problem:
        raise PasswordTooWeak(problem, errors={"password": [problem]})


def set_password_hash(actor: Actor, *, user_id: UserId, password_hash: str) -> None:
    """Store a new password and end the sessions that began with the old one (AUT-05).

    Everybody their own; somebody else's only with permission, an admin's only as one (AUT-08).
    """
    actor.require(
        Permission.PASSWORD_WRITE if actor.user_id == user_id else Permission.USER_PASSWORD_WRITE
    )
    _check_may_touch(actor, queries.role_names(user_id))
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


def _check_may_touch(actor: Actor, role_names: Iterable[str]) -> None:
    """AUT-08: only an admin makes, changes or unmakes an admin. Raises OnlyAdmins."""
    is_admin = actor.is_system or Role.ADMIN in actor.roles
    if Role.ADMIN in role_names and not is_admin:
        raise OnlyAdmins()


def _check_names(university_id: str, email: str) -> None:
    """One box takes both, so neither may look like the other (AUT-01)."""
    config = settings()
    if not rules.is_university_id(
        university_id, (config.student_id_pattern, config.staff_id_pattern)
    ):
        raise BadUniversityId()
    if not rules.is_email(email):
        raise BadAddress()
