"""Lists of records that are no longer kept: drawn up, approved by two others, certified."""

from typing import Any, ClassVar, cast

from flask import Response, flash, jsonify, redirect, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from werkzeug.wrappers import Response as WerkzeugResponse

from app.kernel.errors import DomainError
from app.retention import services
from app.retention.permissions import Permission
from app.retention.views.steps import page_number, step
from app.web.http import current_actor
from app.web.views import GuardedView

KEY = f"<int(max={2**31 - 1}):disposal_id>"


class DisposalListView(GuardedView):
    """How long records are kept, and the lists of those that are not any more (RET-01)."""

    resource = Permission.DISPOSAL_READ
    route_base = "/retention"
    default_view = "overview"
    method_permission_name: ClassVar[dict[str, str]] = {
        "overview": "read",
        "show": "read",
        "progress": "read",
        "draw": "write",
        "approve": "approve",
        "withdraw": "write",
    }

    @expose("/")
    @has_access
    def overview(self) -> Response:
        """The schedule and the latest lists."""
        page = services.overview(current_actor())
        may_draw = current_actor().may(Permission.DISPOSAL_WRITE) and not page.under_way
        return self._page("overview", page=page, may_draw=may_draw)

    @expose(f"/{KEY}/")
    @has_access
    def show(self, disposal_id: int) -> Response:
        """One list: who is on it and why, and what became of them."""
        found = services.list_page(
            current_actor(),
            disposal_id=disposal_id,
            text=request.args.get("q", "")[:100],
            page=page_number(),
        )
        may_load = current_actor().may(Permission.CERTIFICATE_READ)
        return self._page("disposal", found=found, one=found.disposal, may_load=may_load)

    @expose(f"/{KEY}/progress/")
    @has_access
    def progress(self, disposal_id: int) -> Response:
        """How far a list is, for the page that waits for it."""
        found = services.disposal_state(current_actor(), disposal_id=disposal_id)
        is_drawing = found.status == "drawing"
        return jsonify(
            status=found.status,
            done=found.scanned if is_drawing else found.settled,
            expected=found.to_scan if is_drawing else found.people,
        )

    @expose("/draw/", methods=["POST"])
    @has_access
    def draw(self) -> WerkzeugResponse:
        """Ask for a list of everybody who is due; it changes nothing."""
        try:
            reason = request.form.get("reason", "")
            disposal_id = services.request_list(current_actor(), reason=reason)
        except DomainError as refusal:
            flash(refusal.message, "danger")
            return redirect(f"{self.route_base}/", 303)
        return redirect(f"{self.route_base}/{disposal_id}/", 303)

    @expose(f"/{KEY}/approve/", methods=["POST"])
    @has_access
    def approve(self, disposal_id: int) -> WerkzeugResponse:
        """Say yes to the list as it was shown."""
        seen = request.form.get("list_hash", "")
        return step(
            lambda actor: services.approve_list(actor, disposal_id=disposal_id, list_hash=seen),
            "You approved the list.",
            f"{self.route_base}/{disposal_id}/",
        )

    @expose(f"/{KEY}/withdraw/", methods=["POST"])
    @has_access
    def withdraw(self, disposal_id: int) -> WerkzeugResponse:
        """Give the list up."""
        reason = request.form.get("reason", "")
        return step(
            lambda actor: services.withdraw_list(actor, disposal_id=disposal_id, reason=reason),
            "The list was withdrawn. Nothing was disposed of.",
            f"{self.route_base}/{disposal_id}/",
        )

    def _page(self, name: str, **facts: Any) -> Response:
        return cast(Response, self.render_template(f"retention/{name}.html", **facts))


class CertificateView(GuardedView):
    """What proves a disposal, as files."""

    resource = Permission.CERTIFICATE_READ
    route_base = "/retention/certificates"
    default_view = "file"
    method_permission_name: ClassVar[dict[str, str]] = {"file": "read"}

    @expose(f"/{KEY}.<kind>")
    @has_access
    def file(self, disposal_id: int, kind: str) -> Response:
        """The certificate of one list, as PDF or JSON."""
        found = services.certificate_file(current_actor(), disposal_id=disposal_id, kind=kind)
        answer = Response(found.read_bytes(), mimetype=f"application/{kind}")
        answer.headers["Content-Disposition"] = f"attachment; filename={found.name}"
        return answer
