"""Use cases of messages: write them with the deed, deliver them, note that they were read."""

from app.notifications.services.alarms import raise_alarm
from app.notifications.services.bell import mark_all_read, mark_read
from app.notifications.services.delivery import send_message
from app.notifications.services.forgetting import forget_messages
from app.notifications.services.staff import (
    cancel_message,
    give_up_old_messages,
    resend_message,
    run_job_again,
    settle_messages,
)
from app.notifications.services.writing import Recipient, notify

__all__ = [
    "Recipient",
    "cancel_message",
    "forget_messages",
    "give_up_old_messages",
    "mark_all_read",
    "mark_read",
    "notify",
    "raise_alarm",
    "resend_message",
    "run_job_again",
    "send_message",
    "settle_messages",
]
