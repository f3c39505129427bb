"""config/example.env names every variable, with the default that Settings uses."""

import ast
import re

import pytest

from config.settings import read_settings
from tests.architecture.test_rooms import ROOT

EXAMPLE = ROOT / "config/example.env"
READERS = (ROOT / "config/settings.py", ROOT / "config/gunicorn.py")
READING = {
    *("text", "flag", "number", "zone", "colour", "pattern", "url", "level", "names", "get"),
    "time_of_day",
}


def variables_read() -> set[str]:
    """The upper-case names that the configuration asks the environment for."""
    return {
        call.args[0].value
        for path in READERS
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in READING
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and re.fullmatch(r"[A-Z0-9_]{4,}", str(call.args[0].value))
    }


def example() -> dict[str, str]:
    """The example as an environment."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    pairs = (line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return dict(pairs)  # type: ignore[arg-type]


def test_the_example_names_exactly_the_variables_that_are_read():
    assert set(example()) == variables_read()


def test_the_example_shows_the_defaults():
    needed = {"DATABASE_URL": "postgresql:///clinic", "SECRET_KEY": "k" * 40}

    assert read_settings(example() | needed) == read_settings(needed)


def test_no_secret_stands_in_the_example():
    secrets = {name: value for name, value in example().items() if re.search("KEY|PASSWORD", name)}

    assert set(secrets.values()) == {""}


@pytest.mark.parametrize("name", sorted(example()))
def test_every_variable_is_explained(name):
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    place = next(i for i, line in enumerate(lines) if line.startswith(f"{name}="))
    above = lines[:place][::-1]

    block = above[: [*above, ""].index("")]

    assert any(line.startswith("#") for line in block)
