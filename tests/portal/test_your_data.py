"""A copy of one's own data, asked for in the portal (DPA-02)."""

import io
import json
import zipfile

import pytest
from sqlalchemy import select

from app.infra.db import session
from app.notifications.models import Communication
from app.privacy import queries, services
from app.privacy.errors import AskedAlready, NoCopy
from app.privacy.queries import Wanted
from app.privacy.rules import RequestStatus
from tests.factories.privacy import BECAUSE
from tests.factories.scheduling import SYSTEM
from tests.people import PEOPLE

PAGE, FILE = "/portal/your-data", "/portal/your-data/copy.zip"


@pytest.fixture
def request_id(app, sam) -> int:
    """Sam asked."""
    sam.client.post("/portal/your-data/ask")
    with app.app_context():
        page = services.request_list(PEOPLE.pia.actor, wanted=Wanted())
        return page.lines[0].request.id


@pytest.fixture
def ready(app, request_id) -> int:
    """Pia took it, and a worker made the copy."""
    with app.app_context():
        services.take_request(PEOPLE.pia.actor, request_id=request_id)
        copy_id = services.request_copy(PEOPLE.pia.actor, request_id=request_id)
        services.make_copy(SYSTEM, copy_id=copy_id)
        return copy_id


def test_whoever_asks_sees_how_far_it_is(app, sam, request_id):
    page = sam.open(PAGE)

    assert page.says("We have your request")
    assert "Ask for a copy" not in page.text
    with app.app_context():
        found = queries.known_request(request_id)
        assert (found.channel, found.registered_by) == ("portal", "Sam Dela Cruz")
        services.take_request(PEOPLE.pia.actor, request_id=request_id)
    assert sam.open(PAGE).says("Somebody works on your request")


def test_a_second_tap_is_not_a_second_request(app, sam, request_id):
    again = sam.client.post("/portal/your-data/ask", follow_redirects=True)

    assert "You asked already" in again.text
    with app.app_context():
        assert len(queries.requests_of(queries.known_request(request_id).patient_id)) == 1
        with pytest.raises(AskedAlready):
            services.ask_for_own_copy(PEOPLE.sam.actor)


def test_the_copy_is_loaded_when_it_is_ready(sam, ready):
    assert sam.open(PAGE).says("Your copy is ready")

    answer = sam.client.get(FILE)

    assert "attachment" in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        held = json.loads(packed.read("data.json"))["held"]
    assert held["patients.profile"]["rows"][0]["university_id"] == "20259001"


def test_nobody_gets_the_copy_of_another(app, eve, ready):
    """ACC-02: 404 for what is not theirs."""
    assert eve.client.get(FILE).status_code == 404
    assert not eve.open(PAGE).says("Your copy is ready")
    with app.app_context(), pytest.raises(NoCopy):
        services.own_copy_file(PEOPLE.eve.actor)


def test_there_is_no_copy_before_it_is_made(sam, request_id):
    assert sam.client.get(FILE).status_code == 404


def test_the_answer_is_told(app, sam, request_id):
    with app.app_context():
        services.take_request(PEOPLE.pia.actor, request_id=request_id)
        services.end_request(
            PEOPLE.pia.actor,
            request_id=request_id,
            status=RequestStatus.REFUSED,
            outcome=BECAUSE,
        )

    page = sam.open(PAGE)

    assert page.says("Your last request was refused")
    assert page.says(BECAUSE)
    assert page.says("Ask for a copy")


def told(app, event: str) -> set[tuple[str, str, str]]:
    """Who got which message, and where it leads."""
    with app.app_context():
        rows = session().execute(
            select(Communication.recipient_name, Communication.channel, Communication.link).where(
                Communication.event == event
            )
        )
        return {(name, channel, link) for name, channel, link in rows}


def test_the_officer_hears_of_the_request_and_the_student_of_the_copy(app, sam, request_id, ready):
    """NOT-01, NOT-02: nobody else learns of either."""
    page = f"/privacy/requests/{request_id}/"

    assert told(app, "privacy.request_new") == {
        (name, channel, page) for name in ("Ada Reyes", "Pia Go") for channel in ("email", "in-app")
    }
    assert told(app, "privacy.copy_ready") == {
        ("Sam Dela Cruz", channel, "/portal/your-data") for channel in ("email", "in-app")
    }
