"""Booking in four taps: what for, when, a last look, done (SCH-03, SCH-05, SCH-06)."""

from datetime import date, datetime, timedelta
from uuid import uuid4

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.kernel.clock import local_date
from app.kernel.errors import Conflict, DomainError, Invalid
from app.kernel.period import Period
from app.scheduling import rules, services
from app.scheduling.errors import BadText, FreeTime
from app.scheduling.queries.schedules import PractitionerCard
from app.scheduling.rules import AppointmentStatus, Slot
from app.scheduling.services import Wish
from app.scheduling.services.booking import once_for
from app.web.http import clinic_zone, current_actor, status_of
from portal import asking, picker
from portal.auth import me
from portal.blueprint import portal
from portal.forms import BookingForm
from portal.kinds import Kind, chosen_provider, my_kind, my_kinds, providers_of
from portal.limits import why_nothing_is_free
from portal.words import today

NEAR = timedelta(days=13)
NEAR_COUNT = 6
# A refusal for programs, in words for people.
OWN_WORDS = {
    "idempotency_key_reused": "You have booked with this page already. "
    "Please look at your appointments before you book again.",
}


@portal.get("/book", strict_slashes=False)
def choose_kind() -> str:
    """What for?"""
    return render_template("portal/book.html", kinds=my_kinds())


@portal.get("/book/<code>")
def choose_time(code: str) -> str:
    """When? A week of days with their free times."""
    kind = my_kind(code)
    return _times_page(kind, _asked_provider(kind))


@portal.route("/book/<code>/confirm", methods=["GET", "POST"])
def confirm_booking(code: str) -> Response | str | tuple[str, int]:
    """A last look, and the booking itself."""
    kind = my_kind(code)
    return _book(kind) if request.method == "POST" else _last_look(kind)


def _times_page(kind: Kind, provider: PractitionerCard | None, notice: str = "") -> str:
    found = picker.pick(_source(kind, provider))
    return render_template(
        "portal/times.html",
        kind=kind,
        picker=found,
        provider=provider,
        providers=_provider_links(kind),
        notice=notice,
        limit=why_nothing_is_free(kind.type) if found.is_week_empty else None,
    )


def _source(kind: Kind, provider: PractitionerCard | None) -> picker.Source:
    code = kind.type.policy.code
    key = provider.university_id if provider else None

    def day_href(first: date, on: date | None) -> str:
        return url_for(
            "portal.choose_time", code=code, provider=key, **asking.week_query(first, on)
        )

    def time_href(slot: Slot) -> str:
        at = asking.instant_text(slot.starts_at)
        return url_for("portal.confirm_booking", code=code, at=at, provider=key)

    return picker.Source(
        find=lambda first, last: _free(kind, first, last, key),
        last=kind.last_day,
        day_href=day_href,
        time_href=time_href,
    )


def _free(kind: Kind, first: date, last: date, provider: str | None) -> list[Slot]:
    """One's own free times: other visits and limits count, for staff who are patients too."""
    return services.available_times(
        current_actor(),
        type_code=kind.type.policy.code,
        first=first,
        last=last,
        provider=provider,
        patient=me().university_id,
    )


def _asked_provider(kind: Kind) -> PractitionerCard | None:
    return chosen_provider(providers_of(kind.type.kinds), request.args.get("provider"))


def _provider_links(kind: Kind) -> list[tuple[str, str, str]]:
    """Anybody first, then each provider: key, name, address."""
    choices = [("", "Anyone")]
    choices += [(card.university_id, card.name) for card in providers_of(kind.type.kinds)]
    code = kind.type.policy.code
    return [
        (
            key,
            name,
            url_for(
                "portal.choose_time", code=code, provider=key or None, **asking.week_of_address()
            ),
        )
        for key, name in choices
    ]


def _last_look(kind: Kind) -> str | tuple[str, int]:
    """The confirm page; a time that has gone leads back to the times (SCH-05)."""
    starts_at = asking.instant(request.args.get("at"))
    provider = _asked_provider(kind)
    offered = _offered(kind, starts_at, provider)
    if not offered:
        notice = "This time is not free any more. Please choose another."
        return _times_page(kind, provider, notice), 409
    return _confirm_page(kind, offered, provider, _fresh_form(starts_at, provider))


