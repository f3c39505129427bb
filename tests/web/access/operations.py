"""Who may open the doors of operations."""

from app.kernel.permission import Role
from tests.web.access.roles import ADMIN, ANYBODY

CALLED = ADMIN | {Role.PRIVACY_OFFICER}
WHO: dict[str, frozenset[Role] | frozenset[Role | None]] = {
    "SystemView.system": ADMIN,
    "SystemView.look_now": ADMIN,
    "SystemView.run_job": ADMIN,
    "SystemView.put_error_away": ADMIN,
    "AlertView.alerts": CALLED,
    "AlertView.acknowledge": CALLED,
    # Without METRICS_TOKEN there is nothing: 404. tests/web/test_metrics.py shows the rest.
    "metrics": ANYBODY,
}
SAID: dict[str, dict[str, object]] = {}
