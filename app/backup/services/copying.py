"""Brings sets to every place that lacks them (BAK-01: three copies, two kinds, one elsewhere).

A place that is away takes nothing from the first copy: its sentence is kept with the run, people
are told, and the next run tries again.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select

from app.backup.models import BackupRun
from app.backup.rules import RunStatus
from app.backup.services.places import copy_set, first_folder, other_places, our_sets
from app.backup.services.rows import store
from app.infra.db import transaction
from app.infra.storage import LocalFolder, StorageFailed, Target

LOST = "the set is not in the first folder any more, so it cannot be copied."
Places = list[dict[str, Any]]


def copy_everywhere(set_names: Sequence[str]) -> dict[str, Places]:
    """Copy what is missing; returns where each set lies now and why not elsewhere."""
    first = first_folder()
    at_hand = set(our_sets(first))
    found: dict[str, Places] = {
        name: [_entry(first, "" if name in at_hand else f"{first.label}: the set is gone.")]
        for name in set_names
    }
    for place in other_places():
        for name, problem in _bring(first, at_hand, place, set_names).items():
            found[name].append(_entry(place, problem))
    return found


def _bring(
    first: LocalFolder, at_hand: set[str], place: Target, set_names: Sequence[str]
) -> dict[str, str]:
    """What is wrong with each set there; a place that fails once is left alone for now."""
    try:
        there = set(our_sets(place))
    except StorageFailed as failure:
        return dict.fromkeys(set_names, str(failure))
    outcome, problem = {}, ""
    for name in set_names:
        if name in there:
            outcome[name] = ""
        elif name not in at_hand:
            outcome[name] = f"{place.label}: {LOST}"
        else:
            problem = problem or _copy(first, place, name)
            outcome[name] = problem
    return outcome


def _copy(first: LocalFolder, place: Target, name: str) -> str:
    try:
        copy_set(first, place, name)
    except StorageFailed as failure:
        return str(failure)
    return ""


def _entry(place: Target, problem: str) -> dict[str, Any]:
    return {"label": place.label, "is_there": not problem, "problem": problem}


def copy_kept_sets() -> None:
    """Copy every kept set to the places that lack it, and note where it lies."""
    kept = _kept()
    now = copy_everywhere([name for _, name, _ in kept])
    _note((run_id, now[name]) for run_id, name, before in kept if now[name] != before)


def _kept() -> list[tuple[int, str, Places]]:
    with transaction() as tx:  # ended before anything is copied, which may take long
        rows = tx.execute(
            select(BackupRun.id, BackupRun.set_name, BackupRun.places)
            .where(BackupRun.status == RunStatus.MADE, BackupRun.removed_at.is_(None))
            .order_by(BackupRun.id.desc())
        ).all()
    return [(row.id, str(row.set_name), row.places) for row in rows]


def _note(changed: Iterable[tuple[int, Places]]) -> None:
    with transaction() as tx:
        for run_id, places in changed:
            store(tx, run_id, places=places)
