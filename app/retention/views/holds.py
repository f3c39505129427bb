"""Legal holds: whose records stay whatever the schedule says (RET-02)."""

from typing import Any, ClassVar, cast

from flask import Response, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from werkzeug.wrappers import Response as WerkzeugResponse

from app.retention import services
from app.retention.errors import UnknownPerson
from app.retention.permissions import Permission
from app.retention.views.steps import page_number, step
from app.web.http import current_actor
from app.web.views import GuardedView

KEY = f"<int(max={2**31 - 1}):hold_id>"


class HoldView(GuardedView):
    """Open and past holds, and one person's records: until when, why, and which holds."""

    resource = Permission.HOLD_READ
    route_base = "/retention/holds"
    default_view = "holds"
    method_permission_name: ClassVar[dict[str, str]] = {
        "holds": "read",
        "person": "read",
        "place": "write",
        "lift": "write",
    }

    @expose("/")
    @has_access
    def holds(self) -> Response:
        """A page of holds, the newest first."""
        page = page_number()
        is_open = request.args.get("filter") != "past"
        lines = services.held_people(current_actor(), is_open=is_open, page=page)
        return self._page("holds", lines=lines, is_open=is_open, number=page)

    @expose("/of/")
    @has_access
    def person(self) -> Response:
        """Why one person's records stay, and until when."""
        typed = request.args.get("patient", "").strip()[:100]
        try:
            found = services.person_page(current_actor(), university_id=typed)
        except UnknownPerson as refusal:
            return self._page("person", found=None, typed=typed, problem=refusal.message)
        return self._page("person", found=found, typed=typed, problem="")

    @expose("/place/", methods=["POST"])
    @has_access
    def place(self) -> WerkzeugResponse:
        """Keep a person's records."""
        typed = request.form.get("patient", "").strip()[:100]
        reason = request.form.get("reason", "")
        return step(
            lambda actor: services.hold_person(actor, university_id=typed, reason=reason),
            "The records are under a hold until somebody lifts it.",
            f"{self.route_base}/",
        )

    @expose(f"/{KEY}/lift/", methods=["POST"])
    @has_access
    def lift(self, hold_id: int) -> WerkzeugResponse:
        """Let the schedule decide again."""
        reason = request.form.get("reason", "")
        return step(
            lambda actor: services.lift_hold(actor, hold_id=hold_id, reason=reason),
            "The hold is lifted; the schedule decides again.",
            f"{self.route_base}/",
        )

    def _page(self, name: str, **facts: Any) -> Response:
        may_hold = current_actor().may(Permission.HOLD_WRITE)
        page = self.render_template(f"retention/{name}.html", may_hold=may_hold, **facts)
        return cast(Response, page)
