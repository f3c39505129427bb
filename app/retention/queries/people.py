"""What decides about records, gathered from every domain in a fixed number of statements."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from app.kernel.clock import local_date
from app.kernel.footprint import Footprint
from app.kernel.ids import PatientId
from app.patients.queries import KeptRecord
from app.retention.queries.holds import held_among
from app.retention.rules import Person
from app.scheduling.queries.footprints import footprints as bookings
from app.security.queries import AccountUse, account_uses
from app.visits.queries import footprints as visits

HELD = "It is under a hold."
STAFF = "The person's account works for the clinic."
NOTHING = Footprint()
UNUSED = AccountUse(None, is_staff=False)


def people_of(records: Sequence[KeptRecord], zone: ZoneInfo) -> dict[PatientId, Person]:
    """The records as the rules look at them (RET-01)."""
    ids = [record.id for record in records]
    booked, seen, held = bookings(ids), visits(ids), held_among(ids)
    uses = account_uses([record.user_id for record in records if record.user_id is not None])
    people = {}
    for record in records:
        steps = booked.get(record.id, NOTHING) | seen.get(record.id, NOTHING)
        use = uses.get(record.user_id, UNUSED) if record.user_id is not None else UNUSED
        steps |= Footprint(last_activity_at=use.last_sign_in_at)
        obstacles = [HELD] if record.id in held else []
        obstacles += [STAFF] if use.is_staff else []
        people[record.id] = Person(
            first_known_on=local_date(record.made_at, zone),
            born_on=record.born_on,
            last_consultation_on=_day(steps.last_consultation_at, zone),
            last_activity_on=_day(steps.last_activity_at, zone),
            obstacles=(*obstacles, *steps.open_matters),
        )
    return people


def _day(at: datetime | None, zone: ZoneInfo) -> date | None:
    return local_date(at, zone) if at else None
