"""The kiosk at the entrance: check in, or take a number. No sign-in, no names (SCH-33).

Its address is its key. Every page goes back to the start by itself, and works without scripts.
"""

from flask import Blueprint, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from app.kernel.errors import DomainError
from app.visits.errors.devices import UnknownDevice
from app.visits.queries.devices import DeviceCard
from app.visits.services.devices import KIOSK, device_at
from app.visits.services.kiosk import (
    Ticket,
    kiosk_check_in,
    kiosk_greet,
    kiosk_walk_in,
    offered_services,
)
from app.web.http import status_of

kiosk = Blueprint("kiosk", __name__, url_prefix="/kiosk/<token>")

Page = str | tuple[str, int]


@kiosk.get("/")
def start(token: str) -> str:
    """One field and two big buttons."""
    device_at(KIOSK, token)
    return _start(token)


@kiosk.post("/")
def arrive(token: str) -> Page:
    """With an appointment: checked in. Without one: what for?"""
    device = device_at(KIOSK, token)
    try:
        if request.form.get("do") != "walk-in":
            return _ticket(token, kiosk_check_in(device, typed=_who(), address=_address()))
        known = kiosk_greet(device, typed=_who())
    except DomainError as refusal:
        return _refused(token, refusal)
    return _ticket(token, known) if known else _services(token)


@kiosk.post("/number")
def take_number(token: str) -> Page:
    """A number for a service; a second tap shows the same one."""
    device = device_at(KIOSK, token)
    if "service" not in request.form:
        return _services(token, "Please choose what you come for."), 422
    try:
        return _ticket(token, _number(device))
    except DomainError as refusal:
        return _refused(token, refusal)


def _number(device: DeviceCard) -> Ticket:
    return kiosk_walk_in(
        device,
        typed=_who(),
        service=request.form["service"],
        reason=request.form.get("reason", ""),
        address=_address(),
    )


def _who() -> str:
    return request.form.get("who", "")


def _address() -> str:
    return request.remote_addr or ""


def _start(token: str, sentence: str = "") -> str:
    return render_template("portal/kiosk.html", home=_home(token), sentence=sentence)


def _services(token: str, sentence: str = "") -> str:
    return render_template(
        "portal/kiosk_services.html",
        home=_home(token),
        number_url=url_for("kiosk.take_number", token=token),
        who=_who(),
        services=offered_services(),
        sentence=sentence,
    )


def _ticket(token: str, ticket: Ticket) -> str:
    return render_template("portal/kiosk_ticket.html", home=_home(token), ticket=ticket)


def _refused(token: str, refusal: DomainError) -> tuple[str, int]:
    """One sentence and the start again; what was typed is not shown to the next person."""
    status = status_of(refusal)
    if status == 429:
        page = "portal/kiosk_busy.html"
        return render_template(page, home=_home(token), sentence=refusal.message), status
    return _start(token, refusal.message), status


def _home(token: str) -> str:
    return url_for("kiosk.start", token=token)


@kiosk.errorhandler(UnknownDevice)
def gone(refusal: UnknownDevice) -> tuple[str, int]:
    """An address that nobody gave out, or that was taken back."""
    return render_template("portal/kiosk_gone.html", sentence=refusal.message), 404


@kiosk.errorhandler(CSRFError)
def stale_form(error: CSRFError) -> Response:
    """A page that stood there overnight: begin again (WEB-02)."""
    token = (request.view_args or {}).get("token", "")
    return redirect(_home(token), 303)
