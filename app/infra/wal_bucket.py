"""Segments of PostgreSQL's log in S3-compatible storage."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from app.infra.storage import s3_bucket
from app.infra.wal_shelves import NotKept, ShelfFailed
from config.settings import Settings

ABSENT = frozenset({"NoSuchKey", "404"})


class BucketShelf:
    """Objects below a prefix; an object appears whole or not at all."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self.client, self.bucket, self.prefix = client, bucket, prefix
        self.label = f"s3://{bucket}/{prefix}"

    def read(self, name: str) -> bytes:
        """Download the object."""
        with self._told(name):
            answer = self.client.get_object(Bucket=self.bucket, Key=f"{self.prefix}/{name}")
            return bytes(answer["Body"].read())

    def write(self, name: str, content: bytes) -> None:
        """Upload the object."""
        with self._told(name):
            self.client.put_object(Bucket=self.bucket, Key=f"{self.prefix}/{name}", Body=content)

    def names(self) -> list[str]:
        """Every object below the prefix."""
        with self._told(""):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=f"{self.prefix}/"
            )
            keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return sorted(key.removeprefix(f"{self.prefix}/") for key in keys)

    def remove(self, name: str) -> None:
        """Delete the object."""
        with self._told(name):
            self.client.delete_object(Bucket=self.bucket, Key=f"{self.prefix}/{name}")

    @contextmanager
    def _told(self, name: str) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "unknown")
            if code in ABSENT:
                raise NotKept(name) from error
            raise ShelfFailed(f"{self.label}: the storage answered {code}.") from error
        except BotoCoreError as error:
            raise ShelfFailed(f"{self.label}: {type(error).__name__}.") from error


def bucket_shelf(settings: Settings, folder: str) -> BucketShelf:
    """The shelf in the bucket of the settings."""
    bucket = s3_bucket(
        settings.backup_s3_bucket,
        prefix=settings.backup_s3_prefix,
        endpoint=settings.backup_s3_endpoint,
        region=settings.backup_s3_region,
        key_id=settings.backup_s3_key_id,
        secret_key=settings.backup_s3_secret_key,
    )
    prefix = "/".join(part for part in (settings.backup_s3_prefix, folder) if part)
    return BucketShelf(bucket.client, bucket.bucket, prefix)
