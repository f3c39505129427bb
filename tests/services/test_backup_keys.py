"""Keys: made once, apart from every copy, and enough on paper to open a set (BAK-03, EVD-02)."""

import io
import logging
from dataclasses import replace

import pypdf
import pytest
from sqlalchemy import select

from app.backup import services
from app.backup.errors import KeysExist, KeysNotApart, KeysUnreadable, NoKeys, NotALetter
from app.backup.services import keys, making, sheet
from app.backup.services.checking import check_parts, read_set
from app.infra.db import session
from app.infra.runtime import settings
from app.infra.storage import LocalFolder
from app.infra.vault import open_vault
from app.integrity.queries import all_files
from app.kernel import clock
from app.kernel.actor import system_actor
from app.kernel.errors import Forbidden
from app.security.models import AuditEvent
from app.security.services import create_audit_key
from config.settings import Environment

SYSTEM = system_actor()


@pytest.fixture
def site(db, app, tmp_path, monkeypatch):
    """The site with folders of its own and no keys yet."""
    configure(app, monkeypatch, keys_folder=tmp_path / "keys", backup_folder=tmp_path / "first")
    return app


def configure(app, monkeypatch, **changed):
    """Other settings for this test."""
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], **changed))


def a_set(app):
    """A set that was sealed with the present keys."""
    config = app.config["SETTINGS"]
    source = making.Source(config.database_url, config.home, (), {}, "San Carlos")
    return making.make_set(
        source,
        keys.backup_vault(),
        LocalFolder(config.backup_folder),
        made_at=clock.now(),
        mark="00000000",
        say=lambda *_: None,
    )


def test_outside_production_keys_are_made_at_first_use(site):
    first, second = keys.backup_vault(), keys.backup_vault()

    assert first.key_id == second.key_id == keys.key_in_use()
    assert (settings().keys_folder / "backup.json").stat().st_mode & 0o077 == 0


def test_production_refuses_to_back_up_without_keys(site, monkeypatch):
    configure(site, monkeypatch, environment=Environment.PRODUCTION)

    with pytest.raises(NoKeys, match="backup-keys new"):
        services.request_backup(SYSTEM)
    services.create_backup_keys(SYSTEM)

    assert keys.backup_vault().key_id == keys.key_in_use()


def test_keys_are_never_overwritten(site):
    made = services.create_backup_keys(SYSTEM)

    with pytest.raises(KeysExist, match="Nothing was changed"):
        services.create_backup_keys(SYSTEM)

    assert keys.backup_vault().key_id == made.key_id


def test_a_rotated_key_seals_and_the_older_one_still_opens(site):
    older = a_set(site)
    rotated = services.rotate_backup_keys(SYSTEM)

    assert rotated.key_id != older.key_id
    folder = LocalFolder(settings().backup_folder)
    check_parts(folder, rotated, read_set(folder, rotated, older.set_name))
    actions = list(session().scalars(select(AuditEvent.action).order_by(AuditEvent.id)))
    assert "backup:keys:rotate" in actions


@pytest.mark.parametrize("inside", ["first", "first/keys", "second", "area", "link"])
def test_keys_inside_a_copy_are_refused(site, tmp_path, monkeypatch, inside):  # BAK-03
    (tmp_path / "first").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "first")
    area = site.config["SETTINGS"].home / all_files()[0].folder / "keys"
    configure(
        site,
        monkeypatch,
        backup_second_folder=str(tmp_path / "second"),
        keys_folder=area if inside == "area" else tmp_path / inside,
    )

    for deed in (keys.backup_vault, lambda: services.create_backup_keys(SYSTEM)):
        with pytest.raises(KeysNotApart, match="KEYS_FOLDER"):
            deed()

    assert not list(tmp_path.rglob("backup.json"))


