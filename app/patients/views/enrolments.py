"""The list of enrolments, term by term."""

from typing import Any, ClassVar

from app.patients.models import Enrolment
from app.patients.permissions import Permission
from app.patients.views.search import OfKept
from app.web.views import ReadOnlyView, interface


class EnrolmentView(ReadOnlyView):
    """Who studied what, where and when; changed on the patient's form or by an import."""

    resource = Permission.ENROLMENT_READ
    datamodel = interface(Enrolment, "patient")
    route_base = "/enrolments"
    base_filters: ClassVar[list[Any]] = [["id", OfKept, None]]
    list_title, show_title = "Enrolments", "Enrolment"
    list_columns = ["patient", "academic_year", "semester", "program", "year_level", "campus"]
    show_columns = [*list_columns, "program_group", "is_latest"]
    search_columns = ["academic_year", "semester", "program", "year_level", "campus"]
    order_columns: list[str] = []
    base_order = ("id", "desc")
    label_columns = {
        "patient": "Patient",
        "academic_year": "Academic year",
        "semester": "Semester",
        "program": "Program",
        "program_group": "Program group",
        "year_level": "Year level",
        "campus": "Campus",
        "is_latest": "Latest",
    }
