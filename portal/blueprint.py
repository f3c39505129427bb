"""The blueprint, the sign-in rule and the error pages."""

from flask import Blueprint

portal = Blueprint(
    "portal",
    __name__,
    url_prefix="/portal",
    template_folder="templates",
    static_folder="static",
    static_url_path="/static",
)
