"""Screens of working hours: one page per provider, understood without training (SCH-10..12)."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, cast

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import AppBuilder, expose, has_access
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app.kernel import clock
from app.kernel.clock import local_date
from app.kernel.errors import DomainError, Forbidden, NotFound
from app.scheduling import services
from app.scheduling.errors import UnknownProvider
from app.scheduling.forms import catalogue as forms
from app.scheduling.forms.catalogue import ScheduleForm
from app.scheduling.permissions import Permission
from app.scheduling.queries import previews, schedules
from app.scheduling.queries.schedules import HoursRow, OverrideRow, PractitionerCard
from app.scheduling.services.schedules import Span, may_change_schedule
from app.web.fields import format_day, format_instant, local
from app.web.http import clinic_zone, current_actor
from app.web.views import GuardedView

TWO_WEEKS = timedelta(days=13)


@dataclass(frozen=True, slots=True)
class Undo:
    """The form that takes a removal back."""

    action: str
    fields: "MultiDict[str, str]"


@dataclass(frozen=True, slots=True)
class Refused:
    """A form that was refused, and the sentences that belong to no field."""

    kind: str
    form: ScheduleForm
    sentences: list[str]


class ScheduleView(GuardedView):
    """Everybody's hours for the front desk; their own for the others.

    All pages may be read with `read`; the services decide who changes what.
    """

    resource = Permission.SCHEDULE_READ
    route_base = "/schedules"
    default_view = "overview"
    method_permission_name: ClassVar[dict[str, str]] = dict.fromkeys(
        (
            "overview",
            "schedule",
            "save_hours",
            "remove_hours",
            "copy_day",
            "save_date",
            "remove_date",
            "add_time_off",
            "remove_time_off",
        ),
        "read",
    )

    @expose("/")
    @has_access
    def overview(self) -> Response:
        """Every provider with the week in short; one's own first."""
        self.update_redirect()
        actor = current_actor()
        cards = sorted(schedules.practitioners(), key=lambda card: card.user_id != actor.user_id)
        hours = schedules.hours_of_everybody()
        page = self.render_template(
            "scheduling/schedules.html",
            title="Schedules",
            providers=[(card, _week(hours.get(card.id, []))) for card in cards],
            misfits=schedules.misfits(),
            own_user_id=actor.user_id,
        )
        return cast(Response, page)

    @expose("/<string:university_id>/")
    @has_access
    def schedule(self, university_id: str) -> Response:
        """One provider's week, exceptions, and what it comes to."""
        self.update_redirect()
        return self._page(_provider(university_id))

    @expose("/<string:university_id>/hours/", methods=["POST"])
    @has_access
    def save_hours(self, university_id: str) -> Response:
        """Add or change a span of the week."""
        form = forms.HoursForm(request.form, used=_campuses(university_id))
        return self._submit(
            university_id,
            Refused("hours", form, []),
            lambda provider: services.save_weekly_hours(
                current_actor(), practitioner_id=provider.id, span=form.span(), hours_id=form.key
            ),
            lambda: f"Saved: {forms.span_sentence(form.span())}.",
        )

    @expose("/<string:university_id>/hours/<int:hours_id>/remove/", methods=["POST"])
    @has_access
    def remove_hours(self, university_id: str, hours_id: int) -> Response:
        """Remove a span of the week; it can be taken back."""
        provider = _provider(university_id)
        span = _span_of(provider, hours_id)
        flagged = -_misfits(provider) + services.remove_weekly_hours(
            current_actor(), practitioner_id=provider.id, hours_id=hours_id
        )
        undo = Undo(_path(provider, "hours"), forms.hours_fields(span))
        return _done(provider, f"Removed: {forms.span_sentence(span)}.", flagged, undo)

    @expose("/<string:university_id>/copy/", methods=["POST"])
    @has_access
    def copy_day(self, university_id: str) -> Response:
        """Give other weekdays the hours of one."""
        form = forms.CopyForm(request.form)
        return self._submit(
            university_id,
            Refused("copy", form, []),
            lambda provider: services.copy_day(
                current_actor(),
                practitioner_id=provider.id,
                weekday=form.weekday.data,
                to=form.to.data or [],
            ),
            lambda: f"The hours of {forms.WEEKDAYS[form.weekday.data]} were copied.",
        )

    @expose("/<string:university_id>/dates/", methods=["POST"])
    @has_access
    def save_date(self, university_id: str) -> Response:
        """Other hours on one date, or a day off."""
        form = forms.DateForm(request.form)
        return self._submit(
            university_id,
            Refused("date", form, []),
            lambda provider: services.save_override(
                current_actor(),
                practitioner_id=provider.id,
                on_date=form.on_date.data,
                spans=form.spans(),
                note=form.note.data or "",
            ),
            lambda: f"Saved: {form.sentence()}.",
        )

    @expose("/<string:university_id>/dates/<string:day>/remove/", methods=["POST"])
    @has_access
    def remove_date(self, university_id: str, day: str) -> Response:
        """Go back to the weekly hours on a date; it can be taken back."""
        provider = _provider(university_id)
        rows = _overrides_on(provider, day)
        on_date = rows[0].on_date
        flagged = -_misfits(provider) + services.remove_override(
            current_actor(), practitioner_id=provider.id, on_date=on_date
        )
        spans = [(row.starts, row.ends) for row in rows if row.starts and row.ends]
        undo = Undo(_path(provider, "dates"), forms.date_fields(on_date, spans, rows[0].note))
        return _done(provider, f"{format_day(on_date)} has its usual hours again.", flagged, undo)

    @expose("/<string:university_id>/time-off/", methods=["POST"])
    @has_access
    def add_time_off(self, university_id: str) -> Response:
        """An absence from one instant to another."""
        form = forms.TimeOffForm(request.form)
        return self._submit(
            university_id,
            Refused("time-off", form, []),
            lambda provider: services.add_time_off(
                current_actor(),
                practitioner_id=provider.id,
                starts_at=form.instants()[0],
                ends_at=form.instants()[1],
                note=form.note.data or "",
            ),
            lambda: f"Time off from {format_instant(form.starts_at.data)} was entered.",
        )

    @expose("/<string:university_id>/time-off/<int:time_off_id>/remove/", methods=["POST"])
    @has_access
    def remove_time_off(self, university_id: str, time_off_id: int) -> Response:
        """The provider is there after all; it can be taken back."""
        provider = _provider(university_id)
        rows = schedules.absences(provider.id, since=clock.now())
        row = next((row for row in rows if row.id == time_off_id), None)
        if row is None:
            raise NotFound("This time off is over or was removed already.")
        flagged = -_misfits(provider) + services.remove_time_off(
            current_actor(), practitioner_id=provider.id, time_off_id=time_off_id
        )
        fields = forms.time_off_fields(local(row.starts_at), local(row.ends_at), row.note)
        undo = Undo(_path(provider, "time-off"), fields)
        return _done(provider, "The time off was removed.", flagged, undo)

    def _submit(
        self,
        university_id: str,
        refused: Refused,
        write: Callable[[PractitionerCard], int],
        said: Callable[[], str],
    ) -> Response:
        """Check the form, call the service; a refusal is shown beside the fields."""
        provider = _provider(university_id)
        form = refused.form
        if not form.validate():
            return self._page(provider, refused)
        try:
            flagged = -_misfits(provider) + write(provider)
        except (Forbidden, NotFound):
            raise
        except DomainError as refusal:
            return self._page(provider, Refused(refused.kind, form, form.show(refusal)))
        return _done(provider, said(), flagged)

    def _page(self, provider: PractitionerCard, refused: Refused | None = None) -> Response:
        """The page; after a refusal with what was typed, and the status that says so."""
        zone, now = clinic_zone(), clock.now()
        today = local_date(now, zone)
        actor = current_actor()
        may_change = may_change_schedule(actor, provider.user_id)
        if refused is not None and not may_change:
            raise Forbidden("You may change only your own schedule.")
        page = self.render_template(
            "scheduling/schedule.html",
            title=provider.name,
            provider=provider,
            may_change=may_change,
            is_own=provider.user_id == actor.user_id,
            week=_week_forms(schedules.weekly_hours(provider.id), refused),
            dates=_by_date(schedules.date_overrides(provider.id, since=today)),
            absences=schedules.absences(provider.id, since=now),
            preview=previews.preview(provider.id, first=today, last=today + TWO_WEEKS, zone=zone),
            misfits=_misfits(provider),
            refused=refused,
            **_other_forms(refused),
        )
        return Response(page, status=422 if refused else 200, mimetype="text/html")


