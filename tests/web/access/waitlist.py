"""Who may open the doors of waitlist."""

from app.kernel.permission import PATIENT_ROLES, Role
from tests.web.access.roles import DESK, SIGNED_IN

WHO: dict[str, frozenset[Role] | frozenset[Role | None]] = {
    "WaitlistApi.entries": DESK | PATIENT_ROLES,
    # Without a patient it is one's own entry; who may name one stands in the API's tests.
    "WaitlistApi.join": PATIENT_ROLES,
    # Whose offer it is decides here: what is not theirs is not there (ACC-02).
    "WaitlistApi.offer": DESK,
    "WaitlistApi.accept": SIGNED_IN,
    "WaitlistApi.decline": SIGNED_IN,
    "WaitlistView.waiting": DESK,
    "WaitlistView.add": DESK,
    "WaitlistView.offer": DESK,
    "WaitlistView.withdraw": DESK,
    "WaitlistView.accept": DESK,
    "WaitlistView.decline": DESK,
    "portal.list_waiting": PATIENT_ROLES,
    "portal.join_waitlist": PATIENT_ROLES,
    "portal.withdraw_waiting": PATIENT_ROLES,
    "portal.show_offer": PATIENT_ROLES,
    "portal.accept_offer": PATIENT_ROLES,
    "portal.decline_offer": PATIENT_ROLES,
}
SAID: dict[str, dict[str, object]] = {
    "WaitlistApi.offer": {"json": {"provider": "DOC901", "starts_at": "2026-11-24T09:00:00+08:00"}},
    "WaitlistApi.join": {
        "json": {"type": "consultation", "first_day": "2026-11-24", "last_day": "2026-11-27"}
    },
}
