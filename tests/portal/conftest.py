"""What the tests of the portal share: people with browsers, and a clinic that is open."""

from collections.abc import Callable, Iterator

import pytest

from app.scheduling.services import Booked
from tests.factories.scheduling import monday_seven, open_clinic
from tests.portal.pages import Visitor
from tests.web.scheduling import book


@pytest.fixture
def clinic(app) -> Iterator[None]:
    """An open clinic on a Monday at 7:00 AM; no context stays open around the requests."""
    with monday_seven():
        with app.app_context():
            open_clinic()
        yield


@pytest.fixture
def sam(clinic, client, people) -> Visitor:
    """Sam, a student with a patient record, signed in and without scripts."""
    return Visitor(client.sign_in(people.sam))


@pytest.fixture
def eve(clinic, app, people) -> Visitor:
    """Eve, another student; nothing of Sam's is hers."""
    return Visitor(app.test_client().sign_in(people.eve))


@pytest.fixture
def booked(clinic, app) -> Callable[..., Booked]:
    """Books for somebody: `booked(people.sam, "2026-11-24 09:00")`."""
    return lambda person, starts_at, **more: book(app, person, starts_at, **more)


@pytest.fixture
def tokens(app) -> Iterator[None]:
    """CSRF tokens are demanded, as on a real site."""
    app.config["WTF_CSRF_ENABLED"] = True
    yield
    app.config["WTF_CSRF_ENABLED"] = False
