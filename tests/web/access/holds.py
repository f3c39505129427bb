"""Who may open the doors of times that are kept while a form is filled."""

from app.kernel.permission import PATIENT_ROLES, Role

WHO: dict[str, frozenset[Role] | frozenset[Role | None]] = {
    # Without a patient it is one's own; who may name one stands in the API's tests.
    "HoldApi.keep": PATIENT_ROLES,
    "HoldApi.release": PATIENT_ROLES
    | frozenset({Role.DENTIST, Role.NURSE, Role.PHYSICIAN, Role.RECEPTIONIST}),
    "portal.hold_time": PATIENT_ROLES,
}
SAID: dict[str, dict[str, object]] = {
    "HoldApi.keep": {"json": {"type": "consultation", "starts_at": "2026-11-24T09:00:00+08:00"}},
    "portal.hold_time": {"data": {"starts_at": "2026-11-24T01:00:00Z"}},
}
