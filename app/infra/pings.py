"""Tells an outside watcher how a job goes, Healthchecks-compatible (BAK-04).

When this machine is gone nothing here can raise an alarm; a watcher elsewhere that hears nothing
can. A ping says the name of the job and nothing else, and never makes a job fail.
"""

import http.client
import logging
import urllib.request
from enum import StrEnum

from app.infra.runtime import settings

log = logging.getLogger(__name__)

SECONDS = 2.0


class Signal(StrEnum):
    """What is told: the end of the address."""

    START = "/start"
    SUCCESS = ""
    FAIL = "/fail"


def slug_of(name: str) -> str:
    """scheduling.send_reminders as scheduling-send-reminders: lower case, digits and dashes."""
    return name.lower().replace(".", "-").replace("_", "-")


def ping(name: str, signal: Signal) -> bool:
    """Tell the watcher of settings.ping_url, if there is one. Whether it heard."""
    address = settings().ping_url
    if not address:
        return False
    # PING_URL is checked to be http or https when the settings are read.
    url = f"{address}/{slug_of(name)}{signal}"
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:  # noqa: S310
            return bool(answer.status < 400)
    except (OSError, http.client.HTTPException, ValueError) as error:
        log.warning("the watcher did not hear of %s: %s", name, type(error).__name__)
        return False
