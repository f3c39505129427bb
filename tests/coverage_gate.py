"""How much of the code the tests ran: `python -m tests.coverage_gate coverage.json`.

Rules and use cases at least 95 %, everything at least 85 %, in lines (and branches, when measured).
"""

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

CORE = re.compile(r"^app/[a-z]+/(rules|services)(/|\.py$)")


@dataclass(frozen=True, slots=True)
class Gate:
    """A part of the code and the share of it, in per cent, that must have run."""

    name: str
    pattern: re.Pattern[str]
    at_least: float


GATES = (
    Gate("rules and services", CORE, 95.0),
    Gate("all code", re.compile(""), 85.0),
)


def share_run(files: dict[str, dict[str, int]], pattern: re.Pattern[str]) -> float | None:
    """Per cent of the lines and branches in matching files that ran; None without any."""
    summaries = [summary for path, summary in files.items() if pattern.search(path)]
    whole = sum(s["num_statements"] + s.get("num_branches", 0) for s in summaries)
    ran = sum(s["covered_lines"] + s.get("covered_branches", 0) for s in summaries)
    return 100.0 * ran / whole if whole else None


def say(text: str) -> None:
    """For the terminal, in order with what other programs write there."""
    sys.stdout.write(f"{text}\n")


def main(report: Path) -> int:
    """0 when every gate is passed; prints each share, and the weakest files of a failed gate."""
    if not report.exists():
        say("There is no coverage report: the tests did not finish.")
        return 1
    content = json.loads(report.read_text())["files"]
    files = {path: entry["summary"] for path, entry in content.items()}
    failed = False
    for gate in GATES:
        share = share_run(files, gate.pattern)
        if share is None:
            say(f"{gate.name}: no such file was measured")
            failed = True
            continue
        passed = share >= gate.at_least
        say(f"{gate.name}: {share:.1f} % ({gate.at_least:.0f} % needed)")
        if not passed:
            failed = True
            say("\n".join(weakest(files, gate.pattern)))
    return int(failed)


def weakest(files: dict[str, dict[str, int]], pattern: re.Pattern[str]) -> list[str]:
    """The ten matching files with the most lines that never ran."""
    matching = [(s["missing_lines"], path) for path, s in files.items() if pattern.search(path)]
    return [f"  {path}: {count} lines never ran" for count, path in sorted(matching)[:-11:-1]]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
