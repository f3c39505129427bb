"""Closing the day: what is still open, what becomes of it, and one button (SCH-33)."""

from typing import ClassVar, cast

from flask import flash, redirect, url_for
from flask_appbuilder import AppBuilder, expose, has_access
from werkzeug.wrappers import Response

from app.kernel.errors import Conflict
from app.scheduling.permissions import Permission as Appointments
from app.visits import services
from app.visits.permissions import Permission
from app.visits.services.closing import DayClosed
from app.web.http import current_actor, status_of
from app.web.views import GuardedView


class ClosingView(GuardedView):
    """One page for the end of the day."""

    resource = Permission.CLOSE_DAY
    route_base = "/closing"
    default_view = "day"
    method_permission_name: ClassVar[dict[str, str]] = {"day": "close", "close": "close"}

    @expose("/")
    @has_access
    def day(self) -> Response:
        """Who is still here, who did not come, and which sessions are not ended."""
        self.update_redirect()
        return self._page()

    @expose("/", methods=["POST"])
    @has_access
    def close(self) -> Response | tuple[Response, int]:
        """End the day; twice is harmless."""
        try:
            closed = services.close_day(current_actor())
        except Conflict as refusal:
            return self._page(refusal=refusal.message), status_of(refusal)
        flash(words_of(closed), "success" if closed.total else "info")
        return redirect(url_for("ClosingView.day"), 303)

    def _page(self, refusal: str | None = None) -> Response:
        actor = current_actor()
        page = self.render_template(
            "visits/closing.html",
            title="Close the day",
            day=services.day_end(actor),
            may_check_in=actor.may(Appointments.RUN_DESK),
            may_rebook=actor.may(Appointments.READ),
            refusal=refusal,
        )
        return cast(Response, page)


def words_of(closed: DayClosed) -> str:
    """What closing did, in numbers."""
    if not closed.total:
        return "There was nothing to close."
    counted = (
        _counted(closed.left, "patient", "left without being seen"),
        _counted(closed.missed, "visit", "missed"),
        _counted(closed.sessions, "session", "ended"),
    )
    return f"The day is closed: {', '.join(one for one in counted if one)}."


def _counted(number: int, word: str, became: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'} {became}" if number else ""


def register(appbuilder: AppBuilder) -> None:
    """The screen of this file; the queue and the first page lead to it."""
    appbuilder.add_view_no_menu(ClosingView)
