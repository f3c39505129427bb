"""Screens of what the clinic offers: kinds of visits, providers, closures (SCH-12, SCH-13)."""

from datetime import datetime, time, timedelta
from typing import Any, ClassVar

from flask import flash, redirect, render_template, request
from flask_appbuilder import AppBuilder, expose, has_access
from flask_appbuilder.actions import action
from flask_appbuilder.models.filters import BaseFilter
from markupsafe import Markup
from werkzeug.wrappers import Response

from app.kernel import clock
from app.kernel.clock import local_date
from app.kernel.errors import DomainError
from app.kernel.ids import AppointmentTypeId, UserId
from app.scheduling import services
from app.scheduling.forms import catalogue as forms
from app.scheduling.models import AppointmentType, Closure, Practitioner
from app.scheduling.permissions import Permission
from app.web.fields import format_day, format_instant
from app.web.http import clinic_zone, current_actor
from app.web.views import SafeModelView, ServiceModelView, interface


def minutes_text(minutes: int) -> str:
    """1 hour 30 minutes, as a person says it."""
    days, rest = divmod(minutes, 24 * 60)
    hours, left = divmod(rest, 60)
    parts = [(days, "day"), (hours, "hour"), (left, "minute")]
    said = [f"{count} {word}{'s' if count != 1 else ''}" for count, word in parts if count]
    return " ".join(said) or "0 minutes"


def limit_text(limit: int | None) -> str:
    """A limit, or that there is none."""
    return "No limit" if limit is None else str(limit)


def kinds_text(kinds: list[str]) -> str:
    """Physician, Nurse."""
    return ", ".join(kind.capitalize() for kind in kinds)


def begin_text(instant: datetime) -> str:
    """Mon 24 Nov 2026 for a midnight, else with the time of day."""
    wall = instant.astimezone(clinic_zone())
    return format_instant(instant) if wall.time() > time.min else format_day(wall.date())


def end_text(instant: datetime) -> str:
    """The last day for a midnight, because nobody thinks of it as the next day's beginning."""
    wall = instant.astimezone(clinic_zone())
    if wall.time() > time.min:
        return format_instant(instant)
    return f"end of {format_day(wall.date() - timedelta(days=1))}"


def leads_text(leads: list[int]) -> str:
    """1 day, 2 hours before."""
    return ", ".join(map(minutes_text, leads)) or "None"


def swatch(colour: str) -> Markup:
    """A colour as a patch and its code; the code is read aloud."""
    patch = Markup(
        '<svg class="c-icon" viewBox="0 0 16 16" aria-hidden="true">'
        '<rect width="16" height="16" rx="3" fill="{0}"/></svg> {0}'
    )
    return patch.format(colour)


class AppointmentTypeView(ServiceModelView):
    """Kinds of visits. They are never deleted, because visits name them; they are hidden."""

    resource = Permission.TYPE_READ
    datamodel = interface(AppointmentType)
    route_base = "/appointment-types"
    include_route_methods: ClassVar[set[str]] = {"list", "show", "add", "edit"}
    list_title, show_title = "Kinds of visits", "Kind of visit"
    add_title, edit_title = "New kind of visit", "Change the kind of visit"
    list_columns: ClassVar[list[str]] = [
        "name",
        "code",
        "duration_minutes",
        "provider_kinds",
        "needs_approval",
        "colour",
        "is_active",
    ]
    show_columns: ClassVar[list[str]] = forms.TYPE_FIELDS
    show_fieldsets: ClassVar[list[Any]] = [
        (title, {"fields": names}) for title, names in forms.TYPE_FIELDSETS
    ]
    add_form = edit_form = forms.TypeForm
    add_columns: ClassVar[list[str]] = forms.TYPE_FIELDS
    edit_columns: ClassVar[list[str]] = forms.TYPE_FIELDS
    add_fieldsets: ClassVar[list[Any]] = show_fieldsets
    edit_fieldsets: ClassVar[list[Any]] = show_fieldsets
    search_columns: ClassVar[list[str]] = ["name", "code", "is_active"]
    order_columns: ClassVar[list[str]] = ["name", "code", "duration_minutes"]
    base_order = ("position", "asc")
    label_columns: ClassVar[dict[str, str]] = {
        "duration_minutes": "Length",
        "step_minutes": "May start every",
        "buffer_before_minutes": "Kept free before",
        "buffer_after_minutes": "Kept free after",
        "provider_kinds": "Offered by",
        "bookable_by": "Who may book it",
        "needs_approval": "Needs approval",
        "notice_minutes": "Book at the latest before",
        "horizon_days": "Days ahead",
        "cancel_cutoff_minutes": "Cancel until before",
        "reminder_minutes": "Reminders before",
        "no_show_grace_minutes": "Missed after",
        "check_in_minutes": "Check-in before",
        "session_capacity": "Places in a session",
        "takes_walk_ins": "Takes walk-ins",
        "token_prefix": "Queue letters",
        "max_open": "Open per patient",
        "max_per_day": "Per patient and day",
        "max_per_week": "Per patient and week",
        "position": "Place in lists",
        "is_active": "Offered",
    }
    formatters_columns: ClassVar[dict[str, Any]] = {
        **dict.fromkeys(
            [name for name in forms.TYPE_FIELDS if name.endswith("_minutes")], minutes_text
        ),
        **dict.fromkeys(
            ["max_open", "max_per_day", "max_per_week", "session_capacity"], limit_text
        ),
        "reminder_minutes": leads_text,
        "provider_kinds": kinds_text,
        "bookable_by": lambda roles: ", ".join(roles) or "Nobody",
        "colour": swatch,
    }
    add_row_message = edit_row_message = "The kind of visit was saved."

    def service_add(self, values: dict[str, Any]) -> None:
        """Offer a new kind of visit."""
        services.save_appointment_type(current_actor(), draft=forms.type_draft(values))

    def service_edit(self, pk: int, values: dict[str, Any]) -> None:
        """Change a kind of visit; booked visits keep their times."""
        services.save_appointment_type(
            current_actor(), draft=forms.type_draft(values), type_id=AppointmentTypeId(pk)
        )


