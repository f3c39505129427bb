"""Staff screens of scheduling."""

from flask_appbuilder import AppBuilder

from app.scheduling.views import appointments, booking, calendar, catalogue, resources, schedules


def register(appbuilder: AppBuilder) -> None:
    """The screens and their places in the menu."""
    calendar.register(appbuilder)
    appointments.register(appbuilder)
    booking.register(appbuilder)
    schedules.register(appbuilder)
    catalogue.register(appbuilder)
    resources.register(appbuilder)
