"""Decisions about messages: what they say, their calendar part, when to try again."""

from app.notifications.rules.calendar import CalendarMethod, CalendarPart, CalendarParts
from app.notifications.rules.keys import MessageKey
from app.notifications.rules.retries import MAXIMUM_ATTEMPTS, next_wait
from app.notifications.rules.texts import Template

__all__ = [
    "MAXIMUM_ATTEMPTS",
    "CalendarMethod",
    "CalendarPart",
    "CalendarParts",
    "MessageKey",
    "Template",
    "next_wait",
]
