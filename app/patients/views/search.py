"""The search of the list of patients: each filter as SQL that meets an index."""

from collections.abc import Callable
from typing import Any

from flask import request
from flask_appbuilder.models.filters import BaseFilter
from flask_appbuilder.widgets import SearchWidget
from sqlalchemy import ColumnElement, and_, exists, false, func

from app.patients import queries
from app.patients.models import Enrolment, Patient
from app.patients.rules import PatientStatus

LONGEST = 100
Condition = Callable[[str], ColumnElement[bool]]


class PatientSearchWidget(SearchWidget):
    """All filters at once, without a script; a filter that stays empty filters nothing."""

    template = "patients/search.html"


class StillKept(BaseFilter):
    """Records that were disposed of are in no list (RET-02)."""

    def apply(self, query: Any, value: object) -> Any:
        """The query without them."""
        return query.filter(Patient.status != PatientStatus.DISPOSED)


class OfKept(BaseFilter):
    """The same for rows that belong to a patient."""

    def apply(self, query: Any, value: object) -> Any:
        """The query without those of disposed records."""
        kept = exists().where(
            Patient.id == Enrolment.patient_id, Patient.status != PatientStatus.DISPOSED
        )
        return query.filter(kept)


class _Filter(BaseFilter):
    """One field of the search form."""

    condition: Condition

    def apply(self, query: Any, value: str) -> Any:
        """The query with the condition, or as it was for an empty value."""
        text = _text(value)
        return query.filter(type(self).condition(text)) if text else query


class _EnrolmentFilter(_Filter):
    """Several filters of enrolments speak of the same one: that of the term, else the latest."""

    def apply(self, query: Any, value: str) -> Any:
        """Each filter repeats those before it, so that the last one holds them all together."""
        text = _text(value)
        if not text:
            return query
        before = query.get_execution_options().get("enrolment", ())
        conditions = (*before, type(self).condition(text))
        of_patient = Enrolment.patient_id == Patient.id
        latest = () if _names_a_term() else (Enrolment.is_latest,)
        found = query.filter(exists().where(and_(of_patient, *latest, *conditions)))
        return found.execution_options(enrolment=conditions)


def _text(value: str) -> str:
    return value.replace("\x00", "").strip()[:LONGEST]


def _names_a_term() -> bool:
    return any(request.args.get(f"_flt_0_{name}") for name in ("academic_year", "semester"))


def _name_or_id(text: str) -> ColumnElement[bool]:
    """Fewer than three letters find nobody (SEC-04)."""
    condition = queries.matches(text)
    return false() if condition is None else condition


def _given(column: Any) -> Condition:
    return lambda text: column != "" if text == "yes" else column == ""


CONDITIONS: dict[str, tuple[type[_Filter], Condition]] = {
    "name_or_id": (_Filter, _name_or_id),
    "program": (_EnrolmentFilter, lambda text: func.lower(Enrolment.program) == text.lower()),
    "year_level": (_EnrolmentFilter, lambda text: Enrolment.year_level == text),
    "campus": (_EnrolmentFilter, lambda text: Enrolment.campus == text),
    "academic_year": (_EnrolmentFilter, lambda text: Enrolment.academic_year == text),
    "semester": (_EnrolmentFilter, lambda text: Enrolment.semester == text),
    "blood_type": (_Filter, lambda text: Patient.blood_type == text),
    "philhealth": (_Filter, _given(Patient.philhealth_number)),
    "hmo": (_Filter, _given(Patient.hmo_name)),
    "status": (_Filter, lambda text: Patient.status == text),
}


def patient_filters(datamodel: Any) -> Any:
    """FAB's collection of filters with ours in it."""
    filters = datamodel.get_filters([])
    ours = {
        name: [type(name, (kind,), {"condition": staticmethod(condition)})(name, datamodel)]
        for name, (kind, condition) in CONDITIONS.items()
    }
    filters.search_columns = list(CONDITIONS)
    filters._search_filters = filters._all_filters = ours
    return filters