def _offered(kind: Kind, starts_at: datetime, provider: PractitionerCard | None) -> list[Slot]:
    day = local_date(rules.check_start(starts_at), clinic_zone())
    key = provider.university_id if provider else None
    return [slot for slot in _free(kind, day, day, key) if slot.starts_at == starts_at]


def _fresh_form(starts_at: datetime, provider: PractitionerCard | None) -> BookingForm:
    return BookingForm(
        formdata=None,
        key=uuid4().hex,
        starts_at=asking.instant_text(starts_at),
        provider=provider.university_id if provider else "",
    )


def _confirm_page(
    kind: Kind, offered: list[Slot], provider: PractitionerCard | None, form: BookingForm
) -> str:
    slot = offered[0]
    names = {card.university_id: card.name for card in providers_of(kind.type.kinds)}
    return render_template(
        "portal/confirm.html",
        kind=kind,
        period=Period(slot.starts_at, slot.ends_at),
        campus=slot.campus,
        provider=provider,
        names=[names[each.provider] for each in offered],
        form=form,
        back=_day_address(kind, slot.starts_at, provider),
    )


def _day_address(kind: Kind, starts_at: datetime, provider: PractitionerCard | None) -> str:
    day = local_date(starts_at, clinic_zone())
    return _source(kind, provider).day_href(day, day)


def _book(kind: Kind) -> Response | tuple[str, int]:
    """Book, and on a refusal offer other times that keep what was typed."""
    form = BookingForm()
    starts_at = asking.instant(form.starts_at.data)
    provider = chosen_provider(providers_of(kind.type.kinds), form.provider.data)
    wish = _wish(kind, starts_at, provider, form.reason.data or "")
    key = form.key.data
    once = once_for(current_actor(), key, wish) if key else None
    try:
        booked = services.book_appointment(current_actor(), wish=wish, once=once)
    except BadText as refusal:
        return _again(kind, starts_at, provider, form, refusal)
    except (Conflict, Invalid) as refusal:
        return _refused(kind, wish, provider, refusal)
    is_pending = booked.status == AppointmentStatus.PENDING
    flash("Your request was sent." if is_pending else "Your appointment is booked.", "success")
    return redirect(url_for("portal.show_visit", appointment_id=booked.id), 303)


def _wish(kind: Kind, starts_at: datetime, provider: PractitionerCard | None, reason: str) -> Wish:
    return Wish(
        type=kind.type.policy.code,
        starts_at=starts_at,
        provider=provider.university_id if provider else None,
        patient=me().university_id,
        reason=reason,
    )


def _again(
    kind: Kind,
    starts_at: datetime,
    provider: PractitionerCard | None,
    form: BookingForm,
    refusal: BadText,
) -> tuple[str, int]:
    """The confirm page with the sentence beside the text that cannot be stored."""
    offered = _offered(kind, starts_at, provider)
    if not offered:
        return _times_page(kind, provider, refusal.message), 409
    form.reason.errors = refusal.errors.get("reason", [refusal.message])
    form.key.data = uuid4().hex
    return _confirm_page(kind, offered, provider, form), status_of(refusal)


def _refused(
    kind: Kind, wish: Wish, provider: PractitionerCard | None, refusal: DomainError
) -> tuple[str, int]:
    """The sentence why, and free times near by, each one tap away."""
    near = list(getattr(refusal, "alternatives", ())) or _near(kind, wish)
    page = render_template(
        "portal/taken.html",
        kind=kind,
        sentence=OWN_WORDS.get(refusal.code, refusal.message),
        limit=None if near else why_nothing_is_free(kind.type),
        alternatives=[_alternative(slot, wish) for slot in near],
        reason=wish.reason,
        all_times=_source(kind, provider).day_href(today(), None),
    )
    return page, status_of(refusal)


def _near(kind: Kind, wish: Wish) -> list[FreeTime]:
    """Free times around one that cannot be booked, such as one that has passed."""
    zone = clinic_zone()
    first = min(max(local_date(wish.starts_at, zone), today()), kind.last_day)
    free = _free(kind, first, first + NEAR, wish.provider)
    one_each = {slot.starts_at: slot for slot in free}
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
        },
    }
