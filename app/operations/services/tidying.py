"""Old alerts and reports go, open ones stay; and what is wrong now, in sentences."""

from datetime import timedelta

from sqlalchemy import delete

from app.infra.db import transaction
from app.infra.error_reports import purge_reports
from app.kernel import clock
from app.kernel.actor import Actor
from app.operations.models import Alert
from app.operations.permissions import Permission
from app.operations.queries.alerts import open_alerts

ALERTS_KEPT = timedelta(days=400)
REPORTS_KEPT = timedelta(days=90)


def purge_old(actor: Actor) -> int:
    """Forget alerts that were over long ago, and reports put away long ago. Returns how many."""
    actor.require(Permission.SYSTEM_ACT)
    now = clock.now()
    with transaction() as tx:
        gone = tx.execute(
            delete(Alert)
            .where(Alert.resolved_at < now - ALERTS_KEPT)
            .execution_options(synchronize_session=False)
        )
        return int(gone.rowcount) + purge_reports(tx, before=now - REPORTS_KEPT)


def open_sentences() -> list[str]:
    """What is wrong now, one sentence each, without anybody's name: for lists on paper."""
    return [alert.sentence for alert in open_alerts()]
