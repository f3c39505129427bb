"""A clinic of realistic size, loaded in bulk: 50,000 students, up to 1,000,000 visits."""

from datetime import datetime, time, timedelta

from sqlalchemy import text

from app.infra.db import db
from app.kernel import clock
from app.kernel.actor import Channel, system_actor
from app.kernel.permission import Role
from app.scheduling import services
from app.scheduling.models import WeeklyHours
from app.scheduling.models.claims import GUARDED
from app.scheduling.services.catalogue import TypeDraft
from app.security import services as accounts

SYSTEM = system_actor(Channel.CLI)
PROVIDERS = [f"DOC{800 + number}" for number in range(10)]
DESK = "STAFF801"
PASSWORD = "a password only for measuring"
STUDENTS = 50_000
SLOTS_A_DAY = 24
# Of each provider's next 31 days about this share is taken, however large the history is.
TAKEN_SHARE = 3


def open_clinic(manager: object) -> None:
    """Ten physicians with office hours on every day, a receptionist, one type of visit."""
    password_hash = manager.hash_password(PASSWORD)
    services.save_appointment_type(
        SYSTEM,
        draft=TypeDraft(
            code="consultation",
            name="Consultation",
            duration_minutes=20,
            provider_kinds=("physician",),
            horizon_days=400,
            notice_minutes=0,
        ),
    )
    _open_account(DESK, Role.RECEPTIONIST, password_hash)
    for university_id in PROVIDERS:
        user_id = _open_account(university_id, Role.PHYSICIAN, password_hash)
        practitioner_id = services.save_practitioner(SYSTEM, user_id=user_id, kind="physician")
        for weekday in range(7):
            for starts, ends in ((time(8), time(12)), (time(13), time(17))):
                db.session.add(
                    WeeklyHours(
                        practitioner_id=practitioner_id,
                        weekday=weekday,
                        starts=starts,
                        ends=ends,
                    )
                )
    db.session.commit()
    _add_students()


def _open_account(university_id: str, role: Role, password_hash: str) -> int:
    return accounts.open_account(
        SYSTEM,
        university_id=university_id,
        first_name="Bench",
        last_name=university_id,
        email=f"{university_id.lower()}@usc.edu.ph",
        roles=[role],
        password_hash=password_hash,
    )


def _add_students() -> None:
    db.session.execute(
        text(
            """
            INSERT INTO patients_patient
              (university_id, first_name, last_name, search_name, created_at, updated_at)
            SELECT to_char(20200000 + n, 'FM00000000'), 'Student', 'Number ' || n,
                   'student number ' || n, now(), now()
            FROM generate_series(1, :count) n
            """
        ),
        {"count": STUDENTS},
    )
    db.session.commit()


def add_visits(count: int) -> None:
    """Visits of all providers: a third of the next 31 days, the others in the past.

    The constraints are set aside while loading and checked as a whole afterwards.
    """
    session = db.session
    session.execute(text("SET LOCAL statement_timeout = 0"))
    session.execute(text("ALTER TABLE scheduling_claim DROP CONSTRAINT ex_scheduling_claim_after"))
    session.execute(text("ALTER TABLE scheduling_claim DROP CONSTRAINT ex_scheduling_claim_before"))
    session.execute(text(VISITS), {"count": count, "today": _midnight(), "share": TAKEN_SHARE})
    session.execute(text(CLAIMS), {"kind": 1})
    session.execute(text(CLAIMS.replace("practitioner_id", "patient_id")), {"kind": 2})
    session.execute(text(HISTORY))
    for name, start, end, where in (
        ("after", "starts_at", "held_until", GUARDED),
        ("before", "held_from", "ends_at", f"{GUARDED} AND resource_kind <> 2"),
    ):
        session.execute(text(CONSTRAINT.format(name=name, start=start, end=end, where=where)))
    session.commit()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM ANALYZE"))


def _midnight() -> datetime:
    manila = clock.now() + timedelta(hours=8)
    return manila.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(hours=8)


# Visit number n of a provider lies in slot n of a row of days that runs backwards from 31 days
# ahead; in the future only every third slot is used.
VISITS = """
INSERT INTO scheduling_appointment
  (uid, type_id, practitioner_id, patient_id, starts_at, ends_at, status, status_since,
   channel, created_at)
SELECT md5(n::text), t.id, p.id, 1 + (CAST(n AS bigint) * 7919) % 50000, s.starts_at,
       s.starts_at + interval '20 minutes',
       CASE WHEN s.starts_at > now() THEN 'confirmed' ELSE 'completed' END, now(), 'cli', now()
FROM generate_series(0, :count - 1) n
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM scheduling_practitioner) p
  ON p.place = n % 10
CROSS JOIN LATERAL (SELECT n / 10 AS k) k
CROSS JOIN LATERAL (
  SELECT CASE WHEN k < 31 * 24 / :share THEN k * :share ELSE k - 31 * 24 / :share + 31 * 24 END j
) j
CROSS JOIN LATERAL (
  SELECT CAST(:today AS timestamptz) + (31 - j / 24) * interval '1 day' + interval '8 hours'
         + (j % 24) * interval '20 minutes'
         + CASE WHEN j % 24 >= 12 THEN interval '1 hour' ELSE interval '0' END AS starts_at
) s
CROSS JOIN (SELECT id FROM scheduling_appointment_type LIMIT 1) t
"""
CLAIMS = """
INSERT INTO scheduling_claim
  (appointment_id, resource_kind, resource_id, starts_at, ends_at, held_from, held_until, active,
   settled)
SELECT id, :kind, practitioner_id, starts_at, ends_at, starts_at, ends_at, true,
       ends_at < now() - interval '14 days'
FROM scheduling_appointment
"""
# Without a first line of history a proof would find every visit (SCH-07).
HISTORY = """
INSERT INTO scheduling_appointment_event
  (appointment_id, at, actor_name, actor_role, channel, to_status, starts_at)
SELECT id, created_at, 'system', 'system', 'cli', status, starts_at
FROM scheduling_appointment ORDER BY id
"""
CONSTRAINT = """
ALTER TABLE scheduling_claim ADD CONSTRAINT ex_scheduling_claim_{name} EXCLUDE USING gist (
  int8range(resource_id, resource_id, '[]') WITH &&,
  int4range(resource_kind, resource_kind, '[]') WITH &&,
  tstzrange({start}, {end}, '[)') WITH &&) WHERE ({where})
"""
