"""A database that was recovered to a moment is settled once, by whoever works first (BAK-04)."""

import pytest
from sqlalchemy import select, text

from app.backup.services import recovered, settle_recovery
from app.infra.db import session, transaction
from app.infra.outbox import JobStatus, OutboxJob
from app.kernel import clock
from app.kernel.actor import system_actor
from app.kernel.errors import Forbidden
from app.notifications import services as notifications
from app.notifications.models import Communication
from app.notifications.rules import Template
from app.notifications.services import Recipient
from app.security.errors import NoAuditKey
from app.security.models import AuditEvent

SYSTEM = system_actor()
MARK = "2026-11-23T02:05:00+00:00 ab12cd34"


@pytest.fixture
def recovered_database(db):
    """As after `flask clinic recover`, with one message that waits."""
    session().execute(text(f"SET {recovered.SETTING} = '{MARK}'"))
    with transaction() as tx:
        notifications.notify(
            tx,
            SYSTEM,
            event="appointment.confirmed",
            entity="appointment/1",
            occurrence=0,
            recipient=Recipient(None, "Sam", "sam@usc.edu.ph"),
            subject="x",
            template=Template.CONFIRMED,
            params={"starts_at": clock.now().isoformat()},
        )
    yield db
    session().execute(text(f"RESET {recovered.SETTING}"))


def test_waiting_mail_is_held_back_once(recovered_database):
    first, second = settle_recovery(SYSTEM), settle_recovery(SYSTEM)

    session().expire_all()
    assert (first, second) == (1, None)
    assert session().scalars(select(Communication.status)).all() == ["dead"]
    assert session().scalars(select(OutboxJob.status)).all() == [JobStatus.DEAD]
    [event] = session().scalars(select(AuditEvent).where(AuditEvent.object_type == "Recovery"))
    assert event.object_id == MARK
    assert event.details == {"moment": MARK.split()[0], "held_back_mails": 1}


def test_the_next_recovery_is_settled_too(recovered_database):
    settle_recovery(SYSTEM)
    session().execute(text(f"SET {recovered.SETTING} = '2026-11-24T02:05:00+00:00 ab12cd35'"))

    assert settle_recovery(SYSTEM) == 0


def test_a_trail_that_cannot_be_accepted_holds_the_mail_back_all_the_same(
    recovered_database, monkeypatch
):
    def refuse(*_args, **_more):
        raise NoAuditKey("audit.json")

    monkeypatch.setattr(recovered, "accept_chain", refuse)

    assert settle_recovery(SYSTEM) == 1


def test_who_may_make_no_backups_settles_nothing(recovered_database, people):
    with pytest.raises(Forbidden):
        settle_recovery(people.sam.actor)


def test_a_database_that_was_never_recovered_is_left_alone(db):
    assert settle_recovery(SYSTEM) is None
