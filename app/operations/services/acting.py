"""What people do about alerts, error reports and jobs that were given up."""

from sqlalchemy import select

from app.infra.db import transaction
from app.infra.error_reports import resolve_error
from app.kernel import clock
from app.kernel.actor import Actor
from app.notifications import services as notifications
from app.operations.errors import AlertIsOver, NothingToPutAway, UnknownAlert
from app.operations.models import Alert
from app.operations.permissions import Permission
from app.security.services import record_event


def acknowledge_alert(actor: Actor, *, alert_id: int) -> None:
    """Say that one looks after it, so that nobody else is called; twice is harmless.

    Raises UnknownAlert, AlertIsOver.
    """
    actor.require(Permission.ALERT_ACKNOWLEDGE)
    with transaction() as tx:
        row: Alert | None = tx.execute(
            select(Alert)
            .where(Alert.id == alert_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).scalar_one_or_none()
        if row is None:
            raise UnknownAlert()
        if row.acknowledged_at is not None:
            return
        if row.resolved_at is not None:
            raise AlertIsOver()
        row.acknowledged_at, row.acknowledged_by_id = clock.now(), actor.user_id
        record_event(
            tx, actor, "operations:alert:acknowledge", object_type="Alert", object_id=alert_id
        )


def put_error_away(actor: Actor, *, fingerprint: str) -> None:
    """The cause was mended; the report comes back when it happens again.

    Raises NothingToPutAway.
    """
    actor.require(Permission.SYSTEM_ACT)
    with transaction() as tx:
        if not fingerprint.isalnum() or not resolve_error(tx, fingerprint):
            raise NothingToPutAway()
        record_event(
            tx,
            actor,
            "operations:error-report:put-away",
            object_type="ErrorReport",
            object_id=fingerprint,
        )


def run_job_again(actor: Actor, *, job_id: int) -> None:
    """Let a job that was given up run again. Raises NothingToRunAgain."""
    actor.require(Permission.SYSTEM_ACT)
    notifications.run_job_again(actor, job_id=job_id)
