"""Copies of everything that is held about a person: asked for and loaded (DPA-02)."""

from typing import ClassVar

from flask import Response
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from werkzeug.wrappers import Response as WerkzeugResponse

from app.privacy import services
from app.privacy.permissions import Permission
from app.privacy.views.typed import step
from app.web.http import current_actor
from app.web.views import GuardedView

MOST = 2**31 - 1


class PersonalCopyView(GuardedView):
    """For the Privacy Officer only."""

    resource = Permission.COPY_READ
    route_base = "/privacy/copies"
    default_view = "file"
    method_permission_name: ClassVar[dict[str, str]] = {"make": "write", "file": "read"}

    @expose(f"/of/<int(max={MOST}):request_id>/", methods=["POST"])
    @has_access
    def make(self, request_id: int) -> WerkzeugResponse:
        """A worker makes it."""
        return step(
            lambda actor: services.request_copy(actor, request_id=request_id),
            "A copy is being made. Look again in a minute.",
            f"/privacy/requests/{request_id}/",
        )

    @expose(f"/<int(max={MOST}):copy_id>.zip")
    @has_access
    def file(self, copy_id: int) -> Response:
        """The file; every load is in the log."""
        found = services.copy_file(current_actor(), copy_id=copy_id)
        answer = Response(found.read_bytes(), mimetype="application/zip")
        answer.headers["Content-Disposition"] = f"attachment; filename={found.name}"
        return answer
