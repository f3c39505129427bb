"""One's own class timetable: times that clash with it are marked and offered last."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TypeVar

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.kernel import clock
from app.kernel.clock import clinic_day
from app.kernel.period import Period
from app.scheduling.errors import FreeTime
from app.scheduling.errors.calendars import BadTimetable
from app.scheduling.queries.timetable import class_periods, coming_classes, count_classes
from app.scheduling.rules.timetable import LARGEST_FILE, clashes
from app.scheduling.services.timetable import delete_timetable, import_timetable
from app.web.http import clinic_zone, current_actor, status_of
from portal.auth import me
from portal.blueprint import portal

T = TypeVar("T", bound=FreeTime)


def classes_on(day: date) -> list[Period]:
    """When one has class on a clinic day."""
    return class_periods(me().id, clinic_day(day, clinic_zone()))


def classes_last(slots: Sequence[T]) -> tuple[list[T], set[datetime]]:
    """Some times, those during a class last, and when these start; one question for all."""
    if not slots:
        return [], set()
    reach = Period(min(slot.starts_at for slot in slots), max(slot.ends_at for slot in slots))
    classes = class_periods(me().id, reach)
    during = {
        slot.starts_at for slot in slots if clashes(Period(slot.starts_at, slot.ends_at), classes)
    }
    return sorted(slots, key=lambda slot: slot.starts_at in during), during


@portal.get("/timetable", strict_slashes=False)
def timetable() -> str:
    """The next classes, and the form for another file."""
    return _page()


@portal.post("/timetable/import")
def replace_timetable() -> Response | tuple[str, int]:
    """Replace the timetable by a file or by pasted text."""
    typed = request.form.get("pasted", "")
    file = request.files.get("file")
    data: bytes | str = typed.strip()
    if file is not None and file.filename:
        data = file.stream.read(LARGEST_FILE + 1)
    try:
        count = import_timetable(current_actor(), data=data)
    except BadTimetable as refusal:
        return _page(refusal.message, typed[:LARGEST_FILE]), status_of(refusal)
    flash(f"Your timetable has {count} class{'es' if count != 1 else ''} now.", "success")
    return redirect(url_for("portal.timetable"), 303)


@portal.post("/timetable/delete")
def forget_timetable() -> Response:
    """Forget the timetable; a second tap does nothing."""
    delete_timetable(current_actor())
    flash("Your timetable was deleted.", "success")
    return redirect(url_for("portal.timetable"), 303)


def _page(sentence: str = "", typed: str = "") -> str:
    return render_template(
        "portal/timetable.html",
        classes=coming_classes(me().id, now=clock.now()),
        count=count_classes(me().id),
        sentence=sentence,
        typed=typed,
    )
