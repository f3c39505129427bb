"""Who may open the doors of attendance."""

from app.kernel.permission import PATIENT_ROLES, Role
from tests.web.access.roles import ANYBODY, DESK

WHO: dict[str, frozenset[Role] | frozenset[Role | None]] = {
    # The signed address is the key: a wrong one is not there for anybody.
    "answer.ask": ANYBODY,
    "answer.yes": ANYBODY,
    "answer.no": ANYBODY,
    "PointView.missed": DESK,
    "PointView.decide": frozenset({Role.RECEPTIONIST}),
    "portal.missed_visits": PATIENT_ROLES,
    "portal.confirm_coming": PATIENT_ROLES,
    "portal.contest_point": PATIENT_ROLES,
    "portal.reminders": PATIENT_ROLES,
    "portal.save_reminders": PATIENT_ROLES,
}
SAID: dict[str, dict[str, object]] = {}
