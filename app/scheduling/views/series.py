"""Pages of recurring series: book one, look at one, change or cancel the rest (SCH-32)."""

from typing import ClassVar, cast
from uuid import uuid4

from flask import flash, redirect, request, url_for
from flask_appbuilder import AppBuilder, expose, has_access
from werkzeug.wrappers import Response

from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.clock import local_date
from app.kernel.errors import DomainError, Forbidden, NotFound
from app.kernel.ids import AppointmentId
from app.patients import queries as patients
from app.scheduling.errors.series import UnknownSeries
from app.scheduling.forms import series as forms
from app.scheduling.forms.appointments import name_of, sentence_of, slot_value
from app.scheduling.forms.series import SeriesForm
from app.scheduling.permissions import Permission
from app.scheduling.queries import schedules, types
from app.scheduling.services import series as services
from app.scheduling.services.series import Occurrence
from app.web.http import clinic_zone, current_actor
from app.web.views import GuardedView

LARGEST_KEY, LARGEST_VISIT = 2**31 - 1, 2**63 - 1


class SeriesView(GuardedView):
    """Recurring visits, booked by staff."""

    resource = Permission.READ
    route_base = "/series"
    default_view = "book"
    method_permission_name: ClassVar[dict[str, str]] = {
        "book": "book",
        "show": "read",
        "change": "book",
        "cancel": "book",
    }

    @expose("/", methods=["GET", "POST"])
    @has_access
    def book(self) -> Response:
        """The rule and each visit with its clash; a POST books what was chosen."""
        actor, form = current_actor(), SeriesForm.read(request.values)
        if request.method == "GET":
            self.update_redirect()
            return self._page(actor, form)
        try:
            wish, key = form.wish(), request.form.get("key", "")
            series_id = services.book_series(
                actor,
                wish=wish,
                choices=forms.choices(request.form),
                once=services.once_for(actor, key, wish),
            )
        except Forbidden:
            raise
        except DomainError as refusal:
            return self._page(actor, form, refusal=refusal)
        flash("The series is booked. The patient is told about each visit.", "success")
        return redirect(url_for("SeriesView.show", pk=series_id))

    @expose("/<int:pk>/")
    @has_access
    def show(self, pk: int) -> Response:
        """One series with its visits."""
        self.update_redirect()
        actor = current_actor()
        if not 0 < pk <= LARGEST_KEY:
            raise UnknownSeries()
        details = services.series_details(actor, series_id=pk)
        now = clock.now()
        page = self.render_template(
            "scheduling/series.html",
            title="Series",
            series=details.series,
            visits=details.visits,
            to_come=[
                one
                for one in details.visits
                if one.status.value == "confirmed" and one.starts_at > now
            ],
            providers=schedules.practitioners(),
            may_book=actor.may(Permission.BOOK),
            may_override=actor.may(Permission.OVERRIDE),
        )
        return cast(Response, page)

    @expose("/<int:pk>/change/", methods=["POST"])
    @has_access
    def change(self, pk: int) -> Response:
        """Another time or provider from one visit on."""
        try:
            series_id = services.change_rest(
                current_actor(),
                appointment_id=_visit(),
                first_on=forms.day(request.form.get("first_on")),
                local_time=forms.moment(request.form.get("local_time")),
                provider=name_of(request.form.get("provider")) or None,
                override_reason=request.form.get("override") or None,
            )
        except (NotFound, Forbidden):
            raise
        except DomainError as refusal:
            flash(sentence_of(refusal), "danger")
            return redirect(url_for("SeriesView.show", pk=pk))
        flash("The rest of the series was moved. The patient is told about it.", "success")
        return redirect(url_for("SeriesView.show", pk=series_id))

    @expose("/<int:pk>/cancel/", methods=["POST"])
    @has_access
    def cancel(self, pk: int) -> Response:
        """Cancel from one visit on."""
        try:
            count = services.cancel_rest(
                current_actor(), appointment_id=_visit(), reason=request.form.get("reason", "")
            )
        except (NotFound, Forbidden):
            raise
        except DomainError as refusal:
            flash(sentence_of(refusal), "danger")
        else:
            flash(f"Cancelled: {count}. The patient is told about it.", "success")
        return redirect(url_for("SeriesView.show", pk=pk))

    def _page(
        self, actor: Actor, form: SeriesForm, *, refusal: DomainError | None = None
    ) -> Response:
        """Everything chosen so far, and the visits as they would be now."""
        found: list[Occurrence] = []
        status = 422 if refusal else 200
        if form.is_asked:
            try:
                found = services.preview_series(actor, wish=form.wish())
            except Forbidden:
                raise
            except DomainError as problem:
                refusal, status = refusal or problem, 422
        page = self.render_template(
            "scheduling/series_book.html",
            title="Book a series",
            form=form,
            found=found,
            refusal=sentence_of(refusal) if refusal else None,
            types=[one for one in types.bookable_types() if one.policy.bookable_by & actor.roles],
            providers=schedules.practitioners(),
            patient=patients.patient_by_university_id(form.patient) if form.patient else None,
            today=local_date(clock.now(), clinic_zone()),
            may_override=actor.may(Permission.OVERRIDE),
            key=uuid4().hex,
            value_of=slot_value,
        )
        return Response(page, status=status, mimetype="text/html")


def _visit() -> AppointmentId:
    """From which visit on. Raises NotFound for what no page of ours sends."""
    text = request.form.get("visit", "")
    if not (text.isascii() and text.isdigit() and 0 < int(text[:19]) <= LARGEST_VISIT):
        raise NotFound("There is no such visit.")
    return AppointmentId(int(text[:19]))


def register(appbuilder: AppBuilder) -> None:
    """The screens of this file; the page is reached from booking and from a visit."""
    appbuilder.add_view_no_menu(SeriesView)
