"""One's own data: ask for a copy, see how far it is, load it when it is ready (DPA-02)."""

from flask import Response, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response as WerkzeugResponse

from app.kernel.errors import Conflict
from app.privacy import services
from app.web.http import current_actor
from portal.blueprint import portal


@portal.get("/your-data", strict_slashes=False)
def your_data() -> str:
    """What was asked and how far it is."""
    found = services.own_data(current_actor())
    return render_template("portal/your_data.html", found=found)


@portal.post("/your-data/ask")
def ask_for_copy() -> WerkzeugResponse:
    """Ask for a copy; a second tap changes nothing."""
    try:
        services.ask_for_own_copy(current_actor())
    except Conflict as refusal:
        flash(refusal.message, "info")
    else:
        flash("We have your request. You see here when your copy is ready.", "success")
    return redirect(url_for("portal.your_data"), 303)


@portal.get("/your-data/copy.zip")
def own_copy() -> Response:
    """The file."""
    content = services.own_copy_file(current_actor()).read_bytes()
    answer = Response(content, mimetype="application/zip")
    answer.headers["Content-Disposition"] = "attachment; filename=your-data.zip"
    return answer
