"""Staff screens of the waiting room."""

from flask_appbuilder import AppBuilder

from app.visits.views import appointments, closing, devices, paper, queue


def register(appbuilder: AppBuilder) -> None:
    """The screens and their places in the menu."""
    queue.register(appbuilder)  # what the desk opens all day stands first
    appointments.register(appbuilder)
    closing.register(appbuilder)
    paper.register(appbuilder)
    devices.register(appbuilder)
