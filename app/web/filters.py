"""Template filters: how instants, days and times read on a page."""

from datetime import datetime

from flask import Flask

from app.web.fields import clock_time, format_day, format_instant, local


def time_of(instant: datetime) -> str:
    """9:00 AM in the clinic's zone."""
    wall = local(instant)
    return clock_time(wall.time()) if wall else ""


def init_filters(app: Flask) -> None:
    """Make the filters known to every template."""
    app.jinja_env.filters["instant"] = format_instant
    app.jinja_env.filters["day"] = format_day
    app.jinja_env.filters["time_of"] = time_of
    app.jinja_env.filters["local"] = local
    app.jinja_env.filters["clock_time"] = clock_time
