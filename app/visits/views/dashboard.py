"""The first page of staff: today's numbers, today's visits, and what waits for an answer."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from flask import redirect
from flask_appbuilder import IndexView, expose
from flask_login import current_user
from werkzeug.wrappers import Response

from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.clock import clinic_day, local_date
from app.notifications import queries as notifications
from app.notifications.permissions import Permission as Messages
from app.scheduling import services
from app.scheduling.forms import appointments as forms
from app.scheduling.permissions import Permission
from app.scheduling.queries import appointments, schedules
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.rules import AppointmentStatus
from app.security.views import PATIENT_HOME, STAFF_HOME, home_of
from app.visits import queries
from app.visits.permissions import Permission as Queue
from app.visits.queries import VisitView
from app.visits.rules import IS_HERE
from app.web.http import clinic_zone, current_actor
from app.web.views import GuardedView

SHOWN_TODAY = 200
SHOWN_WAITING = 8
# Whom the desk still has to do with today; the others are only counted.
PRESENT = (
    AppointmentStatus.CHECKED_IN,
    AppointmentStatus.IN_PROGRESS,
    AppointmentStatus.CONFIRMED,
    AppointmentStatus.PENDING,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One visit with the buttons that may be pressed."""

    visit: AppointmentView
    steps: list[forms.Step]
    is_late: bool


class DashboardView(GuardedView, IndexView):
    """Where everybody lands: staff here, students in the portal, others at the sign-in."""

    index_template = "scheduling/dashboard.html"

    @expose("/")
    def index(self) -> Response:
        """Today, for those who may see it; for the other roles their pages without names."""
        if not current_user.is_authenticated:
            return redirect(self.appbuilder.get_url_for_login)
        if home_of(current_user) != STAFF_HOME:
            return redirect(PATIENT_HOME)
        self.update_redirect()
        actor = current_actor()
        values = _today(actor) if actor.may(Permission.READ) else {"menu": self._pages()}
        return cast(
            Response,
            self.render_template(
                self.index_template,
                title="Today",
                sees_visits=actor.may(Permission.READ),
                may_book=actor.may(Permission.BOOK),
                **values,
            ),
        )

    def _pages(self) -> list[dict[str, Any]]:
        """What the person may open, from the menu."""
        entries = self.appbuilder.menu.get_data()
        return [entry for entry in entries if entry.get("childs") or entry.get("url")]


def _today(actor: Actor) -> dict[str, Any]:
    """Numbers and visits of the clinic's day. Every number is counted from the rows it names."""
    zone, now = clinic_zone(), clock.now()
    today = local_date(now, zone)
    period = clinic_day(today, zone)
    counts = appointments.counts_by_status(period)
    visits = appointments.appointments_between(period, statuses=PRESENT, limit=SHOWN_TODAY)
    own = schedules.practitioner_of_user(actor.user_id) if actor.user_id else None
    mine = [visit for visit in visits if own and visit.practitioner_id == own.id]
    lines = [_line(actor, visit, now) for visit in visits]
    return {
        "today": today,
        "numbers": queries.numbers_of(today),
        "may_see_queue": actor.may(Queue.QUEUE_READ),
        "may_close": actor.may(Queue.CLOSE_DAY),
        "walk_ins": _walk_ins(actor, today),
        "counts": {status.value: counts.get(status, 0) for status in AppointmentStatus},
        "expected": sum(counts.get(status, 0) for status in PRESENT),
        "here": [line for line in lines if line.visit.status in PRESENT[:2]],
        "to_come": [line for line in lines if line.visit.status in PRESENT[2:]],
        "own": own,
        "mine": [_line(actor, visit, now) for visit in mine],
        "pending": appointments.count_pending(),
        "needing": appointments.count_needing_rebooking(),
        "requests": [
            _line(actor, visit, now)
            for visit in appointments.waiting_for_approval(limit=SHOWN_WAITING)
        ],
        "undelivered": _undelivered(actor),
        "is_cut": len(visits) == SHOWN_TODAY,
    }


def _walk_ins(actor: Actor, today: date) -> list[VisitView]:
    """Who is here without an appointment; the others stand among the appointments."""
    if not actor.may(Queue.QUEUE_READ):
        return []
    those = [entry.visit for entry in queries.queue(today)]
    return [one for one in those if one.is_walk_in and one.status in IS_HERE]


def _undelivered(actor: Actor) -> int | None:
    """How many e-mails wait for somebody; None for those who may not see them."""
    if not actor.may(Messages.COMMUNICATION_READ):
        return None
    return notifications.undelivered_count()


def _line(actor: Actor, visit: AppointmentView, now: datetime) -> Line:
    steps = forms.steps_of(visit.status, services.possible_steps(actor, visit, now=now))
    is_late = visit.status is AppointmentStatus.CONFIRMED and visit.starts_at < now
    return Line(visit, steps, is_late)
