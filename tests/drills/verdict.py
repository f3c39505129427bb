"""Compares what people were promised with what is in the database and in the mail."""

from collections import Counter

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from app.integrity.queries import broken_invariants
from tests.drills.house import House
from tests.drills.load import Ledger
from tests.worker.sink import Sink

VISITS = """
SELECT a.id, a.status, p.university_id FROM scheduling_appointment a
JOIN patients_patient p ON p.id = a.patient_id
"""
WALK_INS = """
SELECT p.university_id, v.token_prefix || '-' || to_char(v.token_number, 'FM000')
FROM visits_visit v JOIN patients_patient p ON p.id = v.patient_id WHERE v.appointment_id IS NULL
"""
AUDITED = """
SELECT object_id, count(*) FROM security_audit_event
WHERE action = 'scheduling:appointment:book' GROUP BY object_id
"""
MAILS = (
    "SELECT status, count(*) FROM notifications_communication WHERE channel = 'email' GROUP BY 1"
)
DEAD = "SELECT name, error FROM infra_outbox_job WHERE status = 'dead'"


def faults(house: House, ledger: Ledger) -> list[str]:
    """Everything that is not as it was promised; empty when nothing was lost or doubled."""
    return [
        *ledger.odd,
        *_visits(house, ledger),
        *_walk_ins(house, ledger),
        *[f"dead job: {name} {error}" for name, error in house.ask(DEAD)],
        *_invariants(house),
    ]


def _visits(house: House, ledger: Ledger) -> list[str]:
    stored = {number: (status, patient) for number, status, patient in house.ask(VISITS)}
    audited = {int(number): count for number, count in house.ask(AUDITED)}
    promised = {
        number: ("cancelled" if number in ledger.cancelled else answer["status"], answer["patient"])
        for number, answer in ledger.booked.items()
    }
    found = [
        f"visit {number} was promised as {what} and is {stored.get(number)}"
        for number, what in promised.items()
        if stored.get(number) != what
    ]
    found += [f"visit {number} was promised to nobody" for number in stored.keys() - promised]
    twice = Counter(patient for _, patient in stored.values())
    found += [
        f"{patient} was booked {count} times" for patient, count in twice.items() if count > 1
    ]
    found += [
        f"visit {n} is in the audit {audited.get(n)} times" for n in stored if audited.get(n) != 1
    ]
    return found


def _walk_ins(house: House, ledger: Ledger) -> list[str]:
    stored = house.ask(WALK_INS)
    promised = {(patient, answer["token"]) for patient, answer in ledger.walk_ins.items()}
    found = [f"walk-in {one} was promised and is not there" for one in promised - set(stored)]
    found += [f"walk-in {one} was promised to nobody" for one in set(stored) - promised]
    numbers = Counter(token for _, token in stored)
    return found + [f"number {token} was given twice" for token, n in numbers.items() if n > 1]


def _invariants(house: House) -> list[str]:
    engine = create_engine(house.postgres.server.url(), poolclass=NullPool)
    with engine.connect() as connection:
        broken = broken_invariants(connection)
    return [f"{one.invariant.id}: {one.rows} {one.problem}" for one in broken]


def mail_faults(house: House, sink: Sink, *, crashes: int) -> list[str]:
    """Mails that never came, or came twice for another reason than a crash in between.

    Between the server's yes and our note of it a crash sends a mail again, with its Message-ID;
    or, when a newer message about the same visit left before that, counts it as cancelled.
    """
    status = dict(house.ask(MAILS))
    letters = Counter(letter["Message-ID"] for letter in sink.letters)
    sent = status.get("sent", 0)
    found = [f"{n} mails are {name}" for name, n in status.items() if name in ("queued", "failed")]
    unnoted = len(letters) - sent
    if not 0 <= unnoted <= status.get("cancelled", 0):
        found.append(f"{sent} mails count as sent, {len(letters)} came")
    again = sum(count - 1 for count in letters.values())
    if again + unnoted > crashes:
        found.append(f"{again} mails came again, {unnoted} uncounted, after {crashes} crashes")
    return found
