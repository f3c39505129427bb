"""The screens of users, roles and passwords (AUT-02, AUT-05, AUT-08)."""

import pytest
from sqlalchemy import select

from app.infra.db import session
from app.infra.fab_tables import FabRole
from app.security.models import AuditEvent, ClinicUser
from tests.people import PASSWORD

NEW_PASSWORD = "three quiet boats on the pier"


def role_id(app, name) -> str:
    """The key of a role as a form sends it."""
    with app.app_context():
        return str(session().scalar(select(FabRole.id).where(FabRole.name == name)))


def user(app, university_id) -> ClinicUser | None:
    """The account as it is stored now."""
    with app.app_context():
        found = session().scalar(
            select(ClinicUser).where(ClinicUser.university_id == university_id)
        )
        if found is not None:
            _ = [role.name for role in found.roles]
            session().expunge_all()
        return found


def form(app, **changes) -> dict[str, object]:
    """A filled-in form of a new nurse."""
    return {
        "university_id": "NURSE777",
        "first_name": "Nina",
        "last_name": "Uy",
        "email": "nina.uy@usc.edu.ph",
        "roles": [role_id(app, "Nurse")],
        "password": NEW_PASSWORD,
        "conf_password": NEW_PASSWORD,
        **changes,
    }


def test_an_admin_opens_an_account_that_can_sign_in(app, client, people):
    client.sign_in(people.ada)

    answer = client.post("/users/add", data=form(app))

    assert answer.status_code == 302
    browser = app.test_client()
    signed_in = browser.post("/login/", data={"username": "nurse777", "password": NEW_PASSWORD})
    assert signed_in.status_code == 302


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"university_id": "STAFF901"}, "exists already"),
        ({"email": "STAFF901@usc.edu.ph"}, "exists already"),
        ({"email": "nina"}, "not an e-mail address"),
        ({"university_id": "nina"}, "not a university ID"),
        ({"password": "short", "conf_password": "short"}, "at least 15 characters"),
        ({"password": "nina uy nurse777", "conf_password": "nina uy nurse777"}, "your own"),
        ({"conf_password": "something else entirely"}, ""),
        ({"roles": []}, "choose at least one role"),
        ({"first_name": "x" * 100}, ""),
        ({"first_name": "N\x00"}, ""),
    ],
)
def test_a_refused_account_keeps_what_was_typed(app, client, people, changes, sentence):
    client.sign_in(people.ada)

    answer = client.post("/users/add", data=form(app, **changes))
    page = answer.get_data(as_text=True)

    assert answer.status_code in {200, 400}
    assert sentence in page
    assert user(app, "NURSE777") is None


def test_an_admin_changes_roles_and_the_person_signs_in_anew(app, client, people):
    rosa = app.test_client().sign_in(people.rosa)
    client.sign_in(people.ada)
    stored = user(app, "STAFF901")

    answer = client.post(
        f"/users/edit/{stored.id}",
        data=form(
            app,
            university_id="STAFF901",
            first_name="Rosa",
            last_name="Peñaflor",
            email=people.rosa.email,
            active="y",
            roles=[role_id(app, "Receptionist"), role_id(app, "Cashier")],
        ),
    )

    assert answer.status_code == 302
    assert {role.name for role in user(app, "STAFF901").roles} == {"Receptionist", "Cashier"}
    assert rosa.get("/users/userinfo/").status_code == 302


def test_an_admin_does_not_change_their_own_roles(app, client, people):
    """AUT-08"""
    client.sign_in(people.ada)
    stored = user(app, "ADMIN901")

    answer = client.post(
        f"/users/edit/{stored.id}",
        data=form(
            app,
            university_id="ADMIN901",
            email=people.ada.email,
            active="y",
            roles=[role_id(app, "Admin"), role_id(app, "Physician")],
        ),
    )

    assert "changed by another admin" in answer.get_data(as_text=True)
    assert [role.name for role in user(app, "ADMIN901").roles] == ["Admin"]


def test_fields_that_the_form_does_not_have_are_ignored(app, client, people):
    """ACC-04"""
    client.sign_in(people.ada)

    client.post("/users/add", data=form(app, is_demo="y", session_epoch="99", id="1"))

    stored = user(app, "NURSE777")
    assert (stored.is_demo, stored.session_epoch) == (False, 0)


