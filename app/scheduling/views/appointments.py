"""Screens of visits: the list with its quick filters, one visit, its next steps, a new time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar, cast

from flask import flash, redirect, request, url_for
from flask_appbuilder import AppBuilder, expose, has_access
from flask_appbuilder.models.filters import BaseFilter
from flask_appbuilder.widgets import ListWidget
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField

from app.kernel import clock
from app.kernel.clock import clinic_day, local_date
from app.kernel.errors import DomainError, NotFound
from app.kernel.ids import AppointmentId
from app.patients import queries as patients
from app.scheduling import services
from app.scheduling.errors import ReasonRequired
from app.scheduling.forms import appointments as forms
from app.scheduling.models import Appointment, Practitioner
from app.scheduling.permissions import Permission
from app.scheduling.queries import facts, schedules
from app.scheduling.rules import AppointmentStatus
from app.web.fields import NativeDateField
from app.web.http import clinic_zone, current_actor
from app.web.lists import BoundedInterface
from app.web.views import ReadOnlyView

LARGEST_KEY = 2**63 - 1
QUICK = {
    "today": "Today",
    "mine": "Mine",
    "pending": "Pending",
    "needs-rebooking": "Needs rebooking",
    "upcoming": "Upcoming",
    "all": "All",
}


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


def quick_filter() -> str:
    """The chosen quick filter; a search looks through all visits unless it says otherwise."""
    chosen = request.args.get("filter", "")
    if chosen in QUICK:
        return chosen
    is_search = any(name.startswith("_flt_") for name in request.args)
    return "all" if is_search else "today"


class QuickFilter(BaseFilter):
    """The rows of the chosen chip. Only the list is narrowed, not a visit that a link names."""

    name = "Quick filter"
    arg_name = "quick"

    def apply(self, query: Any, value: Any) -> Any:
        """Add the chip's conditions."""
        if not str(request.endpoint).endswith(".list"):
            return query
        today = clinic_day(local_date(clock.now(), clinic_zone()), clinic_zone())
        starts_at = Appointment.starts_at
        match quick_filter():
            case "today":
                return query.filter(starts_at >= today.starts_at, starts_at < today.ends_at)
            case "mine":
                return query.filter(starts_at >= today.starts_at, _is_mine())
            case "pending":
                return query.filter(Appointment.status == AppointmentStatus.PENDING.value)
            case "needs-rebooking":
                return query.filter(Appointment.needs_rebooking)
            case "upcoming":
                return query.filter(starts_at >= clock.now())
        return query


def _is_mine() -> Any:
    # A value, not a join: the index on provider and start then serves in any plan.
    user_id = current_actor().user_id
    mine = select(Practitioner.id).where(Practitioner.user_id == user_id).scalar_subquery()
    return Appointment.practitioner_id == mine


class StatusIs(BaseFilter):
    """One status."""

    name = "is"
    arg_name = "eq"

    def apply(self, query: Any, value: Any) -> Any:
        """Rows with the status; a word that is none finds nothing."""
        return query.filter(Appointment.status == str(value))


class OnDay(BaseFilter):
    """Visits of one civil day of the clinic."""

    name = "on"
    arg_name = "eq"

    def apply(self, query: Any, value: Any) -> Any:
        """Rows of the day; what is no day changes nothing."""
        day = _searched_day(value)
        if day is None:
            return query
        period = clinic_day(day, clinic_zone())
        return query.filter(
            Appointment.starts_at >= period.starts_at, Appointment.starts_at < period.ends_at
        )


class FromDay(BaseFilter):
    """Visits of a civil day and later."""

    name = "on or after"
    arg_name = "gt"

    def apply(self, query: Any, value: Any) -> Any:
        """Rows from the day on."""
        day = _searched_day(value)
        zone = clinic_zone()
        return (
            query.filter(Appointment.starts_at >= clinic_day(day, zone).starts_at) if day else query
        )


