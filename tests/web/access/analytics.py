"""Who may open the doors of analytics."""

from app.kernel.permission import Role
from tests.web.access.roles import CALENDAR, IMPORTS

WHO: dict[str, frozenset[Role] | frozenset[Role | None]] = {
    "SchedulingReportView.report": CALENDAR,
    "SchedulingReportView.as_csv": IMPORTS,
    "SchedulingReportView.as_xlsx": IMPORTS,
}
SAID: dict[str, dict[str, object]] = {}
