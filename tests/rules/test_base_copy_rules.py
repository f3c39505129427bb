"""Which base copy leads to a moment, and whether its log is whole (BAK-01)."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.backup.errors import BadManifest, NothingToRecover
from app.backup.rules.base_copy import (
    BaseCopy,
    copy_for,
    log_from,
    name_of_base,
    needless,
    read_base,
    write_base,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MB = 1024 * 1024
COPY = BaseCopy(
    set_name="base-20261123T120000Z-0a1b2c3d",
    finished_at=NOON,
    cluster="7412345678901234567",
    timeline=1,
    start_wal="0000000100000000000000FE",
    segment_bytes=16 * MB,
    server_major=18,
    size=40 * MB,
    sha256="0" * 64,
)


def test_names_in_order_are_copies_in_order():
    assert name_of_base(NOON, "0a1b2c3d") == COPY.set_name
    assert name_of_base(NOON, "ff") < name_of_base(NOON + timedelta(seconds=1), "00")


def test_what_is_written_is_read_back():
    assert read_base(write_base(COPY)) == COPY


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"start_wal": "../../etc/passwd"},
        {"finished_at": "2026-11-23T12:00:00"},
        {"finished_at": "yesterday"},
        {"more": 1},
    ],
)
def test_odd_contents_are_refused(change):
    values = json.loads(write_base(COPY)) | change

    with pytest.raises(BadManifest):
        read_base(json.dumps(values).encode())


def test_contents_that_are_no_json_are_refused():
    with pytest.raises(BadManifest):
        read_base(b"not json")


def test_the_latest_copy_from_before_the_moment_serves():
    copies = [
        replace(COPY, set_name=str(hours), finished_at=NOON + timedelta(hours=hours))
        for hours in (0, 2, 4)
    ]

    found = copy_for(copies, NOON + timedelta(hours=3), timeline=None)

    assert found.set_name == "2"


def test_without_a_copy_from_before_the_moment_nothing_can_be_recovered():
    with pytest.raises(NothingToRecover):
        copy_for([COPY], NOON - timedelta(seconds=1), timeline=None)


def test_a_chosen_history_leaves_out_copies_of_others():
    later = replace(COPY, set_name="second", timeline=2, finished_at=NOON + timedelta(hours=1))

    assert copy_for([COPY, later], NOON + timedelta(hours=2), timeline=1) == COPY


def test_the_log_goes_on_over_the_end_of_a_file_number():
    names = [
        "0000000100000000000000FD",  # from before the copy
        "0000000100000000000000FE",
        "0000000100000000000000FF",
        "000000010000000100000000",
        "000000020000000100000000",  # of another history
        "00000002.history",
        "0000000100000000000000FE.00000028.backup",
    ]

    assert log_from(COPY, names) == names[1:4]


def test_a_gap_in_the_log_is_named():
    with pytest.raises(NothingToRecover, match="0000000100000000000000FF"):
        log_from(COPY, ["0000000100000000000000FE", "000000010000000100000000"])


def test_a_log_without_its_first_segment_has_a_gap():
    with pytest.raises(NothingToRecover, match="0000000100000000000000FE"):
        log_from(COPY, ["0000000100000000000000FF"])


def test_an_empty_archive_leads_to_the_end_of_the_copy_itself():
    assert log_from(COPY, []) == []


def test_only_the_log_from_before_the_oldest_kept_copy_is_needless():
    names = ["0000000100000000000000FD", COPY.start_wal, "00000002.history"]
    later = replace(COPY, start_wal="000000010000000100000007")

    assert needless([later, COPY], names) == names[:1]
    assert needless([], names) == []
