"""Who may open the doors of sessions."""

from app.kernel.permission import PATIENT_ROLES, Role
from tests.web.access.roles import CARE, DESK

WHO: dict[str, frozenset[Role] | frozenset[Role | None]] = {
    "SessionView.sessions": CARE,
    "SessionView.show": CARE,
    "SessionView.mark": CARE,
    "SessionView.station": CARE,
    "SessionView.close": CARE,
    "SessionView.add": DESK,
    "SessionView.edit": DESK,
    "SessionView.seat": DESK,
    "SessionView.class_list": DESK,
    "SessionView.booking": DESK,
    "SessionView.call_off": DESK,
    "SessionApi.sessions": CARE | PATIENT_ROLES,
    # Without a patient in the request; with one it is for those who book (tests/services).
    "SessionApi.take": PATIENT_ROLES,
    "SessionApi.give_back": PATIENT_ROLES,
    "portal.list_sessions": PATIENT_ROLES,
    "portal.show_session": PATIENT_ROLES,
    "portal.take_seat": PATIENT_ROLES,
    "portal.cancel_seat": PATIENT_ROLES,
}
SAID: dict[str, dict[str, object]] = {
    "SessionApi.take": {"json": {}},
}
