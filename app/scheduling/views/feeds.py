"""Calendar feeds: the file behind a secret address, and a provider's own address (SCH-37)."""

from typing import ClassVar, cast

from flask import flash, redirect, request, url_for
from flask_appbuilder import AppBuilder, expose, has_access
from werkzeug.wrappers import Response

from app.scheduling.errors.calendars import NoFeedForYou
from app.scheduling.permissions import Permission
from app.scheduling.rules.feeds import FeedKind
from app.scheduling.services.feeds import make_feed, own_feed, read_feed, revoke_feed
from app.web.http import current_actor
from app.web.views import GuardedView


class FeedFileView(GuardedView):
    """The file itself. Calendars cannot sign in: whoever knows the address may read it."""

    resource = Permission.READ
    route_base = "/feeds"
    default_view = "feed"

    @expose("/<string:token>.ics", methods=["GET"])
    def feed(self, token: str) -> Response:
        """The visits, or 304 when the calendar has them already."""
        file = read_feed(token=token)
        answer = Response(file.content, mimetype="text/calendar")
        answer.headers["Content-Disposition"] = 'inline; filename="clinic.ics"'
        answer.headers["Cache-Control"] = "private, no-cache"
        answer.headers["X-Robots-Tag"] = "noindex"
        answer.set_etag(file.etag)
        answer.last_modified = file.changed_at
        return answer.make_conditional(request.environ)


class FeedView(GuardedView):
    """A provider's own address: made, replaced, taken back."""

    resource = Permission.READ
    route_base = "/calendar-feed"
    default_view = "page"
    method_permission_name: ClassVar[dict[str, str]] = dict.fromkeys(
        ("page", "make", "revoke"), "read"
    )

    @expose("/")
    @has_access
    def page(self) -> Response:
        """Whether there is an address, and what can be done with it."""
        return self._page()

    @expose("/make/", methods=["POST"])
    @has_access
    def make(self) -> Response:
        """Make an address, or a new one; it is shown on this page and never again."""
        token = make_feed(current_actor(), kind=FeedKind.PROVIDER)
        return self._page(url_for("FeedFileView.feed", token=token, _external=True))

    @expose("/revoke/", methods=["POST"])
    @has_access
    def revoke(self) -> Response:
        """Let the address work no more; a second tap does nothing."""
        revoke_feed(current_actor(), kind=FeedKind.PROVIDER)
        flash("The address does not work any more.", "success")
        return redirect(url_for("FeedView.page"))

    def _page(self, address: str = "") -> Response:
        try:
            feed, sentence = own_feed(current_actor(), kind=FeedKind.PROVIDER), ""
        except NoFeedForYou as refusal:
            feed, sentence = None, refusal.message
        page = self.render_template(
            "scheduling/feed.html", feed=feed, address=address, sentence=sentence
        )
        return cast(Response, page)


def register(appbuilder: AppBuilder) -> None:
    """The screens of this file."""
    appbuilder.add_view_no_menu(FeedFileView)
    appbuilder.add_view(
        FeedView,
        "CalendarFeed",
        label="Calendar feed",
        icon="fa-calendar-o",
        category="Schedules",
    )
