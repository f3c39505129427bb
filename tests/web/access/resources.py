"""Who may open the doors of resources."""

from app.kernel.permission import Role
from tests.web.access.roles import ADMIN, CALENDAR, IMPORTS

WHO: dict[str, frozenset[Role] | frozenset[Role | None]] = {
    "ResourceView.list": CALENDAR,
    "ResourceView.show": CALENDAR,
    "ResourceView.add": ADMIN,
    "ResourceView.edit": ADMIN,
    "RoomsView.day": CALENDAR,
    "RoomsView.use": CALENDAR,
    "RoomsView.block": IMPORTS,
    "RoomsView.lift": IMPORTS,
    "NeedsView.needs": CALENDAR,
    "NeedsView.save": ADMIN,
    # Whose preferences they are decides behind the door.
    "PreferencesView.preferences": CALENDAR,
    "PreferencesView.save": CALENDAR,
}
SAID: dict[str, dict[str, object]] = {}
