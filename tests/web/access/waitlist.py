"""Who may open the doors of waitlist."""

from app.kernel.permission import PATIENT_ROLES, Role

WHO: dict[str, frozenset[Role] | frozenset[Role | None]] = {
    "portal.list_waiting": PATIENT_ROLES,
    "portal.join_waitlist": PATIENT_ROLES,
    "portal.withdraw_waiting": PATIENT_ROLES,
    "portal.show_offer": PATIENT_ROLES,
    "portal.accept_offer": PATIENT_ROLES,
    "portal.decline_offer": PATIENT_ROLES,
}
SAID: dict[str, dict[str, object]] = {}
