"""What the product imports is what it installs, not what only its tests bring along."""

import ast
import re
import sys
from importlib.metadata import packages_distributions

from tests.architecture.test_rooms import PACKAGES, ROOT, sources, tree_of


def imported() -> set[str]:
    """The top names of everything that the product imports."""
    found = set()
    for path in sources(*PACKAGES):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - set(PACKAGES)


def test_every_import_is_installed_by_the_product_itself():
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9-]+)(?:\[[^]]*\])?==", lock, re.MULTILINE))
    owners = packages_distributions()

    unknown = {
        name
        for name in imported()
        if not {one.lower().replace("_", "-") for one in owners.get(name, [])} & locked
    }

    assert unknown == set()
