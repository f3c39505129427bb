"""The keyed chain of the audit trail: what is sealed, and with which hash (AUD-02).

A seal is HMAC-SHA256 over the seal before it, its own number and time, and every column of its
event. Without the key nobody can make one; changing, removing, adding or moving a line leaves a
seal that does not fit.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from app.security.errors import BadHead

GENESIS: Final = bytes(32)
# An event is written at the end of its transaction, and none may last longer than minutes. One
# whose key lies further back than everything sealed an hour ago was not written by us.
LATEST_ARRIVAL: Final = timedelta(hours=1)
SHOWN_PROBLEMS: Final = 20

_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class EventFacts(NamedTuple):
    """Every column of a line of the audit trail; `details` is the text of the database's JSON."""

    id: int
    at: datetime
    actor_id: int | None
    actor_name: str
    actor_role: str
    channel: str
    address: str
    request_id: str
    action: str
    object_type: str
    object_id: str
    patient_id: int | None
    outcome: str
    reason: str
    details: str


@dataclass(frozen=True, slots=True)
class Head:
    """The last seal at some moment. Kept elsewhere, it shows whether the chain was cut off."""

    seq: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash.hex()}"

    @classmethod
    def of(cls, text: str) -> "Head":
        """From what `str` made. Raises BadHead."""
        number, _, digest = text.strip().partition(":")
        try:
            head = cls(int(number), bytes.fromhex(digest))
        except ValueError:
            raise BadHead() from None
        if head.seq < 1 or len(head.hash) != len(GENESIS):
            raise BadHead()
        return head


@dataclass(frozen=True, slots=True)
class AuditKeys:
    """The keys by their names, the oldest first; `primary` seals, the others still verify.

    `begins` says of a key which seal was the last one before it, so that a key that was replaced
    seals nothing any more, whoever may hold it.
    """

    primary: str
    keys: Mapping[str, bytes] = field(repr=False)
    begins: Mapping[str, Head] = field(default_factory=dict)

    def is_over(self, key_id: str, seq: int) -> bool:
        """Whether a later key sealed already when this number was given."""
        names = list(self.keys)
        later = names[names.index(key_id) + 1 :]
        return any(name in self.begins and self.begins[name].seq < seq for name in later)


def key_name(key: bytes) -> str:
    """A short name that tells keys apart and tells nothing about them."""
    return hashlib.sha256(b"audit key\0" + key).hexdigest()[:16]


def seal_hash(
    key: bytes, *, prev_hash: bytes, seq: int, sealed_at: datetime, event: EventFacts
) -> bytes:
    """The seal of one event. JSON keeps the columns apart, whatever they hold."""
    columns = [seq, _micros(sealed_at), event.id, _micros(event.at), *event[2:]]
    return hmac.digest(key, prev_hash + _json(columns).encode("utf-8", "surrogatepass"), "sha256")


def _micros(instant: datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND


@dataclass(frozen=True, slots=True)
class SealedLine:
    """One seal as it is stored, with its event if that is still there."""

    seq: int
    event_id: int
    key_id: str
    prev_hash: bytes
    hash: bytes
    sealed_at: datetime
    event: EventFacts | None


class ChainCheck:
    """Goes along the chain line by line and notes what does not fit; memory stays the same.

    `is_live` tells the clinic's own chain from a copy of earlier: in the live one every change of
    the key has its place. In any chain a key that was replaced never comes back.
    """

    def __init__(
        self, keys: AuditKeys, heads: Sequence[Head] = (), *, is_live: bool = False
    ) -> None:
        self._keys = keys
        self._order = {name: place for place, name in enumerate(keys.keys)}
        self._newest = 0
        self._is_live = is_live
        self._heads: dict[int, set[bytes]] = {}
        for head in (*heads, *(keys.begins.values() if is_live else ())):
            self._heads.setdefault(head.seq, set()).add(head.hash)
        self.head: Head | None = None
        self.sealed = 0
        self.problem_count = 0
        self.problems: list[str] = []

    def see(self, line: SealedLine) -> None:
        """The next line in the order of the numbers."""
        before = self.head or Head(0, GENESIS)
        if line.seq != before.seq + 1:
            self._missing(before.seq + 1, line.seq - 1)
        elif line.prev_hash != before.hash:
            self.note(f"Seal {line.seq} does not follow seal {before.seq}.")
        self._check_seal(line)
        if self._heads.pop(line.seq, set()) - {line.hash}:
            self.note(f"Seal {line.seq} is another one than was noted outside of the database.")
        self.head = Head(line.seq, line.hash)
        self.sealed += 1

    def finish(self) -> None:
        """No more lines: known heads that did not come up were cut off."""
        last = self.head.seq if self.head else 0
        for seq in sorted(self._heads):
            if seq > last:
                self.note(f"The trail was cut off: it ended with seal {seq} and ends with {last}.")

    def note(self, sentence: str) -> None:
        """Something is wrong; the first sentences are kept, all are counted."""
        self.problem_count += 1
        if len(self.problems) < SHOWN_PROBLEMS:
            self.problems.append(sentence)

    def _check_order(self, line: SealedLine) -> None:
        """AUD-02: whoever still has a key that was replaced cannot seal with it."""
        place = self._order[line.key_id]
        is_over = self._is_live and self._keys.is_over(line.key_id, line.seq)
        if is_over or place < self._newest:
            self.note(f"Seal {line.seq} was made with a key that had been replaced.")
        self._newest = max(self._newest, place)

    def _missing(self, first: int, last: int) -> None:
        what = f"Seal {first} is" if first == last else f"Seals {first} to {last} are"
        self.note(f"{what} missing.")

    def _check_seal(self, line: SealedLine) -> None:
        key = self._keys.keys.get(line.key_id)
        if key is None:
            self.note(f"Seal {line.seq} was made with a key that is not in the key file.")
            return
        self._check_order(line)
        if line.event is None:
            self.note(f"Event {line.event_id} was removed.")
            return
        made = seal_hash(
            key,
            prev_hash=line.prev_hash,
            seq=line.seq,
            sealed_at=line.sealed_at,
            event=line.event,
        )
        if not hmac.compare_digest(made, line.hash):
            self.note(f"Event {line.event_id} or its seal {line.seq} was changed.")
