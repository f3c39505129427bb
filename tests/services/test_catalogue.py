"""What the clinic offers: kinds of visits, providers, closures, holidays (SCH-12, SCH-13)."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select

from app.kernel.errors import Forbidden, Invalid
from app.scheduling import services
from app.scheduling.errors import CodeTaken, UnknownClosure, UnknownType
from app.scheduling.models import AppointmentType, Closure, Practitioner
from app.scheduling.queries import appointments, schedules, types
from app.scheduling.services import Wish
from app.scheduling.services.catalogue import TypeDraft
from app.security.errors import UnknownAccount
from app.security.models import AuditEvent
from tests.factories.scheduling import CONSULTATION, at

pytestmark = pytest.mark.usefixtures("clinic")
DRAFT = TypeDraft(
    code="Eye-Check", name="Eye check", duration_minutes=25, provider_kinds=("nurse", "physician")
)
BONIFACIO = date(2026, 11, 30)


def test_an_administrator_adds_a_kind_of_visit(people):
    services.save_appointment_type(people.ada.actor, draft=DRAFT)

    kept = types.bookable_type("eye-check")
    assert kept.name == "Eye check"
    assert kept.kinds == ("nurse", "physician")
    assert kept.policy.step == kept.policy.duration  # as often as the visit is long


def test_a_changed_kind_leaves_booked_visits_as_they_are(people):
    wish = Wish(type="consultation", starts_at=at("09:00"), provider=people.dana.id)
    booked = services.book_appointment(people.sam.actor, wish=wish)
    type_id = types.bookable_type("consultation").id

    services.save_appointment_type(
        people.ada.actor, draft=replace(CONSULTATION, duration_minutes=40), type_id=type_id
    )

    assert appointments.known_appointment(booked.id).ends_at == at("09:20")
    assert types.bookable_type("consultation").policy.duration.total_seconds() == 40 * 60


def test_a_hidden_kind_is_not_offered(people):
    type_id = types.bookable_type("consultation").id

    services.save_appointment_type(
        people.ada.actor, draft=replace(CONSULTATION, is_active=False), type_id=type_id
    )

    assert types.bookable_type("consultation") is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "two words"),
        ("code", ""),
        ("code", "x" * 41),
        ("name", "  "),
        ("name", "x" * 81),
        ("name", "Eye\x00check"),
        ("description", "x" * 301),
        ("description", "two\nlines"),
        ("colour", "blue"),
        ("colour", "#12345g"),
        ("provider_kinds", ()),
        ("provider_kinds", ("magician",)),
        ("bookable_by", ("Nobody I know",)),
        ("duration_minutes", 4),
        ("duration_minutes", 721),
        ("step_minutes", 4),
        ("step_minutes", -5),
        ("buffer_before_minutes", 241),
        ("buffer_after_minutes", -1),
        ("notice_minutes", -1),
        ("horizon_days", 731),
        ("cancel_cutoff_minutes", -1),
        ("max_open", 0),
        ("max_per_day", -1),
        ("max_per_week", 2**40),
        ("position", 2**40),
    ],
)
def test_odd_values_of_a_kind_are_refused_beside_their_field(people, field, value):
    with pytest.raises(Invalid) as refusal:
        services.save_appointment_type(people.ada.actor, draft=replace(DRAFT, **{field: value}))

    assert list(refusal.value.errors) == [field]


def test_a_code_belongs_to_one_kind(people):
    with pytest.raises(CodeTaken):
        services.save_appointment_type(people.ada.actor, draft=replace(DRAFT, code="CONSULTATION"))


def test_a_kind_that_is_not_there_cannot_be_changed(people):
    with pytest.raises(UnknownType):
        services.save_appointment_type(people.ada.actor, draft=DRAFT, type_id=999_999)


@pytest.mark.parametrize("name", ["rosa", "dana", "cass", "sam"])
def test_only_administrators_change_what_is_offered(people, name):
    actor = getattr(people, name).actor

    with pytest.raises(Forbidden):
        services.save_appointment_type(actor, draft=DRAFT)
    with pytest.raises(Forbidden):
        services.save_practitioner(actor, user_id=people.dana.user_id, kind="physician")


def test_an_account_becomes_a_provider_under_its_name(people):
    services.save_practitioner(people.ada.actor, user_id=people.ada.user_id, kind="counsellor")

    kept = schedules.practitioner_by_university_id(people.ada.id)
    assert (kept.name, kept.kind) == (people.ada.name, "counsellor")


def test_saving_a_provider_again_changes_the_same_one(db, people):
    before = db.scalar(select(func.count()).select_from(Practitioner))

    services.save_practitioner(
        people.ada.actor,
        user_id=people.dana.user_id,
        kind="physician",
        name="Dr. Dana Villamor",
        max_per_day=12,
        is_active=False,
    )

    kept = schedules.practitioner_by_university_id(people.dana.id)
    assert (kept.name, kept.max_per_day, kept.is_active) == ("Dr. Dana Villamor", 12, False)
    assert db.scalar(select(func.count()).select_from(Practitioner)) == before


@pytest.mark.parametrize(
    ("field", "value"),
    [("kind", "magician"), ("name", "x" * 161), ("name", "D\x00"), ("max_per_day", 0)],
)
def test_odd_values_of_a_provider_are_refused_beside_their_field(people, field, value):
    values = {"kind": "physician", field: value}

    with pytest.raises(Invalid) as refusal:
        services.save_practitioner(people.ada.actor, user_id=people.dana.user_id, **values)

    assert list(refusal.value.errors) == [field]


def test_a_provider_needs_an_account(people):
    with pytest.raises(UnknownAccount):
        services.save_practitioner(people.ada.actor, user_id=999_999, kind="nurse")


def close(person, starts_at="08:00", ends_at="12:00", name="University Days"):
    return services.close_clinic(
        person.actor, name=name, starts_at=at(starts_at), ends_at=at(ends_at)
    )


def test_a_closure_takes_the_time_from_everybody_and_flags_visits(people):
    wish = Wish(type="consultation", starts_at=at("09:00"), provider=people.dana.id)
    booked = services.book_appointment(people.sam.actor, wish=wish)

    count = close(people.rosa)

    slots = services.available_times(
        people.sam.actor,
        type_code="consultation",
        first=date(2026, 11, 23),
        last=date(2026, 11, 23),
    )
    assert count == 1  # SCH-19
    assert min(slot.starts_at for slot in slots) == at("13:00")  # SCH-12
    assert appointments.known_appointment(booked.id).needs_rebooking


def test_a_closure_that_is_taken_back_and_set_again(db, people):
    wish = Wish(type="consultation", starts_at=at("09:00"), provider=people.dana.id)
    services.book_appointment(people.sam.actor, wish=wish)
    close(people.rosa)
    closure_id = db.scalar(select(Closure.id))

    reopened = services.reopen_clinic(people.rosa.actor, closure_id=closure_id)
    closed = services.close_again(people.rosa.actor, closure_id=closure_id)

    assert (reopened, closed) == (0, 1)


@pytest.mark.parametrize("name", ["", "   ", "x" * 161, "Univ\x00ersity Days"])
def test_a_closure_says_why(people, name):
    with pytest.raises(Invalid) as refusal:
        close(people.rosa, name=name)

    assert "name" in refusal.value.errors


def test_a_closure_must_not_end_before_it_starts(people):
    with pytest.raises(Invalid) as refusal:
        close(people.rosa, "12:00", "08:00")

    assert "ends_at" in refusal.value.errors


def test_an_unknown_closure_cannot_be_taken_back(people):
    with pytest.raises(UnknownClosure):
        services.reopen_clinic(people.rosa.actor, closure_id=999_999)
    with pytest.raises(UnknownClosure):
        services.close_again(people.rosa.actor, closure_id=999_999)


@pytest.mark.parametrize("name", ["dana", "cass", "sam"])
def test_others_neither_close_nor_open_the_clinic(people, name):
    actor = getattr(people, name).actor

    with pytest.raises(Forbidden):
        close(getattr(people, name))
    with pytest.raises(Forbidden):
        services.reopen_clinic(actor, closure_id=1)
    with pytest.raises(Forbidden):
        services.close_again(actor, closure_id=1)
    with pytest.raises(Forbidden):
        services.import_holidays(actor, first_year=2027, last_year=2027)


def test_holidays_are_imported_once(db, people):
    first = services.import_holidays(people.rosa.actor, first_year=2026, last_year=2026)
    again = services.import_holidays(people.rosa.actor, first_year=2026, last_year=2026)

    names = set(db.scalars(select(Closure.name)))
    assert first > 10
    assert again == 0  # SCH-12: safe to run twice
    assert {"Bonifacio Day", "Rizal Day"} <= names


def test_a_holiday_that_was_opened_again_stays_open(db, people):
    services.import_holidays(people.rosa.actor, first_year=2026, last_year=2026)
    closure_id = db.scalar(select(Closure.id).where(Closure.name == "Bonifacio Day"))
    services.reopen_clinic(people.rosa.actor, closure_id=closure_id)

    services.import_holidays(people.rosa.actor, first_year=2026, last_year=2027)

    slots = services.available_times(
        people.sam.actor, type_code="consultation", first=BONIFACIO, last=BONIFACIO
    )
    assert slots


def test_a_holiday_on_a_visits_day_flags_it(people):
    wish = Wish(type="consultation", starts_at=at("2026-11-30 09:00"), provider=people.dana.id)
    booked = services.book_appointment(people.sam.actor, wish=wish)

    services.import_coming_holidays(people.rosa.actor)

    assert appointments.known_appointment(booked.id).needs_rebooking


def test_the_job_knows_this_year_and_the_next(db, people):
    services.import_coming_holidays(people.rosa.actor)

    keys = set(db.scalars(select(Closure.import_key)))
    assert {"PH/2026-12-25", "PH/2027-12-25"} <= keys
    assert "PH/2028-01-01" not in keys


def test_an_import_without_news_writes_no_audit_event(db, people):
    for _ in range(2):
        services.import_holidays(people.rosa.actor, first_year=2026, last_year=2026)

    events = db.scalars(select(AuditEvent).where(AuditEvent.action == "scheduling:closure:import"))
    assert len(events.all()) == 1


@pytest.mark.parametrize(
    ("first", "last"), [(1999, 2026), (2026, 2101), (2027, 2026), (2026, 2037)]
)
def test_absurd_years_are_refused(people, first, last):
    with pytest.raises(Invalid):
        services.import_holidays(people.rosa.actor, first_year=first, last_year=last)


def test_codes_of_hidden_kinds_stay_taken(db, people):
    db.execute(AppointmentType.__table__.update().values(is_active=False))

    with pytest.raises(CodeTaken):
        services.save_appointment_type(people.ada.actor, draft=CONSULTATION)
