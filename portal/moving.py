"""Another time for a visit: the same days and times as for booking, guarded by its version."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.kernel import clock
from app.kernel.clock import local_date
from app.kernel.errors import Conflict, DomainError, Invalid
from app.kernel.ids import AppointmentId
from app.kernel.period import Period
from app.scheduling import rules, services
from app.scheduling.errors import StaleVersion, TransitionRefused
from app.scheduling.queries.appointments import AppointmentView, appointments_of_patient
from app.scheduling.queries.facts import type_of
from app.scheduling.queries.schedules import PractitionerCard
from app.scheduling.rules import Slot
from app.web.http import clinic_zone, current_actor, status_of
from portal import asking, picker
from portal.auth import me, own_visit
from portal.blueprint import KEY, portal
from portal.forms import MoveForm
from portal.kinds import chosen_provider, last_day_of, providers_of
from portal.visits import changeable_until
from portal.words import today

NEAR = timedelta(days=13)
NEAR_COUNT = 6


@portal.get(f"/appointments/{KEY}/move")
def choose_new_time(appointment_id: int) -> str | tuple[str, int]:
    """When instead?"""
    found = own_visit(appointment_id)
    if not found.may_move:
        return _cannot_move(found.visit)
    return _times_page(found.visit, _asked_provider(found.visit, request.args.get("provider")))


@portal.route(f"/appointments/{KEY}/move/confirm", methods=["GET", "POST"])
def confirm_move(appointment_id: int) -> Response | str | tuple[str, int]:
    """A last look at old and new time, and the move itself."""
    found = own_visit(appointment_id)
    if request.method == "POST":
        return _move(found.visit)
    return _last_look(found.visit) if found.may_move else _cannot_move(found.visit)


def _cannot_move(visit: AppointmentView, sentence: str = "") -> tuple[str, int]:
    until = changeable_until(visit)
    page = render_template("portal/fixed.html", visit=visit, until=until, sentence=sentence)
    return page, 409


def _asked_provider(visit: AppointmentView, key: str | None) -> PractitionerCard:
    """The provider that was asked for, else the present one, else the first who is there."""
    providers = _providers(visit)
    present = next((card for card in providers if card.university_id == visit.provider), None)
    chosen = chosen_provider(providers, key)
    return chosen or present or next(iter(providers))


def _providers(visit: AppointmentView) -> Sequence[PractitionerCard]:
    return providers_of(type_of(visit.type_id).kinds)


def _times_page(visit: AppointmentView, provider: PractitionerCard, notice: str = "") -> str:
    return render_template(
        "portal/move.html",
        visit=visit,
        picker=picker.pick(_source(visit, provider)),
        provider=provider,
        providers=_provider_links(visit),
        notice=notice,
    )


def _source(visit: AppointmentView, provider: PractitionerCard) -> picker.Source:
    def day_href(first: date, on: date | None) -> str:
        key = provider.university_id
        return url_for(
            "portal.choose_new_time",
            appointment_id=visit.id,
            provider=key,
            **asking.week_query(first, on),
        )

    def time_href(slot: Slot) -> str:
        at = asking.instant_text(slot.starts_at)
        return url_for(
            "portal.confirm_move", appointment_id=visit.id, at=at, provider=slot.provider
        )

    return picker.Source(
        find=lambda first, last: _free(visit, first, last, provider),
        last=last_day_of(type_of(visit.type_id).policy),
        day_href=day_href,
        time_href=time_href,
    )


def _free(
    visit: AppointmentView, first: date, last: date, provider: PractitionerCard
) -> list[Slot]:
    return services.times_to_move(
        current_actor(),
        appointment_id=visit.id,
        first=first,
        last=last,
        provider=provider.university_id,
    )


def _provider_links(visit: AppointmentView) -> list[tuple[str, str, str]]:
    return [
        (
            card.university_id,
            card.name,
            url_for(
                "portal.choose_new_time",
                appointment_id=visit.id,
                provider=card.university_id,
                **asking.week_of_address(),
            ),
        )
        for card in _providers(visit)
    ]


def _last_look(visit: AppointmentView) -> str | tuple[str, int]:
    starts_at = asking.instant(request.args.get("at"))
    provider = _asked_provider(visit, request.args.get("provider"))
    day = local_date(rules.check_start(starts_at), clinic_zone())
    free = [slot for slot in _free(visit, day, day, provider) if slot.starts_at == starts_at]
    if not free:
        notice = "This time is not free any more. Please choose another."
        return _times_page(visit, provider, notice), 409
    form = MoveForm(
        formdata=None,
        version=visit.version,
        starts_at=asking.instant_text(starts_at),
        provider=provider.university_id,
    )
    return render_template(
        "portal/move_confirm.html",
        visit=visit,
        period=Period(free[0].starts_at, free[0].ends_at),
        campus=free[0].campus,
        provider=provider,
        form=form,
        back=_source(visit, provider).day_href(day, day),
    )


def _move(visit: AppointmentView) -> Response | tuple[str, int]:
    form = MoveForm()
    starts_at = asking.instant(form.starts_at.data)
    provider = _asked_provider(visit, form.provider.data)
    try:
        moved = services.reschedule_appointment(
            current_actor(),
            appointment_id=visit.id,
            starts_at=starts_at,
            provider=provider.university_id,
            version=asking.version(form.version.data),
        )
    except (StaleVersion, TransitionRefused) as refusal:
        done = _moved_before(visit, starts_at)
        return _to(done) if done else _cannot_move(own_visit(visit.id).visit, refusal.message)
    except (Conflict, Invalid) as refusal:
        return _refused(visit, starts_at, provider, refusal)
    flash("Your appointment has its new time.", "success")
    return _to(moved.id)


def _moved_before(visit: AppointmentView, starts_at: datetime) -> AppointmentId | None:
    """The visit at the wanted time: the second of two taps finds the work of the first."""
    coming = appointments_of_patient(me().id, now=clock.now(), when="upcoming")
    for other in coming.results:
        if other.uid == visit.uid and other.starts_at == starts_at:
            return other.id
    return None


def _refused(
    visit: AppointmentView, starts_at: datetime, provider: PractitionerCard, refusal: DomainError
) -> tuple[str, int]:
    """The sentence why, and free times near by, each one tap away."""
    first = max(local_date(starts_at, clinic_zone()), today())
    free = _free(visit, first, first + NEAR, provider)
    page = render_template(
        "portal/move_taken.html",
        visit=visit,
        sentence=refusal.message,
        alternatives=[
            _alternative(slot, visit) for slot in rules.nearest_slots(free, starts_at, NEAR_COUNT)
        ],
        all_times=_source(visit, provider).day_href(first, None),
    )
    return page, status_of(refusal)


def _alternative(slot: Slot, visit: AppointmentView) -> dict[str, object]:
    return {
        "starts_at": slot.starts_at,
        "fields": {
            "starts_at": asking.instant_text(slot.starts_at),
            "provider": slot.provider,
            "version": visit.version,
        },
    }


def _to(appointment_id: AppointmentId) -> Response:
    return redirect(url_for("portal.show_visit", appointment_id=appointment_id), 303)
