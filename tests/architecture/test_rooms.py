"""The layout keeps itself: same rooms, private tables, pure rules, small files, no leftovers."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = {
    "__init__",
    "api",
    "errors",
    "forms",
    "invariants",
    "models",
    "permissions",
    "queries",
    "rules",
    "services",
    "views",
}
EXCEPTIONS = {"security": {"manager"}}
# Who may import every domain's tables: the list of tables for Alembic, and the tests.
TABLE_READERS = {"app.tables"}
LONGEST_FILE = 450
LONGEST_FUNCTION = 50
PACKAGES = ("app", "portal", "worker", "config")


def domains() -> list[str]:
    """Every folder of app/ with a room for use cases."""
    app = ROOT / "app"
    rooms = [*app.glob("*/services.py"), *app.glob("*/services/__init__.py")]
    return sorted({room.relative_to(app).parts[0] for room in rooms})


def sources(*packages: str) -> list[Path]:
    """Our Python files below these folders, without what npm or a tool put there."""
    return [
        path
        for package in packages
        for path in sorted((ROOT / package).rglob("*.py"))
        if not {"vendor", "__pycache__", "node_modules"}.intersection(path.parts)
    ]


def tree_of(path: Path) -> ast.Module:
    """The file as a syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    """The path below the repository, for a message."""
    return path.relative_to(ROOT).as_posix()


def test_there_are_domains_to_look_at():
    assert {"notifications", "patients", "scheduling", "security"} <= set(domains())


@pytest.mark.parametrize("domain", domains())
def test_a_domain_has_only_the_agreed_rooms(domain):
    found = {
        path.stem
        for path in (ROOT / "app" / domain).iterdir()
        if path.suffix == ".py" or (path.is_dir() and path.name != "__pycache__")
    }

    assert found <= ROOMS | EXCEPTIONS.get(domain, set())


@pytest.mark.parametrize("domain", domains())
def test_a_domain_says_what_it_owns_and_imports_nothing(domain):
    tree = tree_of(ROOT / "app" / domain / "__init__.py")

    assert ast.get_docstring(tree)
    assert len(tree.body) == 1


@pytest.mark.parametrize("domain", domains())
def test_the_tables_of_a_domain_are_private(domain):
    graph = grimp.build_graph(*PACKAGES)
    tables = f"app.{domain}.models"
    if tables not in graph.modules:
        assert domain == "analytics"  # the only one without facts of its own
        return
    modules = {tables} | graph.find_descendants(tables)

    strangers = {
        importer
        for module in modules
        for importer in graph.find_modules_that_directly_import(module)
        if not importer.startswith(f"app.{domain}.")
    }

    assert strangers <= TABLE_READERS


def pure_modules() -> list[str]:
    """Every module that decides: kernel, and the pure rooms of each domain."""
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in sources("app")
    ]
    pure = re.compile(r"app\.(kernel|\w+\.(rules|errors|invariants|permissions))(\.|$)")
    return [name for name in names if pure.match(name)]


def test_rules_load_without_any_framework():
    code = (
        "import importlib, sys\n"
        f"for name in {pure_modules()!r}: importlib.import_module(name)\n"
        "loaded = {'flask', 'flask_appbuilder', 'sqlalchemy', 'wtforms', 'redis', 'rq'}\n"
        "print(sorted(loaded & set(sys.modules)))\n"
    )

    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )

    assert answer.stdout.strip() == "[]", answer.stderr


@pytest.mark.parametrize("path", sources(*PACKAGES, "tests", "bench"), ids=name_of)
def test_a_file_and_its_functions_stay_small(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    long_functions = [
        node.name
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION
    ]

    assert lines <= LONGEST_FILE
    assert long_functions == []


@pytest.mark.parametrize("path", sources("migrations/versions"), ids=name_of)
def test_a_migration_imports_nothing_of_the_app(path):
    imported = {
        alias.name if isinstance(node, ast.Import) else node.module or ""
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }

    assert not {name for name in imported if name.split(".")[0] in PACKAGES}


LEFTOVERS = {
    "a work note": re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b"),
    "an ignored type without a code": re.compile(r"#\s*type:\s*ignore(?!\[)"),
    "a lint rule switched off without a code": re.compile(r"#\s*noqa(?!:)"),
    "a path of one machine": re.compile(r"(?<![\w.])/(?:work|home|root)/\w"),
    "a debugger": re.compile(r"\b(breakpoint\(|pdb\.set_trace)"),
}


@pytest.mark.parametrize("what", LEFTOVERS)
def test_nothing_is_left_behind(what):
    found = [
        f"{name_of(path)}:{number}"
        for path in sources(*PACKAGES, "tests", "bench", "migrations")
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if LEFTOVERS[what].search(line)
    ]

    assert found == []


def naive_calls(tree: ast.Module) -> Iterator[int]:
    """Lines that read the system clock or make a naive instant (style, 3.10)."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr in {"utcnow", "today", "utcfromtimestamp"}:
            yield node.lineno
        if node.func.attr == "now" and ast.unparse(node.func.value).endswith("datetime"):
            yield node.lineno


def test_only_the_clock_reads_the_time_of_day():
    found = [
        f"{name_of(path)}:{line}"
        for path in sources(*PACKAGES)
        if name_of(path) != "app/kernel/clock.py"
        for line in naive_calls(tree_of(path))
    ]

    assert found == []


def swallowed(tree: ast.Module) -> Iterator[int]:
    """Lines of handlers that catch everything and say nothing."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        is_wide = node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"}
        is_silent = all(isinstance(line, ast.Pass | ast.Continue) for line in node.body)
        if node.type is None or (is_wide and is_silent):
            yield node.lineno


def test_no_error_is_swallowed():
    found = [
        f"{name_of(path)}:{line}"
        for path in sources(*PACKAGES, "tests", "bench")
        for line in swallowed(tree_of(path))
    ]

    assert found == []


SKIPS = {f"{where}.{how}" for where in ("pytest", "pytest.mark") for how in ("skip", "xfail")} | {
    "pytest.mark.skipif"
}


def skipping(tree: ast.Module) -> Iterator[int]:
    """Lines that skip a test or expect it to fail."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in SKIPS:
            yield node.lineno


def test_no_test_is_skipped_outside_the_browser():
    found = [
        f"{name_of(path)}:{line}"
        for path in sources("tests")
        if "browser" not in path.parts  # skipped loudly where no Chromium can be had
        for line in skipping(tree_of(path))
    ]

    assert found == []
