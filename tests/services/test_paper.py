"""Printing for an outage: lists and numbered forms (SEC-01, SEC-03, SCH-33)."""

import io
import os
import stat

import pytest
from pypdf import PdfReader
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.infra.pdf import PdfFailed
from app.infra.runtime import settings
from app.integrity.queries import all_files
from app.kernel import clock
from app.kernel.errors import Forbidden, Invalid
from app.scheduling import services as scheduling
from app.scheduling.models import TimeOff
from app.scheduling.queries import schedules
from app.scheduling.services import Wish
from app.scheduling.services.seats import take_seat
from app.security.models import AuditEvent
from app.visits import services
from app.visits.errors.paper import PaperAlreadyEntered, PaperNotDrawn, UnknownPaperNumber
from app.visits.queries import paper
from app.visits.services import printing
from app.visits.services.paper import adopt_numbers, void_number, void_rest
from tests.factories.patients import create_patient
from tests.factories.scheduling import SYSTEM, at, create_crowd
from tests.factories.sessions import create_session

pytestmark = pytest.mark.usefixtures("clinic")


def words_of(content):
    pages = PdfReader(io.BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


@pytest.fixture
def folder(app, tmp_path, monkeypatch):
    monkeypatch.setattr(printing, "paper_folder", lambda: tmp_path / "paper")
    return tmp_path / "paper"


def test_the_day_is_printed_with_everything_the_desk_needs_and_no_clinical_word(db, people):
    """SEC-01, SEC-03."""
    crowd = create_crowd(3)
    wish = Wish(type="consultation", starts_at=at("09:00"), provider=people.dana.id, reason="rash")
    scheduling.book_appointment(people.sam.actor, wish=wish)
    services.receive_walk_in(
        people.rosa.actor, patient=crowd[0], type_code="consultation", reason="fever"
    )
    session = create_session("2026-11-23 14:00")
    take_seat(SYSTEM, session_id=session, patient=crowd[1])
    dino = schedules.practitioner_by_university_id(people.dino.id)
    db.add(
        TimeOff(practitioner_id=dino.id, starts_at=at("08:00"), ends_at=at("12:00"), note="surgery")
    )
    db.commit()

    printed = printing.print_paper(people.rosa.actor, forms=3, alerts=["The disk is nearly full."])

    found = words_of(printed.content)
    for wanted in (
        "Mon 23 Nov 2026: on paper",
        people.sam.id,
        "9:00 AM",
        "Consultation",
        "Downtown",
        "C-001",
        crowd[0],
        crowd[1],
        "1 of 2 seats are taken",
        "Away: ",
        "The disk is nearly full.",
        "P-000001",
        "P-000003",
        "Filled in by",
        "Confidential",
    ):
        assert wanted in found, wanted
    for clinical in ("rash", "fever", "surgery"):
        assert clinical not in found
    assert printed.numbers == "P-000001 to P-000003"
    assert "P-000004" not in found


def test_names_are_drawn_whatever_their_letters(people):
    create_patient("20261111", "José Ñiño", "Peñaflor")
    create_patient("20261112", "小明", "王")
    create_patient("20261113", "Ștefan", "Łukasz")
    for number in ("20261111", "20261112", "20261113"):
        services.receive_walk_in(people.rosa.actor, patient=number, type_code="consultation")

    found = words_of(printing.print_paper(people.rosa.actor, forms=0).content)

    assert "Peñaflor, José Ñiño" in found
    assert "Lukasz, Stefan" in found
    assert "■" not in found


def test_a_name_is_text_and_never_markup(people):
    assert printing.drawable("Ali علي") == "Ali ???"
    assert printing.drawable("<b>O'Neil & Co") == "&lt;b&gt;O&#39;Neil &amp; Co"


def test_every_printing_has_numbers_of_its_own_for_ever(db, people):
    first = printing.print_paper(people.rosa.actor, forms=2)
    none = printing.print_paper(people.neil.actor, forms=0)
    second = printing.print_paper(people.neil.actor, forms=1)

    assert (first.numbers, none.numbers, second.numbers) == (
        "P-000001 to P-000002",
        "",
        "P-000003 to P-000003",
    )
    actions = db.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert actions.count("visits:paper:print") == 2
    for statement in (
        "UPDATE visits_paper_batch SET last_number = 99",
        "DELETE FROM visits_paper_batch",
        "DELETE FROM visits_paper_form",
        "INSERT INTO visits_paper_batch (kind, first_number, last_number, for_date, printed_at)"
        " VALUES ('desk', 2, 9, '2026-11-23', now())",
    ):
        with pytest.raises(DBAPIError), db.begin_nested():
            db.execute(text(statement))


@pytest.mark.parametrize("forms", [-1, 101])
def test_a_senseless_number_of_forms_is_refused(people, forms):
    with pytest.raises(Invalid, match="between 0 and 100"):
        printing.print_paper(people.rosa.actor, forms=forms)


def test_a_day_that_cannot_be_drawn_is_refused_and_gives_no_number_back(people, monkeypatch):
    def broken(page):
        raise PdfFailed("too slow")

    with monkeypatch.context() as patched:
        patched.setattr(printing, "pdf_of", broken)
        with pytest.raises(PaperNotDrawn, match="fewer forms"):
            printing.print_paper(people.rosa.actor, forms=2)

    assert printing.print_paper(people.rosa.actor, forms=1).numbers == "P-000003 to P-000003"


@pytest.mark.parametrize("name", ["sam", "dana", "ada"])
def test_printing_is_for_the_desk_and_nurses(people, name):
    actor = getattr(people, name).actor
    for deed in (
        lambda: printing.print_paper(actor),
        lambda: printing.store_paper(actor),
        lambda: adopt_numbers(actor, up_to="P-9"),
        lambda: void_number(actor, number="P-1"),
        lambda: void_rest(actor, batch_id=1),
    ):
        with pytest.raises(Forbidden):
            deed()


def test_the_folder_keeps_the_latest_two_sets_for_its_owner_only(folder):
    files = []
    (folder).mkdir(mode=0o700)
    (folder / ".killed.part").write_text("half")
    for hour in ("07:00", "08:00", "09:00"):
        with clock.pretend(at(hour)):
            files.append(printing.store_paper(SYSTEM))
        os.utime(files[-1], (at(hour).timestamp(),) * 2)

    assert sorted(folder.iterdir()) == sorted(files[1:])
    assert {stat.S_IMODE(file.stat().st_mode) for file in files[1:]} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert "P-000061" in words_of(files[2].read_bytes())
    assert files[2].name == "paper-2026-11-23-printed-2026-11-23-090000.pdf"


def test_a_set_is_not_made_twice_in_an_hour_nor_at_night(folder):
    with clock.pretend(at("03:00")):
        assert printing.store_paper(SYSTEM) is None
    assert printing.store_paper(SYSTEM) is not None
    with clock.pretend(at("08:10")):
        assert printing.store_paper(SYSTEM) is not None
    with clock.pretend(at("08:30")):
        assert printing.store_paper(SYSTEM) is None
        assert printing.store_paper(SYSTEM, force=True) is not None
        for file in folder.iterdir():
            file.unlink()
        assert printing.store_paper(SYSTEM) is not None


def test_a_full_disk_leaves_the_earlier_set_and_nothing_else(folder, monkeypatch):
    before = printing.store_paper(SYSTEM)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(printing.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        printing.store_paper(SYSTEM, force=True)

    assert list(folder.iterdir()) == [before]


def test_the_folder_lies_in_the_home_and_in_no_backup(app):
    assert printing.paper_folder() == settings().home / "paper"
    assert "paper" not in {area.folder.split("/")[0] for area in all_files()}


def test_unused_forms_are_marked_and_counted(people):
    printing.print_paper(people.rosa.actor, forms=4)
    batch = paper.batches(since=at("00:00"))[0]
    assert (batch.total, batch.left, batch.numbers) == (4, 4, "P-000001 to P-000004")

    assert void_number(people.rosa.actor, number="p 2") == "P-000002"
    assert void_number(people.rosa.actor, number="P-000002") == "P-000002"
    assert paper.missing_numbers(paper.batch(batch.id)) == [1, 3, 4]
    assert void_rest(people.neil.actor, batch_id=batch.id) == 3
    assert void_rest(people.neil.actor, batch_id=batch.id) == 0

    after = paper.batch(batch.id)
    assert (after.entered, after.void, after.left) == (0, 4, 0)
    with pytest.raises(UnknownPaperNumber):
        void_number(people.rosa.actor, number="P-000005")
    with pytest.raises(UnknownPaperNumber):
        void_rest(people.rosa.actor, batch_id=99)


def test_sets_that_nobody_printed_are_not_listed(folder, people):
    printing.store_paper(SYSTEM)
    assert paper.batches(since=at("00:00")) == []

    void_number(people.rosa.actor, number="P-000007")

    assert [one.kind for one in paper.batches(since=at("00:00"))] == ["standby"]


def test_numbers_lost_by_a_restore_are_made_known_again(people):
    """BAK-04: what was printed after the backup is on paper, but not in the restored records."""
    printing.print_paper(people.rosa.actor, forms=2)

    assert adopt_numbers(people.rosa.actor, up_to="P-000040") == "P-000003 to P-000040"
    assert printing.print_paper(people.rosa.actor, forms=1).numbers == "P-000041 to P-000041"
    assert void_number(people.rosa.actor, number="P-000039") == "P-000039"
    for known in ("P-000041", "P-500000"):
        with pytest.raises(Invalid, match="last known number is P-000041"):
            adopt_numbers(people.rosa.actor, up_to=known)


def test_a_form_that_was_entered_is_never_marked_as_unused(people):
    from tests.services.test_late_entry import enter

    printing.print_paper(people.rosa.actor, forms=1)
    with clock.pretend(at("12:00")):
        enter(people.rosa, people.sam)

    with pytest.raises(PaperAlreadyEntered):
        void_number(people.rosa.actor, number="P-000001")
