"""Who may open the doors of privacy."""

from app.kernel.permission import Role
from tests.web.access.roles import ADMIN

OFFICER = frozenset({Role.PRIVACY_OFFICER})
KEEPERS = ADMIN | OFFICER
WHO: dict[str, frozenset[Role] | frozenset[Role | None]] = {
    "RightsRequestView.requests": KEEPERS,
    "RightsRequestView.show": KEEPERS,
    "RightsRequestView.new": KEEPERS,
    "RightsRequestView.register": KEEPERS,
    "RightsRequestView.take": KEEPERS,
    "RightsRequestView.hand_over": KEEPERS,
    "RightsRequestView.note": KEEPERS,
    "RightsRequestView.end": KEEPERS,
}
SAID: dict[str, dict[str, object]] = {}
