"""Use cases of privacy: requests about one's own data, copies, the register of breaches."""

from app.privacy.services.reading import (
    RequestLine,
    RequestList,
    RequestPage,
    request_list,
    request_page,
)
from app.privacy.services.requests import (
    RequestDraft,
    add_note,
    end_request,
    hand_over,
    register_request,
    take_request,
)

__all__ = [
    "RequestDraft",
    "RequestLine",
    "RequestList",
    "RequestPage",
    "add_note",
    "end_request",
    "hand_over",
    "register_request",
    "request_list",
    "request_page",
    "take_request",
]
