"""How booked, how busy, how punctual: the page, and the same numbers as files."""

from datetime import date
from typing import Any, ClassVar, cast

from flask import Response, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access

from app.analytics import services
from app.analytics.errors import RangeRefused
from app.analytics.forms import hour_name, minutes, percent, tables
from app.analytics.permissions import Permission
from app.analytics.queries.scheduling import SchedulingReport
from app.analytics.rules import WEEKDAYS
from app.analytics.views.files import as_csv, as_xlsx
from app.web.http import current_actor
from app.web.views import GuardedView

SHADES = 8


class SchedulingReportView(GuardedView):
    """Numbers of the calendar and the queue over a range of days."""

    resource = Permission.SCHEDULING_READ
    route_base = "/reports/scheduling"
    default_view = "report"
    method_permission_name: ClassVar[dict[str, str]] = {
        "report": "read",
        "as_csv": "export",
        "as_xlsx": "export",
    }

    @expose("/")
    @has_access
    def report(self) -> Response:
        """Tables and charts; a refused range is said beside the last four weeks."""
        actor, problem = current_actor(), ""
        try:
            report = services.scheduling_report(actor, **_range())
        except RangeRefused as refusal:
            report, problem = services.scheduling_report(actor), refusal.message
        return cast(
            Response,
            self.render_template(
                "analytics/scheduling.html",
                title="Scheduling report",
                report=report,
                tables=tables(report)[:4],
                heat=_heat(report),
                charts=_charts(report),
                problem=problem,
                percent=percent,
                minutes=minutes,
                may_export=actor.may(Permission.SCHEDULING_EXPORT),
            ),
        )

    @expose("/scheduling.csv")
    @has_access
    def as_csv(self) -> Response:
        """The tables as one file for any spreadsheet."""
        report = services.export_scheduling_report(current_actor(), **_range())
        return as_csv(tables(report), _name(report))

    @expose("/scheduling.xlsx")
    @has_access
    def as_xlsx(self) -> Response:
        """The tables as sheets of one workbook."""
        report = services.export_scheduling_report(current_actor(), **_range())
        return as_xlsx(tables(report), _name(report))


def _range() -> dict[str, date | None]:
    """The days of the address. Raises RangeRefused for what is no day."""
    return {"first": _day("from"), "last": _day("to")}


def _day(name: str) -> date | None:
    typed = request.args.get(name, "").strip()
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError as error:
        raise RangeRefused("Please give days as year-month-day.") from error


def _name(report: SchedulingReport) -> str:
    return f"scheduling-{report.first}-{report.last}"


def _heat(report: SchedulingReport) -> dict[str, Any]:
    """Rows of the heat map; each cell has its number and a shade from 0 to 8."""
    rows = []
    for number, day in enumerate(WEEKDAYS):
        counts = [report.heat.get((number, hour), 0) for hour in report.hours]
        shaded = [(count, -(-count * SHADES // report.hottest)) for count in counts]
        if any(counts):
            rows.append((day, shaded))
    return {"hours": [hour_name(hour) for hour in report.hours], "rows": rows}


def _charts(report: SchedulingReport) -> dict[str, Any]:
    """Labels and numbers for the drawn charts; the tables say the same in words."""
    return {
        "lead": {
            "labels": [group.name for group in report.by_lead],
            "values": [group.outcomes.booked for group in report.by_lead],
        },
        "missed": {
            "labels": [group.name for group in report.by_weekday],
            "values": [
                round(100 * (group.outcomes.no_show_rate or 0), 1) for group in report.by_weekday
            ],
        },
        "use": {
            "labels": [one.name for one in report.use if one.share is not None],
            "values": [round(100 * one.share, 1) for one in report.use if one.share is not None],
        },
    }
