"""Screens of analytics."""

from flask_appbuilder import AppBuilder

from app.analytics.views.scheduling import SchedulingReportView


def register(appbuilder: AppBuilder) -> None:
    """Add the screens to the site."""
    appbuilder.add_view(
        SchedulingReportView, "Scheduling report", category="Clinic", icon="fa-bar-chart"
    )
