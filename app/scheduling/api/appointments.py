"""Booking over JSON: fixed names and shapes (rules/scheduling.md, HTTP interface)."""

from typing import Any

from flask import Response, jsonify
from flask_appbuilder.api import expose

from app.kernel import clock
from app.kernel.errors import Malformed
from app.kernel.ids import AppointmentId
from app.scheduling import services
from app.scheduling.api import shapes
from app.scheduling.queries import appointments
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services import Wish
from app.web.api import ClinicApi, instant, json_body, known_arguments, page_arguments, signed_in

WHEN = ("upcoming", "past", "all")

BOOKING_FIELDS: dict[str, type] = {
    "type": str,
    "starts_at": str,
    "provider": str,
    "reason": str,
    "patient": str,
    "override": dict,
    "answers": dict,
    "consent": bool,
    "despite_flag": str,
}


class AppointmentApi(ClinicApi):
    """Free times, booking and moving. Registered by app/visits/api, which adds the status."""

    route_base = "/api/appointments"
    openapi_spec_tag = "Appointments"

    @expose("/available-slots/", methods=["GET"])
    @signed_in
    def available_slots(self) -> Response:
        """The free times of a kind of visit.
        ---
        get:
          description: Free times ordered by start, then provider. `from` and `to` are clinic
            dates, both included, at most 62 days; a week from today where left open.
          parameters:
          - {in: query, name: type, required: true, schema: {type: string}, example: consultation}
          - {in: query, name: provider, schema: {type: string}, example: DOC001}
          - {in: query, name: from, schema: {type: string, format: date}}
          - {in: query, name: to, schema: {type: string, format: date}}
          - {in: query, name: patient, schema: {type: string}, description: Staff only}
          responses:
            200:
              description: The free times
              content:
                application/json:
                  schema:
                    type: object
                    properties:
                      timezone: {type: string}
                      slots:
                        type: array
                        items:
                          type: object
                          properties:
                            type: {type: string}
                            provider: {type: string}
                            starts_at: {type: string, format: date-time}
                            ends_at: {type: string, format: date-time}
            400: {description: Dates that are none, or too many days}
            401: {description: Not signed in}
            403: {description: This kind of visit is not for you}
            404: {description: No such type or provider}
            422: {description: A parameter is missing or unknown}
        """
        known_arguments("type", "provider", "from", "to", "patient")
        actor, zone = shapes.acting()
        code = shapes.required_argument("type")
        first, last = shapes.window_arguments(shapes.today_at(clock.now()))
        slots = services.available_times(
            actor,
            type_code=code,
            first=first,
            last=last,
            provider=shapes.name_argument("provider"),
            patient=shapes.name_argument("patient"),
        )
        return shapes.slots_answer(slots, code.lower(), zone)

    @expose("/book/", methods=["POST"])
    @signed_in
    def book(self) -> Response:
        """Book a time.
        ---
        post:
          description: Without a provider the least booked one is assigned. Staff name the patient.
            `override` sets notice, horizon and limits aside, for those who may.
          parameters:
          - {in: header, name: Idempotency-Key, schema: {type: string, maxLength: 200}}
          requestBody:
            required: true
            content:
              application/json:
                schema:
                  type: object
                  required: [type, starts_at]
                  additionalProperties: false
                  properties:
                    type: {type: string}
                    starts_at: {type: string, format: date-time}
                    provider: {type: string}
                    reason: {type: string, maxLength: 500}
                    patient: {type: string}
                    override: {type: object, properties: {reason: {type: string}}}
                    answers:
                      type: object
                      description: To the questions of the type, by their keys such as q1
                      additionalProperties: {}
                    consent: {type: boolean}
                    despite_flag:
                      type: string
                      description: Why staff book although an answer is a red flag
          responses:
            201: {description: Booked}
            409: {description: Somebody else was faster; `alternatives` lists free times near it}
            422: {description: The time is none that can be booked or a question is open}
        """
        body = json_body(BOOKING_FIELDS)
        shapes.required(body, "type", "starts_at")
        wish = _wish(body)
        return shapes.with_alternatives(
            lambda: _booked(wish, body), lambda: wish.type.strip().lower()
        )

    @expose("/my-appointments/", methods=["GET"])
    @signed_in
    def my_appointments(self) -> Response:
        """One's own visits.
        ---
        get:
          description: A patient's own visits; for a provider without a patient record the visits
            of their patients. Upcoming ones soonest first, others latest first.
          parameters:
          - {in: query, name: when, schema: {type: string, enum: [upcoming, past, all]}}
          - {in: query, name: status, schema: {type: string}, description: One or several by comma}
          - {in: query, name: page, schema: {type: integer, minimum: 1}}
          - {in: query, name: page_size, schema: {type: integer, minimum: 1, maximum: 200}}
          responses:
            200: {description: One page of visits}
        """
        known_arguments("when", "status", "page", "page_size")
        actor, zone = shapes.acting()
        page, page_size = page_arguments()
        found = services.own_appointments(
            actor, when=_when(), statuses=_statuses(), page=page, page_size=page_size
        )
        return jsonify(
            results=[shapes.appointment_json(visit, zone) for visit in found.results],
            count=found.count,
            page=found.page,
            page_size=found.page_size,
        )

    @expose("/<int:number>/reschedule/", methods=["POST"])
    @signed_in
    def reschedule(self, number: int) -> Response:
        """Move a visit to another time, provider or length.
        ---
        post:
          description: The old visit stays as `rescheduled`; the answer is its successor.
          parameters:
          - {in: path, name: number, required: true, schema: {type: integer}}
          requestBody:
            required: true
            content:
              application/json:
                schema:
                  type: object
                  required: [starts_at]
                  additionalProperties: false
                  properties:
                    starts_at: {type: string, format: date-time}
                    ends_at: {type: string, format: date-time, description: Staff only}
                    provider: {type: string}
                    reason: {type: string, maxLength: 500}
                    version: {type: integer}
                    override: {type: object, properties: {reason: {type: string}}}
          responses:
            200: {description: The visit at its new time}
            404: {description: No such visit, or not yours}
            409: {description: The time is taken, or the visit was changed meanwhile}
            422: {description: The time is none that can be booked}
        """
        body = json_body(
            {
                "starts_at": str,
                "ends_at": str,
                "provider": str,
                "reason": str,
                "version": int,
                "override": dict,
            }
        )
        shapes.required(body, "starts_at")
        key = shapes.appointment_key(number)
        return shapes.with_alternatives(
            lambda: _moved(key, body), lambda: appointments.known_appointment(key).type
        )

    @expose("/provider-schedule/", methods=["GET"])
    @signed_in
    def provider_schedule(self) -> Response:
        """A provider's days.
        ---
        get:
          description: When the provider is open and busy; `appointments` only for staff who may
            see them. At most 62 days; a week from today where left open.
          parameters:
          - {in: query, name: provider, required: true, schema: {type: string}}
          - {in: query, name: from, schema: {type: string, format: date}}
          - {in: query, name: to, schema: {type: string, format: date}}
          responses:
            200: {description: The days}
        """
        known_arguments("provider", "from", "to")
        actor, zone = shapes.acting()
        name = shapes.required_argument("provider")
        first, last = shapes.window_arguments(shapes.today_at(clock.now()))
        card, days = services.provider_schedule(actor, provider=name, first=first, last=last)
        return jsonify(
            provider=card.university_id,
            timezone=zone.key,
            days=[
                {
                    "date": day.on.isoformat(),
                    "open": [shapes.period_json(period, zone) for period in day.open],
                    "busy": [shapes.period_json(period, zone) for period in day.busy],
                    "appointments": [shapes.appointment_json(v, zone) for v in day.appointments],
                }
                for day in days
            ],
        )

    @expose("/why-not/", methods=["GET"])
    @signed_in
    def why_not(self) -> Response:
        """Why a time cannot be booked; for staff.
        ---
        get:
          parameters:
          - {in: query, name: type, required: true, schema: {type: string}}
          - {in: query, name: provider, required: true, schema: {type: string}}
          - {in: query, name: starts_at, required: true, schema: {type: string, format: date-time}}
          - {in: query, name: patient, schema: {type: string}}
          responses:
            200: {description: Whether the time is free, or the cause as a sentence}
        """
        known_arguments("type", "provider", "starts_at", "patient")
        actor, zone = shapes.acting()
        code = shapes.required_argument("type")
        reason = services.explain_time(
            actor,
            type_code=code,
            starts_at=instant("starts_at", shapes.required_argument("starts_at")),
            provider=shapes.required_argument("provider"),
            patient=shapes.name_argument("patient"),
        )
        if reason is None:
            return jsonify(is_free=True, code="", message="This time is free.", alternatives=[])
        near = [shapes.slot_json(slot, code.lower(), zone) for slot in reason.nearest]
        return jsonify(is_free=False, code=reason.code, message=reason.sentence, alternatives=near)


