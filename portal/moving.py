"""Another time for a visit: the same days and times as for booking, guarded by its version."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.kernel import clock
from app.kernel.clock import local_date
from app.kernel.errors import Conflict, DomainError, Invalid
from app.kernel.ids import AppointmentId
from app.kernel.period import Period
from app.scheduling import rules, services
from app.scheduling.errors import StaleVersion, TransitionRefused, UnknownProvider
from app.scheduling.queries.appointments import AppointmentView, appointments_of_patient
from app.scheduling.queries.schedules import PractitionerCard
from app.scheduling.queries.types import type_of
from app.scheduling.rules import AppointmentStatus, Slot
from app.web.http import clinic_zone, current_actor, status_of
from portal import asking, picker
from portal.auth import me, own_visit
from portal.blueprint import KEY, portal
from portal.forms import MoveForm
from portal.kinds import last_day_of, providers_for
from portal.timetable import classes_last, classes_on
from portal.visits import changeable_until
from portal.words import today

NEAR = timedelta(days=13)
NEAR_COUNT = 6
AFTER_APPROVAL = "The new time is held for you. The clinic approves it first and tells you."
GONE = "This time is not free any more. Please choose another."


@dataclass(frozen=True, slots=True)
class Wanted:
    """A visit to move, who could take it, and who was asked for."""

    visit: AppointmentView
    cards: Sequence[PractitionerCard]
    provider: PractitionerCard


@portal.get(f"/appointments/{KEY}/move")
def choose_new_time(appointment_id: int) -> str | tuple[str, int]:
    """When instead?"""
    found = own_visit(appointment_id)
    if not found.may_move:
        return _cannot_move(found.visit)
    return _times_page(_asked(found.visit, request.args.get("provider")))


@portal.route(f"/appointments/{KEY}/move/confirm", methods=["GET", "POST"])
def confirm_move(appointment_id: int) -> Response | str | tuple[str, int]:
    """A last look at old and new time, and the move itself."""
    found = own_visit(appointment_id)
    if request.method == "POST":
        return _move(found.visit)
    if not found.may_move:
        return _cannot_move(found.visit)
    return _last_look(_asked(found.visit, request.args.get("provider")))


def _cannot_move(visit: AppointmentView, sentence: str = "") -> tuple[str, int]:
    until = changeable_until(visit)
    page = render_template("portal/fixed.html", visit=visit, until=until, sentence=sentence)
    return page, 409


def _asked(visit: AppointmentView, key: str | None) -> Wanted:
    """The provider that was asked for, else the present one, else the first who is there."""
    found = providers_for(type_of(visit.type_id).kinds, key, type_id=visit.type_id)
    present = [card for card in found.cards if card.university_id == visit.provider]
    cards = [card for card in (found.chosen, *present, *found.cards) if card]
    if not cards:
        raise UnknownProvider("Nobody sees patients for this kind of visit at the moment.")
    return Wanted(visit, found.cards, cards[0])


def _times_page(wanted: Wanted, notice: str = "") -> str:
    return render_template(
        "portal/move.html",
        visit=wanted.visit,
        picker=picker.pick(_source(wanted)),
        provider=wanted.provider.university_id,
        providers=_provider_links(wanted),
        notice=notice,
    )


def _source(wanted: Wanted) -> picker.Source:
    visit, key = wanted.visit, wanted.provider.university_id

    def day_href(first: date, on: date | None) -> str:
        week = asking.week_query(first, on)
        return url_for("portal.choose_new_time", appointment_id=visit.id, provider=key, **week)

    def time_href(slot: Slot) -> str:
        at = asking.instant_text(slot.starts_at)
        return url_for("portal.confirm_move", appointment_id=visit.id, at=at, provider=key)

    return picker.Source(
        find=lambda first, last: _free(wanted, first, last),
        last=last_day_of(type_of(visit.type_id).policy),
        day_href=day_href,
        time_href=time_href,
        classes_on=classes_on,
    )


def _free(wanted: Wanted, first: date, last: date) -> list[Slot]:
    return services.times_to_move(
        current_actor(),
        appointment_id=wanted.visit.id,
        first=first,
        last=last,
        provider=wanted.provider.university_id,
    )


def _provider_links(wanted: Wanted) -> list[tuple[str, str, str]]:
    """Each provider: key, name, address."""
    visit_id, week = wanted.visit.id, asking.week_of_address()
    keys = [(card.university_id, card.name) for card in wanted.cards]
    return [
        (
            key,
            name,
            url_for("portal.choose_new_time", appointment_id=visit_id, provider=key, **week),
        )
        for key, name in keys
    ]


def _last_look(wanted: Wanted) -> str | tuple[str, int]:
    """Old and new time; one that has gone leads back to the times (SCH-05)."""
    starts_at = asking.instant(request.args.get("at"))
    day = local_date(rules.check_start(starts_at), clinic_zone())
    free = [slot for slot in _free(wanted, day, day) if slot.starts_at == starts_at]
    if not free:
        return _times_page(wanted, GONE), 409
    form = MoveForm(
        formdata=None,
        version=wanted.visit.version,
        starts_at=asking.instant_text(starts_at),
        provider=wanted.provider.university_id,
    )
    return render_template(
        "portal/move_confirm.html",
        visit=wanted.visit,
        period=Period(free[0].starts_at, free[0].ends_at),
        campus=free[0].campus,
        provider=wanted.provider,
        form=form,
        back=_source(wanted).day_href(day, day),
    )


def _move(visit: AppointmentView) -> Response | tuple[str, int]:
    form = MoveForm()
    starts_at = asking.instant(form.starts_at.data)
    wanted = _asked(visit, form.provider.data)
    try:
        moved = services.reschedule_appointment(
            current_actor(),
            appointment_id=visit.id,
            starts_at=starts_at,
            provider=wanted.provider.university_id,
            version=asking.version(form.version.data),
        )
    except (StaleVersion, TransitionRefused) as refusal:
        done = _moved_before(visit, starts_at)
        return _to(done) if done else _cannot_move(own_visit(visit.id).visit, refusal.message)
    except (Conflict, Invalid) as refusal:
        return _refused(wanted, starts_at, refusal)
    waits = moved.status is AppointmentStatus.PENDING
    flash(AFTER_APPROVAL if waits else "Your appointment has its new time.", "success")
    return _to(moved.id)


def _moved_before(visit: AppointmentView, starts_at: datetime) -> AppointmentId | None:
    """The visit at the wanted time: the second of two taps finds the work of the first."""
    coming = appointments_of_patient(me().id, now=clock.now(), when="upcoming")
    for other in coming.results:
        if other.uid == visit.uid and other.starts_at == starts_at:
            return other.id
    return None


def _refused(wanted: Wanted, starts_at: datetime, refusal: DomainError) -> tuple[str, int]:
    """The sentence why, and free times near by, each one tap away."""
    visit = wanted.visit
    first = max(local_date(starts_at, clinic_zone()), today())
    last = last_day_of(type_of(visit.type_id).policy)
    free = _free(wanted, min(first, last), min(first, last) + NEAR)
    near, during = classes_last(rules.nearest_slots(free, starts_at, NEAR_COUNT))
    page = render_template(
        "portal/move_taken.html",
        visit=visit,
        sentence=refusal.message,
        alternatives=[
            _alternative(slot, visit) | {"in_class": slot.starts_at in during} for slot in near
        ],
        all_times=url_for("portal.choose_new_time", appointment_id=visit.id),
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
