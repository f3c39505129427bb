"""Builds the site: extensions, security manager, screens, error pages."""

from flask import Flask
from flask_appbuilder import AppBuilder
from flask_migrate import Migrate
from sqlalchemy.types import TypeDecorator
from werkzeug.middleware.proxy_fix import ProxyFix

from app import registry
from app.cli import init_commands
from app.infra.db import db
from app.infra.mail import mail
from app.infra.pool import ping_when_idle
from app.security.manager import ClinicSecurityManager
from app.visits.views.dashboard import DashboardView
from app.web.counting import init_counting
from app.web.csrf import csrf
from app.web.fields import use_own_fields
from app.web.filters import init_filters
from app.web.headers import init_headers
from app.web.http import init_errors
from app.web.menu import ClinicMenu
from config.flask import flask_config
from config.logging import set_up_logging
from config.settings import Settings

migrate = Migrate()


def create_app(settings: Settings) -> Flask:
    """The staff site for these settings. The portal is mounted on it by wsgi.py."""
    set_up_logging(settings.log_level)
    app = Flask("app", static_folder="static", template_folder="templates")
    app.config.from_mapping(flask_config(settings))
    _trust_proxies(app, settings.trusted_proxies)
    db.init_app(app)
    with app.app_context():
        ping_when_idle(db.engine)
    migrate.init_app(app, db, compare_type=True, render_item=_render_item)
    mail.init_app(app)
    csrf.init_app(app)  # before FAB, so that FAB can exempt its token endpoint
    init_errors(app)
    init_headers(app)
    init_counting(app)
    init_filters(app)
    init_commands(app)
    _build_screens(app)
    return app


def _trust_proxies(app: Flask, count: int) -> None:
    """X-Forwarded-* counts only from as many proxies as the settings name (WEB-03)."""
    if count:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=count, x_proto=count, x_host=count
        )


def _build_screens(app: Flask) -> None:
    use_own_fields()
    app.extensions["clinic_resources"] = registry.resources()
    with app.app_context():
        appbuilder = AppBuilder(
            menu=ClinicMenu(),
            indexview=DashboardView,
            security_manager_class=ClinicSecurityManager,
            update_perms=False,
        )
        appbuilder.init_app(app, db.session)
        for register in registry.REGISTER:
            register(appbuilder)


def _render_item(kind: str, item: object, context: object) -> str | bool:
    """Write our column types into migrations as what they are in the database."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False
