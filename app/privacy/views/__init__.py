"""Screens of privacy."""

from flask_appbuilder import AppBuilder

from app.privacy.views.requests import RightsRequestView


def register(appbuilder: AppBuilder) -> None:
    """Add the screens to the site."""
    appbuilder.add_view(
        RightsRequestView, "Privacy requests", category="Security", icon="fa-clipboard"
    )
