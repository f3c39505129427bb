"""The students' side: booking and history. A small site over the same services."""

from flask import Flask

from portal.blueprint import portal


def mount_portal(app: Flask) -> None:
    """Serve the portal under /portal of the site."""
    app.register_blueprint(portal)
