"""The pages of retention and legal holds, and what strangers and search see (RET-02)."""

import json

import pytest

from app.cli_retention import retention
from app.kernel import clock
from app.retention import queries, services
from tests.factories.retention import (
    LONG_AFTER,
    REASON,
    SECOND,
    approved,
    drawn_up,
    give_birth_dates,
    long_after,
    open_second_officer,
    person,
    visited,
)
from tests.factories.scheduling import SYSTEM, monday_seven, open_clinic
from tests.people import PEOPLE

BECAUSE = "Case 12 of the city court"


@pytest.fixture
def old_clinic(app):
    """Sam had a consultation; seven years and more go by. No context stays open: it would share
    who is signed in between browsers."""
    with monday_seven(), app.app_context():
        open_clinic()
        open_second_officer()
        visited(PEOPLE.sam)
        give_birth_dates()
    with long_after():
        yield app


@pytest.fixture
def pia(app, people, old_clinic):
    """The Privacy Officer's browser."""
    return app.test_client().sign_in(people.pia)


def test_the_first_page_says_how_long_things_are_kept(pia):
    page = pia.get("/retention/").text

    assert "7 years" in page
    assert "For ever" in page
    assert "No list yet" in page


def test_a_list_is_asked_for_shown_approved_and_certified(app, pia, people, old_clinic):
    ada = app.test_client().sign_in(people.ada)
    place = ada.post("/retention/draw/", data={"reason": REASON}).headers["Location"]
    assert "A worker looks at every record" in ada.get(place).text
    assert ada.get(f"{place}progress/").json["status"] == "drawing"
    disposal_id = int(place.split("/")[2])
    with app.app_context():
        services.draw_up(SYSTEM, disposal_id=disposal_id)
        found = queries.known_disposal(disposal_id)

    page = ada.get(place).text
    assert "Dela Cruz, Sam (20259001)" in page
    assert "Approve the disposal" not in page  # RET-02: not by whom it was drawn up
    assert "Approve the disposal of 2 people" in pia.get(place).text
    said = pia.post(f"{place}approve/", data={"list_hash": found.list_hash}, follow_redirects=True)
    assert "You approved the list" in said.text
    assert "One more person must approve" in said.text
    with app.app_context():
        services.approve_list(SECOND.actor, disposal_id=disposal_id, list_hash=found.list_hash)
        services.carry_out(SYSTEM, disposal_id=disposal_id)

    done = pia.get(place).text
    assert "Dela Cruz" not in done
    assert "Disposed of" in done
    told = pia.get(f"/retention/certificates/{disposal_id}.json")
    assert json.loads(told.data)["certificate"]["people"]["disposed"] == 2
    pdf = pia.get(f"/retention/certificates/{disposal_id}.pdf")
    assert (pdf.mimetype, pdf.data[:4]) == ("application/pdf", b"%PDF")
    assert pia.get(f"/retention/certificates/{disposal_id}.exe").status_code == 404
    rosa = app.test_client().sign_in(people.rosa)
    assert not rosa.get(f"/retention/certificates/{disposal_id}.pdf").data.startswith(b"%PDF")


def test_refusals_are_sentences_on_the_page(app, pia, people):
    short = pia.post("/retention/draw/", data={"reason": "x"}, follow_redirects=True).text
    assert "at least 10 characters" in short
    with app.app_context():
        found = drawn_up(PEOPLE.ada.actor)
    place = f"/retention/{found.id}/"
    second = pia.post("/retention/draw/", data={"reason": REASON}, follow_redirects=True).text
    assert "Another list is not finished yet" in second
    other = pia.post(f"{place}approve/", data={"list_hash": "0"}, follow_redirects=True).text
    assert "not the one that you looked at" in other
    own = app.test_client().sign_in(people.ada)
    answer = own.post(
        f"{place}approve/", data={"list_hash": found.list_hash}, follow_redirects=True
    )
    assert "You drew up this list" in answer.text
    said = pia.post(f"{place}withdraw/", data={"reason": BECAUSE}, follow_redirects=True).text
    assert "Nothing was disposed of" in said
    assert pia.get("/retention/999999/").status_code == 404
    assert pia.post("/retention/999999/approve/").status_code == 404


