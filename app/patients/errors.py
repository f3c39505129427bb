"""Refusals around patients."""

from app.kernel.errors import Conflict, Invalid, NotFound


class UnknownPatient(NotFound):
    """No such patient, or none that the actor may know of."""

    code = "patients.unknown_patient"

    def __init__(self) -> None:
        super().__init__("This patient was not found.")


class UnknownImport(NotFound):
    """No such import run."""

    code = "patients.unknown_import"

    def __init__(self) -> None:
        super().__init__("This import was not found.")


class PatientExists(Conflict):
    """The university ID belongs to another patient."""

    code = "patients.patient_exists"

    def __init__(self) -> None:
        sentence = "A patient with this university ID exists already."
        super().__init__(sentence, errors={"university_id": [sentence]})


class PatientChanged(Conflict):
    """Somebody else saved the patient in the meantime."""

    code = "patients.patient_changed"

    def __init__(self) -> None:
        super().__init__(
            "Somebody else changed this patient in the meantime."
            " Please reload the page and make your change again."
        )


class AccountTaken(Conflict):
    """The account belongs to another patient, or to nobody we know."""

    code = "patients.account_taken"

    def __init__(self) -> None:
        super().__init__("This account is linked to another patient already.")


class LooksLikeDuplicate(Conflict):
    """Similar patients exist; the person at the desk decides. A warning, never a block."""

    code = "patients.looks_like_duplicate"

    def __init__(self) -> None:
        super().__init__(
            "Similar patients exist already; they are listed below."
            ' Tick "Register anyway" when this is somebody else.'
        )


class InvalidValue(Invalid):
    """One value of a patient does not make sense."""

    code = "patients.invalid_value"

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence, errors={field: [sentence]})
        self.field = field


class SearchTooShort(Invalid):
    """Fewer than three characters find too much (SEC-04)."""

    code = "patients.search_too_short"

    def __init__(self) -> None:
        super().__init__("Please type at least three letters of the name, or the university ID.")


class FileRefused(Invalid):
    """The file cannot be read as a list of patients."""

    code = "patients.file_refused"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, errors={"file": [sentence]})


class ImportNotReady(Conflict):
    """The import is in a state that does not allow this step."""

    code = "patients.import_not_ready"
