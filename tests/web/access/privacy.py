"""Who may open the doors of privacy."""

from app.kernel.permission import PATIENT_ROLES, Role
from tests.web.access.roles import ADMIN

OFFICER = frozenset({Role.PRIVACY_OFFICER})
KEEPERS = ADMIN | OFFICER
WHO: dict[str, frozenset[Role] | frozenset[Role | None]] = {
    "RightsRequestView.requests": KEEPERS,
    "RightsRequestView.show": KEEPERS,
    "RightsRequestView.new": KEEPERS,
    "RightsRequestView.register": KEEPERS,
    "RightsRequestView.take": KEEPERS,
    "RightsRequestView.hand_over": KEEPERS,
    "RightsRequestView.note": KEEPERS,
    "RightsRequestView.end": KEEPERS,
    "PersonalCopyView.make": OFFICER,
    "PersonalCopyView.file": OFFICER,
    "BreachRecordView.breaches": KEEPERS,
    "BreachRecordView.show": KEEPERS,
    "BreachRecordView.notice": KEEPERS,
    "BreachRecordView.year": KEEPERS,
    "BreachRecordView.new": KEEPERS,
    "BreachRecordView.register": KEEPERS,
    "BreachRecordView.facts": KEEPERS,
    "BreachRecordView.scope": KEEPERS,
    "BreachRecordView.tell": KEEPERS,
    "BreachRecordView.keep_quiet": KEEPERS,
    "BreachRecordView.close": KEEPERS,
    "BreachRecordView.note": KEEPERS,
    "AffectedListView.show": OFFICER,
    "AffectedListView.file": OFFICER,
    "portal.your_data": PATIENT_ROLES,
    "portal.ask_for_copy": PATIENT_ROLES,
    "portal.own_copy": PATIENT_ROLES,
}
SAID: dict[str, dict[str, object]] = {}
