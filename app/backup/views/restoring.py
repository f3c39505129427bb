"""Bringing a backup back: choose a set, see what changes, ask; somebody else approves."""

import shlex
from collections.abc import Callable
from typing import ClassVar, cast

from flask import Response, abort, flash, redirect, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from werkzeug.wrappers import Response as WerkzeugResponse

from app.backup.errors import RequestNotFound, RunNotFound
from app.backup.permissions import Permission
from app.backup.rules.runs import size_in_words
from app.backup.services.requests import approve_restore, ask_restore, cancel_restore
from app.backup.services.restore_page import SetPage, restore_page, set_page
from app.kernel.errors import DomainError
from app.web.http import current_actor
from app.web.views import GuardedView

KEY = f"int(max={2**31 - 1})"
PAGE = "/backups/restore/"


class RestoreView(GuardedView):
    """Two people bring a backup back (BAK-04); the command line does the work."""

    resource = Permission.RESTORE_READ
    route_base = "/backups/restore"
    default_view = "restores"
    method_permission_name: ClassVar[dict[str, str]] = {
        "restores": "read",
        "preview": "read",
        "ask": "ask",
        "cancel": "ask",
        "approve": "approve",
    }

    @expose("/")
    @has_access
    def restores(self) -> Response:
        """Requests, and the sets to choose from."""
        page = restore_page(current_actor())
        return self._page("backup/restores.html", title="Restore", page=page)

    @expose(f"/<{KEY}:run_id>/")
    @has_access
    def preview(self, run_id: int) -> WerkzeugResponse:
        """One set: what would come back, and what would be lost."""
        try:
            page = set_page(current_actor(), run_id=run_id)
        except RunNotFound:
            abort(404)
        except DomainError as refusal:
            flash(refusal.message, "danger")
            return redirect(PAGE, 303)
        return self._page("backup/restore_set.html", title="Restore", page=page)

    @expose(f"/<{KEY}:run_id>/ask/", methods=["POST"])
    @has_access
    def ask(self, run_id: int) -> WerkzeugResponse:
        """Ask another administrator."""
        reason = request.form.get("reason", "")

        def deed() -> None:
            page: SetPage = set_page(current_actor(), run_id=run_id)
            ask_restore(
                current_actor(),
                set_name=str(page.run.set_name),
                place=page.place,
                reason=reason,
            )

        said = "Your request waits for another administrator. Nothing was changed."
        return _step(deed, said, f"{PAGE}{run_id}/")

    @expose(f"/requests/<{KEY}:request_id>/approve/", methods=["POST"])
    @has_access
    def approve(self, request_id: int) -> WerkzeugResponse:
        """Approve, and show the code this one time."""
        try:
            code = approve_restore(current_actor(), request_id=request_id)
        except RequestNotFound:
            abort(404)
        except DomainError as refusal:
            flash(refusal.message, "danger")
            return redirect(PAGE, 303)
        lines = restore_page(current_actor()).open_requests
        line = next(line for line in lines if line.id == request_id)
        words = ("flask", "--app", "wsgi", "clinic", "restore", line.set_name)
        command = shlex.join((*words, "--from", line.place, "--code", code))
        return self._page(
            "backup/restore_code.html", title="Approved", code=code, line=line, command=command
        )

    @expose(f"/requests/<{KEY}:request_id>/cancel/", methods=["POST"])
    @has_access
    def cancel(self, request_id: int) -> WerkzeugResponse:
        """Take a request back; its code no longer works."""
        return _step(
            lambda: cancel_restore(current_actor(), request_id=request_id),
            "The request is cancelled.",
            PAGE,
        )

    def _page(self, template: str, **values: object) -> Response:
        page = self.render_template(template, size=size_in_words, **values)
        return cast(Response, page)


def _step(deed: Callable[[], object], done: str, back: str) -> WerkzeugResponse:
    """Do it; a refusal goes back to the form, success to the list of requests."""
    try:
        deed()
    except (RequestNotFound, RunNotFound):
        abort(404)
    except DomainError as refusal:
        flash(refusal.message, "danger")
        return redirect(back, 303)
    flash(done, "success")
    return redirect(PAGE, 303)
