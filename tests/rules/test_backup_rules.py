"""Manifests that nobody is trusted with, and which sets are kept (BAK-01, BAK-02, RET-02)."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.backup.errors import BadManifest, Incompatible
from app.backup.rules import (
    Copy,
    Manifest,
    Part,
    Plan,
    check_compatible,
    name_of_set,
    read_manifest,
    reasons_to_keep,
    write_manifest,
)
from app.backup.rules.manifest import LARGEST, PARTS

MANILA = ZoneInfo("Asia/Manila")
NOW = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)
A_SET = Manifest(
    set_name="uscpis-20261123T043000Z-0a1b2c3d",
    made_at=NOW,
    institution="University of San Carlos",
    product_version="0.1.0",
    schema_revision="0007",
    server_major=18,
    key_id=7,
    parts=tuple(Part(name, 10, "a" * 64, 8, "b" * 64) for name in PARTS),
    row_counts={"patients_patient": 3},
    file_count=1,
)


def changed(**values):
    """The manifest's text with other values."""
    return json.dumps(json.loads(write_manifest(A_SET)) | values).encode()


def test_a_manifest_is_read_as_it_was_written():
    assert read_manifest(write_manifest(A_SET)) == A_SET


def test_a_set_is_named_by_its_moment():
    assert name_of_set(NOW.astimezone(MANILA), "0a1b2c3d") == A_SET.set_name


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"format": 1}',
        b" " * (LARGEST + 1),
        changed(made_at="yesterday"),
        changed(made_at="2026-11-23T04:30:00"),
        changed(key_id="7"),
        changed(key_id=True),
        changed(file_count=-1),
        changed(row_counts={"patients_patient": "3"}),
        changed(row_counts=None),
        changed(parts=[]),
        changed(parts=[{"name": "../../etc/passwd", "size": 1}]),
        changed(set_name=None),
    ],
)
def test_a_manifest_that_is_not_ours_is_refused(text):
    with pytest.raises(BadManifest):
        read_manifest(text)


def test_a_hash_that_is_none_is_refused():
    parts = json.loads(write_manifest(A_SET))["parts"]
    parts[0]["sha256"] = "../" + "a" * 61

    with pytest.raises(BadManifest):
        read_manifest(changed(parts=parts))


def test_another_format_names_the_release_to_use():
    with pytest.raises(BadManifest, match="format 2"):
        read_manifest(changed(format=2))


@given(st.binary(max_size=200))
def test_noise_is_refused_and_never_breaks(noise):
    with pytest.raises(BadManifest):
        read_manifest(noise)


def test_an_older_schema_fits_and_a_newer_one_does_not():
    check_compatible(A_SET, history=["0006", "0007", "0008"], server_major=18)

    with pytest.raises(Incompatible, match="0007"):
        check_compatible(A_SET, history=["0005", "0006"], server_major=18)


def test_an_older_server_is_refused():
    with pytest.raises(Incompatible, match="PostgreSQL 18"):
        check_compatible(A_SET, history=["0007"], server_major=15)


def daily(count, **values):
    """One set a day, the newest first."""
    return [
        Copy(f"set-{day:03}", NOW - timedelta(days=day), **{"is_proven": True} | values)
        for day in range(count)
    ]


def test_seven_days_four_weeks_and_twelve_months_stay_of_two_years():
    kept = reasons_to_keep(daily(730), Plan(), MANILA)

    words = list(kept.values())
    assert words.count("newest of its day") == 7
    # This week and last week are kept by their days already; the months by their newest sets.
    assert 2 <= words.count("newest of its week") <= 3
    assert 10 <= words.count("newest of its month") <= 11
    assert {f"set-{day:03}" for day in range(7)} <= set(kept)


def test_the_newest_set_of_a_day_is_the_one_that_stays():
    copies = [
        Copy("morning", NOW, True),
        Copy("evening", NOW + timedelta(hours=9), True),
        Copy("later", NOW + timedelta(days=2), True),
    ]

    assert set(reasons_to_keep(copies, Plan(), MANILA)) == {"evening", "later"}


def test_a_backup_by_hand_pushes_no_proven_one_of_the_last_day_out():
    copies = [Copy("night", NOW, True), Copy("by hand", NOW + timedelta(hours=9), True)]

    kept = reasons_to_keep(copies, Plan(), MANILA)

    assert kept["night"] == "made within a day of the newest"


def test_a_set_that_was_not_proven_does_not_push_a_proven_one_out():
    copies = [Copy("proven", NOW, True), Copy("later", NOW + timedelta(hours=1), False)]

    kept = reasons_to_keep(copies, Plan(daily=1, weekly=0, monthly=0), MANILA)

    assert kept == {"later": "newer than the last proven set", "proven": "newest of its day"}


def test_a_set_that_failed_its_proof_goes_when_a_newer_one_is_proven():
    copies = [Copy("failed", NOW, False), Copy("proven", NOW + timedelta(hours=1), True)]

    assert set(reasons_to_keep(copies, Plan(), MANILA)) == {"proven"}


def test_a_hold_keeps_a_set_for_ever():
    copies = [*daily(400), Copy("held", NOW - timedelta(days=3000), False, is_held=True)]

    assert reasons_to_keep(copies, Plan(), MANILA)["held"] == "on hold"


@given(
    st.lists(
        st.tuples(st.integers(0, 900 * 24), st.booleans(), st.booleans()), unique_by=lambda t: t[0]
    ),
    st.builds(Plan, st.integers(1, 9), st.integers(0, 6), st.integers(0, 14)),
)
def test_what_is_kept_is_bounded_and_the_last_proof_always_stays(ages, plan):
    copies = [
        Copy(str(hours), NOW - timedelta(hours=hours), is_proven, is_held)
        for hours, is_proven, is_held in ages
    ]
    kept = reasons_to_keep(copies, plan, MANILA)
    proven = [copy for copy in copies if copy.is_proven]

    assert {copy.name for copy in copies if copy.is_held} <= set(kept)
    if proven:
        assert max(proven, key=lambda copy: copy.made_at).name in kept
        free = [why for why in kept.values() if why.startswith("newest of")]
        assert len(free) <= plan.daily + plan.weekly + plan.monthly
    else:
        assert set(kept) == {copy.name for copy in copies}
