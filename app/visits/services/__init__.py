"""Use cases of the waiting room: arriving, calling, seeing, leaving (SCH-33)."""

from app.visits.services.appointments import change_appointment_status
from app.visits.services.arrivals import (
    check_in,
    check_in_at_kiosk,
    receive_walk_in,
    undo_check_in,
)
from app.visits.services.turns import (
    call,
    call_next,
    close_queues,
    complete,
    hold,
    leave,
    possible_steps,
    prioritise,
    reopen,
    resume,
    send_back,
    skip,
    start,
    transfer,
)

__all__ = [
    "call",
    "call_next",
    "change_appointment_status",
    "check_in",
    "check_in_at_kiosk",
    "close_queues",
    "complete",
    "hold",
    "leave",
    "possible_steps",
    "prioritise",
    "receive_walk_in",
    "reopen",
    "resume",
    "send_back",
    "skip",
    "start",
    "transfer",
    "undo_check_in",
]
