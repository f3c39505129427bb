"""Reads of accounts and the audit trail."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    text,
)

from app.infra.db import plain, session
from app.infra.fab_tables import (
    FabPermission,
    FabRole,
    PermissionView,
    ViewMenu,
    assoc_group_role,
    assoc_permissionview_role,
    assoc_user_group,
    assoc_user_role,
)
from app.infra.remembered import Remembered
from app.kernel.ids import UserId
from app.kernel.permission import PATIENT_ROLES, PermissionEnum
from app.security.models import AuditEvent, ClinicUser, SignInAttempt
from app.security.rules import RecentFailures


@dataclass(frozen=True, slots=True)
class Account:
    """A person who can sign in."""

    id: UserId
    university_id: str
    name: str
    email: str
    is_active: bool
    roles: tuple[str, ...]


def user_id_for_login(login: str) -> UserId | None:
    """The account behind an e-mail, user name or university ID in lower case (AUT-01)."""
    found = session().scalar(
        select(ClinicUser.id)
        .where(
            or_(
                func.lower(ClinicUser.email) == login,
                func.lower(ClinicUser.university_id) == login,
            )
        )
        .limit(1)
    )
    return UserId(found) if found is not None else None


def accounts_by_university_id(university_ids: Iterable[str]) -> dict[str, UserId]:
    """University ID in upper case to account, for those that have one."""
    wanted = [text.lower() for text in university_ids]
    rows = session().execute(
        select(ClinicUser.university_id, ClinicUser.id).where(
            func.lower(ClinicUser.university_id).in_(wanted)
        )
    )
    return {university_id.upper(): UserId(user_id) for university_id, user_id in rows}


def account(user_id: UserId) -> Account | None:
    """One account with the names of its roles."""
    rows = accounts([user_id])
    return rows[0] if rows else None


def accounts(user_ids: Sequence[UserId]) -> list[Account]:
    """Accounts by id with the names of their roles, in two statements."""
    users = session().execute(
        select(
            ClinicUser.id,
            ClinicUser.university_id,
            ClinicUser.first_name,
            ClinicUser.last_name,
            ClinicUser.email,
            ClinicUser.active,
        ).where(ClinicUser.id.in_(user_ids))
    )
    roles = _role_names(user_ids)
    return [
        Account(
            id=UserId(row.id),
            university_id=row.university_id or "",
            name=f"{row.first_name} {row.last_name}".strip(),
            email=row.email,
            is_active=bool(row.active),
            roles=tuple(roles.get(row.id, ())),
        )
        for row in users
    ]


@dataclass(frozen=True, slots=True)
class AccountUse:
    """When an account was last used, and whether it works for the clinic."""

    last_sign_in_at: datetime | None
    is_staff: bool


def account_uses(user_ids: Sequence[UserId]) -> dict[UserId, AccountUse]:
    """How these accounts are used, in two statements (RET-01)."""
    roles = _role_names(user_ids)
    rows = session().execute(
        select(ClinicUser.id, ClinicUser.last_login).where(ClinicUser.id.in_(user_ids))
    )
    return {
        UserId(row.id): AccountUse(
            row.last_login.replace(tzinfo=UTC) if row.last_login else None,
            any(name not in PATIENT_ROLES for name in roles.get(row.id, ())),
        )
        for row in rows
    }


def accounts_with_roles(names: Iterable[str]) -> list[Account]:
    """Active accounts that hold one of the roles, by name; at most 500."""
    held = _held_roles().subquery()
    holders = (
        select(held.c.user_id)
        .join(FabRole, FabRole.id == held.c.role_id)
        .where(FabRole.name.in_([str(name) for name in names]))
    )
    found = session().scalars(
        select(ClinicUser.id)
        .where(ClinicUser.id.in_(holders), ClinicUser.active)
        .order_by(ClinicUser.last_name, ClinicUser.first_name)
        .limit(500)
    )
    return sorted(accounts([UserId(user_id) for user_id in found]), key=lambda one: one.name)


def accounts_with_grant(permission: PermissionEnum) -> list[Account]:
    """Active accounts whose roles give the permission, by name; at most 100."""
    held = _held_roles().subquery()
    given = (
        select(assoc_permissionview_role.c.role_id)
        .join(PermissionView, PermissionView.id == assoc_permissionview_role.c.permission_view_id)
        .join(FabPermission, FabPermission.id == PermissionView.permission_id)
        .join(ViewMenu, ViewMenu.id == PermissionView.view_menu_id)
        .where(
            FabPermission.name == permission.fab_permission,
            ViewMenu.name == permission.fab_resource,
        )
    )
    found = session().scalars(
        select(ClinicUser.id)
        .where(
            ClinicUser.id.in_(select(held.c.user_id).where(held.c.role_id.in_(given))),
            ClinicUser.active,
        )
        .order_by(ClinicUser.id)
        .limit(100)
    )
    return sorted(accounts([UserId(user_id) for user_id in found]), key=lambda one: one.name)


def _role_names(user_ids: Sequence[UserId]) -> dict[int, list[str]]:
    held = _held_roles().subquery()
    names: dict[int, list[str]] = {}
    rows = session().execute(
        select(held.c.user_id, FabRole.name)
        .join(FabRole, FabRole.id == held.c.role_id)
        .where(held.c.user_id.in_(user_ids))
        .order_by(FabRole.name)
    )
    for user_id, name in rows:
        names.setdefault(user_id, []).append(name)
    return names


def _held_roles() -> CompoundSelect[tuple[int, int]]:
    """(user, role) pairs: roles given to a user, and those of the user's groups."""
    own = select(assoc_user_role.c.user_id, assoc_user_role.c.role_id)
    by_group = select(assoc_user_group.c.user_id, assoc_group_role.c.role_id).join(
        assoc_group_role, assoc_group_role.c.group_id == assoc_user_group.c.group_id
    )
    return own.union(by_group)


