"""The provider whom one saw last: marked among the others, and offered first."""

from app.kernel import clock
from app.scheduling.queries.schedules import PractitionerCard
from app.scheduling.queries.usual import seen_by
from app.scheduling.rules.usual import REMEMBERED_FOR, usual_provider
from portal.auth import me
from portal.kinds import Providers


def usual_card(providers: Providers) -> PractitionerCard | None:
    """One's usual provider among these; None where nobody is, or nobody else could be chosen."""
    now = clock.now()
    cards = {card.university_id: card for card in providers.cards}
    if len(cards) < 2:
        return None
    key = usual_provider(seen_by(me().id, since=now - REMEMBERED_FOR), cards, now=now)
    return cards[key] if key else None
