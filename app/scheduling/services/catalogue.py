"""What the clinic offers: types of visits, providers, closures and holidays (SCH-12, SCH-13)."""

import re
from dataclasses import asdict, dataclass
from datetime import date, datetime

import holidays
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from app.infra.db import Transaction, transaction
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.clock import clinic_day, local_date
from app.kernel.errors import Invalid
from app.kernel.ids import AppointmentTypeId, PractitionerId, UserId
from app.kernel.permission import Role
from app.scheduling.errors import CodeTaken, UnknownClosure, UnknownType
from app.scheduling.models import AppointmentType, Closure, Practitioner
from app.scheduling.permissions import Permission
from app.scheduling.rules import PractitionerKind
from app.scheduling.services.flags import flag_affected
from app.scheduling.services.gained import hours_before, hours_gained
from app.security import queries as accounts
from app.security.errors import UnknownAccount
from app.security.services import record_event

EVERYBODY = (
    Role.STUDENT,
    Role.FACULTY,
    Role.RECEPTIONIST,
    Role.NURSE,
    Role.PHYSICIAN,
    Role.DENTIST,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeDraft:
    """A type of visit as an administrator describes it; times in minutes (SCH-13)."""

    code: str
    name: str
    duration_minutes: int
    provider_kinds: tuple[str, ...]
    description: str = ""
    step_minutes: int = 0
    buffer_before_minutes: int = 0
    buffer_after_minutes: int = 0
    notice_minutes: int = 60
    horizon_days: int = 60
    cancel_cutoff_minutes: int = 120
    needs_approval: bool = False
    bookable_by: tuple[str, ...] = tuple(role.value for role in EVERYBODY)
    max_open: int | None = None
    max_per_day: int | None = None
    max_per_week: int | None = None
    reminder_minutes: tuple[int, ...] = (1440, 120)
    no_show_grace_minutes: int = 15
    check_in_minutes: int = 30
    session_capacity: int | None = None
    takes_walk_ins: bool = True
    token_prefix: str = ""
    colour: str = "#2563eb"
    position: int = 0
    is_active: bool = True


def save_appointment_type(
    actor: Actor, *, draft: TypeDraft, type_id: AppointmentTypeId | None = None
) -> AppointmentTypeId:
    """Add or change a type of visit. Booked visits keep their times.

    Raises Invalid naming the fields, CodeTaken, UnknownType.
    """
    actor.require(Permission.TYPE_WRITE)
    _check_draft(draft)
    with transaction() as tx:
        row = tx.session.get(AppointmentType, type_id) if type_id else AppointmentType()
        if row is None:
            raise UnknownType()
        values = asdict(draft) | {
            "code": draft.code.strip().lower(),
            "step_minutes": draft.step_minutes or draft.duration_minutes,
            "provider_kinds": list(draft.provider_kinds),
            "bookable_by": [str(role) for role in draft.bookable_by],
            "reminder_minutes": sorted(set(draft.reminder_minutes), reverse=True),
            "token_prefix": draft.token_prefix.strip().upper(),
        }
        for name, value in values.items():
            setattr(row, name, value)
        tx.add(row)
        try:
            tx.flush()  # a taken code belongs to this form, not to the commit
        except IntegrityError as error:
            raise CodeTaken() from error
        record_event(
            tx,
            actor,
            "scheduling:appointment-type:save",
            object_type="AppointmentType",
            object_id=row.id,
        )
    return AppointmentTypeId(row.id)


def _check_draft(draft: TypeDraft) -> None:
    errors: dict[str, list[str]] = {}
    if not draft.code.strip().replace("-", "").isalnum() or len(draft.code) > 40:
        errors["code"] = ["Please use letters, digits and hyphens, at most 40."]
    errors |= _odd_texts(draft)
    kinds = set(PractitionerKind)
    if not draft.provider_kinds or not set(draft.provider_kinds) <= kinds:
        errors["provider_kinds"] = ["Please choose who offers this visit."]
    if not set(draft.bookable_by) <= {role.value for role in Role}:
        errors["bookable_by"] = ["Please choose from the roles of the clinic."]
    errors |= _odd_numbers(draft)
    if errors:
        raise Invalid("Please correct the marked fields.", errors=errors)


def _odd_texts(draft: TypeDraft) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if not draft.name.strip():
        errors["name"] = ["Please give the type a name."]
    for name, longest in (("name", 80), ("description", 300)):
        text = getattr(draft, name)
        if len(text) > longest or not all(char.isprintable() for char in text):
            errors[name] = [f"Please use at most {longest} plain characters, on one line."]
    if not re.fullmatch("[A-Za-z]{0,3}", draft.token_prefix.strip()):
        errors["token_prefix"] = ["Please use one to three letters, or nothing."]
    if not re.fullmatch("#[0-9a-fA-F]{6}", draft.colour):
        errors["colour"] = ["Please choose a colour such as #1d4ed8."]
    return errors


def _odd_numbers(draft: TypeDraft) -> dict[str, list[str]]:
    bounds = {
        "duration_minutes": (5, 720),
        "step_minutes": (0, 720),
        "buffer_before_minutes": (0, 240),
        "buffer_after_minutes": (0, 240),
        "notice_minutes": (0, 60 * 24 * 60),
        "horizon_days": (0, 730),
        "cancel_cutoff_minutes": (0, 60 * 24 * 30),
        "no_show_grace_minutes": (0, 240),
        "check_in_minutes": (0, 240),
        "position": (0, 10_000),
    }
    errors = {
        name: [f"Please use a number from {low} to {high}."]
        for name, (low, high) in bounds.items()
        if not low <= getattr(draft, name) <= high
    }
    for name in ("max_open", "max_per_day", "max_per_week"):
        limit = getattr(draft, name)
        if limit is not None and not 1 <= limit <= 1000:
            errors[name] = ["Please use a number from 1 to 1000, or nothing for no limit."]
    if draft.session_capacity is not None and not 1 <= draft.session_capacity <= 1000:
        errors["session_capacity"] = ["Please use a number from 1 to 1000, or nothing."]
    if len(draft.reminder_minutes) > 4 or not all(
        15 <= lead <= 60 * 24 * 14 for lead in draft.reminder_minutes
    ):
        errors["reminder_minutes"] = ["Please use at most four, 15 minutes to 14 days ahead."]
    if 0 < draft.step_minutes < 5:
        errors["step_minutes"] = ["Please use at least 5 minutes."]
    return errors


def save_practitioner(
    actor: Actor,
    *,
    user_id: UserId,
    kind: str,
    name: str = "",
    max_per_day: int | None = None,
    is_active: bool = True,
) -> PractitionerId:
    """Make an account a provider, or change one. Raises UnknownAccount, Invalid."""
    actor.require(Permission.PRACTITIONER_WRITE)
    account = accounts.account(user_id)
    if account is None:
        raise UnknownAccount()
    _check_provider(kind, name, max_per_day)
    with transaction() as tx:
        row = tx.execute(
            select(Practitioner).where(Practitioner.user_id == user_id)
        ).scalar_one_or_none() or Practitioner(user_id=user_id)
        row.university_id = account.university_id
        row.name = name.strip() or account.name
        row.kind, row.max_per_day, row.is_active = kind, max_per_day, is_active
        tx.add(row)
        tx.flush()  # the event names the key of a new provider
        record_event(
            tx,
            actor,
            "scheduling:practitioner:save",
            object_type="Practitioner",
            object_id=row.id,
        )
        # Somebody who sees no patients any more leaves visits behind (SCH-19).
        flag_affected(tx, practitioner_ids=[PractitionerId(row.id)])
    return PractitionerId(row.id)


def _check_provider(kind: str, name: str, max_per_day: int | None) -> None:
    errors: dict[str, list[str]] = {}
    if kind not in set(PractitionerKind):
        errors["kind"] = ["Please choose what kind of provider this is."]
    if len(name) > 160 or not all(char.isprintable() for char in name):
        errors["name"] = ["Please use at most 160 plain characters."]
    if max_per_day is not None and not 1 <= max_per_day <= 500:
        errors["max_per_day"] = ["Please use a number from 1 to 500, or nothing for no limit."]
    if errors:
        raise Invalid("Please correct the marked fields.", errors=errors)


def close_clinic(actor: Actor, *, name: str, starts_at: datetime, ends_at: datetime) -> int:
    """Close the clinic for a time; returns how many visits it hits (SCH-12, SCH-19)."""
    actor.require(Permission.CLOSURE_WRITE)
    why = name.strip()
    if not why or len(why) > 160 or not why.isprintable():
        sentence = "Please say in at most 160 characters why the clinic is closed."
        raise Invalid(sentence, errors={"name": [sentence]})
    if starts_at >= ends_at:
        sentence = "A closure must end after it starts."
        raise Invalid(sentence, errors={"ends_at": [sentence]})
    with transaction() as tx:
        row = Closure(name=why, starts_at=starts_at, ends_at=ends_at)
        tx.add(row)
        tx.flush()  # the flags below read the closure
        _note_closure(tx, actor, "close", row.id)
        return flag_affected(tx)


def reopen_clinic(actor: Actor, *, closure_id: int) -> int:
    """Take a closure back; returns how many visits still do not fit.

    A holiday stays known, so that an import does not bring it back.
    """
    return _set_closure(actor, closure_id, is_active=False)


def close_again(actor: Actor, *, closure_id: int) -> int:
    """Let a closure count that was taken back; returns how many visits it hits."""
    return _set_closure(actor, closure_id, is_active=True)


def _set_closure(actor: Actor, closure_id: int, *, is_active: bool) -> int:
    actor.require(Permission.CLOSURE_WRITE)
    with transaction() as tx:
        row = tx.session.get(Closure, closure_id)
        if row is None:
            raise UnknownClosure()
        before = hours_before() if row.is_active and not is_active else None
        row.is_active = is_active
        tx.flush()  # the flags below read the closures
        hours_gained(tx, before)
        _note_closure(tx, actor, "close" if is_active else "reopen", closure_id)
        return flag_affected(tx)


def import_holidays(actor: Actor, *, first_year: int, last_year: int) -> int:
    """Close the clinic on public holidays; safe to run again. Returns how many were new.

    Source: the `holidays` library for the configured country.
    """
    actor.require(Permission.CLOSURE_WRITE)
    if not 2000 <= first_year <= last_year <= 2100 or last_year - first_year > 10:
        raise Invalid("Please choose at most ten years between 2000 and 2100.")
    country = settings().country
    days = holidays.country_holidays(country, years=range(first_year, last_year + 1))
    with transaction() as tx:
        added = sum(
            _import_day(tx, country, day, name)
            for day, name in sorted(days.items())
            if first_year <= day.year <= last_year
        )
        if added:
            _note_closure(tx, actor, "import", f"{first_year}-{last_year}")
            flag_affected(tx)
    return added


def import_coming_holidays(actor: Actor) -> int:
    """This year's and the next year's holidays, for the job that keeps them known."""
    year = local_date(clock.now(), settings().time_zone).year
    return import_holidays(actor, first_year=year, last_year=year + 1)


def _import_day(tx: Transaction, country: str, day: date, name: str) -> int:
    whole_day = clinic_day(day, settings().time_zone)
    result = tx.execute(
        insert(Closure)
        .values(
            name=name[:160],
            starts_at=whole_day.starts_at,
            ends_at=whole_day.ends_at,
            import_key=f"{country}/{day.isoformat()}",
        )
        .on_conflict_do_nothing(index_elements=["import_key"])
    )
    return int(result.rowcount)


def _note_closure(tx: Transaction, actor: Actor, action: str, key: object) -> None:
    record_event(tx, actor, f"scheduling:closure:{action}", object_type="Closure", object_id=key)
