"""Reads of privacy: requests, copies, breaches, their log."""

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
)

__all__ = [
    "EntryView",
    "RequestView",
    "Wanted",
    "entries",
    "found_by",
    "known_request",
    "overdue_requests",
    "people_who_asked",
    "request_counts",
    "requests",
    "requests_of",
]
