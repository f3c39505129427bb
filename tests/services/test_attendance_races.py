"""Two workers at once remind once and mark once (SCH-30, SCH-35)."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.kernel import clock
from app.notifications.models import Communication
from app.scheduling import services
from app.scheduling.models import AppointmentEvent, NoShowPoint, Reminder
from app.scheduling.services import Wish
from tests.factories.scheduling import SYSTEM, at, create_crowd
from tests.racing import race

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("clinic")]


@pytest.fixture
def arena(app, template_database, tmp_path):
    """The URL of this test's own database and a folder for the racing sites."""
    return app.config["SQLALCHEMY_DATABASE_URI"], tmp_path


@pytest.fixture
def visits(people):
    """Nine visits on Tuesday from nine to noon."""
    for number, patient in enumerate([people.sam.id, *create_crowd(8)]):
        wish = Wish(
            type="consultation",
            starts_at=at("2026-11-24 09:00") + timedelta(minutes=20) * number,
            provider=people.dana.id,
            patient=patient,
        )
        services.book_appointment(SYSTEM, wish=wish)


def remind(number):
    """One worker's run."""
    return services.send_reminders(SYSTEM)


def mark(number):
    """One worker's run."""
    return services.mark_no_shows(SYSTEM)


def test_workers_at_once_send_each_reminder_once(arena, visits, db):
    with clock.pretend(at("2026-11-24 11:00")):
        answers = race(*arena, remind, runners=4, processes=2)

    # At eleven three visits of the morning are still to come.
    assert sum(int(answer) for _, answer, _ in answers) == 2
    assert db.scalar(select(func.count()).select_from(Reminder)) == 2


def test_workers_at_once_mark_each_visit_once(arena, visits, db):
    with clock.pretend(at("2026-11-24 12:00")):
        answers = race(*arena, mark, runners=4, processes=2)

    assert sum(int(answer) for _, answer, _ in answers) == 9
    assert db.scalar(select(func.count()).select_from(NoShowPoint)) == 9
    ends = Counter(
        db.scalars(select(AppointmentEvent.to_status).where(AppointmentEvent.from_status != ""))
    )
    assert ends == {"no-show": 9}
    told = select(func.count()).where(
        Communication.template == "missed", Communication.channel == "in-app"
    )
    assert db.scalar(told) == 1
