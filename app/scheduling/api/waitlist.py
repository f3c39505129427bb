"""The waiting list over JSON (SCH-31)."""

from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, jsonify, request
from flask_appbuilder.api import expose

from app.scheduling import services
from app.scheduling.api import shapes
from app.scheduling.api.wall_times import body_day, body_time
from app.scheduling.errors.waitlist import UnknownOffer
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.queries.sessions import SeatView
from app.scheduling.queries.waitlist import EntryView, OfferView
from app.scheduling.rules.waitlist import WHOLE_DAY
from app.scheduling.services import WaitingWish
from app.scheduling.services.offer_now import offer_now
from app.scheduling.services.waitlist import visible_waitlist
from app.scheduling.services.wish import Answers
from app.web.api import ClinicApi, json_body, known_arguments, page_arguments, signed_in

FIELDS = ("type", "provider", "patient", "first_day", "last_day", "earliest", "latest", "reason")


class WaitlistApi(ClinicApi):
    """Waiting for a time, and answering the offer of one."""

    route_base = "/api/waitlist"
    openapi_spec_tag = "Waiting list"

    @expose("/", methods=["GET"])
    @signed_in
    def entries(self) -> Response:
        """One's own entries, or for staff those of a patient or of everybody who waits.
        ---
        get:
          parameters:
          - {in: query, name: patient, schema: {type: string}, description: Staff only}
          - {in: query, name: page, schema: {type: integer, minimum: 1}}
          - {in: query, name: page_size, schema: {type: integer, minimum: 1, maximum: 200}}
          responses:
            200: {description: One page of entries}
            403: {description: Neither a patient nor staff of the waiting list}
        """
        known_arguments("patient", "page", "page_size")
        actor, zone = shapes.acting()
        page, page_size = page_arguments()
        found = visible_waitlist(
            actor, patient=shapes.name_argument("patient"), page=page, page_size=page_size
        )
        return jsonify(
            results=[_entry_json(entry, zone) for entry in found.results],
            count=found.count,
            page=found.page,
            page_size=found.page_size,
        )

    @expose("/", methods=["POST"])
    @signed_in
    def join(self) -> Response:
        """Wait for a time; staff name the patient.
        ---
        post:
          requestBody:
            required: true
            content:
              application/json:
                schema:
                  type: object
                  required: [type, first_day, last_day]
                  additionalProperties: false
                  properties:
                    type: {type: string}
                    provider: {type: string}
                    patient: {type: string}
                    first_day: {type: string, format: date}
                    last_day: {type: string, format: date}
                    earliest: {type: string, example: "08:00"}
                    latest: {type: string, example: "12:00"}
                    reason: {type: string, maxLength: 500}
          responses:
            201: {description: The entry}
            409: {description: There is an open entry for this kind of visit already}
            422: {description: Days or times that no visit fits into}
        """
        body = json_body(dict.fromkeys(FIELDS, str))
        shapes.required(body, "type", "first_day", "last_day")
        actor, zone = shapes.acting()
        answer = jsonify(_entry_json(services.join_waitlist(actor, wish=_wish(body)), zone))
        answer.status_code = 201
        return answer

    @expose("/offers/<int:number>/accept/", methods=["POST"])
    @signed_in
    def accept(self, number: int) -> Response:
        """Take the time or the seat that is kept; taking it twice books it once.
        ---
        post:
          parameters:
          - {in: path, name: number, required: true, schema: {type: integer}}
          requestBody:
            content:
              application/json:
                schema:
                  type: object
                  additionalProperties: false
                  properties:
                    answers:
                      type: object
                      description: To the questions of the type, by their keys such as q1
                      additionalProperties: {}
                    consent: {type: boolean}
                    despite_flag:
                      type: string
                      description: Why staff book although an answer is a red flag
          responses:
            200: {description: "The visit; or id, session and status of the seat"}
            404: {description: No such offer, or not yours}
            409: {description: The offer is over; `alternatives` lists free times near it}
            422: {description: A question is open or an answer is a red flag; the offer stays}
        """
        given = _given()
        actor, zone = shapes.acting()
        key = shapes.known_key(number, UnknownOffer, largest=shapes.LARGEST_KEY)
        return shapes.with_alternatives(
            lambda: jsonify(
                _taken_json(services.accept_offer(actor, offer_id=key, given=given), zone)
            ),
            lambda: services.offer_details(actor, offer_id=key).type,
        )

    @expose("/<int:number>/offer/", methods=["POST"])
    @signed_in
    def offer(self, number: int) -> Response:
        """Offer a named time to one who waits, for staff; the same offer again is harmless.
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
                  required: [provider, starts_at]
                  additionalProperties: false
                  properties:
                    provider: {type: string}
                    starts_at: {type: string, format: date-time}
          responses:
            200: {description: The entry with its offer}
            404: {description: No such entry}
            409: {description: The time cannot be offered, or these are quiet hours}
        """
        body = json_body({"provider": str, "starts_at": str})
        shapes.required(body, "provider", "starts_at")
        actor, zone = shapes.acting()
        entry = offer_now(
            actor,
            entry_id=shapes.known_key(number, UnknownOffer, largest=shapes.LARGEST_KEY),
            starts_at=shapes.body_instant(body, "starts_at"),
            provider=body["provider"],
        )
        return jsonify(_entry_json(entry, zone))

    @expose("/offers/<int:number>/decline/", methods=["POST"])
    @signed_in
    def decline(self, number: int) -> Response:
        """Let the time go to the next one; the entry stays.
        ---
        post:
          parameters:
          - {in: path, name: number, required: true, schema: {type: integer}}
          responses:
            200: {description: The offer}
            404: {description: No such offer, or not yours}
            409: {description: The offer is over}
        """
        actor, zone = shapes.acting()
        offer = services.decline_offer(
            actor, offer_id=shapes.known_key(number, UnknownOffer, largest=shapes.LARGEST_KEY)
        )
        return jsonify(_offer_json(offer, zone))


