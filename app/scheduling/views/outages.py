"""The screen "Provider is out": choose, see proposals, apply, call, undo (SCH-34)."""

from typing import ClassVar, cast

from flask import flash, redirect, request, url_for
from flask_appbuilder import AppBuilder, expose, has_access
from werkzeug.wrappers import Response

from app.kernel.errors import DomainError, Forbidden, NotFound
from app.scheduling.forms import outages as forms
from app.scheduling.forms.appointments import sentence_of, slot_value
from app.scheduling.forms.outages import Absence
from app.scheduling.permissions import Permission
from app.scheduling.queries import schedules
from app.scheduling.services import outage_plans
from app.scheduling.services import outages as services
from app.scheduling.services.outage_plans import OutagePlan
from app.web.http import current_actor
from app.web.views import GuardedView

LARGEST_KEY = 2**31 - 1


class OutageView(GuardedView):
    """Absences that came suddenly. Everybody of the clinic reads, the front desk acts."""

    resource = Permission.OUTAGE_READ
    route_base = "/outages"
    default_view = "overview"
    method_permission_name: ClassVar[dict[str, str]] = {
        "overview": "read",
        "show": "read",
        "apply": "write",
        "called": "write",
        "undo": "write",
    }

    @expose("/")
    @has_access
    def overview(self) -> Response:
        """Choose who is out and when; then the affected visits with proposals."""
        self.update_redirect()
        absence = Absence.read(request.args)
        if not absence.is_asked:
            return self._page(absence)
        try:
            starts_at, ends_at = absence.instants()
            plan = outage_plans.plan_outage(
                current_actor(), provider=absence.provider, starts_at=starts_at, ends_at=ends_at
            )
        except Forbidden:
            raise
        except DomainError as refusal:
            return self._page(absence, refusal=refusal)
        return self._page(absence, plan=plan)

    @expose("/apply/", methods=["POST"])
    @has_access
    def apply(self) -> Response:
        """Take the provider out and move what is ticked."""
        absence = Absence.read(request.form)
        try:
            starts_at, ends_at = absence.instants()
            key = services.apply_outage(
                current_actor(),
                provider=absence.provider,
                starts_at=starts_at,
                ends_at=ends_at,
                accepted=forms.accepted(request.form),
                reason=request.form.get("reason", ""),
            )
        except Forbidden:
            raise
        except DomainError as refusal:
            return self._page(absence, refusal=refusal)
        flash("Done. Everybody affected is told; please call those on the list.", "success")
        return redirect(url_for("OutageView.show", pk=key))

    @expose("/<int:pk>/")
    @has_access
    def show(self, pk: int) -> Response:
        """What became of each visit, and the call list for printing."""
        self.update_redirect()
        details = services.outage_details(current_actor(), outage_id=_key(pk))
        may_write = current_actor().may(Permission.OUTAGE_WRITE)
        page = self.render_template(
            "scheduling/outage.html",
            title="Provider is out",
            details=details,
            outage=details.outage,
            may_write=may_write,
        )
        return cast(Response, page)

    @expose("/<int:pk>/call/<int:item>/", methods=["POST"])
    @has_access
    def called(self, pk: int, item: int) -> Response:
        """Note a call and what came of it."""
        note = request.form.get("note", "")
        try:
            services.mark_called(current_actor(), outage_id=_key(pk), item_id=_key(item), note=note)
        except NotFound:
            raise
        except DomainError as refusal:
            flash(sentence_of(refusal), "danger")
        else:
            flash("The call is noted.", "success")
        return redirect(url_for("OutageView.show", pk=pk))

    @expose("/<int:pk>/undo/", methods=["POST"])
    @has_access
    def undo(self, pk: int) -> Response:
        """Take it back within ten minutes."""
        try:
            failed = services.undo_outage(current_actor(), outage_id=_key(pk))
        except NotFound:
            raise
        except DomainError as refusal:
            flash(sentence_of(refusal), "danger")
        else:
            left = f" {len(failed)} could not be moved back; see the list." if failed else ""
            flash(f"Undone: the provider is here.{left}", "warning" if failed else "success")
        return redirect(url_for("OutageView.show", pk=pk))

    def _page(
        self,
        absence: Absence,
        *,
        plan: OutagePlan | None = None,
        refusal: DomainError | None = None,
    ) -> Response:
        """The form, the plan when there is one, and the latest absences."""
        actor = current_actor()
        page = self.render_template(
            "scheduling/outages.html",
            title="Provider is out",
            absence=absence,
            plan=plan,
            refusal=sentence_of(refusal) if refusal else None,
            providers=schedules.practitioners(),
            names={card.university_id: card.name for card in schedules.practitioners()},
            recent=services.recent_outages(actor),
            may_write=actor.may(Permission.OUTAGE_WRITE),
            value_of=slot_value,
        )
        return Response(page, status=422 if refusal else 200, mimetype="text/html")


def _key(number: int) -> int:
    """Raises NotFound for a number that no row can have."""
    if not 0 < number <= LARGEST_KEY:
        raise NotFound("There is no such absence.")
    return number


def register(appbuilder: AppBuilder) -> None:
    """The screens of this file."""
    appbuilder.add_view(
        OutageView, "Provider is out", category="Clinic", icon="fa-ban", href="/outages/"
    )
