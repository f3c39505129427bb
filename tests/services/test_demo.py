"""The sample clinic: believable, quiet, and the same after a second load (AUT-07)."""

import dataclasses
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from werkzeug.security import check_password_hash

from app.demo import roster
from app.demo.clinic import TYPES
from app.demo.loading import Door, load_demo
from app.infra.db import session
from app.infra.outbox import JobName, JobStatus, OutboxJob
from app.integrity.queries import broken_invariants
from app.kernel import clock
from app.kernel.actor import Channel, system_actor
from app.kernel.errors import Forbidden
from app.notifications import services as notifications
from app.notifications.models import Communication
from app.patients.models import Enrolment, Patient
from app.scheduling.models import (
    Appointment,
    AppointmentEvent,
    Closure,
    GroupSession,
    NoShowPoint,
    Outage,
    OutageItem,
    Resource,
    Seat,
    Series,
    SessionCohort,
    SessionStation,
    TimetableEntry,
    WaitlistEntry,
    WeeklyHours,
)
from app.scheduling.queries import resources
from app.scheduling.queries.types import bookable_type
from app.security.models import ClinicUser
from app.visits.models import Visit
from config.settings import Environment
from tests.factories.scheduling import MANILA

PASSWORD = "five fishermen fixing a net"
CLI = system_actor(Channel.CLI)
# A Wednesday morning in the middle of visits; the Monday after is a holiday.
NOW = datetime(2026, 11, 25, 10, 10, tzinfo=MANILA).astimezone(UTC)
OPEN = ("pending", "confirmed")
A_WEEK = timedelta(days=7)


def door(app, password=PASSWORD):
    manager = app.extensions["appbuilder"].sm
    return Door(hash_of=manager.hash_password, is_right=check_password_hash, password=password)


def load(app, password=PASSWORD):
    """A week of history and a week ahead: the same as the real one, only sooner done."""
    with clock.pretend(NOW):
        return load_demo(CLI, door(app, password), history=A_WEEK, ahead=A_WEEK)


@pytest.fixture(scope="module")
def demo(template_database, worker_name, tmp_path_factory):
    """A site with the sample clinic in a database of its own, loaded once for all tests here."""
    from tests import site

    url = site.copy_database(template_database, f"{worker_name}_demo")
    app = site.build_app(url, tmp_path_factory.mktemp("demo"), DEMO_PASSWORD=PASSWORD)
    with app.app_context():
        load(app)
    yield app
    site.drop_database(app, url)


@pytest.fixture
def rows(demo):
    """The session of the loaded site."""
    with demo.app_context():
        yield session()


def counts(rows):
    """How many rows each table has."""
    names = rows.scalars(
        text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    ).all()
    return {name: rows.scalar(text(f'SELECT count(*) FROM "{name}"')) for name in names}  # noqa: S608


def test_the_sample_clinic_breaks_no_rule_about_the_data(rows):
    """BAK-02: everything that its weeks went through left rows that fit together."""
    broken = broken_invariants(rows.connection())

    assert [(found.invariant.id, found.rows, found.problem) for found in broken] == []


@pytest.mark.parametrize("login", ["ADMIN001", "staff001@usc.edu.ph", "dent001", "NURSE01"])
def test_staff_sign_in_by_id_or_mail(demo, login):
    answer = demo.test_client().post("/login/", data={"username": login, "password": PASSWORD})

    assert answer.headers["Location"] == "/"


def test_students_sign_in_and_reach_the_portal(demo):
    answer = demo.test_client().post(
        "/login/", data={"username": "20250200@usc.edu.ph", "password": PASSWORD}
    )

    assert answer.headers["Location"] == "/portal/"


def test_every_account_is_marked_as_a_demo_account(rows):
    marked = rows.scalars(select(ClinicUser.university_id).where(ClinicUser.is_demo))

    assert set(marked) == {member.id for member in roster.STAFF} | set(roster.student_ids())


def test_all_students_are_patients_of_this_term_with_their_account(rows):
    linked = rows.scalar(select(func.count()).where(Patient.user_id.is_not(None)))
    terms = rows.execute(select(Enrolment.academic_year, Enrolment.semester).distinct()).all()

    assert linked == 200
    assert [tuple(term) for term in terms] == [("2026-2027", "1")]


def test_names_are_filipino_and_no_two_students_share_one(rows):
    names = rows.execute(select(Patient.first_name, Patient.last_name, Patient.suffix)).all()
    whole = " ".join(" ".join(name) for name in names)

    assert len({name[:2] for name in names}) == 200
    assert all(part in whole for part in ("ñ", "Ma. ", "Jr.", "III", "Dela Cruz", "Reyes-Lim"))


