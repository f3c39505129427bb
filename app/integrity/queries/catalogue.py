"""Every domain's invariants, files and holdings, found by the name of their room (docs/adr/0016).

Domains above integrity declare theirs too, so the rooms are looked up and not imported by name.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from types import ModuleType

import app
from app.kernel.holding import Holding
from app.kernel.invariant import FileArea, Invariant


@cache
def all_invariants() -> tuple[Invariant, ...]:
    """The invariants of every domain, domain by domain."""
    return tuple(one for room in _rooms() for one in room.INVARIANTS)


@cache
def all_files() -> tuple[FileArea, ...]:
    """The folders below USCPIS_HOME that belong into every backup."""
    return tuple(one for room in _rooms() for one in room.FILES)


@cache
def all_holdings() -> tuple[Holding, ...]:
    """What every domain holds about a person (DPA-02)."""
    return tuple(one for room in _rooms() for one in getattr(room, "HOLDINGS", ()))


def _rooms() -> Iterator[ModuleType]:
    for package in pkgutil.iter_modules(app.__path__):
        name = f"app.{package.name}.invariants"
        if package.ispkg and find_spec(name) is not None:
            yield importlib.import_module(name)
