"""Keeping a time while a form is filled, over JSON (the state "held")."""

from flask import Response, jsonify
from flask_appbuilder.api import expose

from app.scheduling.api import shapes
from app.scheduling.services.form_holds import keep_time, let_go
from app.scheduling.services.wish import Wish
from app.web.api import ClinicApi, json_body, signed_in


class HoldApi(ClinicApi):
    """One time per person, for five minutes."""

    route_base = "/api/appointments/hold"
    openapi_spec_tag = "Appointments"

    @expose("/", methods=["POST"])
    @signed_in
    def keep(self) -> Response:
        """Keep a time for five minutes; staff name the patient.
        ---
        post:
          description: Others see the time as taken. Booking it uses it up; keeping another one
            lets it go. Without a provider the least booked one is kept.
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
                    patient: {type: string}
          responses:
            201: {description: The time and until when it is kept}
            409: {description: Somebody has it, or it was kept too often; `alternatives`}
            422: {description: The time is none that can be booked}
            429: {description: Too many times in a short while}
        """
        body = json_body(dict.fromkeys(("type", "starts_at", "provider", "patient"), str))
        shapes.required(body, "type", "starts_at")
        wish = Wish(
            type=body["type"],
            starts_at=shapes.body_instant(body, "starts_at"),
            provider=body.get("provider") or None,
            patient=body.get("patient") or None,
        )
        return shapes.with_alternatives(lambda: _kept(wish), lambda: wish.type.strip().lower())

    @expose("/", methods=["DELETE"])
    @signed_in
    def release(self) -> Response:
        """Let go of what you keep; a second time does no harm.
        ---
        delete:
          responses:
            200: {description: How many were let go}
            403: {description: Not one who books}
        """
        return jsonify(released=let_go(shapes.acting()[0]))


def _kept(wish: Wish) -> Response:
    actor, zone = shapes.acting()
    kept = keep_time(actor, wish=wish)
    answer = jsonify(
        id=kept.id,
        type=wish.type.strip().lower(),
        provider=kept.provider,
        starts_at=shapes.local_iso(kept.starts_at, zone),
        ends_at=shapes.local_iso(kept.ends_at, zone),
        expires_at=shapes.local_iso(kept.expires_at, zone),
    )
    answer.status_code = 201
    return answer
