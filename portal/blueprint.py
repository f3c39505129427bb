"""The blueprint that every page of the portal hangs on."""

from flask import Blueprint

portal = Blueprint(
    "portal",
    __name__,
    url_prefix="/portal",
    template_folder="templates",
    static_folder="static",
    static_url_path="/static",
)

# The largest key that the database has; a longer number in an address is a page not found.
KEY = f"<int(max={2**63 - 1}):appointment_id>"
