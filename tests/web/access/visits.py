"""Who may open the doors of visits."""

from app.kernel.permission import Role
from tests.web.access.roles import CARE, DESK

WHO: dict[str, frozenset[Role] | frozenset[Role | None]] = {
    "QueueView.queue": CARE,
    "QueueView.receive": DESK,
    "QueueView.next": CARE,
    "QueueView.step": CARE,
    "VisitApi.queue": CARE,
    "VisitApi.walk_in": DESK,
    "QueueView.visit": CARE,
    "ClosingView.day": DESK,
    "ClosingView.close": DESK,
    "VisitApi.step": CARE,
    "ClosingApi.day": DESK,
    "ClosingApi.close": DESK,
    "PaperView.paper": DESK,
    "PaperView.print_day": DESK,
    "PaperView.form": DESK,
    "PaperView.enter": DESK,
    "PaperView.void": DESK,
    "PaperView.undo": DESK,
}
SAID: dict[str, dict[str, object]] = {
    "ClosingApi.close": {"json": {}},
    "VisitApi.walk_in": {"json": {"patient": "20259001", "type": "consultation"}},
    "VisitApi.step": {"json": {"step": "call", "place": "Room 1"}},
}
