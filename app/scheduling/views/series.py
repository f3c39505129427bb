"""Pages of recurring series: book one, look at one, change or cancel the rest (SCH-32)."""

from dataclasses import replace
from typing import ClassVar, cast
from uuid import uuid4

from flask import flash, redirect, request, url_for
from flask_appbuilder import AppBuilder, expose, has_access
from werkzeug.wrappers import Response

from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.clock import local_date
from app.kernel.errors import DomainError, Forbidden, NotFound
from app.patients import queries as patients
from app.scheduling.errors.questionnaires import Diverted
from app.scheduling.errors.series import UnknownSeries
from app.scheduling.forms import answers
from app.scheduling.forms import series as forms
from app.scheduling.forms.appointments import name_of, sentence_of, slot_value
from app.scheduling.forms.series import RestForm, SeriesForm
from app.scheduling.permissions import Permission
from app.scheduling.queries import schedules, types
from app.scheduling.services import series as services
from app.scheduling.services import series_preview, series_rest
from app.scheduling.services.series_preview import MovedOccurrence, Occurrence
from app.web.http import clinic_zone, current_actor
from app.web.views import GuardedView

LARGEST_KEY = 2**31 - 1


class SeriesView(GuardedView):
    """Recurring visits, booked by staff."""

    resource = Permission.READ
    route_base = "/series"
    default_view = "book"
    method_permission_name: ClassVar[dict[str, str]] = {
        "book": "book",
        "show": "read",
        "of_patient": "read",
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
            wish = replace(form.wish(), given=answers.answers_of(request.form))
            key = request.form.get("key", "")
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

    @expose("/of/")
    @has_access
    def of_patient(self) -> Response:
        """The series of one patient."""
        self.update_redirect()
        actor, name = current_actor(), name_of(request.args.get("patient"))
        found = services.series_of_patient(actor, patient=name)
        page = self.render_template(
            "scheduling/series_of.html",
            title="Series of a patient",
            patient=patients.patient_by_university_id(name),
            found=found,
            may_book=actor.may(Permission.BOOK),
        )
        return cast(Response, page)

    @expose("/<int:pk>/")
    @has_access
    def show(self, pk: int) -> Response:
        """One series with its visits."""
        self.update_redirect()
        actor = current_actor()
        details = services.series_details(actor, series_id=_key(pk))
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

    @expose("/<int:pk>/change/", methods=["GET", "POST"])
    @has_access
    def change(self, pk: int) -> Response:
        """Another time or provider from one visit on: looked at first, then done."""
        actor, form = current_actor(), RestForm.read(request.values)
        if request.method == "GET":
            return self._rest_page(actor, _key(pk), form)
        try:
            series_id = series_rest.change_rest(
                actor, wish=form.wish(), choices=forms.choices(request.form)
            )
        except (NotFound, Forbidden):
            raise
        except DomainError as refusal:
            return self._rest_page(actor, _key(pk), form, refusal=refusal)
        flash("The rest of the series was moved. The patient is told about it.", "success")
        return redirect(url_for("SeriesView.show", pk=series_id))

    @expose("/<int:pk>/cancel/", methods=["POST"])
    @has_access
    def cancel(self, pk: int) -> Response:
        """Cancel from one visit on."""
        try:
            count = series_rest.cancel_rest(
                current_actor(),
                appointment_id=forms.visit_of(request.form.get("visit")),
                reason=request.form.get("reason", ""),
            )
        except (NotFound, Forbidden):
            raise
        except DomainError as refusal:
            flash(sentence_of(refusal), "danger")
        else:
            flash(f"Cancelled: {count}. The patient is told about it.", "success")
        return redirect(url_for("SeriesView.show", pk=pk))

    def _rest_page(
        self, actor: Actor, pk: int, form: RestForm, *, refusal: DomainError | None = None
    ) -> Response:
        """Each visit of the rest with its new time, before anything is moved."""
        details = services.series_details(actor, series_id=pk)
        found: list[MovedOccurrence] = []
        status = 422 if refusal else 200
        try:
            found = series_preview.preview_rest(
                actor, wish=form.wish(), choices=forms.choices(request.form)
            )
        except (NotFound, Forbidden):
            raise
        except DomainError as problem:
            refusal, status = refusal or problem, 422
        page = self.render_template(
            "scheduling/series_change.html",
            title="Change the rest of a series",
            series=details.series,
            form=form,
            found=found,
            refusal=sentence_of(refusal) if refusal else None,
            value_of=slot_value,
        )
        return Response(page, status=status, mimetype="text/html")

    def _page(
        self, actor: Actor, form: SeriesForm, *, refusal: DomainError | None = None
    ) -> Response:
        """Everything chosen so far, and the visits as they would be now."""
        found: list[Occurrence] = []
        status = 422 if refusal else 200
        if form.is_asked:
            try:
                found = series_preview.preview_series(
                    actor, wish=form.wish(), choices=forms.choices(request.form)
                )
            except Forbidden:
                raise
            except DomainError as problem:
                refusal, status = refusal or problem, 422
        offered = types.bookable_types()
        wanted = next((one for one in offered if one.policy.code == form.type.lower()), None)
        page = self.render_template(
            "scheduling/series_book.html",
            title="Book a series",
            form=form,
            found=found,
            refusal=sentence_of(refusal) if refusal else None,
            types=[one for one in offered if one.policy.bookable_by & actor.roles],
            providers=schedules.practitioners(),
            patient=patients.patient_by_university_id(form.patient) if form.patient else None,
            today=local_date(clock.now(), clinic_zone()),
            may_override=actor.may(Permission.OVERRIDE),
            key=uuid4().hex,
            value_of=slot_value,
            asked=answers.asked_of(wanted.id if wanted else None),
            given=answers.answers_of(request.form),
            problems=refusal.errors if refusal else {},
            is_diverted=isinstance(refusal, Diverted),
            advice=refusal.advice if isinstance(refusal, Diverted) else [],
        )
        return Response(page, status=status, mimetype="text/html")


def _key(number: int) -> int:
    """Raises NotFound for a number that no row can have."""
    if not 0 < number <= LARGEST_KEY:
        raise UnknownSeries()
    return number


def register(appbuilder: AppBuilder) -> None:
    """The screens of this file; the page is reached from booking and from a visit."""
    appbuilder.add_view_no_menu(SeriesView)
