"""Disposals are carried out once more in a restored backup that is older than they are (RET-02)."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.infra.db import transaction
from app.kernel.actor import Actor
from app.kernel.ids import PatientId
from app.patients.queries import kept_records
from app.patients.services import lock_records
from app.retention import queries
from app.retention.permissions import Permission
from app.retention.services.certificates import certificates_folder, verified_certificate
from app.retention.services.erasing import erase

BATCH = 50


@dataclass(frozen=True, slots=True)
class Reapplied:
    """What came of it. `held` and `unlike` are record keys that a person must look at."""

    certificates: int = 0
    people: int = 0
    held: tuple[int, ...] = ()
    unlike: tuple[int, ...] = ()

    def __or__(self, other: "Reapplied") -> "Reapplied":
        return Reapplied(
            self.certificates + other.certificates,
            self.people + other.people,
            self.held + other.held,
            self.unlike + other.unlike,
        )


def reapply_disposals(actor: Actor, *, places: Iterable[Path] = ()) -> Reapplied:
    """Dispose again of everybody whom these certificates name, under the same pseudonyms.

    `places` are files, or folders with certificates; without any our own folder. Every file is
    verified before the first record is touched. Safe to run again. Raises NotACertificate.
    """
    actor.require(Permission.DISPOSAL_APPROVE)
    told = [verified_certificate(file) for file in _files(places)]
    done = Reapplied(certificates=len(told))
    for facts in told:
        for lines in _batches(facts["disposed"]):
            done |= _reapply(actor, lines)
    return done


def _files(places: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for place in list(places) or [certificates_folder()]:
        found += sorted(place.glob("disposal-*.json")) if place.is_dir() else [place]
    return found


def _reapply(actor: Actor, lines: list[dict[str, Any]]) -> Reapplied:
    """A key alone is not proof: the record must have been entered at the same instant."""
    named = {PatientId(int(line["record"])): line for line in lines}
    with transaction() as tx:
        here = lock_records(tx, list(named))
        records = kept_records(among=here)
        same = {one.id for one in records if one.made_at.isoformat() == named[one.id]["entered_at"]}
        held = queries.held_among(same)
        pseudonyms = {key: str(named[key]["pseudonym"]) for key in sorted(same - held)}
        if pseudonyms:
            erase(tx, actor, pseudonyms, action="reapply")
    unlike = tuple(one.id for one in records if one.id not in same)
    return Reapplied(people=len(pseudonyms), held=tuple(sorted(held)), unlike=unlike)


def _batches(lines: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    return [lines[start : start + BATCH] for start in range(0, len(lines), BATCH)]
