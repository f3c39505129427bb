"""The JSON interface of visits, and the status of appointments (docs/api.md)."""

from flask_appbuilder import AppBuilder

from app.visits.api.appointments import AppointmentApi
from app.visits.api.closing import ClosingApi
from app.visits.api.queue import VisitApi


def register(appbuilder: AppBuilder) -> None:
    """The endpoints of this domain."""
    appbuilder.add_api(AppointmentApi)
    appbuilder.add_api(VisitApi)
    appbuilder.add_api(ClosingApi)