def test_everybody_on_the_staff_sees_their_own_account_and_only_that(client, people):
    client.sign_in(people.cass)

    page = client.get("/users/userinfo/").get_data(as_text=True)

    assert people.cass.email in page
    assert people.rosa.email not in page
    assert client.get("/users/show/1").status_code == 403


def test_everybody_on_the_staff_finds_the_way_to_a_new_password(client, people):
    client.sign_in(people.cass)

    assert 'href="/resetmypassword/form"' in client.get("/").get_data(as_text=True)


def test_a_new_password_signs_out_everywhere_else(app, client, people):
    """AUT-05"""
    elsewhere = app.test_client().sign_in(people.rosa)
    client.sign_in(people.rosa)

    answer = client.post(
        "/resetmypassword/form", data={"password": NEW_PASSWORD, "conf_password": NEW_PASSWORD}
    )

    assert answer.status_code == 302
    assert client.get("/users/userinfo/").status_code == 200
    assert elsewhere.get("/users/userinfo/").status_code == 302
    old = app.test_client().post("/login/", data={"username": people.rosa.id, "password": PASSWORD})
    assert old.status_code == 200


@pytest.mark.parametrize(
    ("password", "again", "sentence"),
    [
        ("short", "short", "at least 15 characters"),
        ("rosa peñaflor usc", "rosa peñaflor usc", "your own"),
        (NEW_PASSWORD, "another one altogether", "differ"),
    ],
)
def test_a_refused_password_changes_nothing(app, client, people, password, again, sentence):
    """AUT-02: the same policy on this path."""
    client.sign_in(people.rosa)

    answer = client.post(
        "/resetmypassword/form",
        data={"password": password, "conf_password": again},
        follow_redirects=True,
    )

    assert sentence in answer.get_data(as_text=True)
    app.test_client().sign_in(people.rosa)


def test_an_admin_sets_somebodys_password(app, client, people):
    client.sign_in(people.ada)
    stored = user(app, "STAFF901")

    client.post(
        f"/resetpassword/form?pk={stored.id}",
        data={"password": NEW_PASSWORD, "conf_password": NEW_PASSWORD},
    )

    answer = app.test_client().post(
        "/login/", data={"username": people.rosa.id, "password": NEW_PASSWORD}
    )
    assert answer.status_code == 302


@pytest.mark.parametrize("key", ["", "abc", "999999", "99999999999999999999"])
def test_a_password_for_nobody_is_not_found(client, people, key):
    """INP-01"""
    client.sign_in(people.ada)

    answer = client.post(
        f"/resetpassword/form?pk={key}",
        data={"password": NEW_PASSWORD, "conf_password": NEW_PASSWORD},
    )

    assert answer.status_code == 404


def test_the_page_of_a_user_leads_to_setting_a_password(app, client, people):
    client.sign_in(people.ada)
    stored = user(app, "STAFF901")

    page = client.get(f"/users/show/{stored.id}").get_data(as_text=True)
    button = f"/users/action/resetpasswords/{stored.id}"

    assert f'action="{button}"' in page
    assert client.post(button).headers["Location"] == f"/resetpassword/form?pk={stored.id}"


def test_an_admin_makes_changes_and_removes_a_role(app, client, people):
    client.sign_in(people.ada)

    client.post("/roles/add", data={"name": "Volunteer", "permissions": []})
    key = role_id(app, "Volunteer")
    client.post(f"/roles/edit/{key}", data={"name": "Helper", "permissions": []})
    assert role_id(app, "Helper") == key
    client.post(f"/roles/delete/{key}")

    assert role_id(app, "Helper") == "None"


def test_a_role_that_people_have_stays_and_the_page_says_why(app, client, people):
    client.sign_in(people.ada)

    answer = client.post(f"/roles/delete/{role_id(app, 'Nurse')}", follow_redirects=True)

    assert "People have this role" in answer.get_data(as_text=True)
    assert role_id(app, "Nurse") != "None"


def test_the_privacy_officer_reads_the_trail_and_nothing_is_written_by_reading(app, client, people):
    """EVD-01"""
    client.sign_in(people.pia)

    page = client.get("/audit/list/").get_data(as_text=True)

    assert "security:session:sign-in" in page
    assert "/audit/edit" not in page
    with app.app_context():
        assert session().scalars(select(AuditEvent.outcome)).all()
