"""Between JSON and our values: what requests may hold, and how answers look."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, json, jsonify, request

from app.infra.idempotency import Once
from app.kernel.actor import Actor
from app.kernel.clock import local_date
from app.kernel.errors import Invalid, Malformed, NotFound
from app.kernel.ids import AppointmentId
from app.kernel.period import Period
from app.scheduling import rules
from app.scheduling.errors import FreeTime, SlotTaken, UnknownAppointment
from app.scheduling.errors.waitlist import OfferOver
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.queries.sessions import SeatView
from app.scheduling.rules import AppointmentStatus, Slot
from app.scheduling.services import Booked
from app.scheduling.services.wish import Answers
from app.web.api import instant
from app.web.http import clinic_zone, current_actor, problem_of

LARGEST_KEY = 2**63 - 1
LARGEST_INT = 2**31 - 1
LONGEST_NAME = 64
ANSWERS: dict[str, type] = {"answers": dict, "consent": bool, "despite_flag": str}


def required(values: Mapping[str, Any], *names: str) -> None:
    """Raises Invalid naming every field that is missing or empty."""
    missing = [name for name in names if values.get(name) in (None, "")]
    if missing:
        raise Invalid(
            "Something is missing in the request.",
            errors={name: ["This is required."] for name in missing},
        )


def known_key(number: int, unknown: Callable[[], NotFound], *, largest: int = LARGEST_INT) -> int:
    """The key in an address. Raises `unknown` for a number that no row can have."""
    if not 0 < number <= largest:
        raise unknown()
    return number


def appointment_key(number: int) -> AppointmentId:
    """The key in an address. A number that no row can have is a visit that does not exist."""
    return AppointmentId(known_key(number, UnknownAppointment, largest=LARGEST_KEY))


def name_argument(name: str) -> str | None:
    """A code or university ID of the query string, None without one."""
    text = request.args.get(name, "").strip()
    if "\x00" in text or len(text) > LONGEST_NAME:
        raise NotFound(f"Nothing is known by this name ({name}).")
    return text or None


def required_argument(name: str) -> str:
    """Raises Invalid without it."""
    text = name_argument(name)
    required({name: text}, name)
    return str(text)


def window_arguments(today: date) -> tuple[date, date]:
    """`from` and `to`, both included; a week from today where left open.

    Raises Malformed for what is no date, and what `rules.window_from` raises.
    """
    return rules.window_from(_date("from"), _date("to"), today=today)


def _date(name: str) -> date | None:
    text = request.args.get(name, "")
    if not text:
        return None
    try:
        return _plain_date(text)
    except ValueError as error:
        sentence = "This must be a date such as 2026-11-24."
        raise Malformed(f"{name}: {sentence}", errors={name: [sentence]}) from error


def _plain_date(text: str) -> date:
    """Only the form with hyphens: `fromisoformat` also takes "20261124"."""
    if len(text) != len("2026-11-24"):
        raise ValueError(text)
    return date.fromisoformat(text)


def status_of_text(name: str, text: str) -> AppointmentStatus:
    """A status by the clinic's word. Raises Invalid listing the words."""
    try:
        return AppointmentStatus(text)
    except ValueError as error:
        words = ", ".join(AppointmentStatus)
        raise Invalid(
            "There is no such status.", errors={name: [f"This must be one of {words}."]}
        ) from error


def override_of(body: Mapping[str, Any]) -> str | None:
    """The reason of `override`, None without one."""
    override = body.get("override")
    if override is None:
        return None
    unknown = sorted(set(override) - {"reason"})
    if unknown:
        raise Invalid(
            "The request has fields that are not known here.",
            errors={f"override.{name}": ["This field is not known."] for name in unknown},
        )
    reason = override.get("reason")
    if reason is not None and not isinstance(reason, str):
        raise Malformed(
            "A field has the wrong type.", errors={"override.reason": ["This must be a text."]}
        )
    return reason or ""


