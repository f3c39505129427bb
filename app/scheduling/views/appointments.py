"""Screens of visits: the list with its quick filters, one visit, its next steps, a new time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, cast

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_appbuilder.widgets import ListWidget
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField

from app.kernel import clock
from app.kernel.clock import local_date
from app.kernel.errors import DomainError, NotFound
from app.kernel.ids import AppointmentId
from app.scheduling import services
from app.scheduling.forms import appointments as forms
from app.scheduling.models import Appointment
from app.scheduling.permissions import Permission
from app.scheduling.queries import schedules, types
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services.questionnaires import answers_of_visit
from app.scheduling.views.filters import QUICK, SEARCHES, QuickFilter, quick_filter
from app.web.fields import NativeDateField
from app.web.http import clinic_zone, current_actor
from app.web.lists import BoundedInterface
from app.web.views import ReadOnlyView

LARGEST_KEY = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the list, as `services.possible_steps` wants it."""

    visit: Appointment

    @property
    def patient(self) -> Any:
        """Whose visit it is."""
        return self.visit.patient

    @property
    def provider_user_id(self) -> int:
        """The provider's account."""
        return self.visit.practitioner.user_id

    @property
    def status(self) -> AppointmentStatus:
        """The status as rules know it."""
        return AppointmentStatus(self.visit.status)

    @property
    def status_since(self) -> datetime:
        """When the status was set."""
        return self.visit.status_since

    @property
    def starts_at(self) -> datetime:
        """When the visit starts."""
        return self.visit.starts_at


class VisitInterface(BoundedInterface):
    """The list's rows with the buttons that the signed-in person may press."""

    def get_values(self, lst: Any, list_columns: Any) -> Iterator[dict[str, Any]]:
        """FAB's cells, and the visit with its next steps."""
        actor, now = current_actor(), clock.now()
        for visit, cells in zip(lst, super().get_values(lst, list_columns), strict=True):
            row = Row(visit)
            steps = services.possible_steps(actor, row, now=now)
            yield cells | {
                "row": visit,
                "steps": forms.steps_of(row.status, steps),
                "may_move": AppointmentStatus.RESCHEDULED in steps,
            }


class VisitListWidget(ListWidget):
    """The rows, each with its next steps."""

    template = "scheduling/appointment_rows.html"


