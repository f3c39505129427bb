"""How one wants to be reminded of visits (SCH-30)."""

from datetime import timedelta

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.kernel.errors import Invalid
from app.scheduling import services
from app.scheduling.queries.reminders import WishView
from app.web.http import current_actor, status_of
from portal.blueprint import portal
from portal.words import minutes

# What the page offers; the clinic's kinds of visits may say other times.
LEADS = (2880, 1440, 180, 120, 60)


@portal.get("/reminders", strict_slashes=False)
def reminders() -> str:
    """The present choice."""
    return _page(services.own_wish(current_actor()))


@portal.post("/reminders")
def save_reminders() -> Response | tuple[str, int]:
    """Keep the choice."""
    typed = request.form.getlist("lead")
    try:
        services.save_reminder_wish(
            current_actor(),
            by_email="by_email" in request.form,
            in_app="in_app" in request.form,
            lead_minutes=None if request.form.get("when") != "own" else _leads(typed),
        )
    except Invalid as refusal:
        wish = services.own_wish(current_actor())
        return _page(wish, refusal.message), status_of(refusal)
    flash("Your choice is kept.", "success")
    return redirect(url_for("portal.reminders"), 303)


def _leads(typed: list[str]) -> list[int]:
    """Minutes from the form; nonsense is a number that the service refuses."""
    return [int(text) if text in {str(lead) for lead in LEADS} else 0 for text in typed]


def _page(wish: WishView, sentence: str = "") -> str:
    leads = [(lead, minutes(timedelta(minutes=lead))) for lead in LEADS]
    return render_template("portal/reminders.html", wish=wish, leads=leads, sentence=sentence)
