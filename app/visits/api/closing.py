"""The end of the day over JSON, at /api/visits/closing/ (SCH-33)."""

from dataclasses import asdict
from typing import Any

from flask import Response, jsonify
from flask_appbuilder.api import expose

from app.scheduling.api import shapes
from app.visits import services
from app.visits.services.closing import DayEnd
from app.web.api import ClinicApi, json_body, known_arguments, signed_in


class ClosingApi(ClinicApi):
    """What is still open today, and closing it."""

    route_base = "/api/visits/closing"
    openapi_spec_tag = "Visits"

    @expose("/", methods=["GET"])
    @signed_in
    def day(self) -> Response:
        """What closing the day would find.
        ---
        get:
          description: Who is still here, who did not come, which sessions are not ended.
          responses:
            200: {description: What is still open today}
            403: {description: Not for you}
        """
        known_arguments()
        actor, _ = shapes.acting()
        return jsonify(_day(services.day_end(actor)))

    @expose("/", methods=["POST"])
    @signed_in
    def close(self) -> Response:
        """Close the day; twice is harmless.
        ---
        post:
          requestBody:
            required: true
            content:
              application/json:
                schema: {type: object, additionalProperties: false}
          responses:
            200: {description: How many patients left, visits were missed and sessions ended}
            403: {description: Not for you}
            409: {description: Somebody is with a provider}
        """
        json_body({})
        actor, _ = shapes.acting()
        return jsonify(asdict(services.close_day(actor)))


def _day(day: DayEnd) -> dict[str, Any]:
    """Tokens of visits, keys of appointments and of sessions."""
    return {
        "date": day.on_date.isoformat(),
        "in_progress": [one.token for one in day.inside],
        "waiting": [one.token for one in day.waiting],
        "absent": [one.id for one in day.absent],
        "to_rebook": [one.id for one in day.to_rebook],
        "coming": [one.id for one in day.coming],
        "sessions_over": [one.id for one in day.over],
        "sessions_running": [one.id for one in day.running],
        "is_over": day.is_over,
    }
