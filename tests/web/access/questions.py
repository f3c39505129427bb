"""Who may open the doors of questions, feeds and timetables."""

from app.kernel.permission import PATIENT_ROLES, Role
from tests.web.access.roles import ADMIN, ANYBODY, CALENDAR

CLINICIANS = frozenset({Role.NURSE, Role.PHYSICIAN, Role.DENTIST})

WHO: dict[str, frozenset[Role] | frozenset[Role | None]] = {
    # A calendar cannot sign in: the address itself is the secret (SCH-37).
    "FeedFileView.feed": ANYBODY,
    "FeedView.page": CALENDAR,
    "FeedView.make": CALENDAR,
    "FeedView.revoke": CALENDAR,
    "DiversionView.today": CALENDAR,
    "QuestionnaireView.overview": CLINICIANS | ADMIN,
    "QuestionnaireView.questions": CLINICIANS | ADMIN,
    "QuestionnaireView.save": ADMIN,
    "portal.calendar_feed": PATIENT_ROLES,
    "portal.make_calendar_feed": PATIENT_ROLES,
    "portal.revoke_calendar_feed": PATIENT_ROLES,
    "portal.timetable": PATIENT_ROLES,
    "portal.replace_timetable": PATIENT_ROLES,
    "portal.forget_timetable": PATIENT_ROLES,
}
SAID: dict[str, dict[str, object]] = {}
