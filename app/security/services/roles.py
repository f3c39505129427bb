"""Roles: seeding what the domains declare, and the changes of admins."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from app.infra.db import Transaction, transaction
from app.infra.fab_tables import FabPermission, FabRole, PermissionView, ViewMenu
from app.kernel.actor import Actor
from app.kernel.permission import PermissionEnum, Role
from app.security.errors import OnlyAdmins, RoleExists, RoleInUse, RoleProtected
from app.security.models import RoleSeed
from app.security.permissions import Permission
from app.security.services.audit import record_event

ROLE_ITSELF = ""
# FAB looks these two up by name.
PROTECTED = ("Admin", "Public")


def save_role(
    actor: Actor, *, role_id: int | None, name: str, permission_view_ids: Iterable[int]
) -> None:
    """Make or change a role and its permissions, and note both in the trail.

    Raises RoleExists for a taken name, OnlyAdmins, RoleProtected.
    """
    actor.require(Permission.ROLE_WRITE)
    with transaction() as tx:
        role = tx.session.get_one(FabRole, role_id) if role_id else FabRole()
        _check_may_change(actor, role.name)
        if role.name in PROTECTED and name != role.name:
            raise RoleProtected()
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
        _check_may_change(actor, role.name)
        if role.name in PROTECTED:
            raise RoleProtected()
        if role.user:
            raise RoleInUse()
        role.permissions = []
        tx.session.delete(role)
        record_event(tx, actor, "security:role:remove", object_type="Role", object_id=role_id)


def _check_may_change(actor: Actor, name: str | None) -> None:
    """AUT-08: nobody but an admin changes Admin, or a role of their own. Raises OnlyAdmins."""
    if actor.is_system or Role.ADMIN in actor.roles:
        return
    if name == Role.ADMIN or name in actor.roles:
        raise OnlyAdmins()


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
