"""Proofs: the last ones, what they look at, their reports, and a button for one more."""

from typing import Any, ClassVar, cast

from flask import Response, flash, jsonify, redirect
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from werkzeug.wrappers import Response as WerkzeugResponse

from app.integrity import services
from app.integrity.permissions import Permission
from app.kernel import clock
from app.kernel.errors import DomainError
from app.web.http import current_actor
from app.web.views import GuardedView

KEY = f"<int(max={2**31 - 1}):run_id>"


class ProofView(GuardedView):
    """What must always be true of the data, and whether it is."""

    resource = Permission.PROOF_READ
    route_base = "/integrity"
    default_view = "proofs"
    method_permission_name: ClassVar[dict[str, str]] = {
        "proofs": "read",
        "proof": "read",
        "progress": "read",
        "report": "read",
        "prove": "run",
    }

    @expose("/")
    @has_access
    def proofs(self) -> Response:
        """The last proofs, and every rule with its last result."""
        page = services.proof_page(current_actor())
        last = page.last
        return self._page(
            "proofs",
            page=page,
            last=last,
            age=clock.now() - last.finished_at if last and last.finished_at else None,
            results={line["id"]: line for line in last.results} if last else {},
        )

    @expose(f"/{KEY}")
    @has_access
    def proof(self, run_id: int) -> Response:
        """One proof: how far it is, or what it found."""
        run = services.proof_details(current_actor(), run_id=run_id)
        return self._page("proof", run=run)

    @expose(f"/{KEY}/progress")
    @has_access
    def progress(self, run_id: int) -> Response:
        """How far a proof is, for the page that waits for it."""
        run = services.proof_details(current_actor(), run_id=run_id)
        return jsonify(status=run.status, done=run.checks_done, expected=run.checks_total)

    @expose(f"/{KEY}/report.<kind>")
    @has_access
    def report(self, run_id: int, kind: str) -> Response:
        """The signed report as a file."""
        file = services.report_file(current_actor(), run_id=run_id, kind=kind)
        answer = Response(file.read_bytes(), mimetype=f"application/{kind}")
        answer.headers["Content-Disposition"] = f"attachment; filename={file.name}"
        return answer

    @expose("/prove", methods=["POST"])
    @has_access
    def prove(self) -> WerkzeugResponse:
        """Ask for a proof and show how it goes."""
        try:
            run_id = services.request_proof(current_actor())
        except DomainError as refusal:
            flash(refusal.message, "danger")
            return redirect(f"{self.route_base}/", 303)
        return redirect(f"{self.route_base}/{run_id}", 303)

    def _page(self, name: str, **facts: Any) -> Response:
        return cast(Response, self.render_template(f"integrity/{name}.html", **facts))
