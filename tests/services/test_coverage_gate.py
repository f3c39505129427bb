"""The share of code that the tests must run is computed over lines and branches."""

import json

import pytest

from tests import coverage_gate


def report(tmp_path, **covered):
    files = {
        path.replace("__", "/") + ".py": {
            "summary": {
                "num_statements": 80,
                "covered_lines": share * 80 // 100,
                "missing_lines": 80 - share * 80 // 100,
                "num_branches": 20,
                "covered_branches": share * 20 // 100,
            }
        }
        for path, share in covered.items()
    }
    path = tmp_path / "coverage.json"
    path.write_text(json.dumps({"files": files}))
    return path


def test_enough_of_everything_passes(tmp_path, capsys):
    path = report(tmp_path, app__scheduling__rules__slots=95, app__scheduling__views=75)

    assert coverage_gate.main(path) == 0
    assert "rules and services: 95.0 %" in capsys.readouterr().out


def test_too_little_of_a_rule_fails_and_names_the_file(tmp_path, capsys):
    path = report(tmp_path, app__scheduling__rules=90, app__scheduling__views=100)

    assert coverage_gate.main(path) == 1
    assert "app/scheduling/rules.py: 8 lines never ran" in capsys.readouterr().out


def test_too_little_of_all_code_fails(tmp_path):
    path = report(tmp_path, app__scheduling__services=100, app__scheduling__views=60)

    assert coverage_gate.main(path) == 1


@pytest.mark.parametrize("content", [None, '{"files": {}}'])
def test_a_report_that_is_missing_or_empty_fails(tmp_path, content):
    path = tmp_path / "coverage.json"
    if content:
        path.write_text(content)

    assert coverage_gate.main(path) == 1
