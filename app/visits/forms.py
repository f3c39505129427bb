"""Between a click or a JSON body and a step of a visit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from werkzeug.datastructures import MultiDict

from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.kernel.ids import AppointmentId
from app.visits import services
from app.visits.errors import UnknownVisit
from app.visits.errors.paper import UnusableEntry
from app.visits.queries import VisitView
from app.visits.rules import PaperOutcome, VisitStatus, VisitStep
from app.visits.services.late import LateEntry

LARGEST_KEY = 2**63 - 1
T = VisitStep


@dataclass(frozen=True, slots=True)
class Button:
    """A step as a button."""

    step: VisitStep
    label: str
    icon: str
    is_main: bool
    confirm: str = ""


LABELS = {
    T.CALL: ("Call", "bell"),
    T.START: ("Start", "stethoscope"),
    T.COMPLETE: ("Complete", "check-circle"),
    T.SKIP: ("Skip", "chevron-right"),
    T.HOLD: ("Hold", "clock"),
    T.RESUME: ("Back from hold", "refresh"),
    T.SEND_BACK: ("Back to waiting", "arrow-left"),
    T.REOPEN: ("Reopen", "refresh"),
    T.LEAVE: ("Left", "log-out"),
    T.BRING_BACK: ("Bring back", "refresh"),
    T.UNDO: ("Undo arrival", "x"),
}
# The steps as the history of a visit says them.
STEP_NAMES = {
    "arrive": "Arrived",
    "enter-late": "Late entry",
    "call": "Called",
    "start": "Started",
    "complete": "Completed",
    "skip": "Skipped: called and did not come",
    "hold": "Put on hold",
    "resume": "Back from hold",
    "send-back": "Sent back to the queue",
    "reopen": "Reopened",
    "leave": "Left without being seen",
    "bring-back": "Brought back",
    "transfer": "Transferred",
    "prioritise": "Priority changed",
    "undo": "Arrival undone",
}
MAIN = {
    VisitStatus.WAITING: T.CALL,
    VisitStatus.CALLED: T.START,
    VisitStatus.ON_HOLD: T.RESUME,
    VisitStatus.IN_PROGRESS: T.COMPLETE,
}


def buttons_of(actor: Actor, visit: VisitView) -> list[Button]:
    """The steps that are one click; transfer and priority have forms of their own."""
    confirms = {T.LEAVE: f"Record that {visit.token} left without being seen?"}
    return [
        Button(step, *LABELS[step], MAIN.get(visit.status) is step, confirm=confirms.get(step, ""))
        for step in services.possible_steps(actor, visit)
        if step in LABELS
    ]


def key_of(number: int) -> int:
    """Raises UnknownVisit for a number that no row can have."""
    if not 0 < number <= LARGEST_KEY:
        raise UnknownVisit()
    return number


def step_named(text: str) -> VisitStep:
    """Raises NotFound for a word that is no step."""
    try:
        return VisitStep(text)
    except ValueError as error:
        raise NotFound("There is no such step.") from error


def number(value: Any, default: int | None) -> Any:
    """A small whole number of a form; `default` for anything else."""
    if isinstance(value, int):
        return value
    text = str(value or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default


def apply_step(
    actor: Actor, visit_id: int, step: VisitStep, values: Mapping[str, Any]
) -> VisitView:
    """Take the step with what the form or body says besides."""

    def text(name: str) -> str:
        return str(values.get(name) or "")

    shared: dict[str, Any] = {"visit_id": visit_id, "version": number(values.get("version"), None)}
    extras: dict[VisitStep, dict[str, Any]] = {
        T.CALL: {"place": text("place")},
        T.HOLD: {"reason": text("reason")},
        T.LEAVE: {"reason": text("reason") or "Left without being seen"},
        T.REOPEN: {"reason": text("reason")},
        T.TRANSFER: dict(zip(("type_code", "provider"), transfer_of(values), strict=True)),
        T.PRIORITISE: {
            "priority": number(values.get("priority"), 0),
            "reason": text("reason"),
        },
    }
    return SERVICES[step](actor, **shared, **extras.get(step, {}))


def transfer_of(values: Mapping[str, Any]) -> tuple[str, str | None]:
    """Service and provider: as two values, or as the one of the form, "service/provider"."""
    service, _, provider = str(values.get("to") or "").partition("/")
    service = service or str(values.get("type") or "")
    return service, provider or str(values.get("provider") or "") or None


SERVICES: dict[VisitStep, Callable[..., VisitView]] = {
    T.CALL: services.call,
    T.START: services.start,
    T.COMPLETE: services.complete,
    T.SKIP: services.skip,
    T.HOLD: services.hold,
    T.RESUME: services.resume,
    T.SEND_BACK: services.send_back,
    T.REOPEN: services.reopen,
    T.LEAVE: services.leave,
    T.BRING_BACK: services.bring_back,
    T.TRANSFER: services.transfer,
    T.PRIORITISE: services.prioritise,
    T.UNDO: services.undo_check_in,
}


def typed_date(text: str | None) -> date | None:
    """A day of a form; None for anything else."""
    try:
        return date.fromisoformat((text or "").strip()[:10])
    except ValueError:
        return None


def typed_time(text: str | None) -> time | None:
    """A wall time of a form, 09:30; None for anything else."""
    try:
        return time.fromisoformat((text or "").strip()[:5])
    except ValueError:
        return None


def late_entry(values: "MultiDict[str, str]", *, campuses: Sequence[str]) -> LateEntry:
    """A paper form as it was typed in. Raises UnusableEntry for what nobody can choose."""
    on_date, outcome = typed_date(values.get("on_date")), values.get("outcome", "")
    problems: dict[str, list[str]] = {}
    if on_date is None:
        problems["on_date"] = ["Please enter the day that stands on the form."]
    if outcome not in list(PaperOutcome):
        problems["outcome"] = ["Please choose what happened."]
    if on_date is None or problems:
        raise UnusableEntry(problems)
    key = number_or_none(values.get("appointment"))
    return LateEntry(
        number=values.get("number", "")[:40],
        patient=typed_patient(values),
        on_date=on_date,
        outcome=PaperOutcome(outcome),
        written_by=values.get("written_by", ""),
        appointment_id=AppointmentId(key) if key is not None else None,
        type_code=values.get("type", "")[:64],
        provider=values.get("provider", "")[:64],
        campus=values.get("campus", "") if values.get("campus") in campuses else "",
        arrived=typed_time(values.get("arrived")),
        started=typed_time(values.get("started")),
        ended=typed_time(values.get("ended")),
        another=values.get("another") == "yes",
    )


def number_or_none(text: str | None) -> int | None:
    """The key of a row; None for anything that no row can have."""
    digits = (text or "").strip()
    usable = digits.isascii() and digits.isdigit() and len(digits) < 19
    return int(digits) if usable else None


def typed_patient(values: "MultiDict[str, str]") -> str:
    """The university ID: from the search, or typed where there is no script."""
    return next((one.strip() for one in values.getlist("patient") if one.strip()), "")[:64]
