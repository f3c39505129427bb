"""Seals: only the keys open them, and any change is found (EVD-02)."""

import io

import pytest

from app.infra.vault import KeysMissing, SealBroken, create_keys, open_vault, rotate_keys

CONTENT = b"Ana Nu\xc3\xb1ez, 09:00\n" * 200_000  # several segments


class Kept(io.BytesIO):
    """Bytes that outlive the closing of their stream."""

    def close(self) -> None:
        self.kept = self.getvalue()
        super().close()


def sealed(vault, content=CONTENT, context="a place"):
    """The sealed form of the content."""
    target = Kept()
    with vault.seal(target, context) as stream:
        stream.write(content)
    return target.kept


def unsealed(vault, data, context="a place"):
    """What the seal held."""
    with vault.unseal(io.BytesIO(data), context) as stream:
        return stream.readall()


@pytest.fixture
def keys(tmp_path):
    """A file with keys."""
    file = tmp_path / "keys" / "backup.json"
    create_keys(file)
    return file


def test_what_was_sealed_is_opened_again(keys):
    data = sealed(open_vault(keys))

    assert unsealed(open_vault(keys), data) == CONTENT
    assert b"Ana Nu" not in data


def test_nothing_is_something_too(keys):
    assert unsealed(open_vault(keys), sealed(open_vault(keys), b"")) == b""


def test_keys_are_for_their_owner_alone_and_never_overwritten(keys):
    assert keys.stat().st_mode & 0o777 == 0o600
    assert keys.parent.stat().st_mode & 0o077 == 0
    with pytest.raises(FileExistsError):
        create_keys(keys)


@pytest.mark.parametrize("place", [0, 4, 40, 1_000_000, 1_048_576, 2_500_000, -1])
def test_any_flipped_bit_is_found(keys, place):
    data = bytearray(sealed(open_vault(keys)))
    data[place] ^= 1

    with pytest.raises(SealBroken):
        unsealed(open_vault(keys), bytes(data))


@pytest.mark.parametrize("length", [0, 1, 40, 1_048_576, 2_097_152, -1])
def test_any_cut_is_found_even_between_segments(keys, length):
    data = sealed(open_vault(keys))

    with pytest.raises(SealBroken):
        unsealed(open_vault(keys), data[:length])


def test_more_at_the_end_is_found(keys):
    with pytest.raises(SealBroken):
        unsealed(open_vault(keys), sealed(open_vault(keys)) + b"x")


def test_a_seal_fits_only_its_place(keys):
    data = sealed(open_vault(keys), context="set one")

    with pytest.raises(SealBroken):
        unsealed(open_vault(keys), data, context="set two")


def test_other_keys_do_not_open_it(keys, tmp_path):
    data = sealed(open_vault(keys))

    with pytest.raises(SealBroken):
        unsealed(create_keys(tmp_path / "others.json"), data)


def test_after_a_rotation_old_seals_open_and_new_ones_use_the_new_key(keys):
    before = open_vault(keys)
    old = sealed(before)

    after = rotate_keys(keys)

    assert unsealed(after, old) == CONTENT
    assert after.key_id != before.key_id
    assert after.key_ids == before.key_ids | {after.key_id}
    with pytest.raises(SealBroken):
        unsealed(before, sealed(after))


@pytest.mark.parametrize("text", ["", "{}", "[]", "no keys", '{"primaryKeyId": 1, "key": []}'])
def test_a_file_without_keys_is_refused(tmp_path, text):
    file = tmp_path / "backup.json"
    file.write_text(text)

    with pytest.raises(KeysMissing, match=r"backup\.json"):
        open_vault(file)


def test_a_missing_file_is_refused_and_not_made_by_a_rotation(tmp_path):
    with pytest.raises(KeysMissing):
        rotate_keys(tmp_path / "backup.json")
    assert list(tmp_path.iterdir()) == []
