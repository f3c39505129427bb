"""Screens of operations, and the doors for programs that watch the system."""

from flask_appbuilder import AppBuilder

from app.operations.views import health, metrics
from app.operations.views.alerts import AlertView
from app.operations.views.system import SystemView


def register(appbuilder: AppBuilder) -> None:
    """Add the screens, /healthz and /metrics to the site."""
    menu = {"category": "Settings", "category_icon": "fa-cogs"}
    appbuilder.add_view(SystemView, "Operations", icon="fa-heartbeat", **menu)
    appbuilder.add_view(AlertView, "Alerts", icon="fa-bell", **menu)
    health.register(appbuilder.app)
    metrics.register(appbuilder.app)
