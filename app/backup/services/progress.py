"""How far a run is, for the page and the terminal that wait for it."""

import time
from collections.abc import Callable

from app.backup.services.rows import store_now

Watch = Callable[[str, int], None]  # the step, and the bytes done so far
PAUSE = 1.0


class Progress:
    """Writes the step at once, and the bytes at most once a second."""

    def __init__(self, run_id: int, watch: Watch | None = None) -> None:
        self.run_id, self._watch = run_id, watch or (lambda _step, _done: None)
        self._step, self._before, self._read, self._told_at = "", 0, 0, 0.0

    def say(self, step: str, read: int) -> None:
        """What a step has read so far; a new step goes on where the last one ended."""
        if step != self._step:
            self._before += self._read
            self._tell(step, self._before)
        self._read = read
        if time.monotonic() - self._told_at >= PAUSE:
            self._tell(step, self._before + read)

    def step(self, name: str) -> None:
        """A step without bytes."""
        self.say(name, 0)

    def _tell(self, step: str, done: int) -> None:
        self._step, self._told_at = step, time.monotonic()
        store_now(self.run_id, step=step, done_bytes=done)
        self._watch(step, done)
