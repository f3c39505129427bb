"""The way back: the last few pages by path, without queries that may hold a patient's name."""

from urllib.parse import urlsplit

from flask import request, session

LENGTH = 5
KEY = "page_history"


def remember(path: str) -> None:
    """Note a page as visited."""
    visited = _visited()
    if not visited or visited[-1] != path:
        session[KEY] = [*visited, path][-LENGTH:]


def before(path: str) -> str | None:
    """The last page other than `path`; everything after it is forgotten."""
    visited = _visited()
    while visited and visited[-1] == path:
        visited.pop()
    session[KEY] = visited
    return visited[-1] if visited else None


def referrer() -> str | None:
    """The page with the pressed button, when it is one of ours (WEB-03)."""
    came_from = urlsplit(request.referrer or "")
    is_elsewhere = came_from.netloc != request.host
    # "//host" and "/\\host" after our own name would lead a browser to that host.
    if is_elsewhere or came_from.path == request.path or came_from.path[1:2] in {"/", "\\"}:
        return None
    return came_from.path + (f"?{came_from.query}" if came_from.query else "")


def _visited() -> list[str]:
    return [path for path in session.get(KEY, []) if isinstance(path, str)]
