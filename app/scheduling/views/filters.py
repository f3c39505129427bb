"""How the list of visits is narrowed: the quick filters, and searches that a person understands."""

from datetime import date
from typing import Any

from flask import flash, request
from flask_appbuilder.models.filters import BaseFilter
from sqlalchemy import select

from app.kernel import clock
from app.kernel.clock import clinic_day, local_date
from app.kernel.errors import DomainError
from app.kernel.ids import PatientId
from app.patients import services as patients
from app.scheduling.forms import appointments as forms
from app.scheduling.models import Appointment, Practitioner
from app.scheduling.rules import AppointmentStatus
from app.web.http import clinic_zone, current_actor

QUICK = {
    "today": "Today",
    "mine": "Mine",
    "pending": "Pending",
    "needs-rebooking": "Needs rebooking",
    "upcoming": "Upcoming",
    "all": "All",
}


def quick_filter() -> str:
    """The chosen quick filter; a search looks through all visits unless it says otherwise."""
    chosen = request.args.get("filter", "")
    if chosen in QUICK:
        return chosen
    is_search = any(name.startswith("_flt_") for name in request.args)
    return "all" if is_search else "today"


class QuickFilter(BaseFilter):
    """The rows of the chosen chip. Only the list is narrowed, not a visit that a link names."""

    name = "Quick filter"
    arg_name = "quick"

    def apply(self, query: Any, value: Any) -> Any:
        """Add the chip's conditions."""
        if not str(request.endpoint).endswith(".list"):
            return query
        today = clinic_day(local_date(clock.now(), clinic_zone()), clinic_zone())
        starts_at = Appointment.starts_at
        match quick_filter():
            case "today":
                return query.filter(starts_at >= today.starts_at, starts_at < today.ends_at)
            case "mine":
                return query.filter(starts_at >= today.starts_at, _is_mine())
            case "pending":
                return query.filter(Appointment.status == AppointmentStatus.PENDING.value)
            case "needs-rebooking":
                return query.filter(Appointment.needs_rebooking)
            case "upcoming":
                return query.filter(starts_at >= clock.now())
        return query


def _is_mine() -> Any:
    # A value, not a join: the index on provider and start then serves in any plan.
    user_id = current_actor().user_id
    mine = select(Practitioner.id).where(Practitioner.user_id == user_id).scalar_subquery()
    return Appointment.practitioner_id == mine


class StatusIs(BaseFilter):
    """One status."""

    name = "is"
    arg_name = "eq"

    def apply(self, query: Any, value: Any) -> Any:
        """Rows with the status; a word that is none finds nothing."""
        return query.filter(Appointment.status == str(value))


class OnDay(BaseFilter):
    """Visits of one civil day of the clinic."""

    name = "on"
    arg_name = "eq"

    def apply(self, query: Any, value: Any) -> Any:
        """Rows of the day; what is no day changes nothing."""
        day = _searched_day(value)
        if day is None:
            return query
        period = clinic_day(day, clinic_zone())
        return query.filter(
            Appointment.starts_at >= period.starts_at, Appointment.starts_at < period.ends_at
        )


class FromDay(BaseFilter):
    """Visits of a civil day and later."""

    name = "on or after"
    arg_name = "gt"

    def apply(self, query: Any, value: Any) -> Any:
        """Rows from the day on."""
        day = _searched_day(value)
        zone = clinic_zone()
        return (
            query.filter(Appointment.starts_at >= clinic_day(day, zone).starts_at) if day else query
        )


class UntilDay(BaseFilter):
    """Visits of a civil day and earlier."""

    name = "on or before"
    arg_name = "lt"

    def apply(self, query: Any, value: Any) -> Any:
        """Rows up to the end of the day."""
        day = _searched_day(value)
        zone = clinic_zone()
        return query.filter(Appointment.starts_at < clinic_day(day, zone).ends_at) if day else query


def _searched_day(value: Any) -> date | None:
    far = forms.FIRST_DAY
    day = forms.day_of(str(value), far)
    return None if day == far else day


class PatientIs(BaseFilter):
    """Visits of patients found by name or university ID; the search is recorded (SEC-04)."""

    name = "name or ID begins with"
    arg_name = "ct"

    def apply(self, query: Any, value: Any) -> Any:
        """Rows of up to twenty patients; a text that is too short finds nobody (SEC-04)."""
        return query.filter(Appointment.patient_id.in_(_found(str(value)[:100])))


def _found(text: str) -> list[PatientId]:
    """Who is meant, asked once per request: the list and its count both apply the filter."""
    known: dict[str, list[PatientId]] = request.__dict__.setdefault("clinic_found", {})
    if text not in known:
        try:
            cards = patients.find_patients(current_actor(), text=text)
        except DomainError as refusal:
            flash(refusal.message, "warning")
            cards = []
        known[text] = [card.id for card in cards]
    return known[text]


SEARCHES: dict[str, tuple[type[BaseFilter], ...]] = {
    "status": (StatusIs,),
    "starts_at": (OnDay, FromDay, UntilDay),
    "patient_id": (PatientIs,),
}
