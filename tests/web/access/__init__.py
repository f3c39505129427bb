"""Who may open which door: one table for every route of the site (ACC-01).

Each feature has its part in a module of its own.

A door is named by its endpoint. A new route fails tests/web/test_routes.py until it stands here.
"""

from app.kernel.permission import PATIENT_ROLES, STAFF_ROLES, Role
from tests.web.access import (
    analytics,
    attendance,
    backups,
    holds,
    integrity,
    kiosk,
    operations,
    privacy,
    questions,
    resources,
    retention,
    series,
    sessions,
    visits,
    waitlist,
)
from tests.web.access.roles import (
    ADMIN,
    ANYBODY,
    CALENDAR,
    CARE,
    DESK,
    IMPORTS,
    KNOWS_PATIENTS,
    LETTERS,
    NOBODY,
    SIGNED_IN,
)

__all__ = ["ACTIONS", "ANYBODY", "NOBODY", "WHO", "said"]

WHO: dict[str, frozenset[Role] | frozenset[Role | None]] = {
    # Everybody, signed in or not
    "healthz": ANYBODY,
    "static": ANYBODY,
    "appbuilder.static": ANYBODY,
    "portal.static": ANYBODY,
    "SignInView.login": ANYBODY,
    "SignInView.logout": ANYBODY,
    "ClinicSecurityApi.login": ANYBODY,
    "UtilView.back": ANYBODY,
    # Accounts
    "ClinicUserView.list": ADMIN,
    "ClinicUserView.show": ADMIN,
    "ClinicUserView.add": ADMIN,
    "ClinicUserView.edit": ADMIN,
    "ClinicUserView.userinfo": STAFF_ROLES,
    "ClinicRoleView.list": ADMIN | {Role.PRIVACY_OFFICER},
    "ClinicRoleView.show": ADMIN | {Role.PRIVACY_OFFICER},
    "ClinicRoleView.add": ADMIN,
    "ClinicRoleView.edit": ADMIN,
    "ClinicRoleView.delete": ADMIN,
    "MyPasswordView.this_form_get": STAFF_ROLES,
    "MyPasswordView.this_form_post": STAFF_ROLES,
    "UserPasswordView.this_form_get": ADMIN,
    "UserPasswordView.this_form_post": ADMIN,
    "AuditEventView.list": frozenset({Role.PRIVACY_OFFICER}),
    "AuditEventView.show": frozenset({Role.PRIVACY_OFFICER}),
    "MenuApi.get_menu_data": ADMIN,
    "OpenApi.get": ADMIN,
    "SwaggerView.show": ADMIN,
    # Patients
    "PatientView.list": KNOWS_PATIENTS,
    "PatientView.show": KNOWS_PATIENTS,
    "PatientView.add": DESK,
    "PatientView.edit": DESK,
    "PatientApi.search": KNOWS_PATIENTS,
    "EnrolmentView.list": KNOWS_PATIENTS,
    "EnrolmentView.show": KNOWS_PATIENTS,
    "PatientImportView.apply": IMPORTS,
    "PatientImportView.discard": IMPORTS,
    "PatientImportView.list": IMPORTS,
    "PatientImportView.progress": IMPORTS,
    "PatientImportView.report": IMPORTS,
    "PatientImportView.show": IMPORTS,
    "PatientImportView.upload": IMPORTS,
    # Scheduling
    "DashboardView.index": STAFF_ROLES,
    "AppointmentView.list": CALENDAR,
    "AppointmentView.show": CALENDAR,
    "AppointmentView.move": CALENDAR,
    "AppointmentView.status": CALENDAR,
    "BookingView.book": CARE,
    "CalendarView.calendar": CALENDAR,
    "CalendarApi.feed": CALENDAR,
    "DayListView.day_list": CALENDAR,
    "AppointmentApi.available_slots": CARE | PATIENT_ROLES,
    "AppointmentApi.book": CARE | PATIENT_ROLES,
    "AppointmentApi.my_appointments": CALENDAR | PATIENT_ROLES,
    "AppointmentApi.provider_schedule": CALENDAR | PATIENT_ROLES,
    # Whose visit it is decides here: what is not theirs is not there (ACC-02).
    "AppointmentApi.reschedule": SIGNED_IN,
    "AppointmentApi.status": SIGNED_IN,
    "AppointmentApi.why_not": CARE,
    "AppointmentTypeView.list": CALENDAR,
    "AppointmentTypeView.show": CALENDAR,
    "AppointmentTypeView.add": ADMIN,
    "AppointmentTypeView.edit": ADMIN,
    "PractitionerView.list": CALENDAR,
    "PractitionerView.show": CALENDAR,
    "PractitionerView.add": ADMIN,
    "PractitionerView.edit": ADMIN,
    "ClosureView.list": CALENDAR,
    "ClosureView.show": CALENDAR,
    "ClosureView.add": IMPORTS,
    "ClosureView.import_holidays": IMPORTS,
    "ScheduleView.overview": CALENDAR,
    "ScheduleView.schedule": CALENDAR,
    "ScheduleView.add_time_off": CALENDAR,
    "ScheduleView.copy_day": CALENDAR,
    "ScheduleView.remove_date": CALENDAR,
    "ScheduleView.remove_hours": CALENDAR,
    "ScheduleView.remove_time_off": CALENDAR,
    "ScheduleView.save_date": CALENDAR,
    "ScheduleView.save_hours": CALENDAR,
    # Messages
    "InboxView.inbox": SIGNED_IN,
    "InboxView.open_message": SIGNED_IN,
    "InboxView.read_all": SIGNED_IN,
    "BellApi.read": SIGNED_IN,
    "BellApi.read_all": SIGNED_IN,
    "BellApi.unread": SIGNED_IN,
    "DeadLetterView.list": IMPORTS,
    "DeadLetterView.show": IMPORTS,
    "JobView.list": ADMIN,
    "JobView.show": ADMIN,
    "KeptMailView.mails": LETTERS,
    "KeptMailView.letter": LETTERS,
    "KeptMailView.part": LETTERS,
    # Portal
    "portal.home": PATIENT_ROLES,
    "portal.choose_kind": PATIENT_ROLES,
    "portal.choose_time": PATIENT_ROLES,
    "portal.confirm_booking": PATIENT_ROLES,
    "portal.list_visits": PATIENT_ROLES,
    "portal.show_visit": PATIENT_ROLES,
    "portal.calendar_file": PATIENT_ROLES,
    "portal.cancel_visit": PATIENT_ROLES,
    "portal.choose_new_time": PATIENT_ROLES,
    "portal.confirm_move": PATIENT_ROLES,
    "portal.list_messages": PATIENT_ROLES,
    "portal.open_message": PATIENT_ROLES,
    "portal.read_all": PATIENT_ROLES,
    "portal.profile": PATIENT_ROLES,
}
PARTS = (
    analytics,
    attendance,
    backups,
    holds,
    integrity,
    kiosk,
    operations,
    privacy,
    questions,
    resources,
    retention,
    series,
    sessions,
    visits,
    waitlist,
)
for part in PARTS:
    WHO |= part.WHO
