"""Opening and changing accounts: who may, what is refused, what ends (AUT-02, AUT-05, AUT-08)."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from app.infra.fab_tables import FabRole
from app.kernel.actor import Channel, system_actor
from app.kernel.errors import Forbidden
from app.kernel.permission import Role
from app.security import queries, services
from app.security.errors import (
    AccountExists,
    BadAddress,
    BadUniversityId,
    OnlyAdmins,
    OwnAccount,
    PasswordTooWeak,
    UnknownRole,
)
from app.security.models import AuditEvent, ClinicUser
from app.security.permissions import Permission

SYSTEM = system_actor(Channel.CLI)


def open_account(actor=SYSTEM, **changes):
    """Nina, a nurse, unless told otherwise."""
    account = {
        "university_id": "NURSE777",
        "first_name": "Nina",
        "last_name": "Uy",
        "email": "Nina.Uy@usc.edu.ph",
        "roles": [Role.NURSE],
        "password_hash": "x",
    }
    return services.open_account(actor, **(account | changes))


def change_account(actor, person, **changes):
    """Change what is named and leave the rest as it is."""
    user = queries.account(person.user_id)
    assert user is not None
    account = {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": user.email,
        "university_id": user.university_id,
        "is_active": user.is_active,
        "role_ids": [],
    }
    roles = changes.pop("roles", user.roles)
    account["role_ids"] = [role_id(name) for name in roles]
    services.change_account(actor, user_id=person.user_id, **(account | changes))


def role_id(name) -> int:
    """The key of a role."""
    from app.infra.db import session

    return session().execute(select(FabRole.id).where(FabRole.name == str(name))).scalar_one()


def epoch(db, person) -> int:
    """Grows when the sessions of an account end."""
    user_id = person.user_id
    return db.execute(select(ClinicUser.session_epoch).where(ClinicUser.id == user_id)).scalar_one()


def with_grants(person, *permissions):
    """The person as somebody to whom an admin gave more."""
    pairs = {(p.fab_permission, p.fab_resource) for p in permissions}
    return replace(person.actor, grants=person.actor.grants | pairs)


def test_an_account_can_be_found_by_id_and_by_mail_in_any_case(db):
    user_id = open_account()

    assert queries.user_id_for_login("nurse777") == user_id
    assert queries.user_id_for_login("nina.uy@usc.edu.ph") == user_id


@pytest.mark.parametrize("taken", [{"university_id": "staff901"}, {"email": "STAFF901@usc.edu.ph"}])
def test_an_id_or_mail_belongs_to_one_account_in_any_case(db, taken):
    with pytest.raises(AccountExists):
        open_account(**taken)


def test_changing_an_account_to_somebody_elses_mail_is_refused(db, people):
    with pytest.raises(AccountExists):
        change_account(people.ada.actor, people.neil, email=people.rosa.email)


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"roles": ["Surgeon"]}, UnknownRole),
        ({"university_id": "rosa@usc.edu.ph"}, BadUniversityId),
        ({"university_id": ""}, BadUniversityId),
        ({"email": "20259001"}, BadAddress),
    ],
)
def test_what_makes_no_account_is_refused(db, wrong, refusal):
    with pytest.raises(refusal):
        open_account(**wrong)


def test_only_who_may_write_users_opens_accounts(db, people):
    with pytest.raises(Forbidden):
        open_account(people.rosa.actor)


def test_who_may_write_users_still_makes_no_admin(db, people):
    """AUT-08: only an admin grants Admin."""
    rosa = with_grants(people.rosa, Permission.USER_WRITE)

    with pytest.raises(OnlyAdmins):
        open_account(rosa, roles=[Role.ADMIN])
    with pytest.raises(OnlyAdmins):
        change_account(rosa, people.neil, roles=[Role.NURSE, Role.ADMIN])


def test_who_may_write_users_does_not_touch_an_admin(db, people):
    """AUT-08: nor by another e-mail, a closed account or a new password."""
    rosa = with_grants(people.rosa, Permission.USER_WRITE, Permission.USER_PASSWORD_WRITE)

    with pytest.raises(OnlyAdmins):
        change_account(rosa, people.ada, email="taken.over@usc.edu.ph")
    with pytest.raises(OnlyAdmins):
        services.set_password_hash(rosa, user_id=people.ada.user_id, password_hash="x")


def test_nobody_changes_their_own_roles(db, people):
    """AUT-08: not upwards, and no admin locks everybody out by accident."""
    rosa = with_grants(people.rosa, Permission.USER_WRITE)

    with pytest.raises(OwnAccount):
        change_account(rosa, people.rosa, roles=[Role.RECEPTIONIST, Role.PHYSICIAN])
    with pytest.raises(OwnAccount):
        change_account(people.ada.actor, people.ada, is_active=False)


def test_an_admin_makes_an_admin(db, people):
    change_account(people.ada.actor, people.neil, roles=[Role.NURSE, Role.ADMIN])

    assert set(queries.role_names(people.neil.user_id)) == {Role.NURSE, Role.ADMIN}


@pytest.mark.parametrize("change", [{"roles": ["Nurse", "Cashier"]}, {"is_active": False}])
def test_new_roles_and_a_closed_account_end_the_sessions(db, people, change):
    """AUT-05"""
    before = epoch(db, people.neil)

    change_account(people.ada.actor, people.neil, **change)

    assert epoch(db, people.neil) == before + 1


def test_a_new_name_ends_no_session(db, people):
    before = epoch(db, people.neil)

    change_account(people.ada.actor, people.neil, last_name="Abellana-Cruz")

    assert epoch(db, people.neil) == before


def test_a_new_password_ends_the_sessions(db, people):
    """AUT-05"""
    before = epoch(db, people.neil)

    services.set_password_hash(people.neil.actor, user_id=people.neil.user_id, password_hash="new")

    assert epoch(db, people.neil) == before + 1


def test_somebody_elses_password_needs_a_permission(db, people):
    with pytest.raises(Forbidden):
        services.set_password_hash(
            people.rosa.actor, user_id=people.neil.user_id, password_hash="new"
        )


def test_a_weak_password_is_refused_beside_its_field(db):
    """AUT-02"""
    with pytest.raises(PasswordTooWeak) as refused:
        services.check_password("short")

    assert "password" in refused.value.errors


def test_every_change_is_in_the_trail_with_the_roles_before_and_after(db, people):
    """EVD-01"""
    change_account(people.ada.actor, people.neil, roles=[Role.NURSE, Role.CASHIER])

    event = db.execute(
        select(AuditEvent).where(AuditEvent.action == "security:user:change")
    ).scalar_one()
    assert event.actor_id == people.ada.user_id
    assert event.details["roles_before"] == ["Nurse"]
    assert event.details["roles"] == ["Cashier", "Nurse"]


def test_a_refused_change_leaves_nothing_behind(db, people):
    with pytest.raises(AccountExists):
        change_account(people.ada.actor, people.neil, email=people.rosa.email, first_name="No")

    user = db.get_one(ClinicUser, people.neil.user_id)
    assert user.first_name == "Neil"
    assert not db.execute(
        select(AuditEvent).where(AuditEvent.action == "security:user:change")
    ).all()
