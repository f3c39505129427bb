"""Who may open the doors of series and of "Provider is out"."""

from app.kernel.permission import Role
from tests.web.access.roles import CALENDAR, CARE

FRONT_DESK = frozenset({Role.RECEPTIONIST})

WHO: dict[str, frozenset[Role] | frozenset[Role | None]] = {
    "OutageView.overview": CARE,
    "OutageView.show": CARE,
    "OutageView.apply": FRONT_DESK,
    "OutageView.called": FRONT_DESK,
    "OutageView.undo": FRONT_DESK,
    "SeriesView.book": CARE,
    "SeriesView.show": CALENDAR,
    "SeriesView.change": CARE,
    "SeriesView.cancel": CARE,
}
SAID: dict[str, dict[str, object]] = {}
