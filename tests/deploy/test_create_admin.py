"""`flask clinic create-admin`: the first account of an installation (AUT-02, AUT-07, AUT-08)."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, update

from app.infra.db import session, transaction
from app.kernel.actor import Channel, system_actor
from app.kernel.permission import Role
from app.security import queries, services
from app.security.errors import AdminExists, NobodyAsks, OnlyAdmins
from app.security.models import AuditEvent, ClinicUser
from tests import site

PASSWORD = "a long walk to Talamban"
ASKED = (
    *("--id", "STAFF001", "--first-name", "Ana", "--last-name", "Reyes"),
    *("--email", "ana@usc.edu.ph"),
)


@pytest.fixture
def empty(app):
    """An installation whose only admin is gone."""
    with app.app_context(), transaction() as tx:
        tx.execute(
            update(ClinicUser).where(ClinicUser.university_id == "ADMIN901").values(active=False)
        )
    return app


def create(app, *words, typed=f"{PASSWORD}\n"):
    """Run the command as a person at the terminal or a script would."""
    return app.test_cli_runner().invoke(args=["clinic", "create-admin", *words], input=typed)


def events(app) -> list[AuditEvent]:
    """What the audit trail says of admins made here."""
    with app.app_context():
        found = select(AuditEvent).where(AuditEvent.action == "security:admin:create")
        return list(session().scalars(found.order_by(AuditEvent.id)))


def test_the_first_admin_can_sign_in_and_is_one(empty):
    answer = create(empty, *ASKED, "--password-stdin")

    assert answer.exit_code == 0, answer.output
    browser = empty.test_client()
    form = {"username": "ana@usc.edu.ph", "password": PASSWORD}
    assert browser.post("/login/", data=form).status_code == 302
    assert browser.get("/users/list/").status_code == 200


def test_what_is_not_given_is_asked_for_and_the_password_is_not_shown(empty):
    typed = f"STAFF001\nAna\nReyes\nana@usc.edu.ph\n{PASSWORD}\n{PASSWORD}\n"

    answer = create(empty, typed=typed)

    assert answer.exit_code == 0, answer.output
    assert "University ID" in answer.output
    assert PASSWORD not in answer.output


def test_the_audit_trail_knows_the_first_admin(empty):
    create(empty, *ASKED, "--password-stdin")

    (event,) = events(empty)

    assert (event.actor_role, event.channel, event.reason) == ("system", "cli", "first admin")


def test_a_second_admin_is_made_by_the_first(app):
    """AUT-08"""
    answer = create(app, *ASKED, "--password-stdin")

    assert answer.exit_code == 1
    assert "--force-by" in answer.output
    assert events(app) == []


def test_who_forces_one_more_admin_is_written_down(app):
    answer = create(app, *ASKED, "--password-stdin", "--force-by", "Ben Cruz, ICT")

    (event,) = events(app)
    assert answer.exit_code == 0, answer.output
    assert event.reason == "forced by Ben Cruz, ICT"
    assert event.details == {"admins_before": 1}


def test_forcing_needs_a_name(app):
    answer = create(app, *ASKED, "--password-stdin", "--force-by", " ")

    assert answer.exit_code == 1
    assert NobodyAsks().message in answer.output


@pytest.mark.parametrize(
    ("password", "reason"),
    [("short", "at least 15"), ("anareyesanareyes", "name"), ("aaaaaaaaaaaaaaaa", "common")],
)
def test_the_password_policy_holds_here_too(empty, password, reason):
    """AUT-02"""
    answer = create(empty, *ASKED, "--password-stdin", typed=f"{password}\n")

    assert answer.exit_code == 1
    assert reason in answer.output
    assert events(empty) == []


def test_an_odd_id_is_refused_with_a_sentence(empty):
    answer = create(empty, "--id", "no id", *ASKED[2:], "--password-stdin")

    assert answer.exit_code == 1
    assert "not a university ID" in answer.output


def test_before_the_deployment_the_command_says_so(empty):
    with empty.app_context(), transaction() as tx:
        role = tx.execute(
            select(queries.FabRole).where(queries.FabRole.name == Role.ADMIN)
        ).scalar_one()
        role.name = "Elsewhere"

    answer = create(empty, *ASKED, "--password-stdin")

    assert answer.exit_code == 1
    assert "flask clinic deploy" in answer.output


def test_an_admin_at_the_keyboard_goes_another_way(db, people):
    with pytest.raises(OnlyAdmins):
        services.open_first_admin(people.ada.actor, **ben(1))


@pytest.mark.committed
def test_two_who_try_at_once_make_one_admin(empty):
    def deed(number: int) -> str:
        with empty.app_context():
            try:
                services.open_first_admin(system_actor(Channel.CLI), **ben(number))
            except AdminExists as refusal:
                return refusal.code
            finally:
                site.db.session.remove()
            return "made"

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(deed, range(4)))

    assert answers.count("made") == 1
    assert answers.count(AdminExists.code) == 3


def ben(number: int) -> dict[str, str]:
    """The names of somebody."""
    return {
        "university_id": f"STAFF77{number}",
        "first_name": "Ben",
        "last_name": "Cruz",
        "email": f"ben{number}@usc.edu.ph",
        "password_hash": "x",
    }
