"""One's own calendar feed: an address that a phone reads again and again (SCH-37)."""

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from app.scheduling.rules.feeds import FeedKind
from app.scheduling.services.feeds import make_feed, own_feed, revoke_feed
from app.web.http import current_actor
from portal.blueprint import portal


@portal.get("/calendar-feed", strict_slashes=False)
def calendar_feed() -> str:
    """Whether there is an address, and what can be done with it."""
    return _page()


@portal.post("/calendar-feed/make")
def make_calendar_feed() -> str:
    """Make an address, or a new one; it is shown on this page and never again."""
    token = make_feed(current_actor(), kind=FeedKind.PATIENT)
    return _page(url_for("FeedFileView.feed", token=token, _external=True))


@portal.post("/calendar-feed/revoke")
def revoke_calendar_feed() -> Response:
    """Let the address work no more; a second tap does nothing."""
    revoke_feed(current_actor(), kind=FeedKind.PATIENT)
    flash("The address does not work any more.", "success")
    return redirect(url_for("portal.calendar_feed"), 303)


def _page(address: str = "") -> str:
    feed = own_feed(current_actor(), kind=FeedKind.PATIENT)
    return render_template("portal/feed.html", feed=feed, address=address)
