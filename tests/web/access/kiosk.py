"""Who may open the doors of the kiosk, the wall, and one's place in the queue."""

from app.kernel.permission import PATIENT_ROLES, Role
from tests.web.access.roles import ADMIN, ANYBODY

WHO: dict[str, frozenset[Role] | frozenset[Role | None]] = {
    # The address is the key: a wrong one is not there for anybody.
    "kiosk.start": ANYBODY,
    "kiosk.arrive": ANYBODY,
    "kiosk.take_number": ANYBODY,
    "display.show": ANYBODY,
    "display.board": ANYBODY,
    "portal.my_turn": PATIENT_ROLES,
    "portal.check_in_image": PATIENT_ROLES,
    "DeviceView.screens": ADMIN | {Role.RECEPTIONIST},
    "DeviceView.add": ADMIN,
    "DeviceView.revoke": ADMIN,
}
SAID: dict[str, dict[str, object]] = {}