def test_providers_work_from_eight_to_twelve_and_one_to_five(rows):
    hours = rows.execute(
        select(WeeklyHours.weekday, WeeklyHours.starts, WeeklyHours.ends).distinct()
    ).all()

    assert {f"{row.starts:%H}-{row.ends:%H}" for row in hours} == {"08-12", "13-17"}
    assert {row.weekday for row in hours} == {0, 1, 2, 3, 4}


def test_the_kinds_of_visits_last_as_long_as_promised():
    assert {draft.code: draft.duration_minutes for draft in TYPES} == {
        "consultation": 20,
        "checkup": 30,
        "dental": 30,
        "dental-cleaning": 60,
        "vaccination": 10,
        "physical-exam": 15,
    }
    assert [draft.code for draft in TYPES if draft.needs_approval] == ["dental-cleaning"]


@pytest.mark.parametrize("draft", TYPES, ids=lambda draft: draft.code)
def test_white_text_on_the_colour_of_a_kind_is_readable(draft):
    assert 1.05 / (luminance(draft.colour) + 0.05) >= 4.5  # WCAG 2.2, 1.4.3


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_what_became_of_past_visits_is_believable(rows):
    past = Counter(rows.scalars(select(Appointment.status).where(Appointment.ends_at < NOW)))

    total = sum(past.values())
    assert total > 60
    assert past["completed"] / total > 0.6
    assert 0 < past["no-show"] / total < 0.2
    assert 0 < past["cancelled"] / total < 0.25


def test_no_past_visit_is_still_open(rows):
    # No-shows are entered up to 45 minutes after the start.
    limit = NOW - timedelta(hours=1)
    forgotten = rows.scalar(
        select(func.count()).where(Appointment.status.in_(OPEN), Appointment.starts_at < limit)
    )

    assert forgotten == 0


def test_nothing_has_happened_that_lies_ahead(rows):
    happened = rows.scalars(
        select(Appointment.status).where(Appointment.starts_at > NOW + timedelta(minutes=15))
    )

    assert set(happened) <= {"pending", "confirmed", "cancelled", "declined", "rescheduled"}
    assert rows.scalar(select(func.max(AppointmentEvent.at))) < NOW


def test_today_and_the_days_ahead_are_booked_and_requests_wait(rows):
    ahead = Counter(rows.scalars(select(Appointment.status).where(Appointment.starts_at > NOW)))

    assert ahead["confirmed"] > 20
    assert ahead["pending"] >= 1


def test_every_visit_fits_the_hours_and_holidays_are_free(rows):
    flagged = rows.scalar(select(func.count()).where(Appointment.needs_rebooking))
    on_holidays = rows.scalar(
        select(func.count())
        .select_from(Appointment)
        .join(
            Closure,
            (Closure.starts_at < Appointment.ends_at) & (Closure.ends_at > Appointment.starts_at),
        )
    )

    to_call = rows.scalar(
        select(func.count()).select_from(OutageItem).where(OutageItem.outcome == "to-call")
    )
    assert flagged == to_call <= 2  # those of the absence whom somebody must call (SCH-34)
    assert on_holidays == 0


def test_holidays_of_this_year_and_the_next_are_known(rows):
    keys = set(rows.scalars(select(Closure.import_key)))

    assert {"PH/2026-11-30", "PH/2027-06-12"} <= keys


def test_history_sends_no_mail(rows):
    mail = select(Communication.status).where(Communication.channel == "email").distinct()
    waiting = select(OutboxJob.name).where(OutboxJob.status != JobStatus.DONE)

    assert rows.scalars(mail).all() == ["cancelled"]
    # It finishes an absence that was cut off, and finds nothing to do (SCH-34).
    assert rows.scalars(waiting).all() == [JobName.CONTINUE_OUTAGE]


def test_old_bells_are_read_and_new_ones_are_not(rows):
    in_app = select(Communication.created_at, Communication.read_at).where(
        Communication.channel == "in-app"
    )
    limit = NOW - timedelta(days=1)
    is_read = {(row.created_at < limit, row.read_at is not None) for row in rows.execute(in_app)}

    assert is_read == {(True, True), (False, False)}


def test_the_clinic_has_two_rooms_and_a_dental_chair(rows):
    assert set(rows.scalars(select(Resource.code))) == {"ROOM-1", "ROOM-2", "CHAIR-1"}


def test_a_vaccination_session_is_planned_on_the_next_working_day(rows):
    found = rows.scalars(select(GroupSession)).one()
    seats = rows.scalar(select(func.count()).select_from(Seat))

    assert found.starts_at == datetime(2026, 11, 26, 9, tzinfo=MANILA)
    assert 10 <= seats == found.taken < found.capacity  # SCH-04
    assert rows.scalar(select(func.count()).select_from(SessionCohort)) == 2
    assert rows.scalar(select(func.count()).select_from(SessionStation)) == 4


