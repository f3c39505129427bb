"""The search of patients as one types."""

from flask import Response, jsonify, request
from flask_appbuilder import AppBuilder
from flask_appbuilder.api import expose

from app.kernel.errors import Malformed
from app.patients import services
from app.patients.permissions import Permission
from app.patients.queries import PatientCard
from app.web.api import ClinicApi, known_arguments, signed_in
from app.web.http import current_actor

LONGEST = 100


class PatientApi(ClinicApi):
    """Patients for the boxes in which one chooses one of them."""

    route_base = "/api/patients"
    resource_name = "patients"
    class_permission_name = Permission.READ.fab_resource

    @expose("/search/", methods=["GET"])
    @signed_in
    def search(self) -> Response:
        """Up to 20 patients by name or ID; a text that is too short is refused (SEC-04)."""
        known_arguments("q")
        text = request.args.get("q", "")
        if len(text) > LONGEST or "\x00" in text:
            raise Malformed("Please type a name or a university ID.")
        cards = services.find_patients(current_actor(), text=text)
        return jsonify(results=[_result(card) for card in cards])


def _result(card: PatientCard) -> dict[str, str | None]:
    return {
        "id": card.university_id,
        "text": card.label,
        "program": " ".join(part for part in (card.program, card.year_level) if part),
        "born_on": card.born_on.isoformat() if card.born_on else None,
    }


def register(appbuilder: AppBuilder) -> None:
    """Make the endpoints known."""
    appbuilder.add_api(PatientApi)
