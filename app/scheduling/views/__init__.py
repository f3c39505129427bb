"""Staff screens of scheduling."""

from flask_appbuilder import AppBuilder

from app.scheduling.views import (
    booking,
    calendar,
    catalogue,
    feeds,
    outages,
    points,
    questionnaires,
    resources,
    schedules,
    series,
    sessions,
    waitlist,
)


def register(appbuilder: AppBuilder) -> None:
    """The screens and their places in the menu."""
    calendar.register(appbuilder)
    booking.register(appbuilder)
    waitlist.register(appbuilder)
    schedules.register(appbuilder)
    sessions.register(appbuilder)
    outages.register(appbuilder)
    points.register(appbuilder)
    series.register(appbuilder)
    catalogue.register(appbuilder)
    resources.register(appbuilder)
    questionnaires.register(appbuilder)
    feeds.register(appbuilder)
