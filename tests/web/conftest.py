"""What the tests of screens and JSON share: a clinic that is open, and people at their browsers."""

from collections.abc import Iterator

import pytest

from tests.factories.scheduling import monday_seven, open_clinic


@pytest.fixture
def open_day(app) -> Iterator[None]:
    """An open clinic on a Monday at 7:00 AM; no context stays open around the requests."""
    with monday_seven():
        with app.app_context():
            open_clinic()
        yield


@pytest.fixture
def rosa(app, people):
    """The front desk, signed in."""
    return app.test_client().sign_in(people.rosa)


@pytest.fixture
def sam(app, people):
    """A student with a patient record, signed in."""
    return app.test_client().sign_in(people.sam)


@pytest.fixture
def eve(app, people):
    """Another student; nothing of Sam's is hers."""
    return app.test_client().sign_in(people.eve)
