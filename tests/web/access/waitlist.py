"""Who may open the doors of waitlist."""

from app.kernel.permission import Role

WHO: dict[str, frozenset[Role] | frozenset[Role | None]] = {}
SAID: dict[str, dict[str, object]] = {}
