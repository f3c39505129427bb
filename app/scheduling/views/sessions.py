"""Screens of group sessions: plan them, seat people, mark who came (SCH-04)."""

from typing import Any, ClassVar, cast

from flask import flash, redirect, request, url_for
from flask_appbuilder import AppBuilder, expose, has_access
from werkzeug.wrappers import Response

from app.kernel import clock
from app.kernel.errors import DomainError, Forbidden, NotFound
from app.scheduling.errors.sessions import SeatRefused, UnknownSession
from app.scheduling.forms.appointments import name_of, sentence_of, version_of
from app.scheduling.forms.sessions import SessionForm, new_session_values, session_values
from app.scheduling.permissions import Permission
from app.scheduling.queries import sessions as queries
from app.scheduling.rules.sessions import SeatStatus
from app.scheduling.services import class_lists, seats
from app.scheduling.services import sessions as services
from app.scheduling.services.questionnaires import answers_of_seats
from app.web.http import current_actor
from app.web.views import GuardedView

LARGEST_KEY = 2**31 - 1


class SessionView(GuardedView):
    """Group sessions with their seats."""

    resource = Permission.SESSION_READ
    route_base = "/sessions"
    default_view = "sessions"
    method_permission_name: ClassVar[dict[str, str]] = {
        **dict.fromkeys(("sessions", "show"), "read"),
        **dict.fromkeys(("add", "edit", "call_off", "booking", "class_list", "seat"), "write"),
        **dict.fromkeys(("mark", "station", "close"), "run"),
    }

    @expose("/")
    @has_access
    def sessions(self) -> Response:
        """What is planned, or what is over."""
        self.update_redirect()
        is_past, now = request.args.get("when") == "past", clock.now()
        found = queries.sessions_settled(now) if is_past else queries.sessions_to_come(now)
        may_write = current_actor().may(Permission.SESSION_WRITE)
        return self._page("sessions", found=found, is_past=is_past, may_write=may_write)

    @expose("/add/", methods=["GET", "POST"])
    @has_access
    def add(self) -> Response:
        """Plan a session."""
        chosen = name_of(request.args.get("type"))
        values = {"opens_at": clock.now(), **new_session_values(chosen)}
        return self._form(SessionForm(request.form or None, data=values), None)

    @expose("/<int:pk>/edit/", methods=["GET", "POST"])
    @has_access
    def edit(self, pk: int) -> Response:
        """Change a session."""
        one = _session(pk)
        cohorts = queries.cohorts_of([pk]).get(pk, [])
        values = session_values(one, cohorts, queries.stations_of(pk))
        return self._form(SessionForm(request.form or None, data=values), one)

    def _form(self, form: SessionForm, one: queries.SessionView | None) -> Response:
        """The form, or the session that it saved."""
        refused: list[str] = []
        if request.method == "POST" and form.validate():
            try:
                saved = services.save_session(
                    current_actor(),
                    draft=form.draft(),
                    session_id=one.id if one else None,
                    version=version_of(request.form.get("version")),
                )
            except DomainError as refusal:
                refused = form.show(refusal)
            else:
                flash("The session was saved.", "success")
                return redirect(url_for("SessionView.show", pk=saved))
        return self._page("session_form", form=form, one=one, refused=refused)

    @expose("/<int:pk>/")
    @has_access
    def show(self, pk: int) -> Response:
        """The attendance list, to mark and to print."""
        self.update_redirect()
        return self._show(pk)

    def _show(self, pk: int, **more: Any) -> Response:
        one = _session(pk)
        actor = current_actor()
        everybody = queries.seats_of(pk)
        wanted = request.args.get("q", "").strip().lower()
        shown = [
            seat
            for seat in everybody
            if wanted in f"{seat.patient.list_name} {seat.patient.university_id}".lower()
        ]
        return self._page(
            "session",
            one=one,
            seats=shown,
            counts={status: sum(s.status is status for s in everybody) for status in SeatStatus},
            stations=queries.stations_of(pk),
            answers=answers_of_seats(actor, session_id=pk),
            cohorts=queries.cohorts_of([pk]).get(pk, []),
            q=request.args.get("q", ""),
            may_write=actor.may(Permission.SESSION_WRITE),
            may_run=actor.may(Permission.SESSION_RUN),
            has_begun=one.starts_at <= clock.now(),
            **{"lines": None, "typed": "", "is_tried": False} | more,
        )

    @expose("/<int:pk>/class/", methods=["POST"])
    @has_access
    def class_list(self, pk: int) -> Response:
        """Try a class list, then book it."""
        _session(pk)
        text = _typed_list()
        is_tried = request.form.get("book") != "yes"
        use = class_lists.try_class_list if is_tried else class_lists.book_class_list
        try:
            lines = use(current_actor(), session_id=pk, text=text)
        except Forbidden:
            raise
        except DomainError as refusal:
            flash(sentence_of(refusal), "danger")
            return redirect(url_for("SessionView.show", pk=pk))
        return self._show(pk, lines=lines, typed=text, is_tried=is_tried)

    @expose("/<int:pk>/seat/", methods=["POST"])
    @has_access
    def seat(self, pk: int) -> Response:
        """Give one person a seat, or take it back."""
        patient = request.form.get("patient", "").strip()[:32]
        is_over = request.form.get("cancel") == "yes"
        use: Any = seats.cancel_seat if is_over else seats.take_seat
        said = "The seat is free again." if is_over else "The seat is booked."
        return _done(pk, lambda: use(current_actor(), session_id=pk, patient=patient), said)

    @expose("/<int:pk>/mark/<int:seat_id>/", methods=["POST"])
    @has_access
    def mark(self, pk: int, seat_id: int) -> Response:
        """Came, missed, or neither yet."""
        status = next((s for s in SeatStatus if s == request.form.get("status")), None)
        if status is None:
            raise NotFound("There is no such mark.")
        _check_seat(pk, seat_id)
        return _done(
            pk, lambda: seats.mark_seat(current_actor(), seat_id=seat_id, status=status), ""
        )

    @expose("/<int:pk>/station/<int:seat_id>/", methods=["POST"])
    @has_access
    def station(self, pk: int, seat_id: int) -> Response:
        """Passed a station, or not after all."""
        _check_seat(pk, seat_id)
        position = version_of(request.form.get("position")) or 0
        undo = request.form.get("undo") == "yes"
        return _done(
            pk,
            lambda: seats.pass_station(
                current_actor(), seat_id=seat_id, position=position, undo=undo
            ),
            "",
        )

    @expose("/<int:pk>/close/", methods=["POST"])
    @has_access
    def close(self, pk: int) -> Response:
        """End the session; who was not marked has missed it."""
        _session(pk)
        said = "The session is done. Whoever was not marked is marked as missed."
        return _done(pk, lambda: services.close_session(current_actor(), session_id=pk), said)

    @expose("/<int:pk>/booking/", methods=["POST"])
    @has_access
    def booking(self, pk: int) -> Response:
        """Stop giving out seats, or go on."""
        _session(pk)
        is_open = request.form.get("open") == "yes"
        said = "Seats can be booked again." if is_open else "No more seats are given out."
        return _done(
            pk,
            lambda: services.set_booking_open(current_actor(), session_id=pk, is_open=is_open),
            said,
        )

    @expose("/<int:pk>/call-off/", methods=["POST"])
    @has_access
    def call_off(self, pk: int) -> Response:
        """Cancel the session and tell everybody."""
        _session(pk)
        reason = request.form.get("reason", "")
        return _done(
            pk,
            lambda: services.cancel_session(current_actor(), session_id=pk, reason=reason),
            "The session is cancelled. Everybody with a seat is told.",
        )

    def _page(self, name: str, **values: Any) -> Response:
        return cast(Response, self.render_template(f"scheduling/{name}.html", **values))


