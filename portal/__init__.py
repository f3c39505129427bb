"""The students' side: booking and history. A small site over the same services."""

from flask import Flask

from portal import (
    appointments,
    auth,
    booking,
    feeds,
    home,
    messages,
    moving,
    points,
    profile,
    reminders,
    sessions,
    timetable,
    turn,
    waitlist,
    words,
    your_data,
)
from portal.answer import answer
from portal.blueprint import portal
from portal.display import display
from portal.kiosk import kiosk

__all__ = [
    "appointments",
    "auth",
    "booking",
    "feeds",
    "home",
    "messages",
    "mount_portal",
    "moving",
    "points",
    "profile",
    "reminders",
    "sessions",
    "timetable",
    "turn",
    "waitlist",
    "words",
    "your_data",
]


def mount_portal(app: Flask) -> None:
    """Serve the portal under /portal of the site, and the screens of the waiting room."""
    app.register_blueprint(portal)
    app.register_blueprint(answer)
    app.register_blueprint(kiosk)
    app.register_blueprint(display)
