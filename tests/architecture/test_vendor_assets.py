"""The front-end files that we serve are the ones that were reviewed."""

import json
from pathlib import Path

import pytest

from config import vendor_assets


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout where npm has just installed every package."""
    (tmp_path / "config").mkdir()
    for source in vendor_assets.FILES.values():
        path = tmp_path / "node_modules" / source
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"contents of {source}", encoding="utf-8")
    vendor_assets.main(["--update"], root=tmp_path)
    return tmp_path


def test_reviewed_files_are_copied(checkout: Path) -> None:
    answer = vendor_assets.main([], root=checkout)

    assert answer == 0
    assert all((checkout / name).is_file() for name in vendor_assets.FILES)


def test_a_file_that_was_swapped_is_refused_and_named(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in vendor_assets.FILES:
        (checkout / name).unlink()
    (checkout / "node_modules/htmx.org/dist/htmx.min.js").write_text("evil", encoding="utf-8")

    answer = vendor_assets.main([], root=checkout)

    assert answer == 1
    assert "htmx.min.js" in capsys.readouterr().err
    assert not any((checkout / name).exists() for name in vendor_assets.FILES)


def test_a_served_copy_that_was_changed_is_put_right(checkout: Path) -> None:
    served = checkout / "app/static/vendor/htmx.min.js"
    served.write_text("changed by hand", encoding="utf-8")

    answer = vendor_assets.main([], root=checkout)

    assert answer == 0
    assert served.read_text(encoding="utf-8") == "contents of htmx.org/dist/htmx.min.js"


def test_a_package_that_is_not_installed_is_named_with_the_command_to_run(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "app/static/vendor/chart.umd.min.js").unlink()
    (checkout / "node_modules/chart.js/dist/chart.umd.min.js").unlink()

    answer = vendor_assets.main([], root=checkout)

    assert answer == 1
    assert "npm ci --ignore-scripts" in capsys.readouterr().err


def test_a_lost_list_of_hashes_is_refused(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "config/vendor.lock.json").unlink()

    answer = vendor_assets.main([], root=checkout)

    assert answer == 1
    assert "vendor.lock.json" in capsys.readouterr().err


def test_the_committed_list_covers_exactly_the_files_we_serve() -> None:
    path = vendor_assets.ROOT / "config/vendor.lock.json"

    listed = json.loads(path.read_text(encoding="utf-8"))

    assert set(listed) == set(vendor_assets.FILES)
