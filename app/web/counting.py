"""Counts every answer by the name of its route, for /metrics."""

import time

from flask import Flask, Response, g, request

from app.infra.request_counts import counts
from app.infra.runtime import settings
from config.settings import Environment


def init_counting(app: Flask) -> None:
    """Time every request. Tests add up by themselves: no thread in the background."""
    app.before_request(_begin)
    app.after_request(_count)


def _begin() -> None:
    g.began = time.monotonic()


def _count(answer: Response) -> Response:
    began = g.pop("began", None)
    if began is None:
        return answer
    counts.add(request.endpoint or "none", answer.status_code, time.monotonic() - began)
    if settings().environment is not Environment.TESTING:
        counts.keep_flushing(settings().redis_url)
    return answer
