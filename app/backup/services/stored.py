"""The settings that a set carries, for a machine that has lost its own (BAK-03)."""

import json

from app.backup.errors import Damaged
from app.backup.permissions import Permission
from app.backup.rules import CONFIGURATION
from app.backup.services.restoring import Place
from app.kernel.actor import Actor

CHUNK = 1024 * 1024


def stored_settings(actor: Actor, place: Place) -> dict[str, str]:
    """The variables of the clinic's environment at that moment, secrets too. Raises Damaged."""
    actor.require(Permission.BACKUP_RUN)
    with place.opened(CONFIGURATION) as content:
        text = b"".join(iter(lambda: content.read(CHUNK), b""))
    try:
        return {str(name): str(value) for name, value in json.loads(text).items()}
    except (ValueError, AttributeError) as error:
        raise Damaged("The settings in this set cannot be read.") from error
