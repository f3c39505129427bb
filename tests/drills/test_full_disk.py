"""A disk that is full: a mail that cannot be kept is tried again, and leaves nothing behind."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.infra import mail
from app.infra.mail import MailUnavailable
from tests import site
from tests.services.test_mail_sending import LETTER


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process may grow beyond a few bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_no_half_mail_and_the_next_try_succeeds(tmp_path):  # NOT-04
    app = site.build_app("postgresql+psycopg2://unused@127.0.0.1:1/x", tmp_path)
    with app.app_context():
        for _ in range(3):
            with full_disk(), pytest.raises(MailUnavailable):
                mail.send(LETTER)
        left_behind = list((tmp_path / "mail").iterdir())

        mail.send(LETTER)

    assert left_behind == []
    assert [path.suffix for path in (tmp_path / "mail").iterdir()] == [".eml"]