def once_of(actor: Actor, body: object) -> Once | None:
    """The Idempotency-Key of the request, None without one (SCH-06)."""
    key = request.headers.get("Idempotency-Key")
    if key is None or actor.user_id is None:
        return None
    return Once.of(actor.user_id, key, [request.path, body])


def local_iso(moment: datetime, zone: ZoneInfo) -> str:
    """ISO 8601 with the offset of the clinic's zone."""
    return moment.astimezone(zone).isoformat()


def slot_json(slot: FreeTime, type_code: str, zone: ZoneInfo) -> dict[str, str]:
    """A free time."""
    return {
        "type": type_code,
        "provider": slot.provider,
        "starts_at": local_iso(slot.starts_at, zone),
        "ends_at": local_iso(slot.ends_at, zone),
    }


def appointment_json(visit: AppointmentView | Booked, zone: ZoneInfo) -> dict[str, Any]:
    """An appointment. People are named by university ID, types by code."""
    patient = visit.patient if isinstance(visit, Booked) else visit.patient.university_id
    return {
        "id": visit.id,
        "status": str(visit.status),
        "type": visit.type,
        "provider": visit.provider,
        "patient": patient,
        "starts_at": local_iso(visit.starts_at, zone),
        "ends_at": local_iso(visit.ends_at, zone),
        "reason": visit.reason,
        "version": visit.version,
    }


def period_json(period: Period, zone: ZoneInfo) -> dict[str, str]:
    """A stretch of time."""
    return {
        "starts_at": local_iso(period.starts_at, zone),
        "ends_at": local_iso(period.ends_at, zone),
    }


def slots_answer(slots: Sequence[Slot], type_code: str, zone: ZoneInfo) -> Response:
    """All free times. Thousands are common, so the text is put together by hand, each instant
    once: the JSON encoder would take longer than finding them.
    """
    quoted = json.dumps(type_code)
    names = {slot.provider for slot in slots}
    heads = {
        name: f'{{"type":{quoted},"provider":{json.dumps(name)},"starts_at":"' for name in names
    }
    texts: dict[tuple[datetime, datetime], str] = {}
    parts: list[str] = []
    for _, provider, starts_at, ends_at, _ in slots:
        tail = texts.get((starts_at, ends_at))
        if tail is None:
            tail = f'{local_iso(starts_at, zone)}","ends_at":"{local_iso(ends_at, zone)}"}}'
            texts[starts_at, ends_at] = tail
        parts.append(heads[provider] + tail)
    body = f'{{"timezone":{json.dumps(zone.key)},"slots":[{",".join(parts)}]}}'
    return Response(body, mimetype="application/json")


def seat_json(seat: SeatView) -> dict[str, Any]:
    """A seat in a group session."""
    return {"id": seat.id, "session": seat.session_id, "status": seat.status}


def with_alternatives(book: Callable[[], Response], type_code: Callable[[], str]) -> Response:
    """Run a booking; a lost time is answered with the free times near it."""
    try:
        return book()
    except (SlotTaken, OfferOver) as taken:
        answer = jsonify(
            problem_of(taken)
            | {"alternatives": _alternatives(taken.alternatives, type_code(), clinic_zone())}
        )
        answer.status_code = 409
        return answer


def _alternatives(slots: Iterable[FreeTime], code: str, zone: ZoneInfo) -> list[dict[str, str]]:
    return [slot_json(slot, code, zone) for slot in slots]


def today_at(now: datetime) -> date:
    """The clinic's civil day."""
    return local_date(now, clinic_zone())


def body_instant(body: Mapping[str, Any], name: str) -> datetime:
    """An instant of the body. Raises Malformed when it is none."""
    return instant(name, body.get(name))


def acting() -> tuple[Actor, ZoneInfo]:
    """Who asks, and the zone of the answer."""
    return current_actor(), clinic_zone()


def given_answers(body: Mapping[str, Any]) -> Answers:
    """The answers to a type's questions that came with a request (`ANSWERS`)."""
    return Answers(
        answers=body.get("answers"),
        consent=bool(body.get("consent")),
        despite_flag=body.get("despite_flag"),
    )