def test_keys_that_cannot_be_read_are_told_apart_from_none(site):
    folder = settings().keys_folder
    folder.mkdir()
    (folder / "backup.json").write_text("{}")

    with pytest.raises(KeysUnreadable, match="escrow"):
        keys.backup_vault()
    assert keys.key_in_use() is None


def test_the_sheet_alone_opens_a_set_on_an_empty_machine(site, tmp_path, monkeypatch):  # BAK-03
    create_audit_key()
    first = a_set(site)
    services.rotate_backup_keys(SYSTEM)
    texts = [letter.text for letter in keys.letters(SYSTEM)]
    before = {file.name: file.read_bytes() for file in (tmp_path / "keys").glob("*.json")}
    configure(site, monkeypatch, keys_folder=tmp_path / "new machine")

    names = [services.enter_letter(SYSTEM, f"  {text[:70]}\n {text[70:]}\n") for text in texts]

    assert names == ["backup.json", "audit.json"]
    for name in names:
        file = tmp_path / "new machine" / name
        assert file.read_bytes() == before[name]
        assert file.stat().st_mode & 0o077 == 0
    folder = LocalFolder(settings().backup_folder)
    vault = open_vault(tmp_path / "new machine" / "backup.json")
    check_parts(folder, vault, read_set(folder, vault, first.set_name))


def test_the_sheet_on_paper_holds_each_key_as_words_and_as_a_picture(site, caplog):
    keys.backup_vault()
    [letter] = keys.letters(SYSTEM)

    with caplog.at_level(logging.DEBUG):
        content = services.escrow_sheet(SYSTEM)

    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    words = "".join("".join(page.extract_text().split()) for page in pages)
    assert letter.text in words
    assert "University of San Carlos".replace(" ", "") in words
    assert sum(len(page.images) for page in pages) == 1
    assert letter.text[20:60] not in caplog.text
    note = keys.sheet_note()
    assert note is not None
    assert note.key_id == keys.key_in_use()


def test_keys_that_were_rotated_for_decades_still_fit_on_paper(site, monkeypatch):
    keys.backup_vault()
    monkeypatch.setattr(sheet, "MOST_IN_PICTURE", 100)

    pages = pypdf.PdfReader(io.BytesIO(services.escrow_sheet(SYSTEM))).pages

    [letter] = keys.letters(SYSTEM)
    assert sum(len(page.images) for page in pages) == 0
    assert letter.text in "".join("".join(page.extract_text().split()) for page in pages)


def test_a_letter_twice_is_harmless_and_another_is_refused(site, tmp_path):
    keys.backup_vault()
    [letter] = keys.letters(SYSTEM)
    assert services.enter_letter(SYSTEM, letter.text) == "backup.json"
    keys.rotate_backup_keys(SYSTEM)

    with pytest.raises(KeysExist):
        services.enter_letter(SYSTEM, letter.text)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: "hello",
        lambda text: text[:-1] + ("0" if text[-1] != "0" else "1"),
        lambda text: text.replace("backup.json", "../evil.json"),
        lambda text: text.replace("backup.json", "other.json"),
        lambda text: text[:100] + text[101:],
        lambda text: text[:60] + ("A" if text[60] != "A" else "B") + text[61:],
        lambda text: text[:40] + "?" + text[41:],
    ],
)
def test_a_mistyped_letter_is_noticed_and_changes_nothing(site, tmp_path, monkeypatch, change):
    keys.backup_vault()
    [letter] = keys.letters(SYSTEM)
    configure(site, monkeypatch, keys_folder=tmp_path / "new")

    with pytest.raises(NotALetter):
        services.enter_letter(SYSTEM, change(letter.text))

    assert not (tmp_path / "new").exists()


def test_only_admins_have_to_do_with_keys(site, people):
    for person in (people.pia, people.rosa, people.sam):
        for deed in (
            services.create_backup_keys,
            services.rotate_backup_keys,
            services.escrow_sheet,
            lambda actor: services.enter_letter(actor, "x"),
        ):
            with pytest.raises(Forbidden):
                deed(person.actor)
