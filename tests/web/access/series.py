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
    "OutageApi.recent": CARE,
    "OutageApi.read": CARE,
    "OutageApi.preview": FRONT_DESK,
    "OutageApi.apply": FRONT_DESK,
    "OutageApi.undo": FRONT_DESK,
    "OutageApi.called": FRONT_DESK,
    "SeriesApi.of_patient": CALENDAR,
    "SeriesApi.read": CALENDAR,
    "SeriesApi.preview": CARE,
    "SeriesApi.book": CARE,
    "SeriesApi.preview_rest": CARE,
    "SeriesApi.change_rest": CARE,
    "SeriesApi.cancel_rest": CARE,
    "SeriesView.book": CARE,
    "SeriesView.show": CALENDAR,
    "SeriesView.of_patient": CALENDAR,
    "SeriesView.change": CARE,
    "SeriesView.cancel": CARE,
}
RULE = {
    "type": "consultation",
    "patient": "20259001",
    "provider": "DOC901",
    "frequency": "weekly",
    "first_on": "2026-11-24",
    "local_time": "09:00",
    "count": 2,
}
REST = {"appointment": 1, "first_on": "2026-12-02", "local_time": "10:00"}
ABSENCE = {
    "provider": "DOC901",
    "starts_at": "2026-11-24T08:00:00+08:00",
    "ends_at": "2026-11-24T12:00:00+08:00",
}
SAID: dict[str, dict[str, object]] = {
    "OutageApi.preview": {"json": ABSENCE},
    "OutageApi.apply": {"json": ABSENCE},
    "OutageApi.undo": {"json": {}},
    "OutageApi.called": {"json": {"note": "Comes on Friday"}},
    "SeriesApi.of_patient": {"query_string": {"patient": "20259001"}},
    "SeriesApi.preview": {"json": RULE},
    "SeriesApi.book": {"json": RULE},
    "SeriesApi.preview_rest": {"json": REST},
    "SeriesApi.change_rest": {"json": REST},
    "SeriesApi.cancel_rest": {"json": {"appointment": 1, "reason": "Moved away"}},
}
