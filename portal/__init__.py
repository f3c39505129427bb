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
    profile,
    timetable,
    waitlist,
    words,
)
from portal.blueprint import portal

__all__ = [
    "appointments",
    "auth",
    "booking",
    "feeds",
    "home",
    "messages",
    "mount_portal",
    "moving",
    "profile",
    "timetable",
    "waitlist",
    "words",
]


def mount_portal(app: Flask) -> None:
    """Serve the portal under /portal of the site."""
    app.register_blueprint(portal)
