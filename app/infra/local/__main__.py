"""python -m app.infra.local: start the whole system here and keep it running."""

import os
import sys

from app.infra.local.errors import CannotStart, StopRequested
from app.infra.local.process import stop_with_parent
from app.infra.local.site import Choices, Site, tell


def say(sentence: str) -> None:
    """One short line for the person at the terminal."""
    tell(f"[uscpis] {sentence}")


def main() -> int:
    """The exit code: 0 after a requested stop, 1 with a sentence when it cannot run."""
    # What we and the children write is for us alone unless somebody decides otherwise.
    os.umask(0o077)
    if "MAKELEVEL" in os.environ:
        stop_with_parent()  # `make run` in the foreground: when make is gone, nobody would see us
    try:
        Site(Choices.read(os.environ), say).run()
    except StopRequested:
        return 0
    except CannotStart as refusal:
        print(f"[uscpis] {refusal}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