def _given() -> Answers:
    """The answers of a request; one without a body answers nothing."""
    if not request.get_data(cache=True):
        return Answers()
    return shapes.given_answers(json_body(shapes.ANSWERS))


def _taken_json(taken: AppointmentView | SeatView, zone: ZoneInfo) -> dict[str, Any]:
    if isinstance(taken, SeatView):
        return shapes.seat_json(taken)
    return shapes.appointment_json(taken, zone)


def _wish(body: dict[str, Any]) -> WaitingWish:
    return WaitingWish(
        type=body["type"],
        provider=body.get("provider") or None,
        patient=body.get("patient") or None,
        first_day=body_day(body, "first_day"),
        last_day=body_day(body, "last_day"),
        earliest=_time(body, "earliest", WHOLE_DAY[0]),
        latest=_time(body, "latest", WHOLE_DAY[1]),
        reason=body.get("reason") or "",
    )


def _time(body: dict[str, Any], name: str, default: time) -> time:
    return body_time(body, name) if body.get(name) else default


def _entry_json(entry: EntryView, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": entry.id,
        "status": entry.status.value,
        "type": entry.type,
        "provider": entry.provider,
        "patient": entry.patient.university_id,
        "first_day": entry.times.first_day.isoformat(),
        "last_day": entry.times.last_day.isoformat(),
        "earliest": f"{entry.times.earliest:%H:%M}",
        "latest": f"{entry.times.latest:%H:%M}",
        "reason": entry.reason,
        "appointment": entry.appointment_id,
        "offer": {
            "id": entry.offer_id,
            "starts_at": shapes.local_iso(entry.offer_starts_at, zone),
            "expires_at": shapes.local_iso(entry.offer_expires_at, zone),
        }
        if entry.offer_id and entry.offer_starts_at and entry.offer_expires_at
        else None,
        **({"session": entry.session_id} if entry.session_id else {}),
    }


def _offer_json(offer: OfferView, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": offer.id,
        "status": offer.status.value,
        "type": offer.type,
        "provider": offer.provider,
        "patient": offer.patient.university_id,
        "starts_at": shapes.local_iso(offer.starts_at, zone),
        "ends_at": shapes.local_iso(offer.ends_at, zone),
        "expires_at": shapes.local_iso(offer.expires_at, zone),
    }