def test_questions_are_optional_and_one_answer_is_a_red_flag(rows):
    found = {draft.code: bookable_type(draft.code).questionnaire for draft in TYPES}
    asked = {code: one.questions for code, one in found.items() if one is not None}

    assert set(asked) == {"consultation"}
    assert not any(question.required for question in asked["consultation"])
    assert sum(bool(question.red_flags) for question in asked["consultation"]) == 1


def test_four_students_are_on_the_waiting_list_and_one_has_an_offer(rows):
    statuses = rows.scalars(select(WaitlistEntry.status)).all()

    assert Counter(statuses) == {"waiting": 3, "offered": 1}  # SCH-31


def test_the_waiting_room_of_this_hour_is_lived_in(rows):
    """SCH-33: people wait, are called, are seen and have left; nobody arrived after now."""
    today = select(Visit).where(Visit.on_date == NOW.astimezone(MANILA).date())
    visits = rows.scalars(today).all()
    walk_ins = Counter(one.status for one in visits if one.appointment_id is None)

    assert set(walk_ins) == {"waiting", "called", "in-progress", "completed", "left", "on-hold"}
    assert walk_ins["waiting"] >= 4
    assert {one.token.split("-")[0] for one in visits} >= {"C", "D", "P", "V"}
    assert max(one.arrived_at for one in visits) < NOW
    assert sum(one.priority < 3 for one in visits) == 2


def test_types_need_rooms_and_chairs(rows):
    needs = resources.needs_of_types().values()

    assert len(needs) == 5
    assert {need for each in needs for need in each} == {
        ("consultation room", 1),
        ("dental chair", 1),
    }


def test_a_physician_will_be_away_and_some_of_the_visits_were_moved(rows):
    outcomes = Counter(rows.scalars(select(OutageItem.outcome)))

    assert rows.scalar(select(func.count()).select_from(Outage)) == 1  # SCH-34
    assert 0 < outcomes["to-call"] <= 2
    assert outcomes["moved"] >= 1


def test_a_series_a_timetable_and_an_objection_are_there(rows):
    sizes = [
        rows.scalar(select(func.count()).select_from(table)) for table in (Series, TimetableEntry)
    ]

    assert sizes[0] == 1  # SCH-32
    assert sizes[1] > 40
    assert "contested" in rows.scalars(select(NoShowPoint.status)).all()  # SCH-35


def test_the_privacy_officer_has_a_request_and_an_exercise_that_is_over(rows):
    """DPA-02, DPA-03."""
    asked = rows.execute(text("SELECT kind, status, assignee FROM privacy_request")).all()
    breaches = rows.execute(text("SELECT status, is_exercise FROM privacy_breach")).all()

    assert asked == [("access", "in-work", "Vicente Borromeo")]
    assert breaches == [("closed", True)]


def test_a_second_load_changes_nothing(demo, rows):
    before = counts(rows)
    rows.rollback()

    loaded = load(demo)

    assert loaded.visits == 0
    assert counts(rows) == before


def test_a_load_on_a_later_day_adds_nothing_to_what_is_there(demo, rows):
    before = counts(rows)
    rows.rollback()

    with clock.pretend(NOW + timedelta(days=3)):
        load_demo(CLI, door(demo))

    assert counts(rows) == before


def test_the_command_prints_accounts_but_not_the_password(demo):
    result = demo.test_cli_runner().invoke(args=["clinic", "demo"])

    assert result.exit_code == 0
    assert "STAFF001" in result.stdout
    assert "20250001 to 20250200" in result.stdout
    assert PASSWORD not in result.stdout


def test_another_password_replaces_the_old_one(demo):
    with demo.app_context():
        load(demo, "another five fishermen")
        stored = set(session().scalars(select(ClinicUser.password).where(ClinicUser.is_demo)))
        load(demo, PASSWORD)

    assert len(stored) == 1
    assert check_password_hash(stored.pop(), "another five fishermen")


def test_a_student_takes_nobodys_mail_back(db, people):
    with pytest.raises(Forbidden):
        notifications.settle_messages(
            people.sam.actor, user_ids=[people.eve.user_id], unsent_before=NOW, unread_before=NOW
        )


def in_production(monkeypatch, app):
    settings = dataclasses.replace(app.config["SETTINGS"], environment=Environment.PRODUCTION)
    monkeypatch.setitem(app.config, "SETTINGS", settings)


def test_production_refuses_demo_accounts(monkeypatch, app, db):
    in_production(monkeypatch, app)

    with pytest.raises(Forbidden):  # AUT-07
        load_demo(CLI, door(app))

    assert db.scalar(select(func.count()).where(ClinicUser.is_demo)) == 0


def test_the_command_refuses_in_production(monkeypatch, app):
    in_production(monkeypatch, app)

    result = app.test_cli_runner().invoke(args=["clinic", "demo"])

    assert result.exit_code == 1
    assert "Production must not have demo accounts" in result.stderr