def _provider(university_id: str) -> PractitionerCard:
    provider = schedules.practitioner_by_university_id(university_id)
    if provider is None:
        raise UnknownProvider("There is no such provider.")
    return provider


def _misfits(provider: PractitionerCard) -> int:
    """How many of the provider's visits do not fit at present."""
    return schedules.misfits().get(provider.id, 0)


def _path(provider: PractitionerCard, what: str) -> str:
    return url_for("ScheduleView.schedule", university_id=provider.university_id) + f"{what}/"


def _done(
    provider: PractitionerCard, sentence: str, flagged: int, undo: Undo | None = None
) -> Response:
    """Back to the page with what happened, who is hit by it (SCH-19), and the way to undo."""
    notice = render_template(
        "scheduling/notice.html", sentence=sentence, flagged=max(flagged, 0), undo=undo
    )
    flash(Markup(notice), "warning" if flagged > 0 else "success")  # noqa: S704 - a template's text
    return redirect(url_for("ScheduleView.schedule", university_id=provider.university_id))


def _span_of(provider: PractitionerCard, hours_id: int) -> Span:
    row = next((row for row in schedules.weekly_hours(provider.id) if row.id == hours_id), None)
    if row is None:
        raise NotFound("These hours were removed already.")
    return Span(
        weekday=row.weekday,
        starts=row.starts,
        ends=row.ends,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        campus=row.campus,
    )


