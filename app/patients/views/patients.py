"""The list, forms and page of patients."""

from typing import Any, ClassVar

from flask import abort, g
from flask_appbuilder import expose
from flask_appbuilder.actions import action
from flask_appbuilder.security.decorators import has_access

from app.kernel.ids import PatientId
from app.patients import services
from app.patients.errors import LooksLikeDuplicate
from app.patients.forms import (
    CONTACT_FIELDS,
    ENROLMENT_FIELDS,
    ChangePatientForm,
    NewPatientForm,
    PatientSearchForm,
    record_of,
)
from app.patients.models import Patient
from app.patients.permissions import Permission
from app.patients.views.search import (
    CONDITIONS,
    PatientSearchWidget,
    StillKept,
    patient_filters,
)
from app.web.http import current_actor
from app.web.views import SafeModelView, ServiceModelView, interface

IDENTITY = ["university_id", "last_name", "first_name", "middle_name", "suffix", "honorific"]
FIELDSETS: list[tuple[str, dict[str, Any]]] = [
    (
        "Identity",
        {"fields": [*IDENTITY, "preferred_name", "born_on", "sex", "civil_status", "blood_type"]},
    ),
    ("Contact", {"fields": ["phone", "email"]}),
    ("Address", {"fields": ["address_line", "barangay", "city", "province", "postal_code"]}),
    ("Insurance", {"fields": ["philhealth_number", "hmo_name", "hmo_number"]}),
    (
        "In an emergency, call",
        {"fields": ["emergency_name", "emergency_relationship", "emergency_phone"]},
    ),
    ("Enrolment in one term", {"fields": list(ENROLMENT_FIELDS)}),
]


class PatientView(ServiceModelView):
    """Patients: found by name or ID, registered with a look at similar ones."""

    resource = Permission.READ
    datamodel = interface(Patient, "latest_enrolment")
    route_base = "/patients"
    list_title, add_title, edit_title = "Patients", "Register a patient", "Change a patient"
    add_row_message, edit_row_message = "The patient was registered.", "The patient was changed."
    add_template = "patients/add.html"
    list_template = "patients/list.html"
    base_filters: ClassVar[list[Any]] = [["status", StillKept, None]]
    search_widget = PatientSearchWidget
    search_form = PatientSearchForm
    search_columns = list(CONDITIONS)
    list_columns = [
        "university_id",
        "list_name",
        "program",
        "year_level",
        "campus",
        "born_on",
        "status",
    ]
    order_columns = ["university_id", "born_on"]
    base_order = ("search_name", "asc")
    add_form = NewPatientForm
    edit_form = ChangePatientForm
    add_fieldsets = [*FIELDSETS, ("Similar patients", {"fields": ["despite_duplicates"]})]
    edit_fieldsets = FIELDSETS
    include_route_methods = {"list", "show", "add", "edit", "action", "action_post"}
    method_permission_name = {
        **SafeModelView.method_permission_name,
        "deactivate": "write",
        "reactivate": "write",
    }
    label_columns = {
        "university_id": "University ID",
        "list_name": "Name",
        "born_on": "Birth date",
        "year_level": "Year",
        "program": "Program",
        "campus": "Campus",
        "status": "Status",
    }

    def _init_properties(self) -> None:
        columns = list(self.search_columns)
        self.__dict__["search_columns"] = []
        super()._init_properties()
        self.__dict__["search_columns"] = columns
        self._filters = patient_filters(self.datamodel)

    @expose("/show/<pk>", methods=["GET"])
    @has_access
    def show(self, pk: str) -> Any:
        """One patient with contacts, emergency contacts and enrolments."""
        patient = self.datamodel.get(pk, self._base_filters) if pk.isdigit() else None
        if patient is None:
            abort(404)
        actor = current_actor()
        services.note_read(actor, patient_id=PatientId(patient.id))
        self.update_redirect()
        return self.render_template(
            "patients/show.html", patient=patient, may_write=actor.may(Permission.WRITE)
        )

    def render_template(self, template: str, **more: Any) -> str:
        """Pages of this view know the likely duplicates of what was just typed."""
        return str(super().render_template(template, **more, duplicates=g.get("duplicates", [])))

    def service_add(self, values: dict[str, Any]) -> None:
        """Register, or show who looks like the same person."""
        actor, record = current_actor(), record_of(values)
        try:
            services.register_patient(
                actor, record=record, despite_duplicates=bool(values["despite_duplicates"])
            )
        except LooksLikeDuplicate:
            g.duplicates = services.likely_duplicates(actor, record=record)
            raise

    def service_edit(self, pk: int, values: dict[str, Any]) -> None:
        """Change, unless somebody else was faster."""
        version = values["version"] or ""
        services.change_patient(
            current_actor(),
            patient_id=PatientId(pk),
            version=int(version) if version.isdigit() else 0,
            record=record_of(values),
        )

    def form_values(self, item: Any) -> dict[str, Any]:
        """Contacts and the latest enrolment beside the patient's own columns."""
        record = services.record_of_patient(item)
        values = {name: getattr(record.contacts, name) for name in CONTACT_FIELDS}
        if record.enrolment:
            values |= {name: getattr(record.enrolment, name) for name in ENROLMENT_FIELDS}
        return values

    @action("deactivate", "Deactivate", "Deactivate this patient?", "fa-ban", multiple=False)
    def deactivate(self, patient: Patient) -> None:
        """No longer offered for appointments."""
        services.deactivate_patient(current_actor(), patient_id=PatientId(patient.id))

    @action("reactivate", "Reactivate", "Reactivate this patient?", "fa-check", multiple=False)
    def reactivate(self, patient: Patient) -> None:
        """Offered again for appointments."""
        services.reactivate_patient(current_actor(), patient_id=PatientId(patient.id))
