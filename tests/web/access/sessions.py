"""Who may open the doors of sessions."""

from app.kernel.permission import PATIENT_ROLES, Role

WHO: dict[str, frozenset[Role] | frozenset[Role | None]] = {
    "portal.list_sessions": PATIENT_ROLES,
    "portal.show_session": PATIENT_ROLES,
    "portal.take_seat": PATIENT_ROLES,
    "portal.cancel_seat": PATIENT_ROLES,
}
SAID: dict[str, dict[str, object]] = {}
