"""The screens of the waiting room: kiosks and wall displays, with addresses shown once."""

from typing import Any, ClassVar, cast

from flask import flash, redirect, request, url_for
from flask_appbuilder import AppBuilder, expose, has_access
from werkzeug.wrappers import Response

from app.infra.runtime import settings
from app.kernel.errors import DomainError
from app.scheduling.queries.walk_ins import campuses
from app.visits.permissions import Permission
from app.visits.queries.devices import devices
from app.visits.services.devices import add_device, revoke_device
from app.web.http import current_actor, status_of
from app.web.views import GuardedView


class DeviceView(GuardedView):
    """Who has the address of a screen may use it, until it is revoked."""

    resource = Permission.DEVICE_READ
    route_base = "/screens"
    default_view = "screens"
    method_permission_name: ClassVar[dict[str, str]] = {
        "screens": "read",
        "add": "write",
        "revoke": "write",
    }

    @expose("/")
    @has_access
    def screens(self) -> Response:
        """All of them, with when each was last seen."""
        return self._page()

    @expose("/add/", methods=["POST"])
    @has_access
    def add(self) -> Response | tuple[Response, int]:
        """A new one; its address stands on this page and nowhere else."""
        try:
            added = add_device(
                current_actor(),
                kind=request.form.get("kind", ""),
                name=request.form.get("name", ""),
                campus=request.form.get("campus", ""),
            )
        except DomainError as refusal:
            return self._page(refusal=refusal, typed=request.form), status_of(refusal)
        address = settings().public_url.rstrip("/") + added.path
        return self._page(added=added, address=address)

    @expose("/<int:device_id>/revoke/", methods=["POST"])
    @has_access
    def revoke(self, device_id: int) -> Response:
        """Its address stops working."""
        try:
            revoke_device(current_actor(), device_id=device_id)
        except DomainError as refusal:
            flash(refusal.message, "danger")
        else:
            flash("The screen is disconnected. Its address works no more.", "success")
        return redirect(url_for("DeviceView.screens"), 303)

    def _page(self, **more: Any) -> Response:
        page = self.render_template(
            "visits/devices.html",
            title="Screens",
            devices=devices(),
            campuses=campuses(),
            may_change=current_actor().may(Permission.DEVICE_WRITE),
            **more,
        )
        return cast(Response, page)


def register(appbuilder: AppBuilder) -> None:
    """The screen of this file."""
    appbuilder.add_view(
        DeviceView, "Screens", label="Screens", icon="fa-building", category="Settings"
    )
