"""Group sessions over JSON (SCH-04)."""

from flask import Response, jsonify
from flask_appbuilder.api import expose

from app.kernel import clock
from app.kernel.clock import clinic_days
from app.scheduling.api import shapes
from app.scheduling.errors.sessions import UnknownSession
from app.scheduling.permissions import Permission
from app.scheduling.queries import sessions as queries
from app.scheduling.services import seats
from app.web.api import ClinicApi, json_body, known_arguments, signed_in


class SessionApi(ClinicApi):
    """Sessions that can be joined, and one's seats."""

    route_base = "/api/sessions"
    openapi_spec_tag = "Appointments"

    @expose("/", methods=["GET"])
    @signed_in
    def sessions(self) -> Response:
        """The group sessions of some days: all for staff, for patients those that are for them.
        ---
        get:
          parameters:
          - {in: query, name: from, schema: {type: string, format: date}}
          - {in: query, name: to, schema: {type: string, format: date}}
          responses:
            200: {description: The sessions with their free seats}
        """
        known_arguments("from", "to")
        actor, zone = shapes.acting()
        first, last = shapes.window_arguments(shapes.today_at(clock.now()))
        window = clinic_days(first, last, zone)
        if actor.may(Permission.SESSION_READ):
            found = queries.sessions_between(window.starts_at, window.ends_at)
        else:
            mine = [one.session for one in seats.own_sessions(actor)]
            found = [one for one in mine if one.period.overlaps(window)]
        return jsonify(
            results=[
                {
                    "id": one.id,
                    "title": one.title,
                    "type": one.type,
                    "provider": one.provider,
                    "status": one.status,
                    "capacity": one.capacity,
                    "free": one.free,
                    **shapes.period_json(one.period, zone),
                }
                for one in found
            ]
        )

    @expose("/<int:number>/seats/", methods=["POST"])
    @signed_in
    def take(self, number: int) -> Response:
        """Take a seat; staff name the patient. Again, it is the same seat.
        ---
        post:
          parameters:
          - {in: path, name: number, required: true, schema: {type: integer}}
          requestBody:
            content: {application/json: {schema: {type: object,
              properties: {patient: {type: string}, answers: {type: object},
                consent: {type: boolean}, despite_flag: {type: string}}}}}
          responses:
            201: {description: The seat}
            409: {description: Every seat is taken; `alternatives` lists other sessions}
            422: {description: Questions are open; `errors` names them}
        """
        body = json_body({"patient": str, **shapes.ANSWERS})
        actor, _ = shapes.acting()
        patient = body.get("patient") or None
        given = shapes.given_answers(body)
        seat = seats.take_seat(
            actor, session_id=shapes.known_key(number, UnknownSession), patient=patient, given=given
        )
        answer = jsonify(shapes.seat_json(seat))
        answer.status_code = 201
        return answer

    @expose("/<int:number>/seats/", methods=["DELETE"])
    @signed_in
    def give_back(self, number: int) -> Response:
        """Give one's own seat back. Again, it changes nothing.
        ---
        delete:
          parameters:
          - {in: path, name: number, required: true, schema: {type: integer}}
          responses:
            200: {description: The session with its free seats}
            404: {description: No such session, or no seat of yours}
        """
        actor, _ = shapes.acting()
        found = seats.cancel_seat(actor, session_id=shapes.known_key(number, UnknownSession))
        return jsonify(id=found.id, free=found.free)
