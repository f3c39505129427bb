"""Booking in four taps: what for, when, a last look, done (SCH-03, SCH-05, SCH-06)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import uuid4

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.kernel.clock import local_date
from app.kernel.errors import Conflict, DomainError, Invalid
from app.kernel.period import Period
from app.scheduling import rules, services
from app.scheduling.errors import BadText, FreeTime
from app.scheduling.errors.questionnaires import AnswersNeeded, Diverted
from app.scheduling.queries.schedules import PractitionerCard
from app.scheduling.rules import AppointmentStatus, Slot
from app.scheduling.services import Wish
from app.scheduling.services.booking import once_for
from app.web.http import clinic_zone, current_actor, status_of
from portal import asking, picker, questions
from portal.auth import me
from portal.blueprint import portal
from portal.forms import BookingForm
from portal.holding import kept_time
from portal.kinds import Kind, Providers, my_kind, my_kinds, providers_for
from portal.limits import why_nothing_is_free
from portal.questions import Given
from portal.timetable import classes_last, classes_on
from portal.usual import usual_card
from portal.words import today

NEAR = timedelta(days=13)
NEAR_COUNT = 6
GONE = "This time is not free any more. Please choose another."
# A refusal for programs, in words for people.
OWN_WORDS = {
    "idempotency_key_reused": "You have booked with this page already. "
    "Please look at your appointments before you book again.",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What for and with whom, as the address says."""

    kind: Kind
    providers: Providers

    @property
    def code(self) -> str:
        """The code of the kind of visit."""
        return self.kind.type.policy.code


def _choice(code: str, provider: str | None) -> Choice:
    kind = my_kind(code)
    return Choice(kind, providers_for(kind.type.kinds, provider, type_id=kind.type.id))


@portal.get("/book", strict_slashes=False)
def choose_kind() -> str:
    """What for?"""
    return render_template("portal/book.html", kinds=my_kinds())


@portal.get("/book/<code>")
def choose_time(code: str) -> str:
    """When? A week of days with their free times."""
    return _times_page(_choice(code, request.args.get("provider")))


@portal.route("/book/<code>/confirm", methods=["GET", "POST"])
def confirm_booking(code: str) -> Response | str | tuple[str, int]:
    """A last look, and the booking itself."""
    if request.method == "GET":
        return _last_look(_choice(code, request.args.get("provider")))
    form = BookingForm()
    return _book(_choice(code, form.provider.data), form)


def _times_page(choice: Choice, notice: str = "") -> str:
    usual = usual_card(choice.providers)
    found = picker.pick(_source(choice, usual))
    return render_template(
        "portal/times.html",
        kind=choice.kind,
        picker=found,
        provider=choice.providers.key or "",
        providers=_provider_links(choice, usual),
        notice=notice,
        limit=why_nothing_is_free(choice.kind.type) if found.is_week_empty else None,
    )


def _source(choice: Choice, usual: PractitionerCard | None = None) -> picker.Source:
    """Where the times come from; the usual provider comes first where anyone may be booked."""
    code, key = choice.code, choice.providers.key
    preferred = usual if usual and not key else None
    known = preferred.university_id if preferred else ""

    def day_href(first: date, on: date | None) -> str:
        week = asking.week_query(first, on)
        return url_for("portal.choose_time", code=code, provider=key, **week)

    def time_href(slot: Slot) -> str:
        at = asking.instant_text(slot.starts_at)
        provider = key or (known if slot.provider == known else None)
        return url_for("portal.confirm_booking", code=code, at=at, provider=provider)

    return picker.Source(
        find=lambda first, last: _free(choice, first, last),
        last=choice.kind.last_day,
        day_href=day_href,
        time_href=time_href,
        classes_on=classes_on,
        usual=known,
        usual_title=f"With {preferred.name}, your usual provider" if preferred else "",
    )


def _free(choice: Choice, first: date, last: date) -> list[Slot]:
    """One's own free times: other visits and limits count, for staff who are patients too."""
    return services.available_times(
        current_actor(),
        type_code=choice.code,
        first=first,
        last=last,
        provider=choice.providers.key,
        patient=me().university_id,
    )


def _provider_links(choice: Choice, usual: PractitionerCard | None) -> list[tuple[str, str, str]]:
    """Anybody first, then the usual one and the others: key, name, address."""
    cards = sorted(choice.providers.cards, key=lambda card: card != usual)
    choices = [("", "Anyone")]
    choices += [
        (card.university_id, f"{card.name} (your usual provider)" if card == usual else card.name)
        for card in cards
    ]
    code, week = choice.code, asking.week_of_address()
    return [
        (key, name, url_for("portal.choose_time", code=code, provider=key or None, **week))
        for key, name in choices
    ]


