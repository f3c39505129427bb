"""Use cases of retention: hold, draw up, approve, carry out, certify, carry out once more."""

from app.retention.services.certificates import (
    certificate_file,
    certificates_folder,
    verified_certificate,
)
from app.retention.services.disposing import carry_out
from app.retention.services.holds import hold_person, lift_hold, place_hold
from app.retention.services.lists import approve_list, draw_up, request_list, withdraw_list
from app.retention.services.reading import (
    HeldLine,
    ListPage,
    Overview,
    PersonPage,
    disposal_state,
    held_people,
    keeping_verdict,
    list_page,
    overview,
    person_page,
)
from app.retention.services.reapplying import Reapplied, reapply_disposals

__all__ = [
    "HeldLine",
    "ListPage",
    "Overview",
    "PersonPage",
    "Reapplied",
    "approve_list",
    "carry_out",
    "certificate_file",
    "certificates_folder",
    "disposal_state",
    "draw_up",
    "held_people",
    "hold_person",
    "keeping_verdict",
    "lift_hold",
    "list_page",
    "overview",
    "person_page",
    "place_hold",
    "reapply_disposals",
    "request_list",
    "verified_certificate",
    "withdraw_list",
]
