"""Recurring series over JSON, under /api/series/ (SCH-32)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, jsonify
from flask_appbuilder.api import expose

from app.kernel.errors import Invalid, Malformed
from app.scheduling.api import shapes
from app.scheduling.api.wall_times import body_day, body_time, plain_name
from app.scheduling.errors.series import BadSeries, UnknownSeries
from app.scheduling.queries.series import SeriesView
from app.scheduling.rules.series import MOST_OCCURRENCES, Frequency, Pattern
from app.scheduling.services import series as services
from app.scheduling.services import series_preview, series_rest
from app.scheduling.services.series import SKIP, Choices, MoveTo, SeriesWish
from app.scheduling.services.series_preview import Occurrence
from app.scheduling.services.series_rest import RestWish
from app.web.api import ClinicApi, instant, json_body, known_arguments, signed_in

RULE: dict[str, type] = {
    "type": str,
    "patient": str,
    "provider": str,
    "frequency": str,
    "every": int,
    "first_on": str,
    "local_time": str,
    "count": int,
    "reason": str,
    "override": dict,
    "choices": dict,
    **shapes.ANSWERS,
}
REST: dict[str, type] = {
    "appointment": int,
    "first_on": str,
    "local_time": str,
    "provider": str,
    "override": dict,
    "choices": dict,
}


class SeriesApi(ClinicApi):
    """Visits that come back, booked by staff."""

    route_base = "/api/series"
    openapi_spec_tag = "Series"

    @expose("/", methods=["GET"])
    @signed_in
    def of_patient(self) -> Response:
        """The series of a patient, the newest first.
        ---
        get:
          parameters:
          - {in: query, name: patient, required: true, schema: {type: string}}
          responses:
            200: {description: The series without their visits}
            404: {description: No such patient}
        """
        known_arguments("patient")
        actor, _ = shapes.acting()
        found = services.series_of_patient(actor, patient=shapes.required_argument("patient"))
        return jsonify(results=[_series(one) for one in found])

    @expose("/<int:number>/", methods=["GET"])
    @signed_in
    def read(self, number: int) -> Response:
        """A series with its visits.
        ---
        get:
          parameters:
          - {in: path, name: number, required: true, schema: {type: integer}}
          responses:
            200: {description: The rule and the visits}
            404: {description: No such series}
        """
        return _read(shapes.known_key(number, UnknownSeries))

    @expose("/preview/", methods=["POST"])
    @signed_in
    def preview(self) -> Response:
        """Each visit of a series to be: free, or why not. Nothing is held.
        ---
        post:
          requestBody:
            required: true
            content:
              application/json:
                schema: {type: object, description: As for booking the series}
          responses:
            200: {description: The visits with other times of their day where they clash}
            422: {description: The rule makes no sense}
        """
        body = json_body(RULE)
        actor, zone = shapes.acting()
        found = series_preview.preview_series(actor, wish=_wish(body), choices=_choices(body))
        return jsonify(results=[_occurrence(one, zone) for one in found])

    @expose("/", methods=["POST"])
    @signed_in
    def book(self) -> Response:
        """Book all visits of a series or none.
        ---
        post:
          description: '`choices` says by number what is done about a clash: "skip", or another
            time and provider. The patient gets one message.'
          parameters:
          - {in: header, name: Idempotency-Key, schema: {type: string, maxLength: 200}}
          requestBody:
            required: true
            content:
              application/json:
                schema:
                  type: object
                  required: [type, patient, provider, frequency, first_on, local_time, count]
                  additionalProperties: false
                  properties:
                    type: {type: string}
                    patient: {type: string}
                    provider: {type: string}
                    frequency: {type: string, enum: [weekly, monthly]}
                    every: {type: integer, minimum: 1, maximum: 12, default: 1}
                    first_on: {type: string, format: date}
                    local_time: {type: string, example: "09:00"}
                    count: {type: integer, minimum: 1, maximum: 60}
                    reason: {type: string, maxLength: 500}
                    override: {type: object, properties: {reason: {type: string}}}
                    choices: {type: object, example: {"2": "skip"}}
                    answers: {type: object}
                    consent: {type: boolean}
                    despite_flag: {type: string}
          responses:
            201: {description: The series with its visits}
            409: {description: A visit cannot be had; the message names it and nothing is booked}
            422: {description: The rule makes no sense}
        """
        body = json_body(RULE)
        wish, choices = _wish(body), _choices(body)
        actor, _ = shapes.acting()
        once = shapes.once_of(actor, body)
        key = services.book_series(actor, wish=wish, choices=choices, once=once)
        return _read(key, status=201)

    @expose("/<int:number>/rest/preview/", methods=["POST"])
    @signed_in
    def preview_rest(self, number: int) -> Response:
        """Each visit of the rest at its new time: free, or why not. Nothing is moved.
        ---
        post:
          parameters:
          - {in: path, name: number, required: true, schema: {type: integer}}
          responses:
            200: {description: The visits with other times of their day where they clash}
            404: {description: No such series, or the visit is none of it}
        """
        body = json_body(REST)
        actor, zone = shapes.acting()
        wish = _rest_wish(shapes.known_key(number, UnknownSeries), body)
        found = series_preview.preview_rest(actor, wish=wish, choices=_choices(body))
        return jsonify(
            results=[
                {"appointment": one.visit.id, **_occurrence(one.planned, zone)} for one in found
            ]
        )

    @expose("/<int:number>/rest/", methods=["PUT"])
    @signed_in
    def change_rest(self, number: int) -> Response:
        """Another time or provider from one visit on; the answer is the series that follows.
        ---
        put:
          description: '`choices` says by number which visits stay ("skip") or go elsewhere.'
          parameters:
          - {in: path, name: number, required: true, schema: {type: integer}}
          requestBody:
            required: true
            content:
              application/json:
                schema:
                  type: object
                  required: [appointment, first_on, local_time]
                  additionalProperties: false
                  properties:
                    appointment: {type: integer, description: From this visit on}
                    first_on: {type: string, format: date}
                    local_time: {type: string, example: "14:00"}
                    provider: {type: string}
                    override: {type: object, properties: {reason: {type: string}}}
                    choices: {type: object, example: {"3": "skip"}}
          responses:
            200: {description: The series that follows}
            409: {description: A visit cannot be moved; the message names it, nothing is changed}
        """
        body = json_body(REST)
        actor, _ = shapes.acting()
        wish = _rest_wish(shapes.known_key(number, UnknownSeries), body)
        return _read(series_rest.change_rest(actor, wish=wish, choices=_choices(body)))

    @expose("/<int:number>/rest/cancel/", methods=["POST"])
    @signed_in
    def cancel_rest(self, number: int) -> Response:
        """Cancel from one visit on.
        ---
        post:
          parameters:
          - {in: path, name: number, required: true, schema: {type: integer}}
          requestBody:
            required: true
            content:
              application/json:
                schema:
                  type: object
                  required: [appointment, reason]
                  additionalProperties: false
                  properties:
                    appointment: {type: integer}
                    reason: {type: string, maxLength: 500}
          responses:
            200: {description: How many were cancelled}
            409: {description: Nothing of the series is still to come}
        """
        body = json_body({"appointment": int, "reason": str})
        shapes.required(body, "appointment", "reason")
        actor, _ = shapes.acting()
        count = series_rest.cancel_rest(
            actor,
            appointment_id=shapes.appointment_key(body["appointment"]),
            reason=body["reason"],
            series_id=shapes.known_key(number, UnknownSeries),
        )
        return jsonify(cancelled=count)


def _read(key: int, status: int = 200) -> Response:
    actor, zone = shapes.acting()
    details = services.series_details(actor, series_id=key)
    answer = jsonify(
        _series(details.series)
        | {
            "visits": [
                {"number": one.series_number, **shapes.appointment_json(one, zone)}
                for one in details.visits
            ]
        }
    )
    answer.status_code = status
    return answer


def _wish(body: dict[str, Any]) -> SeriesWish:
    shapes.required(
        body, "type", "patient", "provider", "frequency", "first_on", "local_time", "count"
    )
    every = body.get("every")
    return SeriesWish(
        type=body["type"],
        patient=body["patient"],
        provider=body["provider"],
        pattern=Pattern(
            frequency=_frequency(body["frequency"]),
            every=1 if every is None else every,
            first_on=body_day(body, "first_on"),
            local_time=body_time(body, "local_time"),
            count=body["count"],
        ),
        reason=body.get("reason") or "",
        override_reason=shapes.override_of(body),
        given=shapes.given_answers(body),
    )


def _rest_wish(number: int, body: dict[str, Any]) -> RestWish:
    shapes.required(body, "appointment", "first_on", "local_time")
    return RestWish(
        appointment_id=shapes.appointment_key(body["appointment"]),
        first_on=body_day(body, "first_on"),
        local_time=body_time(body, "local_time"),
        provider=body.get("provider") or None,
        override_reason=shapes.override_of(body),
        series_id=number,
    )


def _frequency(text: str) -> Frequency:
    try:
        return Frequency(text)
    except ValueError as error:
        raise BadSeries("This must be weekly or monthly.", field="frequency") from error


def _choices(body: Mapping[str, Any]) -> Choices:
    """What is done about each clash, by number. Raises Invalid and Malformed."""
    found: dict[int, MoveTo | str] = {}
    for number, choice in (body.get("choices") or {}).items():
        is_number = number.isascii() and number.isdigit() and len(number) < 3
        if not (is_number and 1 <= int(number) <= MOST_OCCURRENCES):
            raise Invalid(
                "A choice belongs to the number of a visit.",
                errors={"choices": [f"Numbers go from 1 to {MOST_OCCURRENCES}."]},
            )
        found[int(number)] = SKIP if choice == SKIP else _move_to(choice)
    return found


def _move_to(choice: object) -> MoveTo:
    if not isinstance(choice, dict) or set(choice) != {"starts_at", "provider"}:
        sentence = 'This must be "skip" or a time: {"starts_at", "provider"}.'
        raise Malformed(sentence, errors={"choices": [sentence]})
    return MoveTo(_instant(choice["starts_at"]), plain_name("choices", choice["provider"]))


def _instant(text: object) -> datetime:
    return instant("choices", text)


def _series(one: SeriesView) -> dict[str, Any]:
    return {
        "id": one.id,
        "status": one.status,
        "type": one.type,
        "provider": one.provider,
        "patient": one.patient.university_id,
        "frequency": one.frequency,
        "every": one.every,
        "first_on": one.first_on.isoformat(),
        "local_time": f"{one.local_time:%H:%M}",
        "count": one.count,
        "predecessor": one.predecessor_id,
        "successor": one.successor_id,
    }


def _occurrence(one: Occurrence, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "number": one.number,
        "starts_at": shapes.local_iso(one.starts_at, zone),
        "is_free": one.is_free,
        "why_not": one.why_not or None,
        "alternatives": [
            {
                "starts_at": shapes.local_iso(slot.starts_at, zone),
                "ends_at": shapes.local_iso(slot.ends_at, zone),
                "provider": slot.provider,
            }
            for slot in one.alternatives
        ],
    }
