"""Staff screens of patients."""

from flask_appbuilder import AppBuilder

from app.patients.views.enrolments import EnrolmentView
from app.patients.views.imports import PatientImportView
from app.patients.views.patients import PatientView


def register(appbuilder: AppBuilder) -> None:
    """The screens and their places in the menu."""
    appbuilder.add_view(
        PatientView, "Patients", category="People", icon="fa-users", label="Patients"
    )
    appbuilder.add_view(
        EnrolmentView, "Enrolments", category="People", icon="fa-book", label="Enrolments"
    )
    appbuilder.add_view(
        PatientImportView, "Imports", category="People", icon="fa-upload", label="Imports"
    )
