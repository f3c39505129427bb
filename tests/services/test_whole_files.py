"""A file is there as a whole or not at all."""

import os

import pytest

from app.infra import whole_files
from app.infra.whole_files import write_whole


def test_a_file_is_written_and_replaced_for_us_alone(tmp_path):
    file = tmp_path / "new" / "report.json"
    write_whole(file, b"first")

    write_whole(file, b"second")

    assert file.read_bytes() == b"second"
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_write_that_breaks_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    file = tmp_path / "report.json"
    write_whole(file, b"first")

    def full(_descriptor):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(whole_files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(file, b"second")

    assert file.read_bytes() == b"first"
    assert [one.name for one in tmp_path.iterdir()] == ["report.json"]
