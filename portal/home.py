"""The first page: what comes next, and what can be booked."""

from flask import render_template

from app.kernel import clock
from app.scheduling.queries.appointments import AppointmentView, appointments_of_patient
from app.scheduling.queries.sessions import coming_seats
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services import possible_steps
from app.web.http import current_actor
from portal.auth import me
from portal.blueprint import portal
from portal.kinds import my_kinds
from portal.turn import open_turn
from portal.visits import policy_of


@portal.get("/")
def home() -> str:
    """The next visit, the kinds to book, and unread messages."""
    coming = appointments_of_patient(me().id, now=clock.now(), when="upcoming", page_size=3)
    visit = coming.results[0] if coming.results else None
    return render_template(
        "portal/home.html",
        visit=visit,
        others=coming.results[1:],
        count=coming.count,
        steps=_steps(visit) if visit else [],
        kinds=my_kinds(),
        seats=coming_seats(me().id, now=clock.now()),
        turn=open_turn(),
    )


def _steps(visit: AppointmentView) -> list[AppointmentStatus]:
    cutoff = policy_of(visit).cancel_cutoff
    return possible_steps(current_actor(), visit, now=clock.now(), cutoff=cutoff)