def recent_failures(login: str, address: str, *, since: datetime) -> RecentFailures:
    """Failed tries since an instant, for the throttle (AUT-03)."""
    failed = and_(SignInAttempt.succeeded.is_(False), SignInAttempt.at >= since)
    of_login, of_address = SignInAttempt.login == login, SignInAttempt.address == address
    row = (
        session()
        .execute(
            select(
                _count(and_(failed, of_login, of_address)),
                _count(and_(failed, of_login)),
                _count(and_(failed, of_address)),
                exists().where(of_login, of_address, SignInAttempt.succeeded.is_(True)),
            )
        )
        .one()
    )
    return RecentFailures(*row)


def _count(condition: ColumnElement[bool]) -> ScalarSelect[int]:
    return select(func.count()).select_from(SignInAttempt).where(condition).scalar_subquery()


def has_demo_accounts() -> bool:
    """Whether accounts of the demo exist; production must not serve with them (AUT-07)."""
    return bool(session().scalar(select(exists().where(ClinicUser.is_demo.is_(True)))))


def demo_password_hashes() -> dict[UserId, str]:
    """The accounts of the demo with the hashes of their passwords."""
    rows = session().execute(
        select(ClinicUser.id, ClinicUser.password).where(ClinicUser.is_demo.is_(True))
    )
    return {UserId(user_id): stored or "" for user_id, stored in rows}


def trail_began_at() -> datetime | None:
    """When the first line of the audit trail was written: about when the clinic was set up."""
    return session().scalar(select(AuditEvent.at).order_by(AuditEvent.id).limit(1))


@dataclass(frozen=True, slots=True)
class Access:
    """The roles of a user and every (permission, resource) pair that they give."""

    roles: tuple[str, ...]
    grants: frozenset[tuple[str, str]]


_access_known = Remembered()

