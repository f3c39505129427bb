"""Tells those who must act before a clock runs out: in the bell and by e-mail (DPA-03)."""

from app.infra.db import transaction
from app.kernel import clock
from app.kernel.actor import Actor
from app.privacy import queries, rules
from app.privacy.permissions import Permission
from app.privacy.services.telling import tell_keepers


def watch_clocks(actor: Actor) -> int:
    """Say once that a day is left, that it is over, or that an answer is late (NOT-01).

    A message about the same thing to the same person is written once, however often this runs.
    Returns how many clocks are short or over.
    """
    actor.require(Permission.BREACH_WRITE)
    now, count = clock.now(), 0
    with transaction() as tx:
        for one in queries.undecided_breaches():
            left = rules.countdown(one.detected_at, now=now)
            if not left.is_short:
                continue
            count += 1
            what, sentence = "short", f"Breach {one.id}: a day or less is left to notify it."
            if left.is_over:
                what, sentence = "over", f"Breach {one.id}: the 72 hours are over."
            tell_keepers(tx, actor, f"breach_{what}", f"breach/{one.id}", sentence)
        for request in queries.overdue_requests(now):
            count += 1
            sentence = f"Request {request.id}: the time for an answer is over."
            tell_keepers(tx, actor, "request_late", f"request/{request.id}", sentence)
    return count