# FAB gives every screen the routes for actions; a screen without actions answers 404 to all.
ACTIONS = ("action", "action_post")

DAY = "2026-11-24"
BOOKING = {"type": "consultation", "starts_at": f"{DAY}T09:00:00+08:00"}
# What gets a request past the look at its shape, so that the permission is what decides.
SAID: dict[str, dict[str, object]] = {
    "AppointmentApi.available_slots": {
        "query_string": {"type": "consultation", "from": DAY, "to": DAY}
    },
    "AppointmentApi.provider_schedule": {
        "query_string": {"provider": "DOC901", "from": DAY, "to": DAY}
    },
    "AppointmentApi.why_not": {
        "query_string": {
            "type": "consultation",
            "provider": "DOC901",
            "starts_at": f"{DAY}T03:00:00+08:00",
        }
    },
    "AppointmentApi.book": {"json": BOOKING},
    "AppointmentApi.status": {"json": {"status": "cancelled"}},
    "AppointmentApi.reschedule": {"json": {"starts_at": f"{DAY}T10:00:00+08:00"}},
    "PatientApi.search": {"query_string": {"q": "Dela"}},
}

for part in PARTS:
    SAID |= part.SAID


def said(endpoint: str, role: Role | None) -> dict[str, object]:
    """The request's parts at a door; staff say for which patient they book."""
    if endpoint == "AppointmentApi.book" and role in STAFF_ROLES:
        return {"json": BOOKING | {"patient": "20259001"}}
    return SAID.get(endpoint, {})
