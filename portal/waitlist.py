"""Waiting for a time to become free, and answering the offer of one (SCH-31)."""

from datetime import date, time, timedelta

from flask import flash, redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import SelectField, TextAreaField
from wtforms.validators import InputRequired

from app.kernel import clock
from app.kernel.errors import Conflict, DomainError, Invalid, NotFound
from app.scheduling import services
from app.scheduling.errors.questionnaires import AnswersNeeded, Diverted
from app.scheduling.errors.waitlist import AlreadyWaiting, NotWaiting, UnknownOffer
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.queries.sessions import SeatView
from app.scheduling.queries.waitlist import OfferView
from app.scheduling.rules.booking import MAX_REASON_LENGTH
from app.scheduling.services import WaitingWish
from app.web.fields import NativeDateField, NativeTimeField
from app.web.http import current_actor, status_of
from portal import asking, questions
from portal.auth import me
from portal.blueprint import portal
from portal.kinds import Kind, my_kind, providers_for
from portal.words import today

TWO_WEEKS = timedelta(days=14)
PAGE_SIZE = 20
OF_OFFER = f"/waitlist/offers/<int(max={2**63 - 1}):offer_id>"
OF_ENTRY = f"/waitlist/<int(max={2**63 - 1}):entry_id>"
TIMES = {"format": ["%H:%M", "%H:%M:%S"]}


class WaitForm(FlaskForm):
    """What somebody waits for. The service checks the values."""

    provider = SelectField("With", choices=[("", "Anyone")])
    first_day = NativeDateField("First day", [InputRequired("Please choose a day.")])
    last_day = NativeDateField("Last day", [InputRequired("Please choose a day.")])
    earliest = NativeTimeField("Not before", [InputRequired("Please choose a time.")], **TIMES)
    latest = NativeTimeField("Over by", [InputRequired("Please choose a time.")], **TIMES)
    reason = TextAreaField(
        "What is it about?",
        description="Only the clinic reads this.",
        render_kw={"maxlength": MAX_REASON_LENGTH, "rows": 3},
    )

    def wish(self, kind: Kind) -> WaitingWish:
        """What was typed, after the form was found good."""
        return WaitingWish(
            type=kind.type.policy.code,
            provider=self.provider.data or None,
            first_day=self.first_day.data or today(),
            last_day=self.last_day.data or today(),
            earliest=self.earliest.data or time(0),
            latest=self.latest.data or time(23, 59),
            patient=me().university_id,
            reason=self.reason.data or "",
        )


@portal.get("/waitlist", strict_slashes=False)
def list_waiting() -> str:
    """What one waits for, with the times that are kept at present."""
    number = asking.page_number()
    page = services.own_waitlist(current_actor(), page=number, page_size=PAGE_SIZE)
    if number > 1 and not page.results:
        raise NotFound("There is no such page.")
    has_more = number * PAGE_SIZE < page.count
    return render_template("portal/waitlist.html", page=page, has_more=has_more, now=clock.now())


@portal.route("/waitlist/join/<code>", methods=["GET", "POST"])
def join_waitlist(code: str) -> Response | str | tuple[str, int]:
    """For which days and times? One form, sensible answers given already."""
    kind = my_kind(code)
    form = _form(kind)
    if request.method == "GET":
        return _join_page(kind, form)
    if not form.validate():
        return _join_page(kind, form), 422
    return _join(kind, form)


def _form(kind: Kind) -> WaitForm:
    asked = request.args.get("provider") if request.method == "GET" else None
    providers = providers_for(kind.type.kinds, asked, type_id=kind.type.id)
    first, last = _days(kind)
    form = WaitForm(
        provider=providers.key or "",
        first_day=first,
        last_day=last,
        earliest=time(7),
        latest=time(18),
    )
    form.provider.choices = [("", "Anyone")]
    form.provider.choices += [(card.university_id, card.name) for card in providers.cards]
    return form


def _days(kind: Kind) -> tuple[date, date]:
    """The day that a link names, such as that of a full session; else the next two weeks."""
    try:
        asked = date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        asked = date.min
    if asked >= today():
        return asked, asked
    return today(), max(min(today() + TWO_WEEKS, kind.last_day), today())


