"""Every rule that is kept so far is quoted in the code that keeps it and in a test of it."""

import re

import pytest

from tests.architecture.test_rooms import ROOT

RULES = (
    *(
        f"SCH-{number:02d}"
        for number in (*range(1, 8), *range(10, 20), 30, 31, 32, 33, 34, 35, 36, 37)
    ),
    *(f"NOT-{number:02d}" for number in range(1, 6)),
    *("AUT-01", "AUT-02", "AUT-03", "AUT-05", "AUT-07", "AUT-08"),
    *("WEB-01", "WEB-02", "WEB-03"),
    *("AUD-01", "AUD-02"),
    *("INP-01", "CSV-01", "CAL-01", "JOB-01", "EVD-01", "EVD-03"),
    *("EVD-04", "ACC-01", "ACC-02", "ACC-04"),
    *("BAK-01", "BAK-02", "BAK-03", "BAK-04"),
    *("RET-01", "RET-02"),
    *("DPA-01", "DPA-02", "DPA-03"),
)
CODE = ("app", "portal", "worker", "config", "migrations")
KINDS = {".py", ".html", ".js", ".txt"}
_SPAN = re.compile(r"\b([A-Z]{3})-(\d{2}) to (?:\1-)?(\d{2})\b")


def quoted_in(*folders: str) -> set[str]:
    """Every rule id that the files below these folders name, spans such as "01 to 07" too."""
    found: set[str] = set()
    for folder in folders:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix not in KINDS or "vendor" in path.parts:
                continue
            text = path.read_text(encoding="utf-8")
            if path.name == "test_rule_ids.py":
                continue
            found.update(re.findall(r"\b[A-Z]{3}-\d{2}\b", text))
            for family, first, last in _SPAN.findall(text):
                found.update(f"{family}-{n:02d}" for n in range(int(first), int(last) + 1))
    return found


@pytest.fixture(scope="module")
def in_code():
    return quoted_in(*CODE)


@pytest.fixture(scope="module")
def in_tests():
    return quoted_in("tests")


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_quoted_where_it_is_kept_and_where_it_is_proven(rule, in_code, in_tests):
    assert rule in in_code, f"quote {rule} in the code that keeps it"
    assert rule in in_tests, f"quote {rule} in the test that proves it"
