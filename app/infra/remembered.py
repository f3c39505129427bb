"""What a process remembers of schedules and of roles between requests.

Every answer is asked for under the stamp that the database has now, so a change counts at
once in every process (docs/adr/0013). Nothing lives only here.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from enum import StrEnum
from threading import Lock
from typing import TypeVar
from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.db import Base

MOST_ANSWERS = 500
T = TypeVar("T")


class StampName(StrEnum):
    """What a stamp stands for. Triggers change it with every change of the tables behind it."""

    GRANTS = "grants"
    SCHEDULES = "schedules"


class Stamp(Base):
    """One row per name; its value is random and new after every change."""

    __tablename__ = "infra_stamp"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[UUID]


class Remembered:
    """Answers by stamp and question, the least recently used forgotten first."""

    def __init__(self, most: int = MOST_ANSWERS) -> None:
        self._most = most
        self._answers: OrderedDict[tuple[str, Hashable], object] = OrderedDict()
        self._lock = Lock()

    def answer(self, stamp: str, question: Hashable, ask: Callable[[], T]) -> T:
        """The answer under this stamp; asked once. Callers must not change it."""
        key = (stamp, question)
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return self._answers[key]  # type: ignore[return-value]
        found = ask()
        with self._lock:
            self._answers[key] = found
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)
        return found
