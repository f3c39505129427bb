"""Reads of retention: who is due, holds, lists and their lines."""

from app.retention.queries.disposals import (
    DisposalView,
    ItemView,
    approved_lines,
    disposals,
    items,
    known_disposal,
    settled_items,
)
from app.retention.queries.holds import HoldView, held_among, holds
from app.retention.queries.people import people_of

__all__ = [
    "DisposalView",
    "HoldView",
    "ItemView",
    "approved_lines",
    "disposals",
    "held_among",
    "holds",
    "items",
    "known_disposal",
    "people_of",
    "settled_items",
]