class UntilDay(BaseFilter):
    """Visits of a civil day and earlier."""

    name = "on or before"
    arg_name = "lt"

    def apply(self, query: Any, value: Any) -> Any:
        """Rows up to the end of the day."""
        day = _searched_day(value)
        zone = clinic_zone()
        return query.filter(Appointment.starts_at < clinic_day(day, zone).ends_at) if day else query


def _searched_day(value: Any) -> date | None:
    far = forms.FIRST_DAY
    day = forms.day_of(str(value), far)
    return None if day == far else day


class PatientIs(BaseFilter):
    """Visits of patients found by name or university ID."""

    name = "name or ID begins with"
    arg_name = "ct"

    def apply(self, query: Any, value: Any) -> Any:
        """Rows of up to twenty patients; a text that is too short finds nobody (SEC-04)."""
        try:
            found = [card.id for card in patients.search_patients(str(value)[:100])]
        except DomainError as refusal:
            flash(refusal.message, "warning")
            found = []
        return query.filter(Appointment.patient_id.in_(found))


class VisitListWidget(ListWidget):
    """The rows, each with its next steps."""

    template = "scheduling/appointment_rows.html"


class AppointmentView(ReadOnlyView):
    """Visits. They change only along the table of statuses (SCH-07)."""

    resource = Permission.READ
    datamodel = VisitInterface(Appointment, eager=("type", "practitioner", "patient"))
    route_base = "/appointments"
    list_title, show_title = "Appointments", "Visit"
    list_template = "scheduling/appointments.html"
    list_widget = VisitListWidget
    include_route_methods: ClassVar[set[str]] = {"list", "show", "status", "move"}
    method_permission_name: ClassVar[dict[str, str]] = {
        **ReadOnlyView.method_permission_name,
        "status": "read",
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
            "Status", choices=[(one.value, one.value.capitalize()) for one in AppointmentStatus]
        ),
        "starts_at": NativeDateField("Day"),
        "patient_id": StringField("Patient"),
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
        for name, kinds in {
            "status": [StatusIs],
            "starts_at": [OnDay, FromDay, UntilDay],
            "patient_id": [PatientIs],
        }.items():
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
        )

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
        visit = services.visit_details(current_actor(), appointment_id=key).visit
        steps = forms.steps_of(visit.status, [wanted])
        return self._page(
            "scheduling/step.html",
            visit=visit,
            step=steps[0] if steps else None,
            wanted=wanted,
            back=back,
            refusal=refusal,
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
    provider = choice.provider or visit.provider
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
        "providers": schedules.practitioners(kinds=facts.type_of(visit.type_id).kinds),
    }


def appointment_key(pk: int) -> AppointmentId:
    """The key of an address. Raises NotFound for a number that no row can have."""
    if not 0 < pk <= LARGEST_KEY:
        raise NotFound("There is no such visit.")
    return AppointmentId(pk)


def status_named(text: str | None) -> AppointmentStatus:
    """Raises NotFound for a word that is no status: no page of ours makes such a link."""
    try:
        return AppointmentStatus(text or "")
    except ValueError as error:
        raise NotFound("There is no such step.") from error


def change(key: AppointmentId, wanted: AppointmentStatus) -> Any:
    """Take the step that the form asks for."""
    return services.change_status(
        current_actor(),
        appointment_id=key,
        status=wanted,
        reason=request.form.get("reason", ""),
        version=forms.version_of(request.form.get("version")),
    )


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


def words_of(status: AppointmentStatus) -> str:
    """The status as the badge says it."""
    return "no-show" if status is AppointmentStatus.NO_SHOW else status.value.replace("-", " ")


def register(appbuilder: AppBuilder) -> None:
    """The screens of this file."""
    appbuilder.add_view(
        AppointmentView, "Appointments", category="Clinic", icon="fa-list", href="/appointments/"
    )
