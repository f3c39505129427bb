"""Who may use the portal: a signed-in patient, for what is their own (ACC-02)."""

from typing import cast
from urllib.parse import urlencode

from flask import Response, g, redirect, render_template, request
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response as AnyResponse

from app.kernel.actor import Actor
from app.kernel.ids import AppointmentId, UserId
from app.patients.queries import PatientCard, patient_for_user
from app.scheduling import services
from app.scheduling.errors import UnknownAppointment
from app.scheduling.permissions import Permission
from app.scheduling.services import VisitDetails
from app.security.permissions import Permission as SecurityPermission
from app.web.http import current_actor, plain_answer
from portal.blueprint import portal

HOME = "/portal/"


def me() -> PatientCard:
    """The patient behind this request."""
    return cast(PatientCard, g.patient)


def my_user_id() -> UserId:
    """The account behind this request."""
    return UserId(current_user.id)


def own_visit(appointment_id: int) -> VisitDetails:
    """A visit of one's own. Raises UnknownAppointment for all others, also for staff who are
    patients themselves: what they may see as staff is not for the portal.
    """
    found = services.visit_details(current_actor(), appointment_id=AppointmentId(appointment_id))
    if found.visit.patient_id != me().id:
        raise UnknownAppointment()
    return found


@portal.before_request
def require_patient() -> AnyResponse | None:
    """Deny by default (ACC-01): everybody signs in first; who is no patient reads what to do."""
    if request.endpoint == "portal.static":
        return None
    if not current_user.is_authenticated:
        return _to_sign_in()
    actor = current_actor()
    patient = patient_for_user(my_user_id())
    if patient is None or not actor.may(Permission.BOOK_OWN):
        return _no_entry(actor, patient)
    g.patient = patient
    return None


def _to_sign_in() -> AnyResponse:
    """The sign-in page, which leads back to the page that was asked for."""
    is_page = "GET" in (request.url_rule.methods or ()) if request.url_rule else False
    back = request.full_path.removesuffix("?") if is_page else HOME
    target = "/login/?" + urlencode({"next": back})
    if request.headers.get("HX-Request"):
        # htmx would follow a redirect silently and find no part of its page there.
        return Response(status=204, headers={"HX-Redirect": target})
    return redirect(target, 303)


def _no_entry(actor: Actor, patient: PatientCard | None) -> Response:
    is_staff = actor.may(SecurityPermission.STAFF_ENTER)
    page = render_template("portal/no_entry.html", is_staff=is_staff, has_record=patient)
    return Response(page, status=403)


@portal.errorhandler(CSRFError)
def stale_form(error: CSRFError) -> AnyResponse:
    """A page left open overnight: sign in again and come back to it (WEB-02)."""
    if not current_user.is_authenticated:
        return _to_sign_in()
    return plain_answer(
        400,
        code="csrf",
        message="This page was open for too long. Nothing was changed; "
        "please go back, reload it and try again.",
    )
