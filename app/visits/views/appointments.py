"""The list of appointments with the door for their statuses (SCH-07, docs/adr/0015)."""

from typing import Any, ClassVar

from flask import flash, redirect, request, url_for
from flask_appbuilder import AppBuilder, expose, has_access
from werkzeug.wrappers import Response

from app.kernel.errors import DomainError, NotFound
from app.kernel.ids import AppointmentId
from app.scheduling import services as scheduling
from app.scheduling.errors import ReasonRequired
from app.scheduling.forms import appointments as forms
from app.scheduling.rules import AppointmentStatus
from app.scheduling.views import appointments as base
from app.scheduling.views.appointments import appointment_key
from app.visits import services
from app.web.http import current_actor


class AppointmentView(base.AppointmentView):
    """The screens of scheduling, and a click for each step, which the visit follows."""

    include_route_methods: ClassVar[set[str]] = base.AppointmentView.include_route_methods | {
        "status"
    }
    method_permission_name: ClassVar[dict[str, str]] = {
        **base.AppointmentView.method_permission_name,
        "status": "read",
    }

    @expose("/<int:pk>/status/", methods=["GET", "POST"])
    @has_access
    def status(self, pk: int) -> Response:
        """One click for a step; a step that needs a reason asks for it first."""
        key = appointment_key(pk)
        wanted = status_named(request.values.get("to"))
        back = forms.back_path(request.values.get("back"), url_for("AppointmentView.show", pk=pk))
        if request.method == "GET":
            return self._reason_page(key, wanted, back, refusal=None)
        try:
            visit = change(key, wanted)
        except ReasonRequired as refusal:
            return self._reason_page(key, wanted, back, refusal=refusal.message)
        except NotFound:
            raise
        except DomainError as refusal:
            flash(forms.sentence_of(refusal), "danger")
        else:
            flash(f"{visit.patient.list_name}: {words_of(visit.status)}.", "success")
        return redirect(back)

    def _reason_page(
        self, key: AppointmentId, wanted: AppointmentStatus, back: str, *, refusal: str | None
    ) -> Response:
        visit = scheduling.visit_details(current_actor(), appointment_id=key).visit
        steps = forms.steps_of(visit.status, [wanted])
        return self._page(
            "scheduling/step.html",
            visit=visit,
            step=steps[0] if steps else None,
            wanted=wanted,
            back=back,
            refusal=refusal,
        )


def status_named(text: str | None) -> AppointmentStatus:
    """Raises NotFound for a word that is no status: no page of ours makes such a link."""
    try:
        return AppointmentStatus(text or "")
    except ValueError as error:
        raise NotFound("There is no such step.") from error


def change(key: AppointmentId, wanted: AppointmentStatus) -> Any:
    """Take the step that the form asks for."""
    return services.change_appointment_status(
        current_actor(),
        appointment_id=key,
        status=wanted,
        reason=request.form.get("reason", ""),
        version=forms.version_of(request.form.get("version")),
    )


def words_of(status: AppointmentStatus) -> str:
    """The status as the badge says it."""
    return "no-show" if status is AppointmentStatus.NO_SHOW else status.value.replace("-", " ")


def register(appbuilder: AppBuilder) -> None:
    """The screens of this file."""
    appbuilder.add_view(
        AppointmentView, "Appointments", category="Clinic", icon="fa-list", href="/appointments/"
    )
