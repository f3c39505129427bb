"""The keyed chain as arithmetic: what fits, and what each change leaves behind (AUD-02)."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.security.errors import BadHead
from app.security.rules import (
    GENESIS,
    AuditKeys,
    ChainCheck,
    EventFacts,
    Head,
    SealedLine,
    key_name,
    seal_hash,
)

KEY = b"k" * 32
KEYS = AuditKeys("primary", {"primary": KEY})
MOMENT = datetime(2026, 11, 23, 1, 2, 3, 456789, tzinfo=UTC)


def event(number: int, **values) -> EventFacts:
    """A line of the trail."""
    columns = dict.fromkeys(EventFacts._fields, "x") | {"id": number, "at": MOMENT}
    return EventFacts(**columns | {"actor_id": None, "patient_id": 7, "details": "{}"} | values)


def chain(count: int) -> list[SealedLine]:
    """So many sealed lines."""
    lines, link = [], GENESIS
    for seq in range(1, count + 1):
        facts = event(100 + seq)
        made = seal_hash(KEY, prev_hash=link, seq=seq, sealed_at=MOMENT, event=facts)
        lines.append(SealedLine(seq, facts.id, "primary", link, made, MOMENT, facts))
        link = made
    return lines


def problems(lines: list[SealedLine], *heads: Head) -> list[str]:
    """What a walk along these lines finds."""
    check = ChainCheck(KEYS, heads)
    for line in lines:
        check.see(line)
    check.finish()
    return check.problems


def test_an_untouched_chain_has_no_problem():
    lines = chain(5)

    assert problems(lines, Head(5, lines[-1].hash), Head(2, lines[1].hash)) == []
    assert problems([]) == []


@pytest.mark.parametrize("column", EventFacts._fields)
def test_every_column_is_sealed(column):
    """AUD-01: actor, role, channel, address, deed, object, patient, outcome, reason, details."""
    lines = chain(3)
    other = {"id": 999, "at": MOMENT.replace(microsecond=0), "actor_id": 1, "patient_id": None}
    changed = lines[1].event._replace(**{column: other.get(column, "y")})

    found = problems([lines[0], replace(lines[1], event=changed), lines[2]])

    assert found == ["Event 102 or its seal 2 was changed."]


def test_text_cannot_move_from_one_column_to_the_next():
    one = event(1, object_type="Visit", object_id="12")
    other = event(1, object_type="Visit1", object_id="2")
    hashes = {
        seal_hash(KEY, prev_hash=GENESIS, seq=1, sealed_at=MOMENT, event=facts)
        for facts in (one, other)
    }

    assert len(hashes) == 2


def test_the_time_of_sealing_is_sealed_too():
    lines = chain(1)

    later = replace(lines[0], sealed_at=MOMENT.replace(year=2027))

    assert problems([later]) == ["Event 101 or its seal 1 was changed."]


def test_a_removed_line_leaves_a_gap():
    lines = chain(5)

    assert problems(lines[:1] + lines[2:]) == ["Seal 2 is missing."]
    assert problems(lines[:1] + lines[3:]) == ["Seals 2 to 3 are missing."]


def test_a_removed_event_leaves_its_seal():
    lines = chain(3)

    assert problems([*lines[:2], replace(lines[2], event=None)]) == ["Event 103 was removed."]


def test_lines_that_changed_places_are_found():
    first, second, third = chain(3)

    moved = [first, replace(third, seq=2), replace(second, seq=3)]

    assert "Seal 2 does not follow seal 1." in problems(moved)


def test_an_invented_line_needs_the_key():
    lines = chain(2)
    facts = event(103)
    made = seal_hash(b"q" * 32, prev_hash=lines[-1].hash, seq=3, sealed_at=MOMENT, event=facts)
    invented = SealedLine(3, 103, "primary", lines[-1].hash, made, MOMENT, facts)

    assert problems([*lines, invented]) == ["Event 103 or its seal 3 was changed."]


def test_a_seal_of_an_unknown_key_is_said():
    lines = chain(1)

    found = problems([replace(lines[0], key_id="other")])

    assert found == ["Seal 1 was made with a key that is not in the key file."]


def test_a_chain_that_was_cut_off_is_found_by_a_known_head():
    lines = chain(5)

    assert problems(lines[:3]) == []
    assert problems(lines[:3], Head(5, lines[4].hash)) == [
        "The trail was cut off: it ended with seal 5 and ends with 3."
    ]
    assert problems(lines, Head(3, b"z" * 32)) == [
        "Seal 3 is another one than was noted outside of the database."
    ]


def test_only_the_first_problems_are_kept_but_all_are_counted():
    check = ChainCheck(KEYS)
    for line in chain(30):
        check.see(replace(line, event=None))

    assert (check.problem_count, len(check.problems), check.sealed) == (30, 20, 30)


def test_a_head_survives_writing_and_reading():
    head = Head(12, b"\x01" * 32)

    assert Head.of(f" {head}\n") == head


@pytest.mark.parametrize("text", ["", "12", "x:00", "12:zz", f"0:{'00' * 32}", "12:0011"])
def test_what_is_no_head_is_refused(text):
    with pytest.raises(BadHead):
        Head.of(text)


def test_the_name_of_a_key_is_not_the_key():
    assert key_name(KEY) != key_name(b"q" * 32)
    assert KEY.hex()[:8] not in key_name(KEY)
    assert "kkkk" not in repr(KEYS)
