"""Screens: booking."""

from flask_appbuilder import AppBuilder


def register(appbuilder: AppBuilder) -> None:
    """The screens of this file."""
