"""Screens of privacy."""

from flask_appbuilder import AppBuilder

from app.privacy.views.banner import init_banner
from app.privacy.views.breaches import AffectedListView, BreachRecordView
from app.privacy.views.copies import PersonalCopyView
from app.privacy.views.requests import RightsRequestView


def register(appbuilder: AppBuilder) -> None:
    """Add the screens and the banner to the site."""
    appbuilder.add_view(
        RightsRequestView, "Privacy requests", category="Security", icon="fa-clipboard"
    )
    appbuilder.add_view(BreachRecordView, "Breaches", category="Security", icon="fa-bullhorn")
    appbuilder.add_view_no_menu(AffectedListView)
    appbuilder.add_view_no_menu(PersonalCopyView)
    init_banner(appbuilder.app)
