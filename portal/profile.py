"""Who the clinic thinks one is; the way out."""

from flask import render_template

from portal.auth import me
from portal.blueprint import portal


@portal.get("/profile", strict_slashes=False)
def profile() -> str:
    """What the clinic knows, to read; the front desk corrects it."""
    return render_template("portal/profile.html", me=me())
