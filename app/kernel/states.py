"""A state machine as a table: which moves exist, and which one was refused."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from app.kernel.errors import Conflict

# Mapping is invariant in its key: only a type variable accepts a table of a domain's own enum.
State = TypeVar("State", bound=StrEnum)


class TransitionRefused(Conflict):
    """The table holds no such move."""

    code = "transition_refused"


def check_move(table: Mapping[State, frozenset[State]], source: State, target: State) -> None:
    """Raises TransitionRefused unless the table allows `source` to become `target`."""
    if target not in table.get(source, frozenset()):
        raise TransitionRefused(f"{source.value} cannot become {target.value}.")
