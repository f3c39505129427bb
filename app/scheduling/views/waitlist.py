"""The waiting list for staff: who waits, what is offered, and what it brought (SCH-31)."""

from collections.abc import Callable
from typing import Any, ClassVar, cast

from flask import flash, redirect, request, url_for
from flask_appbuilder import AppBuilder, expose, has_access
from werkzeug.wrappers import Response

from app.kernel import clock
from app.kernel.clock import local_date
from app.kernel.errors import DomainError, Forbidden, NotFound
from app.patients import queries as patients
from app.scheduling import services
from app.scheduling.errors.waitlist import NotWaiting
from app.scheduling.forms.appointments import chosen_slot, name_of, sentence_of
from app.scheduling.forms.waitlist import WaitingForm, days_to_offer
from app.scheduling.permissions import Permission
from app.scheduling.queries import types
from app.scheduling.rules.waitlist import EntryStatus
from app.scheduling.services.offer_now import offer_now, times_to_offer
from app.web.http import clinic_zone, current_actor
from app.web.views import GuardedView

PAGE_SIZE = 25
LAST_PAGE = 400
LARGEST_KEY = 2**63 - 1
FILTERS: dict[str, tuple[str, tuple[EntryStatus, ...]]] = {
    "open": ("Waiting", (EntryStatus.OFFERED, EntryStatus.WAITING)),
    "offered": ("Offered now", (EntryStatus.OFFERED,)),
    "fulfilled": ("Booked", (EntryStatus.FULFILLED,)),
    "over": ("Left or over", (EntryStatus.WITHDRAWN, EntryStatus.EXPIRED)),
}


class WaitlistView(GuardedView):
    """Who waits, in the order of coming; staff add, withdraw, and answer for a patient."""

    resource = Permission.WAITLIST_READ
    route_base = "/waitlist"
    default_view = "waiting"
    method_permission_name: ClassVar[dict[str, str]] = {
        "waiting": "read",
        **dict.fromkeys(("add", "offer", "withdraw", "accept", "decline"), "write"),
    }

    @expose("/")
    @has_access
    def waiting(self) -> Response:
        """The entries of a filter, and the hours that the list recovered."""
        self.update_redirect()
        actor, chosen = current_actor(), _filter()
        code = name_of(request.args.get("type"))
        page = services.waiting_list(
            actor,
            statuses=FILTERS[chosen][1],
            type_code=code or None,
            page=_page_number(),
            page_size=PAGE_SIZE,
        )
        return self._render(
            "scheduling/waitlist.html",
            page=page,
            chosen=chosen,
            filters={key: label for key, (label, _) in FILTERS.items()},
            code=code,
            types=types.bookable_types(),
            recovered=services.hours_recovered(actor),
            may_write=actor.may(Permission.WAITLIST_WRITE),
            now=clock.now(),
        )

    @expose("/add/", methods=["GET", "POST"])
    @has_access
    def add(self) -> Response:
        """Put a patient on the list."""
        today = local_date(clock.now(), clinic_zone())
        form = WaitingForm.for_day(today, name_of(request.args.get("patient")))
        if request.method == "GET" or not form.validate():
            return self._form_page(form)
        try:
            entry = services.join_waitlist(current_actor(), wish=form.wish())
        except DomainError as refusal:
            _show(form, refusal)
            return self._form_page(form, sentence_of(refusal))
        flash(f"{entry.patient.list_name} waits for: {entry.type_name}.", "success")
        return redirect(url_for("WaitlistView.waiting"))

    def _form_page(self, form: WaitingForm, refusal: str = "") -> Response:
        chosen = patients.patient_by_university_id(form.patient.data or "")
        return self._render(
            "scheduling/waitlist_add.html", form=form, refusal=refusal, chosen=chosen
        )

    @expose("/<int:pk>/offer/", methods=["GET", "POST"])
    @has_access
    def offer(self, pk: int) -> Response:
        """Choose a free time that suits, and offer it at once."""
        if request.method == "POST":
            return self._offered(_key(pk))
        try:
            entry, slots = times_to_offer(current_actor(), entry_id=_key(pk))
        except NotWaiting as refusal:
            flash(sentence_of(refusal), "warning")
            return redirect(url_for("WaitlistView.waiting"))
        days = days_to_offer(slots)
        return self._render("scheduling/waitlist_offer.html", entry=entry, days=days)

    def _offered(self, key: int) -> Response:
        """Back to the list, or to the times with the sentence why not."""
        try:
            starts_at, provider = chosen_slot(request.form.getlist("slot"))
            offer_now(current_actor(), entry_id=key, starts_at=starts_at, provider=provider or "")
        except (NotFound, Forbidden):
            raise
        except DomainError as refusal:
            flash(sentence_of(refusal), "danger")
            return redirect(url_for("WaitlistView.offer", pk=key))
        flash("The time is kept, and the patient is told.", "success")
        return redirect(url_for("WaitlistView.waiting"))

    @expose("/<int:pk>/withdraw/", methods=["POST"])
    @has_access
    def withdraw(self, pk: int) -> Response:
        """Take somebody off the list; a kept time goes to the next one."""
        return _answered(
            lambda: services.withdraw_from_waitlist(current_actor(), entry_id=_key(pk)),
            "The entry was taken off the list.",
        )

    @expose("/offers/<int:pk>/accept/", methods=["POST"])
    @has_access
    def accept(self, pk: int) -> Response:
        """Book the kept time for a patient who says yes on the phone."""
        return _answered(
            lambda: services.accept_offer(current_actor(), offer_id=_key(pk)),
            "The visit is booked. The patient is told about it.",
        )

    @expose("/offers/<int:pk>/decline/", methods=["POST"])
    @has_access
    def decline(self, pk: int) -> Response:
        """Let the kept time go to the next one."""
        return _answered(
            lambda: services.decline_offer(current_actor(), offer_id=_key(pk)),
            "The offer was declined. The next person is asked.",
        )

    def _render(self, template: str, **values: Any) -> Response:
        return cast(Response, self.render_template(template, title="Waiting list", **values))


def _answered(deed: Callable[[], object], sentence: str) -> Response:
    try:
        deed()
    except NotFound:
        raise
    except DomainError as refusal:
        flash(sentence_of(refusal), "danger")
    else:
        flash(sentence, "success")
    return redirect(url_for("WaitlistView.waiting"))


def _show(form: WaitingForm, refusal: DomainError) -> None:
    """Each sentence beside its field."""
    for name, sentences in refusal.errors.items():
        if name in form:
            form[name].errors = [*form[name].errors, *sentences]


def _filter() -> str:
    chosen = request.args.get("filter", "")
    return chosen if chosen in FILTERS else "open"


def _page_number() -> int:
    text = request.args.get("page", "1")
    is_number = text.isascii() and text.isdigit() and len(text) < 5
    return min(max(int(text), 1), LAST_PAGE) if is_number else 1


def _key(pk: int) -> int:
    """Raises NotFound for a number that no row can have."""
    if not 0 < pk <= LARGEST_KEY:
        raise NotFound("There is no such entry.")
    return pk


def register(appbuilder: AppBuilder) -> None:
    """The screens of this file."""
    appbuilder.add_view(
        WaitlistView, "Waiting list", category="Clinic", icon="fa-clock-o", href="/waitlist/"
    )