class AppointmentView(ReadOnlyView):
    """Visits. They change only along the table of statuses (SCH-07).

    Registered by app/visits/views, which adds the door for their statuses.
    """

    resource = Permission.READ
    datamodel = VisitInterface(Appointment, eager=("type", "practitioner", "patient"))
    route_base = "/appointments"
    list_title, show_title = "Appointments", "Visit"
    list_template = "scheduling/appointments.html"
    list_widget = VisitListWidget
    include_route_methods: ClassVar[set[str]] = {"list", "show", "move"}
    method_permission_name: ClassVar[dict[str, str]] = {
        **ReadOnlyView.method_permission_name,
        "move": "read",
    }
    list_columns: ClassVar[list[str]] = ["starts_at", "patient", "type", "practitioner", "status"]
    search_columns: ClassVar[list[str]] = [
        "status",
        "type",
        "practitioner",
        "starts_at",
        "patient_id",
    ]
    search_form_extra_fields: ClassVar[dict[str, Any]] = {
        "status": SelectField(
            "Status",
            choices=[(one.value, one.value.capitalize()) for one in AppointmentStatus],
            render_kw={"class": "form-control"},
        ),
        "starts_at": NativeDateField("Day"),
        "patient_id": StringField("Patient", render_kw={"class": "form-control"}),
    }
    extra_args: ClassVar[dict[str, Any]] = {"quick": QUICK, "quick_filter": quick_filter}
    order_columns: ClassVar[list[str]] = ["starts_at"]
    base_order = ("starts_at", "asc")
    base_filters: ClassVar[list[Any]] = [["id", QuickFilter, None]]
    label_columns: ClassVar[dict[str, str]] = {
        "starts_at": "When",
        "practitioner": "Provider",
        "type": "Kind and provider",
        "patient_id": "Patient",
    }

    def _init_properties(self) -> None:
        """Searches that a person understands instead of FAB's for text and numbers."""
        super()._init_properties()
        shared = self.__dict__["_shared_filters"]
        for name, kinds in SEARCHES.items():
            made = [kind(name, self.datamodel) for kind in kinds]
            shared._search_filters[name] = shared._all_filters[name] = made

    def _get_list_widget(self, filters: Any, **kwargs: Any) -> Any:
        if kwargs.get("order_column") not in self.order_columns:
            latest_first = quick_filter() == "all"
            kwargs |= {
                "order_column": "starts_at",
                "order_direction": "desc" if latest_first else "asc",
            }
        return super()._get_list_widget(filters, **kwargs)

    @expose("/")
    @expose("/list/")
    @has_access
    def list(self) -> Any:
        """The visits of a quick filter, or those that a search finds."""
        return super().list()

    @expose("/show/<int:pk>")
    @has_access
    def show(self, pk: int) -> Response:
        """One visit with its history."""
        self.update_redirect()
        details = services.visit_details(current_actor(), appointment_id=appointment_key(pk))
        return self._page(
            "scheduling/appointment.html",
            details=details,
            visit=details.visit,
            steps=forms.steps_of(details.visit.status, details.steps),
            answers=answers_of_visit(current_actor(), appointment_id=details.visit.id),
        )

    @expose("/<int:pk>/move/", methods=["GET", "POST"])
    @has_access
    def move(self, pk: int) -> Response:
        """Choose another time; the old one is given up in the same step."""
        key = appointment_key(pk)
        if request.method == "GET":
            return self._times_page(key, refusal=None)
        try:
            visit = reschedule(key)
        except NotFound:
            raise
        except DomainError as refusal:
            return self._times_page(key, refusal=refusal)
        flash("The visit was moved. The patient is told about it.", "success")
        return redirect(url_for("AppointmentView.show", pk=visit.id))

    def _times_page(self, key: AppointmentId, *, refusal: DomainError | None) -> Response:
        actor = current_actor()
        details = services.visit_details(actor, appointment_id=key)
        return self._page(
            "scheduling/move.html",
            details=details,
            visit=details.visit,
            refusal=forms.sentence_of(refusal) if refusal else None,
            alternatives=forms.alternatives_of(refusal),
            may_override=actor.may(Permission.OVERRIDE),
            **_times_to_move(details),
        )

    def _page(self, template: str, **values: Any) -> Response:
        return cast(Response, self.render_template(template, **values))


def _times_to_move(details: services.VisitDetails) -> dict[str, Any]:
    """The days and times of the chosen week and provider."""
    visit, zone = details.visit, clinic_zone()
    today = local_date(clock.now(), zone)
    choice = forms.Choice.read(request.values, today=today)
    if "day" not in request.values:
        choice = forms.Choice(day=max(today, local_date(visit.starts_at, zone)))
    wanted = types.type_of(visit.type_id)
    cards = schedules.practitioners(kinds=wanted.kinds, type_id=visit.type_id)
    # Who left or no longer takes these visits cannot be asked for another time.
    keys = [card.university_id for card in cards if card.university_id == visit.provider]
    keys += [card.university_id for card in cards]
    provider = choice.provider or next(iter(keys), visit.provider)
    first, last = forms.week_of_day(choice.day, today)
    slots = services.times_to_move(
        current_actor(),
        appointment_id=visit.id,
        first=first,
        last=last,
        provider=provider,
        without_limits=choice.all_times,
    )
    path = url_for("AppointmentView.move", pk=visit.id)
    strip = forms.strip_of(choice, slots, today=today, path=path, any_provider=False)
    return {
        "strip": strip,
        "choice": choice,
        "provider": provider,
        "providers": cards,
    }


def appointment_key(pk: int) -> AppointmentId:
    """The key of an address. Raises NotFound for a number that no row can have."""
    if not 0 < pk <= LARGEST_KEY:
        raise NotFound("There is no such visit.")
    return AppointmentId(pk)


def reschedule(key: AppointmentId) -> Any:
    """Move the visit to the chosen time."""
    starts_at, provider = forms.chosen_slot(request.form.getlist("slot"))
    return services.reschedule_appointment(
        current_actor(),
        appointment_id=key,
        starts_at=starts_at,
        provider=provider,
        reason=request.form.get("reason", ""),
        version=forms.version_of(request.form.get("version")),
        override_reason=request.form.get("override") or None,
    )
