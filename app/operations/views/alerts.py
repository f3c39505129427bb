"""Alerts: what is open, what was, and who looks after it."""

from typing import Any, ClassVar, cast

from flask import flash, redirect
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from werkzeug.wrappers import Response

from app.kernel.errors import DomainError
from app.operations import services
from app.operations.permissions import Permission
from app.operations.queries.alerts import alert_lines
from app.web.http import current_actor
from app.web.views import GuardedView

KEY = f"<int(max={2**63 - 1}):alert_id>"


class AlertView(GuardedView):
    """The list of alerts, open ones first."""

    resource = Permission.ALERT_READ
    route_base = "/operations/alerts"
    default_view = "alerts"
    method_permission_name: ClassVar[dict[str, str]] = {
        "alerts": "read",
        "acknowledge": "acknowledge",
    }

    @expose("/")
    @has_access
    def alerts(self) -> Response:
        """The last hundred."""
        lines = alert_lines()
        page: Any = self.render_template(
            "operations/alerts.html",
            title="Alerts",
            open_alerts=[line for line in lines if line.resolved_at is None],
            past_alerts=[line for line in lines if line.resolved_at is not None],
            may_acknowledge=current_actor().may(Permission.ALERT_ACKNOWLEDGE),
        )
        return cast(Response, page)

    @expose(f"/{KEY}/acknowledge/", methods=["POST"])
    @has_access
    def acknowledge(self, alert_id: int) -> Response:
        """Look after it, so that nobody else is called."""
        try:
            services.acknowledge_alert(current_actor(), alert_id=alert_id)
        except DomainError as refusal:
            flash(refusal.message, "danger")
        else:
            flash("You look after it. Nobody else will be called.", "success")
        return redirect("/operations/alerts/", 303)
