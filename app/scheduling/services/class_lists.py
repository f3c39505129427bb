"""Seats for a whole class: tried first, then booked line by line (SCH-04)."""

from dataclasses import dataclass

from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.errors import DomainError
from app.patients import queries as patients
from app.scheduling.errors import PatientBusy
from app.scheduling.errors.sessions import SessionFull
from app.scheduling.permissions import Permission
from app.scheduling.queries import sessions
from app.scheduling.rules.sessions import check_takes_seats, class_list
from app.scheduling.services.seats import take_seat
from app.scheduling.services.sessions import known_session

SENTENCES = {
    "ready": "Gets a seat.",
    "booked": "Has a seat now.",
    "already": "Has a seat already.",
    "repeated": "Stands in the list twice.",
    "unknown": "No patient has this ID.",
    "busy": "Has another visit at this time.",
    "full": "There are not enough seats.",
}


@dataclass(frozen=True, slots=True)
class ListLine:
    """What becomes of one line."""

    line: int
    university_id: str
    name: str
    outcome: str
    said: str = ""

    @property
    def sentence(self) -> str:
        """The outcome in words."""
        return self.said or SENTENCES[self.outcome]


def try_class_list(actor: Actor, *, session_id: int, text: str) -> list[ListLine]:
    """What booking the list would do; nothing is written.

    Raises Invalid for an empty or overlong list, SessionOver, UnknownSession.
    """
    actor.require(Permission.SESSION_WRITE)
    actor.require(Permission.BOOK)
    found = known_session(session_id)
    now = clock.now()
    check_takes_seats(found.status, found.ends_at, now)
    lines = class_list(text)
    keys = patients.patients_by_university_ids(university_id for _, university_id in lines)
    cards = patients.patients_by_ids(keys.values())
    busy = sessions.busy_patients(list(keys.values()), found.period, now=now)
    inside = {seat.patient.id for seat in sessions.seats_of(session_id)}
    free, seen, tried = found.free, set(), []
    for number, university_id in lines:
        key = keys.get(university_id.upper())
        if key is None:
            outcome = "unknown"
        elif key in seen:
            outcome = "repeated"
        elif key in inside:
            outcome = "already"
        elif key in busy:
            outcome = "busy"
        else:
            outcome = "ready" if free > 0 else "full"
            free -= 1
        seen.add(key)
        name = cards[key].list_name if key is not None else ""
        tried.append(ListLine(number, university_id, name, outcome))
    return tried


def book_class_list(actor: Actor, *, session_id: int, text: str) -> list[ListLine]:
    """Book every line that gets a seat, each in a transaction of its own; again changes nothing.

    Raises what `try_class_list` raises.
    """
    tried = try_class_list(actor, session_id=session_id, text=text)
    return [
        _book(actor, session_id, line) if line.outcome in {"ready", "full"} else line
        for line in tried
    ]


def _book(actor: Actor, session_id: int, line: ListLine) -> ListLine:
    said = ""
    try:
        take_seat(actor, session_id=session_id, patient=line.university_id)
        outcome = "booked"
    except SessionFull:
        outcome = "full"
    except PatientBusy:
        outcome = "busy"
    except DomainError as refusal:
        outcome, said = "refused", refusal.message
    return ListLine(line.line, line.university_id, line.name, outcome, said)
