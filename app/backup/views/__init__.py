"""Screens of backups."""

from flask_appbuilder import AppBuilder

from app.backup.views.backups import BackupView
from app.backup.views.restoring import RestoreView


def register(appbuilder: AppBuilder) -> None:
    """Add the screens to the site."""
    menu = {"category": "Settings", "category_icon": "fa-cogs"}
    appbuilder.add_view(BackupView, "Backups", icon="fa-archive", **menu)
    appbuilder.add_view_no_menu(RestoreView)
