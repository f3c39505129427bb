"""Paper for an outage: printing it, and entering what was written on it (SCH-33)."""

from datetime import date, timedelta
from io import BytesIO
from typing import Any, ClassVar, cast

from flask import flash, redirect, request, send_file, url_for
from flask_appbuilder import AppBuilder, expose, has_access
from werkzeug.wrappers import Response

from app.kernel import clock
from app.kernel.clock import local_date
from app.kernel.errors import DomainError
from app.scheduling.queries import types, walk_ins
from app.visits.errors.paper import AlreadyRecorded, UnusableEntry
from app.visits.forms import late_entry, number_or_none, typed_date, typed_patient
from app.visits.permissions import Permission
from app.visits.queries import paper
from app.visits.rules import PaperOutcome
from app.visits.rules.paper import OLDEST_DAYS, UNDO_WITHIN
from app.visits.services.late import enter_form, known_of_day, undo_form
from app.visits.services.paper import void_number, void_rest
from app.visits.services.printing import FORMS, print_paper
from app.web.http import clinic_zone, current_actor, status_of
from app.web.views import GuardedView

OUTCOMES = {
    PaperOutcome.SEEN: "Was seen",
    PaperOutcome.LEFT: "Left without being seen",
    PaperOutcome.MISSED: "Did not come to the appointment",
}


class PaperView(GuardedView):
    """One page for printing and for the forms that come back, and one for each form."""

    resource = Permission.PAPER_PRINT
    route_base = "/paper"
    default_view = "paper"
    method_permission_name: ClassVar[dict[str, str]] = {
        "paper": "print",
        "print_day": "print",
        "form": "enter",
        "enter": "enter",
        "void": "enter",
        "undo": "enter",
    }

    @expose("/")
    @has_access
    def paper(self) -> Response:
        """What to print, and how many forms are still to be entered."""
        self.update_redirect()
        return self._page()

    @expose("/print/", methods=["POST"])
    @has_access
    def print_day(self) -> Response | tuple[Response, int]:
        """The PDF of a day, with numbers that no other printing has."""
        count = number_or_none(request.form.get("forms"))
        day = typed_date(request.form.get("day"))
        try:
            printed = print_paper(
                current_actor(), on_date=day, forms=-1 if count is None else count
            )
        except DomainError as refusal:
            return self._page(refusal=refusal), status_of(refusal)
        return send_file(
            BytesIO(printed.content),
            mimetype="application/pdf",
            as_attachment=True,
            download_name=printed.name,
        )

    @expose("/enter/")
    @has_access
    def form(self) -> Response | tuple[Response, int]:
        """Which form, whose and when; then what the computer knows of that day already."""
        if "number" not in request.args or not request.args.get("patient"):
            return self._form()
        return self._second_step()

    @expose("/enter/", methods=["POST"])
    @has_access
    def enter(self) -> Response | tuple[Response, int]:
        """Record the form; what was typed stays after a refusal."""
        try:
            entry = late_entry(request.form, campuses=walk_ins.campuses())
            entered = enter_form(current_actor(), entry=entry)
        except DomainError as refusal:
            return self._second_step(refusal)
        flash(f"{entered.number} was entered.", "success")
        if entered.remark:
            flash(entered.remark, "warning")
        return redirect(url_for("PaperView.form", on_date=entry.on_date.isoformat()), 303)

    @expose("/void/", methods=["POST"])
    @has_access
    def void(self) -> Response:
        """Mark one form, or the rest of a printing, as not used."""
        actor, batch_id = current_actor(), number_or_none(request.form.get("batch"))
        try:
            if batch_id is not None:
                flash(f"{void_rest(actor, batch_id=batch_id)} forms are marked as void.", "success")
            else:
                number = void_number(actor, number=request.form.get("number", "")[:40])
                flash(f"{number} is marked as void.", "success")
        except DomainError as refusal:
            flash(refusal.message, "danger")
        return redirect(url_for("PaperView.paper"), 303)

    @expose("/undo/", methods=["POST"])
    @has_access
    def undo(self) -> Response:
        """Take back what was entered within the last 10 minutes."""
        try:
            number = undo_form(current_actor(), number=request.form.get("number", "")[:40])
            flash(f"{number} is open again.", "success")
        except DomainError as refusal:
            flash(refusal.message, "danger")
        return redirect(url_for("PaperView.paper"), 303)

    def _page(self, refusal: DomainError | None = None) -> Response:
        actor, now = current_actor(), clock.now()
        page = self.render_template(
            "visits/paper/page.html",
            title="Paper",
            today=_today(),
            forms=FORMS,
            batches=paper.batches(since=now - timedelta(days=OLDEST_DAYS)),
            latest=paper.latest_forms(),
            undo_since=now - UNDO_WITHIN,
            may_enter=actor.may(Permission.PAPER_ENTER),
            outcomes=OUTCOMES,
            refusal=refusal,
        )
        return cast(Response, page)

    def _second_step(self, refusal: DomainError | None = None) -> Response | tuple[Response, int]:
        """The whole form beside what is known; the first step again if that makes no sense."""
        values = request.values
        on_date = typed_date(values.get("on_date"))
        try:
            if on_date is None:
                raise UnusableEntry({"on_date": ["Please enter the day that stands on the form."]})
            known = known_of_day(
                current_actor(),
                number=values.get("number", "")[:40],
                patient=typed_patient(values),
                on_date=on_date,
            )
        except DomainError as first:
            return self._form(refusal=first), status_of(first)
        page = self._form(refusal=refusal, known=known, **_choices())
        return (page, status_of(refusal)) if refusal else page

    def _form(self, refusal: DomainError | None = None, **more: Any) -> Response:
        visit_id = getattr(refusal, "visit_id", None)
        page = self.render_template(
            "visits/paper/enter.html",
            title="Enter a paper form",
            values=request.values,
            patient=typed_patient(request.values),
            day=typed_date(request.values.get("on_date")) or _today(),
            errors=refusal.errors if refusal else {},
            refusal=refusal,
            visit_id=visit_id,
            may_confirm=isinstance(refusal, AlreadyRecorded),
            outcomes=OUTCOMES,
            batches=paper.batches(since=clock.now() - timedelta(days=OLDEST_DAYS)),
            **more,
        )
        return cast(Response, page)


def _today() -> date:
    return local_date(clock.now(), clinic_zone())


def _choices() -> dict[str, Any]:
    """Services and providers to choose from, by the catalogue of today."""
    kinds = [types.type_of(one.id) for one in types.bookable_types()]
    return {"services": kinds, "campuses": walk_ins.campuses()}


def register(appbuilder: AppBuilder) -> None:
    """The screen of this file."""
    appbuilder.add_view(PaperView, "Paper", label="Paper", icon="fa-print", category="Clinic")