def _campuses(university_id: str) -> set[str]:
    """Where the provider works already, also when the settings no longer name the campus."""
    return {row.campus for row in schedules.weekly_hours(_provider(university_id).id)}


def _overrides_on(provider: PractitionerCard, day: str) -> list[OverrideRow]:
    today = local_date(clock.now(), clinic_zone())
    rows = [
        row
        for row in schedules.date_overrides(provider.id, since=today)
        if row.on_date.isoformat() == day
    ]
    if not rows:
        raise NotFound("This date has its usual hours already.")
    return rows


def _week(rows: list[HoursRow]) -> list[tuple[str, str]]:
    """Neighbouring weekdays with the same hours in one line: Monday to Friday, 8:00 AM..."""
    texts = [
        " and ".join(forms.hours_text(row.starts, row.ends) for row in rows if row.weekday == day)
        for day in range(7)
    ]
    lines: list[list[Any]] = []
    for day, text in enumerate(texts):
        if text and lines and lines[-1][1] == day - 1 and lines[-1][2] == text:
            lines[-1][1] = day
        elif text:
            lines.append([day, day, text])
    return [(_days_text(first, last), text) for first, last, text in lines]


def _days_text(first: int, last: int) -> str:
    names = forms.WEEKDAYS
    return names[first] if first == last else f"{names[first]} to {names[last]}"


def _week_forms(rows: list[HoursRow], refused: Refused | None) -> list[dict[str, Any]]:
    """Each weekday with its spans and their forms; a refused form keeps its place."""
    typed = refused.form if refused and isinstance(refused.form, forms.HoursForm) else None
    used = {row.campus for row in rows}
    return [
        {
            "day": day,
            "name": name,
            "spans": [(row, _form_of(row, typed, used)) for row in rows if row.weekday == day],
            "form": _empty_form(day, typed),
        }
        for day, name in enumerate(forms.WEEKDAYS)
    ]


def _form_of(row: HoursRow, typed: Any, used: Collection[str]) -> Any:
    if typed is not None and typed.key == row.id:
        return typed.with_ids(f"h{row.id}")
    known = forms.HoursForm(data={"hours_id": row.id, **_values(row)}, used=used)
    return known.with_ids(f"h{row.id}")


def _values(row: HoursRow) -> dict[str, Any]:
    names = ("weekday", "starts", "ends", "campus", "valid_from", "valid_to")
    return {name: getattr(row, name) for name in names}


def _empty_form(day: int, typed: Any) -> Any:
    if typed is not None and typed.key is None and typed.weekday.data == day:
        return typed.with_ids(f"d{day}")
    return forms.HoursForm(data={"weekday": day}).with_ids(f"d{day}")


def _by_date(rows: list[OverrideRow]) -> list[dict[str, Any]]:
    """Overrides of one date in one line."""
    dates: dict[Any, dict[str, Any]] = {}
    for row in rows:
        line = dates.setdefault(row.on_date, {"on": row.on_date, "hours": [], "note": row.note})
        if row.starts and row.ends:
            line["hours"].append(forms.hours_text(row.starts, row.ends))
    return list(dates.values())


def _other_forms(refused: Refused | None) -> dict[str, Any]:
    """The forms below the week, empty or as they were refused."""
    kinds = {
        "copy": forms.CopyForm(data={"weekday": 0, "to": [1, 2, 3, 4]}),
        "date": forms.DateForm(),
        "time-off": forms.TimeOffForm(),
    }
    if refused and refused.kind in kinds:
        kinds[refused.kind] = cast(Any, refused.form)
    return {f"{kind.replace('-', '_')}_form": form.with_ids(kind) for kind, form in kinds.items()}


def register(appbuilder: AppBuilder) -> None:
    """The screens of this file."""
    appbuilder.add_view(
        ScheduleView, "Schedules", label="Working hours", icon="fa-clock-o", category="Schedules"
    )
