"""Screens of integrity, and the banner when a proof failed."""

from flask_appbuilder import AppBuilder

from app.integrity.views.banner import init_banner
from app.integrity.views.proofs import ProofView


def register(appbuilder: AppBuilder) -> None:
    """Add the screen and the banner to the site."""
    appbuilder.add_view(ProofView, "Proofs", category="Security", icon="fa-shield", label="Proofs")
    init_banner(appbuilder.app)