# The roles that a user holds by themselves or through a group, and the stamp of all grants.
_HELD = text(
    """
    ARRAY (
      SELECT role_id FROM ab_user_role WHERE user_id = :user_id
      UNION
      SELECT g.role_id FROM ab_user_group u JOIN ab_group_role g USING (group_id)
      WHERE u.user_id = :user_id
      ORDER BY 1
    )
    """
)
_STAMP = text("(SELECT CAST(value AS text) FROM infra_stamp WHERE name = 'grants')")
_USER = select(ClinicUser, _HELD, _STAMP).where(ClinicUser.id == bindparam("user_id"))
_USERS_ROLES = select(_HELD, _STAMP)
_GIVEN = text(
    """
    SELECT r.name, ARRAY (
      SELECT p.name || ' ' || v.name
      FROM ab_permission_view_role given
      JOIN ab_permission_view pv ON pv.id = given.permission_view_id
      JOIN ab_permission p ON p.id = pv.permission_id
      JOIN ab_view_menu v ON v.id = pv.view_menu_id
      WHERE given.role_id = r.id
    )
    FROM ab_role r WHERE r.id = ANY (:ids) ORDER BY r.name
    """
)


def access_of(user_id: UserId) -> Access:
    """What a user may do."""
    return _access(*session().execute(_USERS_ROLES, {"user_id": user_id}).one())


def user_with_access(user_id: UserId) -> tuple[ClinicUser, Access] | None:
    """An account and what it may do, asked at every request: one statement, and a second one
    only after somebody changed a role."""
    row = session().execute(_USER, {"user_id": user_id}).one_or_none()
    return (row[0], _access(row[1], row[2])) if row else None


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """The account behind a token, with what an Actor needs of it and no more."""

    id: UserId
    name: str
    is_active: bool
    session_epoch: int
    access: Access


_HOLDER = text(
    """
    SELECT id, first_name, last_name, active, session_epoch,
      ARRAY (
        SELECT role_id FROM ab_user_role WHERE user_id = ab_user.id
        UNION
        SELECT g.role_id FROM ab_user_group u JOIN ab_group_role g USING (group_id)
        WHERE u.user_id = ab_user.id
        ORDER BY 1
      ) AS role_ids,
      (SELECT CAST(value AS text) FROM infra_stamp WHERE name = 'grants') AS stamp
    FROM ab_user WHERE id = :user_id
    """
)


def token_holder(user_id: UserId) -> TokenHolder | None:
    """The account of a bearer token, without an entity: programs ask hundreds of times a second."""
    row = plain(_HOLDER, {"user_id": user_id}).one_or_none()
    if row is None:
        return None
    return TokenHolder(
        id=UserId(row.id),
        name=f"{row.first_name} {row.last_name}".strip(),
        is_active=bool(row.active),
        session_epoch=row.session_epoch,
        access=_access(row.role_ids, row.stamp),
    )


def _access(role_ids: list[int], stamp: str) -> Access:
    held = tuple(role_ids)
    return _access_known.answer(stamp, held, lambda: _given(held))


def _given(role_ids: tuple[int, ...]) -> Access:
    rows = session().execute(_GIVEN, {"ids": list(role_ids)}).all()
    pairs = (pair.split(" ", 1) for _, given in rows for pair in given)
    return Access(
        roles=tuple(name for name, _ in rows),
        grants=frozenset((permission, resource) for permission, resource in pairs),
    )


def role_names(user_id: UserId) -> tuple[str, ...]:
    """The names of a user's roles."""
    return access_of(user_id).roles


def grants_of(user_id: UserId) -> frozenset[tuple[str, str]]:
    """Every (permission, resource) pair that the user's roles give."""
    return access_of(user_id).grants


def public_grants(role_name: str) -> frozenset[tuple[str, str]]:
    """What everybody may do without signing in."""
    return _grants(select(FabRole.id).where(FabRole.name == role_name))


def _grants(role_ids: Select[tuple[int]]) -> frozenset[tuple[str, str]]:
    rows = session().execute(
        select(FabPermission.name, ViewMenu.name)
        .select_from(assoc_permissionview_role)
        .join(
            PermissionView,
            PermissionView.id == assoc_permissionview_role.c.permission_view_id,
        )
        .join(FabPermission, FabPermission.id == PermissionView.permission_id)
        .join(ViewMenu, ViewMenu.id == PermissionView.view_menu_id)
        .where(assoc_permissionview_role.c.role_id.in_(role_ids))
    )
    return frozenset((permission, resource) for permission, resource in rows)
