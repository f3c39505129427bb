"""Where sets of sealed files are kept: a folder, or a bucket of S3-compatible storage.

A set is invisible until it is finished, so nobody ever takes a half-written one for a whole one.
Names come from us and from whoever wrote to the storage, so each is checked before it is used.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from app.infra.whole_files import sync_folder

SET_NAME = re.compile(r"[a-z0-9][A-Za-z0-9-]{0,99}")
FILE_NAME = re.compile(r"[a-z][a-z0-9.-]{0,79}")
COPY_BYTES = 1024 * 1024
UPLOAD = TransferConfig(multipart_chunksize=16 * 1024 * 1024, max_concurrency=2)
COMPLETE = "complete"


class StorageFailed(Exception):
    """The storage did not do what it was asked for; the text says what and where."""


class Target(Protocol):
    """A place that keeps sets."""

    label: str

    def put(self, set_name: str, file_name: str, source: BinaryIO) -> None:
        """Store one file of a set that is not finished yet."""

    def finish(self, set_name: str) -> None:
        """From now on the set is there."""

    def abandon(self, set_name: str) -> None:
        """Forget what was stored of an unfinished set."""

    def sets(self) -> list[str]:
        """The finished sets, oldest name first."""

    def files(self, set_name: str) -> dict[str, int]:
        """The files of a finished set with their sizes in bytes."""

    def open(self, set_name: str, file_name: str) -> BinaryIO:
        """Read one file of a finished set."""

    def remove(self, set_name: str) -> None:
        """Remove a finished set; it is gone at once, even if the removal is cut short."""


def checked(set_name: str, file_name: str = "a") -> None:
    """Refuse names that could lead anywhere else. Raises StorageFailed."""
    if not SET_NAME.fullmatch(set_name) or not FILE_NAME.fullmatch(file_name):
        raise StorageFailed("That is not the name of a set or of one of its files.")


class LocalFolder:
    """Sets as folders below a folder. Unfinished and doomed ones begin with a dot."""

    def __init__(self, folder: Path, label: str = "") -> None:
        self.folder, self.label = folder, label or str(folder)

    def put(self, set_name: str, file_name: str, source: BinaryIO) -> None:
        """Write to disk, all of it."""
        with self.writing(set_name, file_name) as file:
            shutil.copyfileobj(source, file, COPY_BYTES)

    @contextmanager
    def writing(self, set_name: str, file_name: str) -> Iterator[BinaryIO]:
        """A new file of an unfinished set. Raises StorageFailed, also when the disk is full."""
        checked(set_name, file_name)
        with _told(self.label):
            half = self._half(set_name)
            half.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(half / file_name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())

    def finish(self, set_name: str) -> None:
        """One rename, made durable."""
        checked(set_name)
        with _told(self.label):
            sync_folder(self._half(set_name))
            self._half(set_name).rename(self.folder / set_name)
            sync_folder(self.folder)

    def abandon(self, set_name: str) -> None:
        """Remove the unfinished folder."""
        checked(set_name)
        shutil.rmtree(self._half(set_name), ignore_errors=True)

    def sets(self) -> list[str]:
        """Folders with a proper name."""
        with _told(self.label):
            if not self.folder.exists():
                return []
            return sorted(
                entry.name
                for entry in os.scandir(self.folder)
                if entry.is_dir(follow_symlinks=False) and SET_NAME.fullmatch(entry.name)
            )

    def files(self, set_name: str) -> dict[str, int]:
        """Plain files only: a link in a set is none of ours."""
        checked(set_name)
        with _told(self.label):
            return {
                entry.name: entry.stat(follow_symlinks=False).st_size
                for entry in os.scandir(self.folder / set_name)
                if entry.is_file(follow_symlinks=False)
            }

    def open(self, set_name: str, file_name: str) -> BinaryIO:
        """From disk; links are not followed."""
        checked(set_name, file_name)
        with _told(self.label):
            path = self.folder / set_name / file_name
            return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")

    def remove(self, set_name: str) -> None:
        """Hide it with one rename, then delete."""
        checked(set_name)
        with _told(self.label):
            doomed = self.folder / f".doomed-{set_name}"
            (self.folder / set_name).rename(doomed)
            shutil.rmtree(doomed)

    def tidy(self) -> None:
        """Remove what interrupted runs left behind; the caller holds off other runs."""
        if self.folder.exists():
            for entry in self.folder.glob(".*-*"):
                shutil.rmtree(entry, ignore_errors=True)

    def _half(self, set_name: str) -> Path:
        return self.folder / f".half-{set_name}"


class S3Bucket:
    """Sets as objects `<prefix>/<set>/<file>`; an object named `complete` makes a set visible."""

    def __init__(self, client: Any, bucket: str, prefix: str = "") -> None:
        self.client, self.bucket, self.prefix = client, bucket, prefix
        self.label = f"s3://{bucket}/{prefix}".rstrip("/")

    def put(self, set_name: str, file_name: str, source: BinaryIO) -> None:
        """Upload in pieces."""
        checked(set_name, file_name)
        with _told(self.label):
            key = self._key(set_name, file_name)
            self.client.upload_fileobj(source, self.bucket, key, Config=UPLOAD)

    def finish(self, set_name: str) -> None:
        """Store the mark."""
        checked(set_name)
        with _told(self.label):
            self.client.put_object(Bucket=self.bucket, Key=self._key(set_name, COMPLETE), Body=b"")

    def abandon(self, set_name: str) -> None:
        """Delete what was uploaded."""
        checked(set_name)
        with _told(self.label):
            self._delete(set_name)

    def sets(self) -> list[str]:
        """Every set with a mark."""
        start = f"{self.prefix}/" if self.prefix else ""
        names = [key.removeprefix(start).split("/") for key, _ in self._objects(start)]
        return sorted(
            parts[0]
            for parts in names
            if len(parts) == 2 and parts[1] == COMPLETE and SET_NAME.fullmatch(parts[0])
        )

    def files(self, set_name: str) -> dict[str, int]:
        """Everything but the mark."""
        checked(set_name)
        start = self._key(set_name, "")
        found = {key.removeprefix(start): size for key, size in self._objects(start)}
        return {name: size for name, size in found.items() if name != COMPLETE}

    def open(self, set_name: str, file_name: str) -> BinaryIO:
        """Stream the object."""
        checked(set_name, file_name)
        with _told(self.label):
            key = self._key(set_name, file_name)
            answer = self.client.get_object(Bucket=self.bucket, Key=key)
            return cast("BinaryIO", answer["Body"])

    def remove(self, set_name: str) -> None:
        """Take the mark away first."""
        checked(set_name)
        with _told(self.label):
            self.client.delete_object(Bucket=self.bucket, Key=self._key(set_name, COMPLETE))
            self._delete(set_name)

    def _delete(self, set_name: str) -> None:
        for key, _size in self._objects(self._key(set_name, "")):
            self.client.delete_object(Bucket=self.bucket, Key=key)

    def _objects(self, start: str) -> list[tuple[str, int]]:
        with _told(self.label):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=start
            )
            return [
                (item["Key"], int(item["Size"]))
                for page in pages
                for item in page.get("Contents", [])
            ]

    def _key(self, set_name: str, file_name: str) -> str:
        return "/".join(part for part in (self.prefix, set_name) if part) + f"/{file_name}"


def s3_bucket(
    bucket: str, *, prefix: str, endpoint: str, region: str, key_id: str, secret_key: str
) -> S3Bucket:
    """A bucket; empty values are left to the usual places of AWS's own tools."""
    client = boto3.client(
        "s3",
        endpoint_url=endpoint or None,
        region_name=region or None,
        aws_access_key_id=key_id or None,
        aws_secret_access_key=secret_key or None,
        config=Config(connect_timeout=5, read_timeout=60, retries={"total_max_attempts": 3}),
    )
    return S3Bucket(client, bucket, prefix)


@contextmanager
def _told(label: str) -> Iterator[None]:
    """Say where it failed; the reason is the system's own short text, never a key or a secret."""
    try:
        yield
    except OSError as error:
        raise StorageFailed(f"{label}: {error.strerror or type(error).__name__}.") from error
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown")
        raise StorageFailed(f"{label}: the storage answered {code}.") from error
    except BotoCoreError as error:
        raise StorageFailed(f"{label}: {type(error).__name__}.") from error