def _wish(body: dict[str, Any]) -> Wish:
    return Wish(
        type=body["type"],
        starts_at=shapes.body_instant(body, "starts_at"),
        provider=body.get("provider") or None,
        patient=body.get("patient") or None,
        reason=body.get("reason") or "",
        override_reason=shapes.override_of(body),
        answers=body.get("answers"),
        consent=bool(body.get("consent")),
        despite_flag=body.get("despite_flag"),
    )


def _booked(wish: Wish, body: object) -> Response:
    actor, zone = shapes.acting()
    booked = services.book_appointment(actor, wish=wish, once=shapes.once_of(actor, body))
    answer = jsonify(shapes.appointment_json(booked, zone))
    answer.status_code = 201
    return answer


def _moved(key: AppointmentId, body: dict[str, Any]) -> Response:
    actor, zone = shapes.acting()
    visit = services.reschedule_appointment(
        actor,
        appointment_id=key,
        starts_at=shapes.body_instant(body, "starts_at"),
        ends_at=shapes.body_instant(body, "ends_at") if body.get("ends_at") else None,
        provider=body.get("provider") or None,
        reason=body.get("reason") or "",
        version=body.get("version"),
        override_reason=shapes.override_of(body),
    )
    return jsonify(shapes.appointment_json(visit, zone))


def _when() -> str:
    when = shapes.name_argument("when") or "all"
    if when not in WHEN:
        sentence = "This must be upcoming, past or all."
        raise Malformed(f"when: {sentence}", errors={"when": [sentence]})
    return when


def _statuses() -> tuple[AppointmentStatus, ...]:
    text = shapes.name_argument("status") or ""
    words = [word.strip() for word in text.split(",") if word.strip()]
    return tuple(shapes.status_of_text("status", word) for word in words)
