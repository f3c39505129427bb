"""Every route x every role and nobody, against one table of expectations (ACC-01)."""

import re

import pytest

from app.infra.db import session
from app.kernel.actor import Channel, system_actor
from app.kernel.permission import Role
from app.security import services as security
from tests.factories.patients import create_patient
from tests.factories.scheduling import monday_seven, open_clinic
from tests.people import PASSWORD, PEOPLE, Person
from tests.web.access import ACTIONS, ANYBODY, NOBODY, WHO, said

MORE_PEOPLE = (
    Person("PHARM901", "Paz", "Uy", Role.PHARMACIST),
    Person("EDU901", "Edu", "Sy", Role.HEALTH_EDUCATOR),
    Person("FAC901", "Fe", "Tan", Role.FACULTY),
)
BY_ROLE = {person.role: person for person in (*vars(PEOPLE).values(), *MORE_PEOPLE)}


def doors(app) -> list[tuple[str, str, str]]:
    """(endpoint, method, address) of every route; keys are of no row, names are x."""

    def example(found: re.Match[str]) -> str:
        return "999999" if "int" in found[1] or found[1].endswith("pk") else "x"

    return [
        (rule.endpoint, method, re.sub(r"<([^>]*)>", example, rule.rule))
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if rule.endpoint not in {"SignInView.logout", "LocaleView.index"}
    ]


def expected(endpoint: str) -> frozenset[Role | None]:
    """The roles that a door lets in."""
    return WHO.get(endpoint, NOBODY)


def lets_in(answer) -> bool:
    """Whether the door opened: what lies behind may still be missing or refuse the input."""
    if answer.status_code in {401, 403}:
        return False
    if answer.status_code in {302, 303}:
        place = answer.headers["Location"]
        is_sent_away = place == "/portal/" and not answer.request.path.startswith("/portal/")
        return not (is_sent_away or place.startswith("/login/"))
    return True


@pytest.fixture
def site(app):
    """An open clinic in which every role has a person, and students and teachers are patients."""
    with monday_seven():
        with app.app_context():
            open_clinic()
            _open_more_accounts(app.extensions["appbuilder"].sm)
            create_patient("FAC901", "Fe", "Tan")
            session().commit()
        yield app


def _open_more_accounts(manager) -> None:
    for person in MORE_PEOPLE:
        security.open_account(
            system_actor(Channel.CLI),
            university_id=person.id,
            first_name=person.first_name,
            last_name=person.last_name,
            email=person.email,
            roles=[person.role],
            password_hash=manager.hash_password(PASSWORD),
        )


def test_every_route_stands_in_the_table(app):
    endpoints = {endpoint for endpoint, _, _ in doors(app)}
    of_actions = {name for name in endpoints if name.split(".")[-1] in ACTIONS}

    missing = endpoints - of_actions - set(WHO)
    gone = set(WHO) - endpoints - {"SignInView.logout"}

    assert not missing, f"say in tests/web/access.py who may open {sorted(missing)}"
    assert not gone, f"these routes are no more: {sorted(gone)}"


@pytest.mark.parametrize("role", [None, *Role], ids=lambda role: role or "nobody")
def test_each_role_opens_exactly_its_doors(site, role):
    """ACC-01: deny by default. GET and every unsafe method."""
    browser = site.test_client()
    if role is not None:
        browser.sign_in(BY_ROLE[role])
    wrong = []

    for endpoint, method, address in doors(site):
        answer = browser.open(address, method=method, **said(endpoint, role))
        is_right = lets_in(answer) == (role in expected(endpoint)) or _is_absent(endpoint, answer)
        if answer.status_code >= 500 or not (is_right or WHO.get(endpoint) == ANYBODY):
            wrong.append(f"{method} {address} ({endpoint}): {answer.status_code}")

    assert wrong == []


def _is_absent(endpoint: str, answer) -> bool:
    """A screen without actions of its own says 404 to everybody."""
    return endpoint.split(".")[-1] in ACTIONS and answer.status_code == 404


@pytest.mark.parametrize("role", [None, *Role], ids=lambda role: role or "nobody")
def test_everybody_may_open_what_is_for_everybody(site, role):
    browser = site.test_client()
    if role is not None:
        browser.sign_in(BY_ROLE[role])

    statuses = [browser.get(address).status_code for address in ("/healthz", "/login/")]

    assert statuses == [200, 200 if role is None else 302]