def _join(kind: Kind, form: WaitForm) -> Response | tuple[str, int]:
    try:
        services.join_waitlist(current_actor(), wish=form.wish(kind))
    except AlreadyWaiting:
        flash("You are on the waiting list for this kind of visit already.", "info")
        return _to_list()
    except Invalid as refusal:
        for name, sentences in refusal.errors.items():
            if name in form:
                form[name].errors = [*form[name].errors, *sentences]
        return _join_page(kind, form, refusal.message), status_of(refusal)
    flash("You are on the waiting list. We tell you when a time becomes free.", "success")
    return _to_list()


def _join_page(kind: Kind, form: WaitForm, sentence: str = "") -> str:
    return render_template("portal/waitlist_join.html", kind=kind, form=form, sentence=sentence)


@portal.post(f"{OF_ENTRY}/withdraw")
def withdraw_waiting(entry_id: int) -> Response:
    """Wait no longer. A second tap finds it done."""
    mine = services.own_waitlist(current_actor(), page_size=200).results
    if entry_id not in [entry.id for entry in mine]:
        raise NotFound("There is no such entry on the waiting list.")
    try:
        services.withdraw_from_waitlist(current_actor(), entry_id=entry_id)
    except NotWaiting as refusal:
        flash(refusal.message, "warning")
    else:
        flash("You are not on the waiting list for this any more.", "success")
    return _to_list()


@portal.get(OF_OFFER, strict_slashes=False)
def show_offer(offer_id: int) -> str:
    """The time that is kept, until when, and the two answers."""
    return _offer_page(_own(offer_id))


@portal.post(f"{OF_OFFER}/accept")
def accept_offer(offer_id: int) -> Response | tuple[str, int]:
    """Take it with one tap; a second tap leads to the same visit."""
    offer = _own(offer_id)
    try:
        given = questions.given().as_answers()
        taken = services.accept_offer(current_actor(), offer_id=offer.id, given=given)
    except NotFound:
        raise
    except Diverted as refusal:
        back = url_for("portal.show_offer", offer_id=offer.id)
        page = render_template("portal/call_now.html", advice=refusal.advice, back=back)
        return page, status_of(refusal)
    except DomainError as refusal:
        return _offer_page(_own(offer_id), refusal), status_of(refusal)
    return _to_taken(taken)


def _to_taken(taken: AppointmentView | SeatView) -> Response:
    if isinstance(taken, SeatView):
        flash("Your seat is booked.", "success")
        return redirect(url_for("portal.show_session", session_id=taken.session_id), 303)
    is_pending = taken.status == "pending"
    flash("Your request was sent." if is_pending else "Your appointment is booked.", "success")
    return redirect(url_for("portal.show_visit", appointment_id=taken.id), 303)


@portal.post(f"{OF_OFFER}/decline")
def decline_offer(offer_id: int) -> Response:
    """Let it go to the next one."""
    offer = _own(offer_id)
    try:
        services.decline_offer(current_actor(), offer_id=offer.id)
    except Conflict as refusal:
        flash(refusal.message, "warning")
    else:
        flash("Thank you, the next person is asked. You stay on the waiting list.", "success")
    return _to_list()


def _own(offer_id: int) -> OfferView:
    """One's own only, also for staff who are patients. Raises UnknownOffer (ACC-02)."""
    offer = services.offer_details(current_actor(), offer_id=offer_id)
    if offer.patient.id != me().id:
        raise UnknownOffer()
    return offer


def _offer_page(offer: OfferView, refusal: DomainError | None = None) -> str:
    open_answers = refusal if isinstance(refusal, AnswersNeeded) else None
    return render_template(
        "portal/offer.html",
        offer=offer,
        asked=questions.questions_of(offer.type_id),
        given=questions.given(open_answers) if open_answers else questions.Given(),
        is_open=offer.is_open_at(clock.now()),
        sentence=refusal.message if refusal else "",
    )


def _to_list() -> Response:
    return redirect(url_for("portal.list_waiting"), 303)
