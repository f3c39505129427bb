"""What makes a message the same message (NOT-01)."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MessageKey:
    """One event, of one thing, for the nth time, to one person; the channel comes on top."""

    event: str
    entity: str
    occurrence: int
    recipient: str

    def digest(self) -> str:
        """Letters, digits and a dash: good for a dedupe key and for a Message-ID."""
        parts = (self.event, self.entity, str(self.occurrence), self.recipient)
        return "message-" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