class PractitionerView(ServiceModelView):
    """Who sees patients. Their hours have a page of their own."""

    resource = Permission.PRACTITIONER_READ
    datamodel = interface(Practitioner)
    route_base = "/providers"
    include_route_methods: ClassVar[set[str]] = {"list", "show", "add", "edit"}
    list_title, show_title = "Providers", "Provider"
    add_title, edit_title = "New provider", "Change the provider"
    list_columns: ClassVar[list[str]] = [
        "name",
        "university_id",
        "kind",
        "max_per_day",
        "is_active",
    ]
    show_columns: ClassVar[list[str]] = list_columns
    add_form = forms.NewPractitionerForm
    edit_form = forms.PractitionerForm
    add_columns: ClassVar[list[str]] = ["user_id", "kind", "name", "max_per_day", "is_active"]
    edit_columns: ClassVar[list[str]] = ["kind", "name", "max_per_day", "is_active"]
    search_columns: ClassVar[list[str]] = ["name", "university_id", "kind", "is_active"]
    order_columns: ClassVar[list[str]] = ["name", "university_id", "kind"]
    base_order = ("name", "asc")
    label_columns: ClassVar[dict[str, str]] = {
        "university_id": "University ID",
        "max_per_day": "Visits per day at most",
        "is_active": "Sees patients",
    }
    formatters_columns: ClassVar[dict[str, Any]] = {
        "max_per_day": limit_text,
        "kind": str.capitalize,
    }
    add_row_message = "The provider was added. Next, enter the working hours."
    edit_row_message = "The provider was saved."

    def service_add(self, values: dict[str, Any]) -> None:
        """Make an account a provider."""
        self._save(UserId(values["user_id"]), values)

    def service_edit(self, pk: int, values: dict[str, Any]) -> None:
        """Change how a provider appears."""
        self._save(UserId(self.datamodel.get(pk).user_id), values)

    def _save(self, user_id: UserId, values: dict[str, Any]) -> None:
        services.save_practitioner(
            current_actor(),
            user_id=user_id,
            kind=values["kind"],
            name=values["name"] or "",
            max_per_day=values["max_per_day"],
            is_active=bool(values["is_active"]),
        )


class Coming(BaseFilter):
    """Closures that are not over; a search looks through all of them."""

    name = "Coming"
    arg_name = "coming"

    def apply(self, query: Any, value: Any) -> Any:
        """Only the list without a search is narrowed."""
        is_search = any(name.startswith("_flt_") for name in request.args)
        if not str(request.endpoint).endswith(".list") or is_search:
            return query
        return query.filter(Closure.ends_at > clock.now())


