"""Missed visits for staff: what counts, and the answers to objections (SCH-35)."""

from typing import ClassVar, cast

from flask import flash, redirect, request, url_for
from flask_appbuilder import AppBuilder, expose, has_access
from werkzeug.wrappers import Response

from app.kernel import clock
from app.kernel.errors import Conflict, Invalid
from app.scheduling import services
from app.scheduling.permissions import Permission
from app.scheduling.rules.points import PointStatus
from app.web.http import current_actor
from app.web.views import GuardedView

PAGE_SIZE = 25
LAST_PAGE = 400
LARGEST_KEY = 2**63 - 1
FILTERS: dict[str, tuple[str, tuple[PointStatus, ...]]] = {
    "contested": ("With an objection", (PointStatus.CONTESTED,)),
    "counted": ("Counted", (PointStatus.COUNTED, PointStatus.UPHELD)),
    "taken-back": ("Taken back", (PointStatus.WAIVED, PointStatus.VOID)),
}


class PointView(GuardedView):
    """Points of missed visits; the front desk upholds them or takes them back."""

    resource = Permission.POINT_READ
    route_base = "/missed-visits"
    default_view = "missed"
    method_permission_name: ClassVar[dict[str, str]] = {"missed": "read", "decide": "decide"}

    @expose("/")
    @has_access
    def missed(self) -> Response:
        """The missed visits of a filter; those with an objection first of all."""
        self.update_redirect()
        asked, number = request.args.get("filter", ""), _page_number()
        chosen = asked if asked in FILTERS else "contested"
        found = services.missed_visits(
            current_actor(), statuses=FILTERS[chosen][1], page=number, size=PAGE_SIZE
        )
        page = self.render_template(
            "scheduling/points.html",
            found=found[:PAGE_SIZE],
            has_more=len(found) > PAGE_SIZE,
            page=number,
            chosen=chosen,
            filters={key: label for key, (label, _) in FILTERS.items()},
            may_decide=current_actor().may(Permission.POINT_DECIDE),
            now=clock.now(),
        )
        return cast(Response, page)

    @expose(f"/<int(max={LARGEST_KEY}):pk>/decide/", methods=["POST"])
    @has_access
    def decide(self, pk: int) -> Response:
        """Uphold a point or take it back, with the reason that the patient reads."""
        is_waived = request.form.get("to") == "waived"
        status = PointStatus.WAIVED if is_waived else PointStatus.UPHELD
        reason = request.form.get("reason", "")
        try:
            services.decide_point(current_actor(), point_id=pk, status=status, reason=reason)
        except (Invalid, Conflict) as refusal:
            flash(refusal.message, "danger")
        else:
            flash("The patient is told about it.", "success")
        return redirect(url_for("PointView.missed"))


def _page_number() -> int:
    text = request.args.get("page", "1")
    is_number = text.isascii() and text.isdigit() and len(text) < 5
    return min(max(int(text), 1), LAST_PAGE) if is_number else 1


def register(appbuilder: AppBuilder) -> None:
    """The screen of this file."""
    appbuilder.add_view(
        PointView, "Missed visits", category="Clinic", icon="fa-ban", href="/missed-visits/"
    )
