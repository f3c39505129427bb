"""Screens of retention."""

from flask_appbuilder import AppBuilder

from app.retention.views.disposals import CertificateView, DisposalListView
from app.retention.views.holds import HoldView


def register(appbuilder: AppBuilder) -> None:
    """Add the screens to the site."""
    appbuilder.add_view(
        DisposalListView, "Retention", category="Security", icon="fa-history", label="Retention"
    )
    appbuilder.add_view(HoldView, "Legal holds", category="Security", icon="fa-lock")
    appbuilder.add_view_no_menu(CertificateView)
