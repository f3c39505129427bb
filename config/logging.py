"""Structured logs in UTC with request ids, and without patient data (EVD-03).

Of an exception a line has the kind and the way through the code, never the text: the text of a
database error holds the values of a row, and that of a failed conversion what somebody typed.
"""

import json
import logging
import re
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType

# What PostgreSQL and our driver add to an error: the values of the row, the statement with them.
_VALUES = re.compile(r"\n\s*(?:DETAIL|CONTEXT|LINE \d+|\[SQL|\[parameters)\b.*", re.DOTALL)

request_id: ContextVar[str] = ContextVar("request_id", default="")

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class JsonFormatter(logging.Formatter):
    """One JSON object per line. Control characters cannot forge a line (INP-02)."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _VALUES.sub("", record.getMessage()),
        }
        if request_id.get():
            line["request"] = request_id.get()
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802  the name is logging's
        """Kinds and lines of code, the first cause first, as in Python's own traceback."""
        error, parts = ei[1], []
        seen: set[int] = set()
        while error is not None and id(error) not in seen:
            seen.add(id(error))
            frames = traceback.extract_tb(error.__traceback__)
            lines = [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
            kind = f"{type(error).__module__}.{type(error).__qualname__}"
            parts.append("\n".join([*lines, kind]))
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n\n".join(reversed(parts))


def set_up_logging(level: str) -> None:
    """Send every logger's lines to standard error as JSON. Safe to call again."""
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers = [output]
    root.setLevel(level)
    # FAB logs a warning for every view that it registers before its permissions exist.
    logging.getLogger("flask_appbuilder").setLevel(logging.ERROR)
    # gunicorn brings handlers of its own, whose lines would not be JSON.
    server = logging.getLogger("gunicorn.error")
    server.handlers, server.propagate = [], True
