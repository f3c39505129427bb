"""Keeps every segment of PostgreSQL's log, sealed, so that any moment can be recovered (BAK-01).

PostgreSQL itself calls this, in `archive_command` and `restore_command`:

    python -m app.infra.wal archive %p %f --cluster 7412345678901234567
    python -m app.infra.wal restore %f %p --cluster 7412345678901234567

With `-` as the path the content comes from standard input or goes to standard output, so that an
account which may read the keys can work for the account that runs the server. A segment counts as
archived when every place has it; the same content again is fine, another one is refused.

Exit codes of restore: 1 says that there is no such file, which ends a recovery in good order;
200 says that there is one and it cannot be used, at which PostgreSQL gives up loudly.
"""

import argparse
import io
import os
import re
import struct
import sys
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.infra.vault import KeysMissing, SealBroken, Vault
from app.infra.wal_shelves import NotKept, Shelf, ShelfFailed, shelves_of, vault_of
from config.settings import SettingsError, read_settings

NAME = re.compile(
    r"[0-9A-F]{24}(\.partial)?|[0-9A-F]{8}\.history|[0-9A-F]{24}\.[0-9A-F]{8}\.backup"
)
SEGMENT = re.compile(r"[0-9A-F]{24}(\.partial)?")
SYSTEM_ID = struct.Struct("=24xQ")  # where the long header of a segment's first page has it
NOT_THERE, UNUSABLE = 1, 200


class Refused(Exception):
    """What was handed over must not be kept, or what is kept must not be used."""


def archive(content: bytes, name: str, cluster: str, vault: Vault, shelves: list[Shelf]) -> None:
    """Keep a file in every place. Raises Refused, ShelfFailed; then PostgreSQL tries again."""
    check_name(name)
    if SEGMENT.fullmatch(name) and _system_of(content) != cluster:
        raise Refused(f"{name} is not of the cluster {cluster}.")
    for shelf in shelves:
        try:
            kept = unsealed(shelf.read(name), name, cluster, vault)
        except NotKept:
            shelf.write(name, sealed(content, name, cluster, vault))
        except SealBroken as error:
            raise Refused(f"{shelf.label} has a damaged {name}. Move it away.") from error
        else:
            if kept != content:
                raise Refused(f"{shelf.label} has {name} with another content.")


def restore(name: str, cluster: str, vault: Vault, shelves: list[Shelf]) -> bytes:
    """The file from the nearest place that has it unharmed.

    Raises NotKept when no place has it, Refused when all that have it have it damaged.
    """
    check_name(name)
    trouble: list[str] = []
    for shelf in shelves:
        try:
            return unsealed(shelf.read(name), name, cluster, vault)
        except NotKept:
            continue
        except SealBroken:
            trouble.append(f"{name} is damaged in {shelf.label}.")
        except ShelfFailed as error:
            trouble.append(str(error))
    if trouble:
        raise Refused(" ".join(trouble))
    raise NotKept(name)


def check_name(name: str) -> None:
    """Names come from PostgreSQL and lead nowhere else. Raises Refused."""
    if not NAME.fullmatch(name):
        raise Refused(f"{name[:80]!r} is not the name of a file of PostgreSQL's log.")


def sealed(content: bytes, name: str, cluster: str, vault: Vault) -> bytes:
    """What lies on a shelf: compressed (a quiet segment is mostly zeros) and sealed (EVD-02)."""
    target = _Kept()
    with vault.seal(target, _context(name, cluster)) as stream:
        stream.write(zlib.compress(content, 1))
    return target.content


def unsealed(kept: bytes, name: str, cluster: str, vault: Vault) -> bytes:
    """The file as PostgreSQL wrote it. Raises SealBroken for any change."""
    with vault.unseal(io.BytesIO(kept), _context(name, cluster)) as stream:
        return zlib.decompress(stream.readall())


def _context(name: str, cluster: str) -> str:
    return f"uscpis-wal/1/{cluster}/{name}"


def _system_of(segment: bytes) -> str:
    if len(segment) < SYSTEM_ID.size:
        return "no cluster"
    return str(SYSTEM_ID.unpack_from(segment)[0])


class _Kept(io.BytesIO):
    """Keeps its content when the seal closes it."""

    content = b""

    def close(self) -> None:
        """Remember what was written."""
        if not self.closed:
            self.content = self.getvalue()
        super().close()


def main(arguments: Sequence[str], environ: Mapping[str, str] = os.environ) -> int:
    """The exit code, with a sentence for PostgreSQL's log when it is not 0."""
    asked = _parser().parse_args(arguments)
    try:
        settings = read_settings(_variables(asked.settings, environ))
        vault, shelves = vault_of(settings), shelves_of(settings, asked.cluster)
        if asked.deed == "archive":
            archive(_read(asked.path), asked.name, asked.cluster, vault, shelves)
        else:
            _write(asked.path, restore(asked.name, asked.cluster, vault, shelves))
    except NotKept:
        return NOT_THERE
    except (Refused, ShelfFailed, KeysMissing, SealBroken, SettingsError, OSError) as refusal:
        sys.stderr.write(f"uscpis wal {asked.deed}: {refusal}\n")
        return UNUSABLE if asked.deed == "restore" else 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app.infra.wal")
    deeds = parser.add_subparsers(dest="deed", required=True)
    for deed, places in (("archive", ("path", "name")), ("restore", ("name", "path"))):
        one = deeds.add_parser(deed)
        for place in places:
            one.add_argument(place)
        one.add_argument("--cluster", required=True, type=_cluster)
        one.add_argument("--settings", type=Path, help="A file with NAME=VALUE lines.")
    return parser


def _cluster(text: str) -> str:
    if not re.fullmatch(r"[0-9]{1,20}", text):
        raise argparse.ArgumentTypeError("the system identifier is a number")
    return text


def _variables(file: Path | None, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment, and below it the lines of the file. The database itself is not needed."""
    lines = file.read_text(encoding="utf-8").splitlines() if file else []
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    given = {name.strip(): value.strip().strip("'\"") for name, value in pairs}
    return {"DATABASE_URL": "postgresql:///unused"} | given | dict(environ)


def _read(path: str) -> bytes:
    return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()


def _write(path: str, content: bytes) -> None:
    if path == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    with Path(path).open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
