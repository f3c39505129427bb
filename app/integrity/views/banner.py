"""A red banner on every staff page while the last proof is bad or old."""

import logging

from flask import Flask
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from app.infra.db import session
from app.integrity import services
from app.web.http import current_actor

log = logging.getLogger(__name__)


def proof_warning() -> str:
    """For templates: what is wrong with the last proof, for those who may see proofs.

    One look at an index, and none for anybody else. A page must not fail because of its banner.
    """
    try:
        if not current_user.is_authenticated:
            return ""
        return services.proof_warning(current_actor())
    except SQLAlchemyError as error:
        log.warning("the last proof could not be looked up: %s", type(error).__name__)
        session().rollback()
        return ""


def init_banner(app: Flask) -> None:
    """Make `proof_warning()` known to every template."""
    app.jinja_env.globals["proof_warning"] = proof_warning
