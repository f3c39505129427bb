"""The queue over JSON, under /api/visits/ (SCH-33)."""

from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, jsonify
from flask_appbuilder.api import expose

from app.kernel import clock
from app.kernel.clock import local_date
from app.kernel.errors import Invalid
from app.scheduling.api import shapes
from app.visits import queries, services
from app.visits.forms import apply_step, key_of
from app.visits.permissions import Permission
from app.visits.queries import QueueEntry, VisitView
from app.visits.rules import VisitStep
from app.web.api import ClinicApi, json_body, known_arguments, signed_in


class VisitApi(ClinicApi):
    """Who waits, and what becomes of it."""

    route_base = "/api/visits"
    openapi_spec_tag = "Visits"

    @expose("/queue/", methods=["GET"])
    @signed_in
    def queue(self) -> Response:
        """Today's queue.
        ---
        get:
          description: Everybody of today, who waits in the order of the rule; for staff.
          parameters:
          - {in: query, name: type, schema: {type: string}, example: consultation}
          responses:
            200: {description: The queue}
            403: {description: Not for you}
        """
        known_arguments("type")
        actor, zone = shapes.acting()
        actor.require(Permission.QUEUE_READ)
        code = shapes.name_argument("type")
        entries = queries.queue(local_date(clock.now(), zone), type_code=code)
        return jsonify(results=[_entry(one, zone) for one in entries])

    @expose("/walk-in/", methods=["POST"])
    @signed_in
    def walk_in(self) -> Response:
        """Give a walk-in a number.
        ---
        post:
          requestBody:
            required: true
            content:
              application/json:
                schema:
                  type: object
                  required: [patient, type]
                  additionalProperties: false
                  properties:
                    patient: {type: string}
                    type: {type: string}
                    reason: {type: string, maxLength: 500}
                    priority: {type: integer, minimum: 1, maximum: 3}
                    priority_reason: {type: string, maxLength: 200}
          responses:
            201: {description: The visit with its number}
            409: {description: The patient is in the queue for something else}
        """
        kinds = {"patient": str, "type": str, "reason": str}
        body = json_body(kinds | {"priority": int, "priority_reason": str})
        shapes.required(body, "patient", "type")
        actor, zone = shapes.acting()
        visit = services.receive_walk_in(
            actor,
            patient=body["patient"],
            type_code=body["type"],
            reason=body.get("reason") or "",
            priority=body.get("priority") or 3,
            priority_reason=body.get("priority_reason") or "",
        )
        answer = jsonify(_visit(visit, zone))
        answer.status_code = 201
        return answer

    @expose("/<int:number>/", methods=["PUT"])
    @signed_in
    def step(self, number: int) -> Response:
        """Take a step: call, start, complete, skip, hold, resume and the others.
        ---
        put:
          parameters:
          - {in: path, name: number, required: true, schema: {type: integer}}
          requestBody:
            required: true
            content:
              application/json:
                schema:
                  type: object
                  required: [step]
                  additionalProperties: false
                  properties:
                    step: {type: string}
                    version: {type: integer}
                    place: {type: string}
                    reason: {type: string}
                    type: {type: string}
                    provider: {type: string}
                    priority: {type: integer}
          responses:
            200: {description: The visit}
            409: {description: The step cannot follow now}
        """
        kinds = dict.fromkeys(("step", "place", "reason", "type", "provider"), str)
        body = json_body({**kinds, "version": int, "priority": int})
        shapes.required(body, "step")
        actor, zone = shapes.acting()
        visit = apply_step(actor, key_of(number), _step(body["step"]), body)
        return jsonify(_visit(visit, zone))


def _step(text: str) -> VisitStep:
    try:
        return VisitStep(text)
    except ValueError as error:
        words = ", ".join(VisitStep)
        raise Invalid(
            "There is no such step.", errors={"step": [f"This must be one of {words}."]}
        ) from error


def _visit(visit: VisitView, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": visit.id,
        "token": visit.token,
        "status": visit.status.value,
        "type": visit.type,
        "provider": visit.provider or None,
        "patient": visit.patient.university_id,
        "appointment": visit.appointment_id,
        "priority": visit.priority,
        "place": visit.place,
        "arrived_at": shapes.local_iso(visit.arrived_at, zone),
        "version": visit.version,
    }


def _entry(one: QueueEntry, zone: ZoneInfo) -> dict[str, Any]:
    minutes = round(one.wait.total_seconds() / 60) if one.wait is not None else None
    return _visit(one.visit, zone) | {"position": one.position, "wait_minutes": minutes}
