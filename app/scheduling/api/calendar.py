"""The feed of the staff calendar (SCH-36)."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, jsonify, url_for
from flask_appbuilder.api import expose

from app.kernel import clock
from app.kernel.actor import Actor
from app.scheduling import services
from app.scheduling.api import shapes
from app.scheduling.permissions import Permission
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.queries.sessions import SessionView
from app.scheduling.rules import AppointmentStatus
from app.web.api import ClinicApi, known_arguments, signed_in


class CalendarApi(ClinicApi):
    """What the calendar draws."""

    route_base = "/api/calendar"
    openapi_spec_tag = "Appointments"

    @expose("/feed/", methods=["GET"])
    @signed_in
    def feed(self) -> Response:
        """Visits, group sessions, opening hours and closures of some days, for staff.
        ---
        get:
          description: At most 62 days and 5,000 visits; `is_cut` says that there are more.
          parameters:
          - {in: query, name: from, required: true, schema: {type: string, format: date}}
          - {in: query, name: to, required: true, schema: {type: string, format: date}}
          - {in: query, name: provider, schema: {type: string}}
          - {in: query, name: type, schema: {type: string}}
          - {in: query, name: hours, schema: {type: string, enum: ["yes", "no"]}}
          - {in: query, name: given_up, schema: {type: string, enum: ["yes", "no"]},
             description: Cancelled, declined and moved visits too}
          responses:
            200: {description: What to draw}
        """
        known_arguments("from", "to", "provider", "type", "hours", "given_up")
        actor, zone = shapes.acting()
        now = clock.now()
        first, last = shapes.window_arguments(shapes.today_at(now))
        window = services.calendar_window(
            actor,
            first=first,
            last=last,
            provider=shapes.name_argument("provider"),
            type_code=shapes.name_argument("type"),
            with_hours=shapes.name_argument("hours") != "no",
            with_given_up=shapes.name_argument("given_up") == "yes",
        )
        return jsonify(
            events=[_event(actor, visit, now, zone) for visit in window.visits],
            sessions=[_session(actor, one, zone) for one in window.sessions],
            open=[
                {"resource": one.practitioner_id, **shapes.period_json(one.period, zone)}
                for one in window.open_times
            ],
            closures=[
                {"name": one.name or "Closed", **shapes.period_json(one.period, zone)}
                for one in window.closures
            ],
            is_cut=window.is_cut,
        )


def _event(actor: Actor, visit: AppointmentView, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """One visit. `editable` is decided here: an event's own word wins over the calendar's."""
    steps = services.possible_steps(actor, visit, now=now)
    return {
        "id": visit.id,
        "resource": visit.practitioner_id,
        "provider": visit.provider,
        "provider_name": visit.provider_name,
        "patient": visit.patient.list_name,
        "type_name": visit.type_name,
        "place": visit.place,
        "colour": visit.colour,
        "status": visit.status,
        "needs_rebooking": visit.needs_rebooking,
        "version": visit.version,
        "editable": AppointmentStatus.RESCHEDULED in steps,
        "url": url_for("AppointmentView.show", pk=visit.id),
        **shapes.period_json(visit.period, zone),
    }


def _session(actor: Actor, one: SessionView, zone: ZoneInfo) -> dict[str, Any]:
    """A group session: drawn like a visit, never dragged; its time changes on its own page."""
    may_open = actor.may(Permission.SESSION_READ)
    return {
        "id": one.id,
        "resource": one.practitioner_id,
        "provider": one.provider,
        "provider_name": one.provider_name,
        "title": one.title,
        "type_name": one.type_name,
        "place": one.room or one.campus,
        "colour": one.colour,
        "status": one.status,
        "taken": one.taken,
        "capacity": one.capacity,
        "url": url_for("SessionView.show", pk=one.id) if may_open else "",
        **shapes.period_json(one.period, zone),
    }
