"""The operations page: is everything well, and what is to be done?"""

from typing import Any, ClassVar, cast

from flask import flash, redirect
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from werkzeug.wrappers import Response

from app.kernel.errors import DomainError
from app.operations import services
from app.operations.permissions import Permission
from app.operations.queries.system import system_state
from app.operations.rules.beats import title_of, words
from app.web.http import current_actor
from app.web.views import GuardedView

JOB = f"<int(max={2**63 - 1}):job_id>"


class SystemView(GuardedView):
    """Jobs, queues, mail, disks, database, versions, errors."""

    resource = Permission.SYSTEM_READ
    route_base = "/operations"
    default_view = "system"
    method_permission_name: ClassVar[dict[str, str]] = {
        "system": "read",
        "look_now": "act",
        "run_job": "act",
        "put_error_away": "act",
    }

    @expose("/")
    @has_access
    def system(self) -> Response:
        """Everything at once; a part that is down says so."""
        actor = current_actor()
        page: Any = self.render_template(
            "operations/system.html",
            title="Operations",
            state=system_state(),
            title_of=title_of,
            words=words,
            size=size,
            may_act=actor.may(Permission.SYSTEM_ACT),
            may_acknowledge=actor.may(Permission.ALERT_ACKNOWLEDGE),
        )
        return cast(Response, page)

    @expose("/look-now/", methods=["POST"])
    @has_access
    def look_now(self) -> Response:
        """Run the checks that are due instead of waiting for the next minute."""
        count = services.check_system(current_actor())
        flash(f"Checked. {count or 'No'} alert{'' if count == 1 else 's'} open.", "success")
        return redirect("/operations/", 303)

    @expose(f"/jobs/{JOB}/run/", methods=["POST"])
    @has_access
    def run_job(self, job_id: int) -> Response:
        """Let a job that was given up run again."""
        try:
            services.run_job_again(current_actor(), job_id=job_id)
        except DomainError as refusal:
            flash(refusal.message, "danger")
        else:
            flash("The job will run again in a moment.", "success")
        return redirect("/operations/#jobs", 303)

    @expose("/errors/<string:fingerprint>/put-away/", methods=["POST"])
    @has_access
    def put_error_away(self, fingerprint: str) -> Response:
        """The cause was mended."""
        try:
            services.put_error_away(current_actor(), fingerprint=fingerprint)
        except DomainError as refusal:
            flash(refusal.message, "danger")
        else:
            flash("The report is put away. It comes back when it happens again.", "success")
        return redirect("/operations/#errors", 303)


def size(count: float) -> str:
    """Bytes as people say them: 512 B, 1.5 GB."""
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 10 else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TB"
