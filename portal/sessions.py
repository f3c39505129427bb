"""Group sessions: what is open for me, my seat, giving it back (SCH-04)."""

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from app.kernel.errors import DomainError
from app.scheduling.errors import SlotTaken
from app.scheduling.errors.points import MissedTooMany
from app.scheduling.errors.questionnaires import AnswersNeeded, Diverted
from app.scheduling.errors.sessions import (
    NotOpenYet,
    SeatRefused,
    SessionFull,
    SessionOver,
)
from app.scheduling.services import seats
from app.scheduling.services.seats import Offer
from app.web.http import current_actor, status_of
from portal import questions
from portal.blueprint import portal

SESSION = "<int(max=2147483647):session_id>"
REFUSALS = (AnswersNeeded, MissedTooMany, SessionFull, SessionOver, NotOpenYet, SlotTaken)


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
    return _page(seats.own_session(current_actor(), session_id=session_id))


@portal.post(f"/sessions/{SESSION}/seat")
def take_seat(session_id: int) -> Response | tuple[str, int]:
    """Take a seat; a second tap leads to the same one."""
    actor = current_actor()
    offer = seats.own_session(actor, session_id=session_id)
    try:
        given = questions.given().as_answers()
        seats.take_seat(actor, session_id=session_id, given=given)
    except Diverted as refusal:
        back = url_for("portal.show_session", session_id=session_id)
        page = render_template("portal/call_now.html", advice=refusal.advice, back=back)
        return page, status_of(refusal)
    except REFUSALS as refusal:
        return _page(offer, refusal), status_of(refusal)
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
        return _page(offer, refusal), status_of(refusal)
    flash("Your seat is cancelled. Somebody else can have it now.", "success")
    return _to(session_id)


def _page(offer: Offer, refusal: DomainError | None = None) -> str:
    open_answers = refusal if isinstance(refusal, AnswersNeeded) else None
    return render_template(
        "portal/session.html",
        offer=offer,
        refusal=refusal,
        asked=questions.questions_of(offer.session.type_id) if offer.may_take else None,
        given=questions.given(open_answers) if open_answers else questions.Given(),
    )


def _to(session_id: int) -> Response:
    return redirect(url_for("portal.show_session", session_id=session_id), 303)
