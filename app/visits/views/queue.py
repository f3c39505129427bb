"""The queue of today: who waits, the next number, and a walk-in in ten seconds (SCH-33)."""

from collections.abc import Callable
from typing import Any, ClassVar, cast

from flask import flash, redirect, request, url_for
from flask_appbuilder import AppBuilder, expose, has_access
from werkzeug.wrappers import Response

from app.kernel import clock
from app.kernel.clock import clinic_days, local_date
from app.kernel.errors import Conflict, DomainError, Invalid, NotFound
from app.scheduling.permissions import Permission as Appointments
from app.scheduling.queries import appointments, types, walk_ins
from app.scheduling.rules import AppointmentStatus
from app.visits import queries, services
from app.visits.errors import UnknownVisit
from app.visits.forms import STEP_NAMES, apply_step, buttons_of, key_of, number, step_named
from app.visits.permissions import Permission
from app.visits.queries import QueueEntry, VisitView
from app.visits.rules import NOT_SEEN_YET, ORDER_IN_WORDS, PRIORITIES
from app.web.http import clinic_zone, current_actor, status_of
from app.web.views import GuardedView

SHOWN_EXPECTED = 50
LONGEST_NAME = 64
# Where a step may have been taken besides the queue itself.
PAGES = {"closing": "ClosingView.day"}


class QueueView(GuardedView):
    """One page for the whole waiting room."""

    resource = Permission.QUEUE_READ
    route_base = "/queue"
    default_view = "queue"
    method_permission_name: ClassVar[dict[str, str]] = {
        "queue": "read",
        "receive": "receive",
        "next": "call",
        "step": "read",
        "visit": "read",
    }

    @expose("/")
    @has_access
    def queue(self) -> Response:
        """Today's line of every service.

        A page that renews itself is no activity (SEC-06) and takes no message away from the
        person who is waiting for one: it leaves the session as it is.
        """
        if not request.headers.get("X-Background"):
            self.update_redirect()
        return self._page()

    @expose("/walk-in/", methods=["POST"])
    @has_access
    def receive(self) -> Response:
        """Give a walk-in a number; what was typed stays after a refusal."""
        try:
            visit = receive_form()
        except DomainError as refusal:
            return self._page(refusal=refusal.message)
        flash(f"{visit.patient.list_name} has the number {visit.token}.", "success")
        return redirect(url_for("QueueView.queue"))

    @expose("/next/", methods=["POST"])
    @has_access
    def next(self) -> Response:
        """Call whose turn it is."""
        return run(
            lambda: services.call_next(
                current_actor(),
                type_code=request.form.get("type", "")[:LONGEST_NAME],
                place=request.form.get("place", ""),
                head=number(request.form.get("head"), None),
            )
        )

    @expose("/<int:pk>/<string:step>/", methods=["POST"])
    @has_access
    def step(self, pk: int, step: str) -> Response:
        """One click for a step. Each asks for its own permission."""
        wanted = step_named(step)
        return run(lambda: apply_step(current_actor(), key_of(pk), wanted, request.form))

    @expose("/<int:pk>/", methods=["GET", "POST"])
    @has_access
    def visit(self, pk: int) -> Response | tuple[Response, int]:
        """One visit: what happened, every step, another priority, service or provider."""
        if request.method == "GET":
            return self._visit(key_of(pk))
        wanted = step_named(request.form.get("step", ""))
        try:
            visit = apply_step(current_actor(), key_of(pk), wanted, request.form)
        except (Conflict, Invalid) as refusal:
            return self._visit(key_of(pk), refusal=refusal.message), status_of(refusal)
        flash(said_of(visit), "success")
        return redirect(url_for("QueueView.queue"), 303)

    def _visit(self, key: int, refusal: str | None = None) -> Response:
        actor, visit = current_actor(), queries.visit(key)
        if visit is None:
            raise UnknownVisit()
        page = self.render_template(
            "visits/visit.html",
            title=visit.token,
            visit=visit,
            events=queries.events_of(key),
            buttons=buttons_of(actor, visit),
            may_change=actor.may(Permission.CALL) and visit.status in NOT_SEEN_YET,
            services=[types.type_of(one.id) for one in types.bookable_types()],
            priorities=PRIORITIES,
            step_names=STEP_NAMES,
            refusal=refusal,
        )
        return cast(Response, page)

    def _page(self, refusal: str | None = None) -> Response:
        actor, now = current_actor(), clock.now()
        today = local_date(now, clinic_zone())
        entries = queries.queue(today)
        return cast(
            Response,
            self.render_template(
                "visits/queue.html",
                today=today,
                now=now,
                lines=lines_of(entries),
                numbers=queries.numbers_of(today),
                buttons={one.visit.id: buttons_of(actor, one.visit) for one in entries},
                services=[one for one in walk_ins.queue_services() if one.is_active],
                campuses=walk_ins.campuses(),
                priorities=PRIORITIES,
                order=ORDER_IN_WORDS,
                may_receive=actor.may(Permission.RECEIVE),
                may_call=actor.may(Permission.CALL),
                may_close=actor.may(Permission.CLOSE_DAY),
                expected=_expected() if actor.may(Appointments.RUN_DESK) else None,
                refusal=refusal,
            ),
        )


def lines_of(entries: list[QueueEntry]) -> list[tuple[str, str, list[QueueEntry]]]:
    """The lines by service: code, name, and everybody of the day."""
    lines: dict[str, tuple[str, str, list[QueueEntry]]] = {}
    for one in entries:
        visit = one.visit
        lines.setdefault(visit.type, (visit.type, visit.type_name, []))[2].append(one)
    return list(lines.values())


def _expected() -> list[Any]:
    """The appointments of today that have not checked in."""
    today = local_date(clock.now(), clinic_zone())
    return appointments.appointments_between(
        clinic_days(today, today, clinic_zone()),
        statuses=(AppointmentStatus.CONFIRMED,),
        limit=SHOWN_EXPECTED,
    )


def receive_form() -> VisitView:
    """Take the walk-in that the form describes."""
    form = request.form
    return services.receive_walk_in(
        current_actor(),
        patient=next((one for one in form.getlist("patient") if one.strip()), "")[:LONGEST_NAME],
        type_code=form.get("type", "")[:LONGEST_NAME],
        reason=form.get("reason", ""),
        priority=number(form.get("priority"), 3),
        priority_reason=form.get("priority_reason", ""),
        campus=form.get("campus", "") if form.get("campus") in walk_ins.campuses() else "",
    )


def run(step: Callable[[], VisitView]) -> Response:
    """Take a step; what became of it, or why not, is said on the queue."""
    try:
        visit = step()
    except NotFound:
        raise
    except DomainError as refusal:
        flash(refusal.message, "danger")
    else:
        flash(said_of(visit), "success")
    return redirect(url_for(PAGES.get(request.form.get("back", ""), "QueueView.queue")))


def said_of(visit: VisitView) -> str:
    """What a step did, such as "C-001, Cruz, Ana: on hold"."""
    return f"{visit.token}, {visit.patient.list_name}: {words_of(visit)}."


def words_of(visit: VisitView) -> str:
    """The status as people say it."""
    if visit.status == "void":
        return "arrival undone"
    place = f" to {visit.place}" if visit.place and visit.status == "called" else ""
    return visit.status.value.replace("-", " ") + place


def register(appbuilder: AppBuilder) -> None:
    """The screens of this file."""
    appbuilder.add_view(QueueView, "Queue", category="Clinic", icon="fa-users")
