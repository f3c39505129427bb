"""Two desks book the same series at once, with real processes (SCH-32, SCH-02)."""

import pytest
from sqlalchemy import func, select

from app.scheduling.models import Appointment, Series
from app.scheduling.services import series as use_cases
from tests.racing import race
from tests.services.test_races import OVERLAPS
from tests.services.test_series import wish

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("clinic")]


def book_series(number, *, actor, wanted, keys):
    """Each desk sends its own form, or the same one."""
    once = use_cases.once_for(actor, keys[number], wanted)
    return use_cases.book_series(actor, wish=wanted, once=once)


@pytest.mark.parametrize("keys", [("one", "two"), ("one", "one")], ids=["two-forms", "one-form"])
def test_two_desks_book_the_same_series_once(app, template_database, tmp_path, people, db, keys):
    answers = race(
        app.config["SQLALCHEMY_DATABASE_URI"],
        tmp_path,
        book_series,
        runners=2,
        processes=2,
        actor=people.rosa.actor,
        wanted=wish(people),
        keys=keys,
    )

    db.rollback()
    texts = sorted(answer for _, answer, _ in answers)
    if keys[0] == keys[1]:
        assert texts[0] == texts[1]
    else:
        assert texts[0].isdigit()
        assert texts[1] == "scheduling.series_clash"
    assert db.scalar(select(func.count()).select_from(Series)) == 1
    assert db.scalar(select(func.count()).select_from(Appointment)) == 3
    assert db.execute(OVERLAPS).scalar() == 0
