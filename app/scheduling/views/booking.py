"""Booking on behalf of a patient: choose, see the free times, book; and "Why not 10:00?"."""

from typing import Any, ClassVar, cast
from uuid import uuid4

from flask import flash, redirect, request, url_for
from flask_appbuilder import AppBuilder, expose, has_access
from werkzeug.wrappers import Response

from app.infra.idempotency import Once
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.clock import local_date
from app.kernel.errors import DomainError
from app.patients import queries as patients
from app.scheduling import services
from app.scheduling.errors.questionnaires import Diverted
from app.scheduling.forms import answers
from app.scheduling.forms import appointments as forms
from app.scheduling.forms.appointments import Choice
from app.scheduling.permissions import Permission
from app.scheduling.queries import schedules, types
from app.scheduling.rules import Reason
from app.scheduling.services import Wish
from app.web.http import clinic_zone, current_actor
from app.web.views import GuardedView


class BookingView(GuardedView):
    """The front desk's booking page. Works as a step by step form without scripts."""

    resource = Permission.READ
    route_base = "/appointments/book"
    default_view = "book"
    method_permission_name: ClassVar[dict[str, str]] = {"book": "book"}

    @expose("/", methods=["GET", "POST"])
    @has_access
    def book(self) -> Response:
        """The choices and the free times; a POST books the chosen one (SCH-06)."""
        actor = current_actor()
        choice = Choice.read(request.values, today=local_date(clock.now(), clinic_zone()))
        if request.method == "GET":
            self.update_redirect()
            return self._page(actor, choice)
        try:
            booked = _book(actor, choice)
        except DomainError as refusal:
            return self._page(actor, choice, refusal=refusal)
        flash("The visit is booked. The patient is told about it.", "success")
        return redirect(url_for("AppointmentView.show", pk=booked.id))

    def _page(
        self, actor: Actor, choice: Choice, *, refusal: DomainError | None = None
    ) -> Response:
        """Everything chosen so far; what was typed stays after a refusal."""
        offered = types.bookable_types()
        wanted = next((one for one in offered if one.policy.code == choice.type.lower()), None)
        kinds = wanted.kinds if wanted else None
        patient = patients.patient_by_university_id(choice.patient) if choice.patient else None
        strip, problem = _strip(actor, choice)
        return cast(
            Response,
            self.render_template(
                "scheduling/booking.html",
                title="Book a visit",
                choice=choice,
                types=[one for one in offered if one.policy.bookable_by & actor.roles],
                providers=schedules.practitioners(
                    kinds=kinds, type_id=wanted.id if wanted else None
                ),
                patient=patient,
                strip=strip,
                problem=problem,
                answer=_why_not(actor, choice),
                refusal=forms.sentence_of(refusal) if refusal else None,
                alternatives=forms.alternatives_of(refusal),
                may_override=actor.may(Permission.OVERRIDE),
                asked=answers.asked_of(wanted.id if wanted else None),
                given=answers.answers_of(request.form),
                problems=refusal.errors if refusal else {},
                is_diverted=isinstance(refusal, Diverted),
                advice=refusal.advice if isinstance(refusal, Diverted) else [],
                key=request.form.get("key") or uuid4().hex,
            ),
        )


def _strip(actor: Actor, choice: Choice) -> tuple[forms.Strip | None, str]:
    """The week with its free times, or the sentence why there are none to show."""
    if not choice.type:
        return None, ""
    today = local_date(clock.now(), clinic_zone())
    first, last = forms.week_of_day(choice.day, today)
    try:
        slots = services.available_times(
            actor,
            type_code=choice.type,
            first=first,
            last=last,
            provider=choice.provider or None,
            patient=choice.patient or None,
            without_limits=choice.all_times,
        )
    except DomainError as refusal:
        return None, forms.sentence_of(refusal)
    path = url_for("BookingView.book")
    any_provider = not choice.provider
    return forms.strip_of(choice, slots, today=today, path=path, any_provider=any_provider), ""


def _why_not(actor: Actor, choice: Choice) -> tuple[Reason | None, str] | None:
    """The answer to "Why not 10:00?", None when it was not asked."""
    if request.args.get("ask") != "yes" or not (choice.type and choice.at):
        return None
    if not choice.provider:
        return None, "Please choose a provider to ask about."
    try:
        reason = services.explain_time(
            actor,
            type_code=choice.type,
            starts_at=choice.asked_instant(),
            provider=choice.provider,
            patient=choice.patient or None,
        )
    except DomainError as refusal:
        return None, forms.sentence_of(refusal)
    return reason, reason.sentence if reason else "This time is free."


def _book(actor: Actor, choice: Choice) -> Any:
    """Book what the form says. Raises what the service raises."""
    starts_at, provider = forms.chosen_slot(request.form.getlist("slot"))
    wish = Wish(
        type=choice.type,
        starts_at=starts_at,
        provider=provider,
        patient=_patient_of(choice),
        reason=request.form.get("reason", ""),
        override_reason=request.form.get("override") or None,
    ).answering(answers.answers_of(request.form))
    return services.book_appointment(actor, wish=wish, once=_once(actor, wish))


def _patient_of(choice: Choice) -> str:
    forms.check_chosen(choice.patient, "patient", "Please choose the patient.")
    return choice.patient


def _once(actor: Actor, wish: Wish) -> Once | None:
    """The page's own key, so that a double click books once (SCH-06)."""
    key = request.form.get("key", "")
    if not key or actor.user_id is None:
        return None
    return Once.of(actor.user_id, f"desk-{key}", [str(wish)])


def register(appbuilder: AppBuilder) -> None:
    """The screens of this file."""
    appbuilder.add_view(BookingView, "Book a visit", category="Clinic", icon="calendar-plus")
