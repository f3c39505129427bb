"""What a proof of a set says, check by check (BAK-02)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

MOST_NAMED = 5
ROOM_TO_SPARE = 10  # per cent of what is unpacked
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, whether it was right, and what was found in words."""

    name: str
    passed: bool
    sentence: str

    def stored(self) -> dict[str, Any]:
        """As a JSON value."""
        return asdict(self)


def has_passed(checks: Sequence[Check]) -> bool:
    """A set counts only when something was checked and all of it is right."""
    return bool(checks) and all(check.passed for check in checks)


def check_counts(expected: Mapping[str, int], found: Mapping[str, int]) -> Check:
    """Whether every table has the rows that it had at the moment of the backup."""
    wrong = [
        f"{table} has {found.get(table, 'no table')} instead of {expected.get(table, 'no table')}"
        for table in sorted({*expected, *found})
        if expected.get(table) != found.get(table)
    ]
    if wrong:
        return Check("row counts", False, f"Rows are missing or too many: {named(wrong)}.")
    total = sum(found.values())
    return Check("row counts", True, f"All {total:,} rows of {len(found)} tables came back.")


def check_revision(expected: str, found: str) -> Check:
    """Whether the schema that came back is the one that the manifest names."""
    if expected != found:
        return Check("schema", False, f"The schema is {found or 'missing'} instead of {expected}.")
    return Check("schema", True, f"The schema is {found}, as the manifest says.")


def check_room(plain_sizes: Iterable[int], free: int) -> Check:
    """Whether what is unpacked fits beside the clinic's files, with a tenth to spare (BAK-02)."""
    unpacked = sum(plain_sizes)
    needed = unpacked + unpacked * ROOM_TO_SPARE // 100
    numbers = f"{_megabytes(needed)} are needed in USCPIS_HOME and {_megabytes(free)} are free"
    if needed > free:
        return Check("room", False, f"There is no room to unpack it: {numbers}.")
    return Check("room", True, f"There is room to unpack it: {numbers}.")


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:,.1f} MB"


def named(problems: Iterable[str]) -> str:
    """The first problems by name, and how many more there are."""
    every = list(problems)
    more = len(every) - MOST_NAMED
    return ", ".join(every[:MOST_NAMED]) + (f", and {more} more" if more > 0 else "")


def spread(items: Sequence[Any], most: int) -> list[Any]:
    """At most so many, taken evenly from the beginning to the end."""
    if len(items) <= most:
        return list(items)
    return [items[index * len(items) // most] for index in range(most)]
