"""A line on every staff page while the countdown of a breach runs (DPA-03)."""

import logging

from flask import Flask
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from app.infra.db import session
from app.privacy import services
from app.web.http import current_actor

log = logging.getLogger(__name__)


def breach_warning() -> str:
    """For templates: which countdown runs, for those who may see breaches; a page never fails."""
    try:
        if not current_user.is_authenticated:
            return ""
        return services.breach_warning(current_actor())
    except SQLAlchemyError as error:
        log.warning("breaches could not be looked up: %s", type(error).__name__)
        session().rollback()
        return ""


def init_banner(app: Flask) -> None:
    """Make `breach_warning()` known to every template."""
    app.jinja_env.globals["breach_warning"] = breach_warning
