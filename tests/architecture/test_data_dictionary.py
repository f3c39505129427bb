"""docs/data-dictionary.md tells of every table, and is never older than the models."""

import pytest

from app.infra.dictionary import data_dictionary, descriptions
from app.tables import Base
from tests.architecture.test_rooms import ROOT

PAGE = ROOT / "docs/data-dictionary.md"


def test_the_page_is_what_the_models_say():
    assert PAGE.read_text(encoding="utf-8") == data_dictionary(Base.metadata), "run `make docs`"


@pytest.mark.parametrize("table", sorted(Base.metadata.tables))
def test_a_table_says_what_it_holds(table):
    assert len(descriptions().get(table, "")) > 15, f"give the class of {table} a docstring"