class ClosureView(ServiceModelView):
    """When the whole clinic is closed: holidays and its own days (SCH-12)."""

    resource = Permission.CLOSURE_READ
    datamodel = interface(Closure)
    route_base = "/closures"
    include_route_methods: ClassVar[set[str]] = {
        "list",
        "show",
        "add",
        "action",
        "action_post",
        "import_holidays",
    }
    method_permission_name: ClassVar[dict[str, str]] = {
        **SafeModelView.method_permission_name,
        "reopen": "write",
        "close_again": "write",
        "import_holidays": "write",
    }
    list_title, show_title, add_title = "Closures", "Closure", "Close the clinic"
    list_template = "scheduling/closures.html"
    list_columns: ClassVar[list[str]] = ["name", "starts_at", "ends_at", "import_key", "is_active"]
    show_columns: ClassVar[list[str]] = list_columns
    add_form = forms.ClosureForm
    add_columns: ClassVar[list[str]] = ["name", "starts_at", "ends_at"]
    search_columns: ClassVar[list[str]] = ["name", "starts_at", "is_active"]
    order_columns: ClassVar[list[str]] = ["starts_at"]
    base_order = ("starts_at", "asc")
    base_filters: ClassVar[list[Any]] = [["ends_at", Coming, None]]
    label_columns: ClassVar[dict[str, str]] = {
        "name": "Why",
        "starts_at": "From",
        "ends_at": "Until",
        "import_key": "Public holiday",
        "is_active": "State",
    }
    formatters_columns: ClassVar[dict[str, Any]] = {
        "starts_at": begin_text,
        "ends_at": end_text,
        "import_key": lambda key: "Yes" if key else "No",
        "is_active": lambda is_active: "Closed" if is_active else "Open again",
    }
    add_row_message = "The clinic is closed then. Patients can no longer book this time."

    def render_template(self, template: str, **kwargs: Any) -> Any:
        """With the year that the import offers, and whether it is offered.

        The template must not ask FAB's filter with two constants: Jinja would ask it once, when
        it compiles the page, and show everybody what the first person may do.
        """
        next_year = local_date(clock.now(), clinic_zone()).year + 1
        may_close = current_actor().may(Permission.CLOSURE_WRITE)
        return super().render_template(template, next_year=next_year, may_close=may_close, **kwargs)

    def service_add(self, values: dict[str, Any]) -> None:
        """Close the clinic, and say which visits are hit (SCH-19)."""
        flagged = services.close_clinic(
            current_actor(),
            name=values["name"],
            starts_at=values["starts_at"],
            ends_at=values["ends_at"],
        )
        _tell_flagged(flagged)

    @action("reopen", "Open again", "Open the clinic at these times after all?", "fa-refresh")
    def reopen(self, rows: Any) -> None:
        """Take closures back; holidays stay known, so that an import keeps them away."""
        for row in rows if isinstance(rows, list) else [rows]:
            flagged = services.reopen_clinic(current_actor(), closure_id=row.id)
        flash("The clinic is open at these times again.", "success")
        _tell_flagged(flagged)

    @action("close_again", "Close", "Close the clinic at these times?", "fa-ban")
    def close_again(self, rows: Any) -> None:
        """Let closures count again that were taken back."""
        for row in rows if isinstance(rows, list) else [rows]:
            flagged = services.close_again(current_actor(), closure_id=row.id)
        flash("The clinic is closed at these times.", "success")
        _tell_flagged(flagged)

    @expose("/import/", methods=["POST"])
    @has_access
    def import_holidays(self) -> Response:
        """The public holidays of a year; known ones stay as they are."""
        this_year = local_date(clock.now(), clinic_zone()).year
        year = forms.year_of(request.form.get("year"), this_year)
        try:
            added = services.import_holidays(current_actor(), first_year=year, last_year=year)
        except DomainError as refusal:
            flash(refusal.message, "danger")
        else:
            flash(_imported_text(year, added), "success")
        return redirect(f"{self.route_base}/list/")


def _imported_text(year: int, added: int) -> str:
    if not added:
        return f"The public holidays of {year} were known already."
    return f"{added} public holiday{'s' if added != 1 else ''} of {year} were added."


def _tell_flagged(flagged: int) -> None:
    """Who is affected, with the way to the list (SCH-19)."""
    if flagged:
        notice = render_template("scheduling/notice.html", sentence="", flagged=flagged, undo=None)
        flash(Markup(notice), "warning")  # noqa: S704 - a template's text


def register(appbuilder: AppBuilder) -> None:
    """The screens of this file."""
    appbuilder.add_view(
        ClosureView, "Closures", label="Closures", icon="fa-ban", category="Schedules"
    )
    appbuilder.add_view(
        AppointmentTypeView,
        "AppointmentTypes",
        label="Kinds of visits",
        icon="fa-list",
        category="Settings",
    )
    appbuilder.add_view(
        PractitionerView,
        "Providers",
        label="Providers",
        icon="fa-stethoscope",
        category="Settings",
    )
