"""The JSON interface of scheduling, under /api/appointments/ (docs/api.md)."""

from flask_appbuilder import AppBuilder

from app.scheduling.api.calendar import CalendarApi
from app.scheduling.api.holds import HoldApi
from app.scheduling.api.outages import OutageApi
from app.scheduling.api.series import SeriesApi
from app.scheduling.api.sessions import SessionApi
from app.scheduling.api.waitlist import WaitlistApi


def register(appbuilder: AppBuilder) -> None:
    """The endpoints of this domain."""
    appbuilder.add_api(CalendarApi)
    appbuilder.add_api(HoldApi)
    appbuilder.add_api(OutageApi)
    appbuilder.add_api(SeriesApi)
    appbuilder.add_api(SessionApi)
    appbuilder.add_api(WaitlistApi)
