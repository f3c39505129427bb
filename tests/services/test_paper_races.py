"""Paper numbers with real processes at once: none is printed or entered twice (SCH-33)."""

from datetime import date, time

import pytest
from sqlalchemy import func, select

from app.infra.db import transaction
from app.kernel import clock
from app.visits.models import PaperBatch, Visit
from app.visits.rules import PaperOutcome
from app.visits.services.late import LateEntry, enter_form
from app.visits.services.paper import draw_numbers
from tests.factories.scheduling import SYSTEM, at
from tests.people import PEOPLE
from tests.racing import race

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("clinic")]
MONDAY = date(2026, 11, 23)


@pytest.fixture
def arena(app, template_database, tmp_path):
    """The URL of this test's own database and a folder for the racing sites."""
    return app.config["SQLALCHEMY_DATABASE_URI"], tmp_path


def draw_ten(number):
    """Each racer prints ten forms."""
    with transaction() as tx:
        return draw_numbers(tx, SYSTEM, kind="desk", count=10, for_date=MONDAY)


def enter_the_form(number, *, patients):
    """Everybody types in the same form, for whom they read on it."""
    entry = LateEntry(
        number="P-000001",
        patient=patients[number % len(patients)],
        on_date=MONDAY,
        outcome=PaperOutcome.SEEN,
        type_code="consultation",
        provider=PEOPLE.dana.id,
        campus="Downtown",
        arrived=time(9),
        started=time(9, 10),
        ended=time(9, 30),
        written_by="Nurse Neil",
    )
    return enter_form(SYSTEM, entry=entry).number


def test_two_printers_at_once_never_share_a_number(arena, db):
    results = race(*arena, draw_ten, runners=8, processes=2)

    assert sorted(int(answer) for _, answer, _ in results) == list(range(1, 81, 10))
    assert db.scalar(select(func.count()).select_from(PaperBatch)) == 8


def test_one_form_typed_in_by_many_at_once_becomes_one_visit(arena, db):
    draw_ten(0)

    with clock.pretend(at("12:00")):
        results = race(
            *arena, enter_the_form, runners=6, processes=2, patients=[PEOPLE.sam.id, PEOPLE.eve.id]
        )

    answers = sorted(answer for _, answer, _ in results)
    assert answers == ["P-000001"] + ["visits.paper_already_entered"] * 5
    assert db.scalar(select(func.count()).select_from(Visit)) == 1