def _last_look(choice: Choice) -> str | tuple[str, int]:
    """The confirm page; a time that has gone leads back to the times (SCH-05)."""
    starts_at = asking.instant(request.args.get("at"))
    offered = _offered(choice, starts_at)
    if not offered:
        return _times_page(choice, GONE), 409
    form = BookingForm(
        formdata=None,
        key=uuid4().hex,
        starts_at=asking.instant_text(starts_at),
        provider=choice.providers.key or "",
    )
    return _confirm_page(choice, offered, form)


def _offered(choice: Choice, starts_at: datetime) -> list[Slot]:
    day = local_date(rules.check_start(starts_at), clinic_zone())
    return [slot for slot in _free(choice, day, day) if slot.starts_at == starts_at]


def _confirm_page(
    choice: Choice, offered: list[Slot], form: BookingForm, given: Given | None = None
) -> str:
    slot = offered[0]
    day = local_date(slot.starts_at, clinic_zone())
    return render_template(
        "portal/confirm.html",
        kind=choice.kind,
        period=Period(slot.starts_at, slot.ends_at),
        campus=slot.campus,
        names=choice.providers.names(each.provider for each in offered),
        form=form,
        asked=questions.questions_of(choice.kind.type.id),
        given=given or Given(),
        kept=kept_time(choice.kind.type.id, slot.starts_at),
        back=_source(choice).day_href(day, day),
    )


def _book(choice: Choice, form: BookingForm) -> Response | tuple[str, int]:
    """Book, and on a refusal offer other times that keep what was typed."""
    actor, wish = current_actor(), _wish(choice, form)
    once = once_for(actor, form.key.data, wish) if form.key.data else None
    try:
        booked = services.book_appointment(actor, wish=wish, once=once)
    except (BadText, AnswersNeeded) as refusal:
        return _again(choice, wish, form, refusal)
    except Diverted as refusal:
        return _call_now(choice, refusal)
    except (Conflict, Invalid) as refusal:
        return _refused(choice, wish, refusal)
    is_pending = booked.status == AppointmentStatus.PENDING
    flash("Your request was sent." if is_pending else "Your appointment is booked.", "success")
    return redirect(url_for("portal.show_visit", appointment_id=booked.id), 303)


def _wish(choice: Choice, form: BookingForm) -> Wish:
    given = questions.given()
    return Wish(
        type=choice.code,
        starts_at=asking.instant(form.starts_at.data),
        provider=choice.providers.key,
        patient=me().university_id,
        reason=form.reason.data or "",
        answers=given.answers or None,
        consent=given.consent,
        questions_version=given.version,
    )


def _call_now(choice: Choice, refusal: Diverted) -> tuple[str, int]:
    """A red flag: no appointment, but the clinic's phone and the way to it."""
    back = url_for("portal.choose_time", code=choice.code, provider=choice.providers.key)
    page = render_template("portal/call_now.html", advice=refusal.advice, back=back)
    return page, status_of(refusal)


def _again(
    choice: Choice, wish: Wish, form: BookingForm, refusal: BadText | AnswersNeeded
) -> tuple[str, int]:
    """The confirm page with each sentence beside the text or answer that it is about."""
    offered = _offered(choice, wish.starts_at)
    if not offered:
        return _times_page(choice, GONE), 409
    form.reason.errors = refusal.errors.get("reason", [])
    form.key.data = uuid4().hex
    given = questions.given(refusal if isinstance(refusal, AnswersNeeded) else None)
    return _confirm_page(choice, offered, form, given), status_of(refusal)


def _refused(choice: Choice, wish: Wish, refusal: DomainError) -> tuple[str, int]:
    """The sentence why, and free times near by, each one tap away."""
    near: list[FreeTime] = list(getattr(refusal, "alternatives", ())) or _near(choice, wish)
    near, during = classes_last(near)
    page = render_template(
        "portal/taken.html",
        kind=choice.kind,
        sentence=OWN_WORDS.get(refusal.code, refusal.message),
        limit=None if near else why_nothing_is_free(choice.kind.type),
        alternatives=[
            _alternative(slot, wish) | {"in_class": slot.starts_at in during} for slot in near
        ],
        reason=wish.reason,
        all_times=url_for("portal.choose_time", code=choice.code, provider=choice.providers.key),
    )
    return page, status_of(refusal)


def _near(choice: Choice, wish: Wish) -> list[FreeTime]:
    """Free times around one that cannot be booked, such as one that has passed."""
    day = local_date(wish.starts_at, clinic_zone())
    first = min(max(day, today()), choice.kind.last_day)
    one_each = {slot.starts_at: slot for slot in _free(choice, first, first + NEAR)}
    return list(rules.nearest_slots(list(one_each.values()), wish.starts_at, NEAR_COUNT))


def _alternative(slot: FreeTime, wish: Wish) -> dict[str, object]:
    """One other time; any provider stays any, so that the least booked one is found."""
    return {
        "starts_at": slot.starts_at,
        "fields": {
            "starts_at": asking.instant_text(slot.starts_at),
            "provider": slot.provider if wish.provider else "",
            "reason": wish.reason,
            "key": uuid4().hex,
            **questions.given().fields(),
        },
    }
