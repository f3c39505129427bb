"""Missed visits: what counts, what it does, and how to object (SCH-35)."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.kernel import clock
from app.kernel.errors import Conflict, Invalid
from app.scheduling import services
from app.web.http import current_actor, status_of
from portal.blueprint import portal

POINT = f"<int(max={2**63 - 1}):point_id>"


@portal.get("/missed", strict_slashes=False)
def missed_visits() -> str:
    """One's missed visits, when each stops to count, and what they do."""
    return _page()


@portal.post(f"/missed/{POINT}/contest")
def contest_point(point_id: int) -> Response | tuple[str, int]:
    """Say why one of them should not count."""
    text = request.form.get("objection", "")
    try:
        services.contest_point(current_actor(), point_id=point_id, objection=text)
    except (Invalid, Conflict) as refusal:
        return _page(refusal.message, point_id, text), status_of(refusal)
    flash("The front desk will look at it. You get a message with the answer.", "success")
    return redirect(url_for("portal.missed_visits"), 303)


def _page(sentence: str = "", about: int = 0, typed: str = "") -> str:
    points, policy = services.own_points(current_actor())
    now = clock.now()
    return render_template(
        "portal/missed.html",
        points=points,
        policy=policy,
        now=now,
        counted=sum(point.counts(now) for point in points),
        sentence=sentence,
        about=about,
        typed=typed,
    )
