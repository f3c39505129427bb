"""A site that a real browser can use: threads, a clock that starts on a Monday, mail on demand."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.serving import make_server

from app.infra import outbox
from app.kernel import clock
from worker import runtime


class MovingClock:
    """Stands at an instant when it is made and goes on from there; tests may push it."""

    def __init__(self, start: datetime) -> None:
        self.start = start
        self.began = time.monotonic()

    def now(self) -> datetime:
        """The site's present."""
        return self.start + timedelta(seconds=time.monotonic() - self.began)

    def set(self, instant: datetime) -> None:
        """Jump to an instant."""
        self.start, self.began = instant, time.monotonic()


class LiveSite:
    """A served site with its address, its clock and its mail folder."""

    def __init__(self, app: Flask, url: str, moving: MovingClock, home: Path) -> None:
        self.app, self.url, self.clock, self.home = app, url, moving, home

    def run_jobs(self) -> int:
        """Do what relay and worker would do now; returns how many jobs were run."""
        runtime.use_site(self.app)
        count = 0
        with self.app.app_context(), clock.pretend(self.clock.now()):
            while leased := outbox.lease_due_jobs():
                for job in leased:
                    runtime.run_outbox_job(job.id, job.attempts)
                count += len(leased)
        return count

    def mails(self) -> list[Path]:
        """The messages that were written, oldest first."""
        return sorted((self.home / "mail").glob("*.eml"), key=lambda path: path.stat().st_mtime)


@contextmanager
def serve(app: Flask, home: Path, start: datetime) -> Iterator[LiveSite]:
    """The site on a free port until the block ends."""
    moving = MovingClock(start)
    app.wsgi_app = _at(moving, app.wsgi_app)  # type: ignore[method-assign]
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield LiveSite(app, f"http://127.0.0.1:{server.port}", moving, home)
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def _at(moving: MovingClock, inner: Callable[..., Any]) -> Callable[..., Any]:
    def application(environ: dict[str, Any], start_response: Any) -> Any:
        with clock.pretend(moving.now()):
            answer = inner(environ, start_response)
            try:
                return list(answer)
            finally:
                if hasattr(answer, "close"):
                    answer.close()

    return application
