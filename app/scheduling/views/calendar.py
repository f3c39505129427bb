"""Screens of days: the calendar of all providers, and the day list for paper (SCH-36)."""

from typing import Any, ClassVar, cast

from flask import request, url_for
from flask_appbuilder import AppBuilder, expose, has_access
from werkzeug.wrappers import Response

from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.clock import local_date
from app.kernel.ids import PractitionerId
from app.scheduling import services
from app.scheduling.forms import appointments as forms
from app.scheduling.permissions import Permission
from app.scheduling.queries import schedules, types
from app.web.http import clinic_zone, current_actor
from app.web.views import GuardedView


class CalendarView(GuardedView):
    """Providers side by side; visits are moved by dragging, through the booking rules."""

    resource = Permission.READ
    route_base = "/calendar"
    default_view = "calendar"
    method_permission_name: ClassVar[dict[str, str]] = {"calendar": "read"}

    @expose("/")
    @has_access
    def calendar(self) -> Response:
        """The page; app/static/js/calendar.js asks for the visits."""
        self.update_redirect()
        actor = current_actor()
        return cast(
            Response,
            self.render_template(
                "scheduling/calendar.html",
                title="Calendar",
                providers=schedules.practitioners(),
                types=types.bookable_types(),
                options=_options(actor),
                may_book=actor.may(Permission.BOOK),
            ),
        )


def _options(actor: Actor) -> dict[str, Any]:
    """What the script needs besides the visits."""
    now = clock.now().astimezone(clinic_zone())
    return {
        "providers": [
            {"id": card.id, "key": card.university_id, "title": card.name}
            for card in schedules.practitioners()
        ],
        "today": now.date().isoformat(),
        # An hour of the past stays in sight.
        "now": f"{max(now.hour - 1, 0):02d}:00",
        "feed": url_for("CalendarApi.feed"),
        "visits": "/api/appointments/",
        "book": url_for("BookingView.book") if actor.may(Permission.BOOK) else "",
        "dayList": url_for("DayListView.day_list"),
    }


class DayListView(GuardedView):
    """One day on paper, for the desk and for each provider's door."""

    resource = Permission.READ
    route_base = "/day-list"
    default_view = "day_list"
    method_permission_name: ClassVar[dict[str, str]] = {"day_list": "read"}

    @expose("/")
    @has_access
    def day_list(self) -> Response:
        """The expected visits and the group sessions of a day, per provider."""
        self.update_redirect()
        today = local_date(clock.now(), clinic_zone())
        day = forms.day_of(request.args.get("day"), today)
        provider = forms.name_of(request.args.get("provider"))
        window = services.calendar_window(
            current_actor(), first=day, last=day, provider=provider or None
        )
        providers = schedules.practitioners()
        return cast(
            Response,
            self.render_template(
                "scheduling/day_list.html",
                title=f"Day list {day.isoformat()}",
                day=day,
                today=today,
                earlier=day - forms.A_DAY,
                later=day + forms.A_DAY,
                provider=provider,
                providers=providers,
                lists=_lists(window, providers),
                may_open=current_actor().may(Permission.SESSION_READ),
                closures=window.closures,
            ),
        )


def _lists(
    window: services.CalendarWindow, providers: Any
) -> list[tuple[str, list[Any], list[Any], list[Any]]]:
    """Name, opening hours, visits and group sessions of everybody who has any that day."""
    names = {card.id: card.name for card in providers}
    names |= {visit.practitioner_id: visit.provider_name for visit in window.visits}
    names |= {PractitionerId(one.practitioner_id): one.provider_name for one in window.sessions}
    rows = []
    for practitioner_id, name in names.items():
        visits = [one for one in window.visits if one.practitioner_id == practitioner_id]
        hours = [one.period for one in window.open_times if one.practitioner_id == practitioner_id]
        planned = [one for one in window.sessions if one.practitioner_id == practitioner_id]
        if visits or hours or planned:
            rows.append((name, hours, visits, planned))
    return rows


def register(appbuilder: AppBuilder) -> None:
    """The screens of this file."""
    appbuilder.add_view(CalendarView, "Calendar", category="Clinic", icon="fa-calendar")
    appbuilder.add_view(DayListView, "Day list", category="Clinic", icon="fa-print")
