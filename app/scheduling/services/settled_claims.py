"""Lets time that is long over leave the constraints that keep claims apart (docs/adr/0021)."""

from datetime import timedelta

from sqlalchemy import select, update

from app.infra.db import transaction
from app.kernel import clock
from app.kernel.actor import Actor
from app.scheduling.models import Claim
from app.scheduling.permissions import Permission

STAYS_GUARDED = timedelta(days=14)
BATCH = 5_000


def settle_claims(actor: Actor) -> int:
    """Settle what ended more than 14 days ago; returns how many claims.

    They still count: proofs compare all claims, settled or not (SCH-01). Safe to run twice and
    at once: claims that somebody works with are left to the next night.
    """
    actor.require(Permission.RUN_DESK)
    settled = 0
    while count := _settle_some():
        settled += count
    return settled


def _settle_some() -> int:
    old = (
        select(Claim.id)
        .where(~Claim.settled, Claim.held_until < clock.now() - STAYS_GUARDED)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    quietly = (
        update(Claim)
        .where(Claim.id.in_(old.scalar_subquery()))
        .values(settled=True)
        .execution_options(synchronize_session=False)
    )
    with transaction() as tx:
        return int(tx.execute(quietly).rowcount)
