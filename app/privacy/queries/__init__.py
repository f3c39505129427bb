"""Reads of privacy: requests, copies, breaches, their log."""

from app.privacy.queries.breaches import (
    BreachView,
    breach_counts,
    breaches,
    breaches_detected,
    known_breach,
    undecided_breaches,
)
from app.privacy.queries.copies import (
    CopyView,
    copies_of,
    known_copy,
    latest_copy_for,
    owners_of_ready_copies,
    ready_files,
)
from app.privacy.queries.requests import (
    EntryView,
    RequestView,
    Wanted,
    entries,
    found_by,
    known_request,
    overdue_requests,
    people_who_asked,
    request_counts,
    requests,
    requests_of,
    requests_with_words,
)

__all__ = [
    "BreachView",
    "CopyView",
    "EntryView",
    "RequestView",
    "Wanted",
    "breach_counts",
    "breaches",
    "breaches_detected",
    "copies_of",
    "entries",
    "found_by",
    "known_breach",
    "known_copy",
    "known_request",
    "latest_copy_for",
    "overdue_requests",
    "owners_of_ready_copies",
    "people_who_asked",
    "ready_files",
    "request_counts",
    "requests",
    "requests_of",
    "requests_with_words",
    "undecided_breaches",
]
