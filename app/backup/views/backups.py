"""The page of backups: is there a good copy, how old is it, and where does it lie?"""

from collections.abc import Callable
from typing import ClassVar, cast

from flask import Response, abort, flash, jsonify, redirect, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from werkzeug.wrappers import Response as WerkzeugResponse

from app.backup import services
from app.backup.errors import RunNotFound
from app.backup.permissions import Permission
from app.backup.queries import RunView
from app.backup.rules.runs import STEPS, size_in_words
from app.kernel.actor import Actor
from app.kernel.errors import DomainError
from app.web.http import current_actor
from app.web.views import GuardedView

RUN = f"<int(max={2**31 - 1}):run_id>"
PAGE = "/backups/"


class BackupView(GuardedView):
    """Sets, their proofs and places; make one now, hold one."""

    resource = Permission.BACKUP_READ
    route_base = "/backups"
    default_view = "backups"
    method_permission_name: ClassVar[dict[str, str]] = {
        "backups": "read",
        "show": "read",
        "progress": "read",
        "run": "run",
        "hold": "hold",
        "lift": "hold",
    }

    @expose("/")
    @has_access
    def backups(self) -> Response:
        """All runs, the newest first, and what is to be done."""
        page = services.backup_page(current_actor())
        return self._page("backup/backups.html", title="Backups", page=page)

    @expose(f"/{RUN}/")
    @has_access
    def show(self, run_id: int) -> Response:
        """One run: its proof check by check, its places, its hold."""
        run = _found(current_actor(), run_id)
        may_hold = current_actor().may(Permission.BACKUP_HOLD)
        return self._page("backup/show.html", title="Backup", run=run, may_hold=may_hold)

    @expose(f"/{RUN}/progress/")
    @has_access
    def progress(self, run_id: int) -> Response:
        """How far a run is, for the page that waits for it."""
        _found(current_actor(), run_id)
        return jsonify(services.backup_progress(current_actor(), run_id=run_id))

    @expose("/run/", methods=["POST"])
    @has_access
    def run(self) -> WerkzeugResponse:
        """Ask for a backup now."""
        done = "The backup begins in a moment. This page shows how far it is."
        return _step(services.request_backup, done, PAGE)

    @expose(f"/{RUN}/hold/", methods=["POST"])
    @has_access
    def hold(self, run_id: int) -> WerkzeugResponse:
        """Keep a set whatever the plan says."""
        reason = request.form.get("reason", "")
        return _step(
            lambda actor: services.hold_set(actor, run_id=run_id, reason=reason),
            "The set is kept until you lift the hold.",
            f"{PAGE}{run_id}/",
        )

    @expose(f"/{RUN}/lift/", methods=["POST"])
    @has_access
    def lift(self, run_id: int) -> WerkzeugResponse:
        """Let the plan decide again."""
        return _step(
            lambda actor: services.lift_hold(actor, run_id=run_id),
            "The hold is lifted; the plan decides about the set again.",
            f"{PAGE}{run_id}/",
        )

    def _page(self, template: str, **values: object) -> Response:
        page = self.render_template(template, size=size_in_words, steps=STEPS, **values)
        return cast(Response, page)


def _found(actor: Actor, run_id: int) -> RunView:
    try:
        return services.backup_details(actor, run_id=run_id)
    except RunNotFound:
        abort(404)


def _step(deed: Callable[[Actor], object], done: str, back: str) -> WerkzeugResponse:
    try:
        deed(current_actor())
    except RunNotFound:
        abort(404)
    except DomainError as refusal:
        flash(refusal.message, "danger")
    else:
        flash(done, "success")
    return redirect(back, 303)
