"""Worker and relay look at the same moment: one alert, one message to each (BAK-04, JOB-01)."""

from datetime import timedelta

import pytest

from app.infra import heartbeat
from app.infra.db import session
from app.infra.outbox import OutboxJob
from app.kernel import clock
from app.kernel.actor import system_actor
from app.notifications.models import Communication
from app.operations import services
from app.operations.models import Alert
from app.operations.queries import alerts
from app.operations.rules.things import LATE
from tests.racing import race

pytestmark = pytest.mark.committed
DAY = timedelta(days=1)
KEY = LATE


def look(number):
    """What the worker does every minute, and the relay too."""
    return services.check_system(system_actor())


def acknowledge(number, *, alert_id):
    """Everybody presses the button."""
    return services.acknowledge_alert(system_actor(), alert_id=alert_id)


@pytest.fixture
def arena(app, db, tmp_path):
    """A job that has been silent for two days."""
    with clock.pretend(clock.now() - 2 * DAY):
        heartbeat.enter_checks({"backup.create": (DAY, DAY)})
    return app.config["SQLALCHEMY_DATABASE_URI"], tmp_path


def told(event: str) -> int:
    """How many e-mails say this of the silent job."""
    session().expire_all()
    entity = f"alert/{session().query(Alert.id).filter_by(key=KEY).scalar()}"
    sent = session().query(Communication).filter_by(event=event, entity=entity)
    return sent.filter_by(channel="email").count()


def test_many_who_look_at_once_open_one_alert_and_tell_each_admin_once(arena):
    race(*arena, look, runners=8, processes=2)

    assert session().query(Alert).filter_by(key=KEY).count() == 1
    assert told("alert.opened") == 1


def test_many_who_look_at_once_escalate_and_close_once(arena):
    race(*arena, look, runners=4, processes=2)
    with clock.pretend(clock.now() + timedelta(hours=2)):
        race(*arena, look, runners=8, processes=2)
    escalated = told("alert.escalated")
    heartbeat.enter_checks({})
    session().query(OutboxJob).delete()  # e-mails that nobody sends are the same trouble
    session().commit()
    with clock.pretend(clock.now() + timedelta(hours=3)):
        race(*arena, look, runners=8, processes=2)

    assert (escalated, told("alert.resolved")) == (2, 2)  # the admin and the privacy officer
    assert session().query(Alert).filter_by(key=KEY, resolved_at=None).count() == 0


def test_many_who_acknowledge_at_once_leave_one_name(arena):
    services.check_system(system_actor())
    [line] = [one for one in alerts.alert_lines() if "create (backup)" in one.sentence]

    answers = race(*arena, acknowledge, runners=6, processes=2, alert_id=line.id)

    assert {answer for _, answer, _ in answers} == {"None"}
