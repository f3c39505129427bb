"""Group sessions: what is open for me, my seat, giving it back (SCH-04)."""

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from app.scheduling.errors import SlotTaken
from app.scheduling.errors.sessions import (
    NotOpenYet,
    SeatRefused,
    SessionFull,
    SessionOver,
)
from app.scheduling.services import seats
from app.web.http import current_actor, status_of
from portal.blueprint import portal

SESSION = "<int(max=2147483647):session_id>"
REFUSALS = (SessionFull, SessionOver, NotOpenYet, SlotTaken)


@portal.get("/sessions", strict_slashes=False)
def list_sessions() -> str:
    """My seats first, then the sessions that are for me."""
    offers = seats.own_sessions(current_actor())
    return render_template(
        "portal/sessions.html",
        mine=[one for one in offers if one.seat],
        others=[one for one in offers if not one.seat],
    )


@portal.get(f"/sessions/{SESSION}", strict_slashes=False)
def show_session(session_id: int) -> str:
    """One session: the seat that I have, or the button for one."""
    offer = seats.own_session(current_actor(), session_id=session_id)
    return render_template("portal/session.html", offer=offer, refusal=None)


@portal.post(f"/sessions/{SESSION}/seat")
def take_seat(session_id: int) -> Response | tuple[str, int]:
    """Take a seat; a second tap leads to the same one."""
    actor = current_actor()
    offer = seats.own_session(actor, session_id=session_id)
    try:
        seats.take_seat(actor, session_id=session_id)
    except REFUSALS as refusal:
        page = render_template("portal/session.html", offer=offer, refusal=refusal)
        return page, status_of(refusal)
    flash("Your seat is booked.", "success")
    return _to(session_id)


@portal.post(f"/sessions/{SESSION}/cancel")
def cancel_seat(session_id: int) -> Response | tuple[str, int]:
    """Give my seat back; a second tap changes nothing."""
    actor = current_actor()
    offer = seats.own_session(actor, session_id=session_id)
    try:
        seats.cancel_seat(actor, session_id=session_id)
    except SeatRefused as refusal:
        page = render_template("portal/session.html", offer=offer, refusal=refusal)
        return page, status_of(refusal)
    flash("Your seat is cancelled. Somebody else can have it now.", "success")
    return _to(session_id)


def _to(session_id: int) -> Response:
    return redirect(url_for("portal.show_session", session_id=session_id), 303)
