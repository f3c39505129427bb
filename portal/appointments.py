"""One's own visits: the list, one of them, giving one up, and the entry for a calendar."""

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.kernel import clock
from app.kernel.errors import NotFound
from app.scheduling import services
from app.scheduling.errors import BadText, StaleVersion, TransitionRefused
from app.scheduling.errors.attendance import AnswerTooLate
from app.scheduling.queries.appointments import AppointmentView, appointments_of_patient
from app.scheduling.queries.sessions import coming_seats
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services import VisitDetails
from app.scheduling.services.calendar_entry import calendar_entry
from app.visits.services.kiosk import has_code
from app.web.http import current_actor, status_of
from portal import asking
from portal.auth import me, own_visit
from portal.blueprint import KEY, portal
from portal.forms import CancelForm
from portal.visits import changeable_until, is_answerable
from portal.words import history_in_words

PAGE_SIZE = 10


@portal.get("/appointments", strict_slashes=False)
def list_visits() -> str:
    """Upcoming visits, soonest first, or past ones, latest first."""
    when = "past" if request.args.get("when") == "past" else "upcoming"
    page = appointments_of_patient(
        me().id, now=clock.now(), when=when, page=asking.page_number(), page_size=PAGE_SIZE
    )
    if page.page > 1 and not page.results:
        raise NotFound("There is no such page.")
    is_first = when == "upcoming" and page.page == 1
    seats = coming_seats(me().id, now=clock.now()) if is_first else []
    has_more = page.page * PAGE_SIZE < page.count and page.page < asking.LAST_PAGE
    return render_template(
        "portal/visits.html", when=when, page=page, has_more=has_more, seats=seats
    )


@portal.get(f"/appointments/{KEY}", strict_slashes=False)
def show_visit(appointment_id: int) -> str:
    """One visit with its history in plain words."""
    found = own_visit(appointment_id)
    return render_template(
        "portal/visit.html",
        visit=found.visit,
        may_cancel=AppointmentStatus.CANCELLED in found.steps,
        may_move=found.may_move,
        until=changeable_until(found.visit),
        has_code=has_code(found.visit),
        may_answer=is_answerable(found.visit, clock.now()),
        now=clock.now(),
        history=history_in_words(found.history, my_name=current_actor().name),
    )


@portal.get(f"/appointments/{KEY}/calendar.ics")
def calendar_file(appointment_id: int) -> Response:
    """The visit as a file for the phone's calendar (CAL-01)."""
    visit = own_visit(appointment_id).visit
    entry = calendar_entry(current_actor(), appointment_id=visit.id)
    answer = Response(entry, mimetype="text/calendar")
    answer.headers["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    return answer


@portal.route(f"/appointments/{KEY}/cancel", methods=["GET", "POST"])
def cancel_visit(appointment_id: int) -> AnyResponse | str | tuple[str, int]:
    """Ask once more, with an optional reason; then give the visit up."""
    found = own_visit(appointment_id)
    if request.method == "POST":
        return _cancel(found)
    return _cancel_page(found, CancelForm(version=found.visit.version))


@portal.post(f"/appointments/{KEY}/coming")
def confirm_coming(appointment_id: int) -> AnyResponse:
    """I will come; a second tap changes nothing (SCH-30)."""
    visit = own_visit(appointment_id).visit
    try:
        services.confirm_attendance(current_actor(), appointment_id=visit.id)
    except AnswerTooLate as refusal:
        flash(refusal.message, "warning")
    else:
        flash("Thank you. We have noted that you will come.", "success")
    return _to(visit)


def _cancel_page(found: VisitDetails, form: CancelForm, sentence: str = "") -> str:
    return render_template(
        "portal/cancel.html",
        visit=found.visit,
        form=form,
        sentence=sentence,
        may_cancel=AppointmentStatus.CANCELLED in found.steps,
        until=changeable_until(found.visit),
    )


def _cancel(found: VisitDetails) -> AnyResponse | tuple[str, int]:
    form = CancelForm()
    visit = found.visit
    try:
        services.change_status(
            current_actor(),
            appointment_id=visit.id,
            status=AppointmentStatus.CANCELLED,
            reason=form.reason.data or "",
            version=asking.version(form.version.data),
        )
    except BadText as refusal:
        form.reason.errors = refusal.errors.get("reason", [refusal.message])
        return _cancel_page(found, form), status_of(refusal)
    except (StaleVersion, TransitionRefused) as refusal:
        if visit.status is AppointmentStatus.CANCELLED:
            return _to(visit)  # the second of two taps: it is done
        fresh = own_visit(visit.id)
        form.version.data = str(fresh.visit.version)
        return _cancel_page(fresh, form, refusal.message), status_of(refusal)
    flash("Your appointment is cancelled. The time is free for somebody else now.", "success")
    return _to(visit)


def _to(visit: AppointmentView) -> AnyResponse:
    return redirect(url_for("portal.show_visit", appointment_id=visit.id), 303)
