"""Requests about somebody's own data: the list with its clocks, and one of them (DPA-02)."""

from typing import Any, ClassVar, cast

from flask import Response, flash, redirect, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from werkzeug.wrappers import Response as WerkzeugResponse

from app.infra.runtime import settings
from app.kernel.errors import Invalid
from app.kernel.ids import UserId
from app.privacy import services
from app.privacy.permissions import Permission
from app.privacy.queries import Wanted
from app.privacy.rules import RequestKind, RequestStatus
from app.privacy.rules.requests import KIND_NAMES
from app.privacy.services import RequestDraft
from app.privacy.views import typed
from app.privacy.views.typed import step
from app.web.http import current_actor
from app.web.views import GuardedView

KEY = f"<int(max={2**31 - 1}):request_id>"


class RightsRequestView(GuardedView):
    """What people ask about their data."""

    resource = Permission.REQUEST_READ
    route_base = "/privacy/requests"
    default_view = "requests"
    method_permission_name: ClassVar[dict[str, str]] = {
        "requests": "read",
        "show": "read",
        "new": "write",
        "register": "write",
        "take": "write",
        "hand_over": "write",
        "note": "write",
        "end": "write",
    }

    @expose("/")
    @has_access
    def requests(self) -> Response:
        """The open ones, the most urgent first; or what a quick filter or a search finds."""
        order = request.args.get("order", "due")
        wanted = Wanted(
            filter=request.args.get("filter", "open"),
            order=order.removeprefix("-"),
            descending=order.startswith("-"),
            mine=current_actor().user_id,
        )
        text = request.args.get("q", "")[:100]
        found = services.request_list(
            current_actor(), wanted=wanted, text=text, page=typed.page_number()
        )
        return self._page("requests", found=found, order=order)

    @expose(f"/{KEY}/")
    @has_access
    def show(self, request_id: int) -> Response:
        """One request with its clock and its log."""
        found = services.request_page(current_actor(), request_id=request_id)
        return self._page("request", found=found, line=found.line, one=found.line.request)

    @expose("/new/")
    @has_access
    def new(self) -> Response:
        """The form of a new request."""
        return self._new()

    @expose("/new/", methods=["POST"])
    @has_access
    def register(self) -> WerkzeugResponse:
        """Enter it."""
        try:
            draft = RequestDraft(
                kind=typed.choice("kind", RequestKind),
                wish=typed.words("wish"),
                university_id=typed.words("patient")[:32],
                stranger_name=typed.words("stranger"),
                contact=typed.words("contact"),
                received_at=typed.instant("received"),
            )
            request_id = services.register_request(current_actor(), draft=draft)
        except Invalid as refusal:
            return self._new(refusal)
        flash("The request is in the register; its clock is running.", "success")
        return redirect(f"{self.route_base}/{request_id}/", 303)

    @expose(f"/{KEY}/take/", methods=["POST"])
    @has_access
    def take(self, request_id: int) -> WerkzeugResponse:
        """Begin to work on it."""
        return step(
            lambda actor: services.take_request(actor, request_id=request_id),
            "This request is yours now.",
            f"{self.route_base}/{request_id}/",
        )

    @expose(f"/{KEY}/hand-over/", methods=["POST"])
    @has_access
    def hand_over(self, request_id: int) -> WerkzeugResponse:
        """Give it to a colleague."""
        to = UserId(typed.number("to"))
        return step(
            lambda actor: services.hand_over(actor, request_id=request_id, to=to),
            "The request was handed over.",
            f"{self.route_base}/{request_id}/",
        )

    @expose(f"/{KEY}/note/", methods=["POST"])
    @has_access
    def note(self, request_id: int) -> WerkzeugResponse:
        """A line for the log."""
        words = typed.words("words")
        return step(
            lambda actor: services.add_note(actor, request_id=request_id, words=words),
            "The note is in the log.",
            f"{self.route_base}/{request_id}/",
        )

    @expose(f"/{KEY}/end/", methods=["POST"])
    @has_access
    def end(self, request_id: int) -> WerkzeugResponse:
        """Answer, refuse or withdraw it, with the reason."""
        outcome = typed.words("outcome")
        return step(
            lambda actor: services.end_request(
                actor,
                request_id=request_id,
                status=typed.choice("status", RequestStatus),
                outcome=outcome,
            ),
            "The request is over.",
            f"{self.route_base}/{request_id}/",
        )

    def _new(self, refusal: Invalid | None = None) -> Response:
        errors = refusal.errors if refusal else {}
        page = self._page(
            "new_request", errors=errors, values=request.form, days=settings().request_answer_days
        )
        return cast(Response, (page, 422) if refusal else page)

    def _page(self, name: str, **facts: Any) -> Response:
        actor = current_actor()
        facts["may_write"] = actor.may(Permission.REQUEST_WRITE)
        facts["may_copy"] = actor.may(Permission.COPY_WRITE)
        page = self.render_template(f"privacy/{name}.html", kinds=KIND_NAMES, **facts)
        return cast(Response, page)
