"""The settings that the site, a job or a command runs with."""

from typing import cast

from flask import current_app

from config.settings import Settings


def settings() -> Settings:
    """The settings of the present application."""
    return cast(Settings, current_app.config["SETTINGS"])
