"""The status of an appointment over JSON; its visit follows (docs/adr/0015)."""

from flask import Response, jsonify
from flask_appbuilder.api import expose

from app.scheduling.api import appointments as base
from app.scheduling.api import shapes
from app.visits import services
from app.web.api import json_body, signed_in


class AppointmentApi(base.AppointmentApi):
    """Everything of scheduling, and what becomes of a visit."""

    @expose("/<int:number>/status/", methods=["PUT"])
    @signed_in
    def status(self, number: int) -> Response:
        """Change the status of a visit.
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
                  required: [status]
                  additionalProperties: false
                  properties:
                    status: {type: string}
                    reason: {type: string, maxLength: 500}
                    version: {type: integer}
          responses:
            200: {description: The visit}
            404: {description: No such visit, or not yours}
            409: {description: The status cannot follow now, or the visit was changed meanwhile}
        """
        body = json_body({"status": str, "reason": str, "version": int})
        shapes.required(body, "status")
        actor, zone = shapes.acting()
        visit = services.change_appointment_status(
            actor,
            appointment_id=shapes.appointment_key(number),
            status=shapes.status_of_text("status", body["status"]),
            reason=body.get("reason") or "",
            version=body.get("version"),
        )
        return jsonify(shapes.appointment_json(visit, zone))