def test_the_list_can_be_searched(app, pia):
    with app.app_context():
        found = drawn_up(PEOPLE.ada.actor)

    assert "Dela Cruz, Sam" in pia.get(f"/retention/{found.id}/?q=dela").text
    assert "Nobody found" in pia.get(f"/retention/{found.id}/?q=zzzz").text
    assert "Nobody is on this list" in pia.get(f"/retention/{found.id}/?page=9").text


def test_a_hold_is_placed_seen_and_lifted(app, pia):
    page = pia.get("/retention/holds/of/?patient=20259001").text
    assert "These records are due" in page
    form = {"patient": "20259001", "reason": BECAUSE}

    placed = pia.post("/retention/holds/place/", data=form, follow_redirects=True).text

    assert "under a hold" in placed
    assert BECAUSE in placed
    assert "These records must stay" in pia.get("/retention/holds/of/?patient=20259001").text
    with app.app_context():
        hold = queries.holds()[0]
    lifted = pia.post(
        f"/retention/holds/{hold.id}/lift/", data={"reason": BECAUSE}, follow_redirects=True
    ).text
    assert "The hold is lifted" in lifted
    assert BECAUSE in pia.get("/retention/holds/?filter=past").text
    assert "Lifted holds" in pia.get("/retention/holds/of/?patient=20259001").text
    assert pia.post("/retention/holds/999999/lift/", data=form).status_code == 404


def test_whoever_is_unknown_is_not_found_in_a_sentence(pia):
    sentence = "There is no record with this university ID"

    assert sentence in pia.get("/retention/holds/of/?patient=nobody").text
    form = {"patient": "nobody", "reason": BECAUSE}
    assert sentence in pia.post("/retention/holds/place/", data=form, follow_redirects=True).text


def test_no_page_list_search_or_endpoint_shows_the_disposed(app, people, old_clinic):
    """RET-02: nor does anybody get in with the old account."""
    with app.app_context():
        sam = person("20259001")
        services.carry_out(SYSTEM, disposal_id=approved().id)
    rosa = app.test_client().sign_in(people.rosa)

    for path in (
        "/patients/list/",
        "/patients/list/?_flt_0_status=disposed",
        "/enrolments/list/",
        "/appointments/list/?filter=all",
        "/day-list/?day=2026-11-23",
        "/messages/",
        "/api/patients/search/?q=Dela",
        "/api/appointments/?patient=20259001",
    ):
        shown = rosa.get(path).text
        assert "Dela Cruz" not in shown, path
        assert "20259001" not in shown.replace("?patient=20259001", ""), path
        assert "GONE-" not in shown or "appointments" in path or "day-list" in path, path
    for path in (f"/patients/show/{sam}", f"/patients/edit/{sam}"):
        assert rosa.get(path).status_code == 404
    answer = app.test_client().post(
        "/login/", data={"username": PEOPLE.sam.id, "password": "rain on the old acacia tree"}
    )
    assert answer.status_code != 302


def test_the_command_line_verifies_certificates_and_reapplies_them(app, old_clinic, tmp_path):
    with app.app_context():
        found = approved()
        services.carry_out(SYSTEM, disposal_id=found.id)
        file = services.certificates_folder() / f"disposal-{found.id:06d}.json"
    runner = app.test_cli_runner()

    with clock.pretend(LONG_AFTER):
        good = runner.invoke(retention, ["verify", str(file)])
        again = runner.invoke(retention, ["reapply", str(file)])
    broken = tmp_path / "disposal-000009.json"
    broken.write_text("{}")
    bad = runner.invoke(retention, ["verify", str(broken)])
    refused = runner.invoke(retention, ["reapply", str(tmp_path)])

    assert good.output.startswith("Genuine: list")
    assert "1 certificates, 0 people disposed of again" in again.output
    assert (good.exit_code, again.exit_code, bad.exit_code, refused.exit_code) == (0, 0, 1, 2)