def _session(pk: int) -> queries.SessionView:
    found = queries.group_session(pk) if 0 < pk <= LARGEST_KEY else None
    if found is None:
        raise UnknownSession()
    return found


def _check_seat(pk: int, seat_id: int) -> None:
    found = queries.seat(seat_id) if seat_id < 2**63 else None
    if found is None or found.session_id != _session(pk).id:
        raise NotFound("There is no such seat.")


def _typed_list() -> str:
    """The pasted list, or the file."""
    file = request.files.get("file")
    content = file.read(200_000).decode("utf-8", "replace") if file else ""
    return content if content.strip() else request.form.get("ids", "")


def _done(pk: int, deed: Any, said: str) -> Response:
    """Do it; a refusal becomes a sentence on the list."""
    _session(pk)
    try:
        deed()
    except Forbidden:
        raise
    except DomainError as refusal:
        flash(sentence_of(refusal), "warning" if isinstance(refusal, SeatRefused) else "danger")
    else:
        if said:
            flash(said, "success")
    return redirect(url_for("SessionView.show", pk=pk, q=request.args.get("q") or None))


def register(appbuilder: AppBuilder) -> None:
    """The screens of this file."""
    appbuilder.add_view(
        SessionView, "Group sessions", category="Clinic", icon="fa-users", href="/sessions/"
    )
