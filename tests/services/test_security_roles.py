"""Roles are seeded once; what admins change stays changed (stack.md calls it the role seed)."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from app import registry
from app.infra.fab_tables import FabRole, PermissionView
from app.kernel.actor import Channel, system_actor
from app.kernel.errors import Forbidden
from app.kernel.permission import Role
from app.security import services
from app.security.errors import OnlyAdmins, RoleExists, RoleInUse, RoleProtected
from app.security.models import AuditEvent
from app.security.permissions import Permission

SYSTEM = system_actor(Channel.CLI)


def sync(*restore: str) -> int:
    """What a deployment does."""
    return services.sync_roles(SYSTEM, permissions=registry.PERMISSIONS, restore=restore)


def role(db, name) -> FabRole | None:
    """The role of this name."""
    return db.execute(select(FabRole).where(FabRole.name == str(name))).scalar_one_or_none()


def pairs(db, name) -> set[tuple[str, str]]:
    """What the role gives."""
    found = role(db, name)
    return {(p.permission.name, p.view_menu.name) for p in found.permissions} if found else set()


def save_without(db, actor, name, gone) -> None:
    """Take one permission from a role as the screen does."""
    found = role(db, name)
    kept = [p.id for p in found.permissions if (p.permission.name, p.view_menu.name) != gone]
    services.save_role(actor, role_id=found.id, name=str(name), permission_view_ids=kept)


def test_a_second_deployment_changes_nothing(db):
    events = db.scalar(select(func.count()).select_from(AuditEvent))

    assert sync() == 0
    assert db.scalar(select(func.count()).select_from(AuditEvent)) == events


def test_every_role_of_the_product_is_there_with_its_defaults(db):
    for enum in registry.PERMISSIONS:
        for member in enum:
            for name in member.roles:
                assert (member.fab_permission, member.fab_resource) in pairs(db, name)


def test_what_an_admin_takes_away_stays_away(db, people):
    taken = (Permission.STAFF_ENTER.fab_permission, Permission.STAFF_ENTER.fab_resource)

    save_without(db, people.ada.actor, Role.CASHIER, taken)
    sync()

    assert taken not in pairs(db, Role.CASHIER)


def test_what_an_admin_adds_stays(db, people):
    given = db.execute(select(PermissionView).limit(1)).scalar_one()
    cashier = role(db, Role.CASHIER)
    kept = [p.id for p in cashier.permissions]

    services.save_role(
        people.ada.actor,
        role_id=cashier.id,
        name="Cashier",
        permission_view_ids=[*kept, given.id],
    )
    sync()

    assert (given.permission.name, given.view_menu.name) in pairs(db, Role.CASHIER)


def test_a_removed_role_stays_removed_until_it_is_restored(db, people):
    before = pairs(db, Role.HEALTH_EDUCATOR)

    services.remove_role(people.ada.actor, role_id=role(db, Role.HEALTH_EDUCATOR).id)
    sync()
    assert role(db, Role.HEALTH_EDUCATOR) is None
    sync(Role.HEALTH_EDUCATOR)

    assert pairs(db, Role.HEALTH_EDUCATOR) == before


def test_a_role_that_people_have_is_not_removed(db, people):
    with pytest.raises(RoleInUse):
        services.remove_role(people.ada.actor, role_id=role(db, Role.NURSE).id)


def test_two_roles_never_share_a_name(db, people):
    with pytest.raises(RoleExists):
        services.save_role(people.ada.actor, role_id=None, name="Nurse", permission_view_ids=[])


def test_the_roles_that_the_system_looks_up_keep_their_names(db, people):
    admin = role(db, Role.ADMIN)

    with pytest.raises(RoleProtected):
        services.save_role(people.ada.actor, role_id=admin.id, name="Boss", permission_view_ids=[])
    with pytest.raises(RoleProtected):
        services.remove_role(people.ada.actor, role_id=admin.id)


def test_only_who_may_write_roles_does(db, people):
    with pytest.raises(Forbidden):
        services.save_role(people.rosa.actor, role_id=None, name="New", permission_view_ids=[])


@pytest.mark.parametrize("name", [Role.ADMIN, Role.RECEPTIONIST])
def test_who_may_write_roles_raises_neither_admin_nor_their_own(db, people, name):
    """AUT-08"""
    pair = (Permission.ROLE_WRITE.fab_permission, Permission.ROLE_WRITE.fab_resource)
    rosa = replace(people.rosa.actor, grants=people.rosa.actor.grants | {pair})

    with pytest.raises(OnlyAdmins):
        services.save_role(rosa, role_id=role(db, name).id, name=str(name), permission_view_ids=[])
