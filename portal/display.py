"""The wall of the waiting room: numbers and places, never names (SCH-33)."""

from flask import Blueprint, render_template, url_for

from app.kernel import clock
from app.visits.errors.devices import UnknownDevice
from app.visits.services.devices import DISPLAY, device_at, wall

display = Blueprint("display", __name__, url_prefix="/display/<token>")


@display.get("/")
def show(token: str) -> str:
    """The full screen; it asks for a fresh board every five seconds."""
    device = device_at(DISPLAY, token)
    return render_template(
        "portal/display.html",
        board=wall(device),
        now=clock.now(),
        device=device,
        board_url=url_for("display.board", token=token),
    )


@display.get("/board")
def board(token: str) -> str:
    """The part that changes."""
    device = device_at(DISPLAY, token)
    return render_template("portal/display_board.html", board=wall(device), now=clock.now())


@display.errorhandler(UnknownDevice)
def gone(refusal: UnknownDevice) -> tuple[str, int]:
    """An address that nobody gave out, or that was taken back."""
    return render_template("portal/kiosk_gone.html", sentence=refusal.message), 404
