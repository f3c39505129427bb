"""Use cases of the waiting room: arriving, calling, seeing, leaving (SCH-33)."""

from app.visits.services.appointments import change_appointment_status
from app.visits.services.arrivals import (
    check_in,
    check_in_at_kiosk,
    receive_walk_in,
    undo_check_in,
)
from app.visits.services.closing import DayEnd, close_day, close_queues, day_end
from app.visits.services.forgetting import forget_visits
from app.visits.services.turns import (
    bring_back,
    call,
    call_next,
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
    "DayEnd",
    "bring_back",
    "call",
    "call_next",
    "change_appointment_status",
    "check_in",
    "check_in_at_kiosk",
    "close_day",
    "close_queues",
    "complete",
    "day_end",
    "forget_visits",
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
