"""Provider is out, over JSON, under /api/outages/ (SCH-34)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, jsonify
from flask_appbuilder.api import expose

from app.kernel.errors import Malformed
from app.kernel.ids import AppointmentId
from app.scheduling.api import shapes
from app.scheduling.api.wall_times import plain_name
from app.scheduling.errors.outages import UnknownOutage
from app.scheduling.queries.outages import ItemView, OutageRow
from app.scheduling.services import outage_plans
from app.scheduling.services import outages as services
from app.scheduling.services.outage_plans import Proposal
from app.web.api import ClinicApi, instant, json_body, known_arguments, signed_in

MOST_ACCEPTED = 500
ABSENCE: dict[str, type] = {"provider": str, "starts_at": str, "ends_at": str}


class OutageApi(ClinicApi):
    """A provider who cannot come: look, apply, call, undo."""

    route_base = "/api/outages"
    openapi_spec_tag = "Provider is out"

    @expose("/", methods=["GET"])
    @signed_in
    def recent(self) -> Response:
        """The latest absences.
        ---
        get:
          responses:
            200: {description: The latest absences first}
            403: {description: Not for you}
        """
        known_arguments()
        actor, zone = shapes.acting()
        return jsonify(results=[_outage(one, zone) for one in services.recent_outages(actor)])

    @expose("/<int:number>/", methods=["GET"])
    @signed_in
    def read(self, number: int) -> Response:
        """An absence with what became of each visit: the call list.
        ---
        get:
          parameters:
          - {in: path, name: number, required: true, schema: {type: integer}}
          responses:
            200: {description: The absence with its visits}
            404: {description: No such absence}
        """
        return _read(shapes.known_key(number, UnknownOutage))

    @expose("/preview/", methods=["POST"])
    @signed_in
    def preview(self) -> Response:
        """Every affected visit with a proposal. Nothing is changed.
        ---
        post:
          requestBody:
            required: true
            content:
              application/json:
                schema:
                  type: object
                  required: [provider, starts_at, ends_at]
                  additionalProperties: false
                  properties:
                    provider: {type: string}
                    starts_at: {type: string, format: date-time}
                    ends_at: {type: string, format: date-time}
          responses:
            200: {description: The visits with a proposal, and those who are in the clinic}
            404: {description: No such provider}
            422: {description: The time makes no sense}
        """
        body = json_body(ABSENCE)
        actor, zone = shapes.acting()
        plan = outage_plans.plan_outage(actor, **_absence(body))
        return jsonify(
            proposals=[_proposal(one, zone) for one in plan.proposals],
            present=[shapes.appointment_json(one, zone) for one in plan.present],
        )

    @expose("/", methods=["POST"])
    @signed_in
    def apply(self) -> Response:
        """Take the provider out, move what is accepted, tell everybody.
        ---
        post:
          description: The same absence sent twice within ten minutes is one.
          requestBody:
            required: true
            content:
              application/json:
                schema:
                  type: object
                  required: [provider, starts_at, ends_at]
                  additionalProperties: false
                  properties:
                    provider: {type: string}
                    starts_at: {type: string, format: date-time}
                    ends_at: {type: string, format: date-time}
                    reason: {type: string, maxLength: 500}
                    accepted:
                      type: array
                      maxItems: 500
                      items:
                        type: object
                        properties:
                          appointment: {type: integer}
                          starts_at: {type: string, format: date-time}
                          provider: {type: string}
          responses:
            201: {description: The absence with what became of each visit}
            422: {description: The time makes no sense}
        """
        body = json_body({**ABSENCE, "reason": str, "accepted": list})
        actor, _ = shapes.acting()
        key = services.apply_outage(
            actor,
            **_absence(body),
            accepted=_accepted(body),
            reason=body.get("reason") or "",
        )
        return _read(key, status=201)

    @expose("/<int:number>/undo/", methods=["POST"])
    @signed_in
    def undo(self, number: int) -> Response:
        """Take it back within ten minutes; the list says what could not be moved back.
        ---
        post:
          parameters:
          - {in: path, name: number, required: true, schema: {type: integer}}
          responses:
            200: {description: The absence with what became of each visit}
            409: {description: Too late, or undone already}
        """
        json_body({})
        actor, _ = shapes.acting()
        services.undo_outage(actor, outage_id=shapes.known_key(number, UnknownOutage))
        return _read(number)

    @expose("/<int:number>/calls/<int:item>/", methods=["PUT"])
    @signed_in
    def called(self, number: int, item: int) -> Response:
        """Note that a patient of the call list was called, and what came of it.
        ---
        put:
          parameters:
          - {in: path, name: number, required: true, schema: {type: integer}}
          - {in: path, name: item, required: true, schema: {type: integer}}
          responses:
            200: {description: The absence with its call list}
            404: {description: No such line}
        """
        body = json_body({"note": str})
        actor, _ = shapes.acting()
        services.mark_called(
            actor,
            outage_id=shapes.known_key(number, UnknownOutage),
            item_id=shapes.appointment_key(item),
            note=body.get("note") or "",
        )
        return _read(number)


def _read(key: int, status: int = 200) -> Response:
    actor, zone = shapes.acting()
    details = services.outage_details(actor, outage_id=key)
    answer = jsonify(
        _outage(details.outage, zone)
        | {"may_undo": details.may_undo, "visits": [_item(one, zone) for one in details.items]}
    )
    answer.status_code = status
    return answer


def _absence(body: dict[str, Any]) -> dict[str, Any]:
    shapes.required(body, "provider", "starts_at", "ends_at")
    return {
        "provider": body["provider"],
        "starts_at": shapes.body_instant(body, "starts_at"),
        "ends_at": shapes.body_instant(body, "ends_at"),
    }


def _accepted(body: Mapping[str, Any]) -> dict[AppointmentId, tuple[datetime, str]]:
    """The proposals that are taken. Raises Malformed."""
    lines = body.get("accepted") or []
    sentence = "This must be a list of {appointment, starts_at, provider}."
    found: dict[AppointmentId, tuple[datetime, str]] = {}
    for line in lines[:MOST_ACCEPTED]:
        is_line = isinstance(line, dict) and set(line) == {"appointment", "starts_at", "provider"}
        if not is_line or type(line["appointment"]) is not int:
            raise Malformed(sentence, errors={"accepted": [sentence]})
        key = shapes.appointment_key(line["appointment"])
        provider = plain_name("accepted", line["provider"])
        found[key] = instant("accepted", line["starts_at"]), provider
    return found


def _outage(one: OutageRow, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": one.id,
        "provider": one.provider,
        "starts_at": shapes.local_iso(one.starts_at, zone),
        "ends_at": shapes.local_iso(one.ends_at, zone),
        "reason": one.reason,
        "status": one.status,
    }


def _item(one: ItemView, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": one.id,
        "outcome": one.outcome,
        "note": one.note,
        "called_at": shapes.local_iso(one.called_at, zone) if one.called_at else None,
        "visit": shapes.appointment_json(one.visit, zone),
        "successor": shapes.appointment_json(one.successor, zone) if one.successor else None,
    }


def _proposal(one: Proposal, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "visit": shapes.appointment_json(one.visit, zone),
        "cannot_be_reached": one.cannot_be_reached,
        "proposal": {
            "starts_at": shapes.local_iso(one.slot.starts_at, zone),
            "ends_at": shapes.local_iso(one.slot.ends_at, zone),
            "provider": one.slot.provider,
        }
        if one.slot
        else None,
    }
