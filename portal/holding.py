"""Keeping a time for five minutes while its form is filled; never on GET (SCH-05)."""

from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.kernel import clock
from app.kernel.errors import Conflict, Invalid, TooMany
from app.scheduling.queries.form_holds import KeptTime, kept_for
from app.scheduling.services import Wish
from app.scheduling.services.form_holds import keep_time
from app.web.http import current_actor
from portal import asking
from portal.auth import me
from portal.blueprint import portal
from portal.kinds import my_kind, providers_for
from portal.picker import is_part


@portal.post("/book/<code>/hold")
def hold_time(code: str) -> Response | str:
    """Keep the time. A script swaps the answer in; without scripts one comes back to the form."""
    kind = my_kind(code)
    asked = request.form.get("provider") or None
    key = providers_for(kind.type.kinds, asked, type_id=kind.type.id).key
    at = asking.instant(request.form.get("starts_at"))
    wish = Wish(type=code, starts_at=at, provider=key, patient=me().university_id)
    kept, sentence = None, ""
    try:
        kept = keep_time(current_actor(), wish=wish)
    except (Conflict, Invalid, TooMany) as refusal:
        sentence = refusal.message
    if is_part():
        return render_template("portal/held.html", kept=kept, sentence=sentence)
    if sentence:
        flash(sentence, "warning")
    return redirect(
        url_for("portal.confirm_booking", code=code, at=asking.instant_text(at), provider=key), 303
    )


def kept_time(type_id: int, starts_at: datetime) -> KeptTime | None:
    """What is kept for oneself, when it is this time."""
    kept = kept_for(me().id, now=clock.now())
    return kept if kept and (kept.type_id, kept.starts_at) == (type_id, starts_at) else None
