"""Times that are kept while somebody fills the form of a booking."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select

from app.infra.db import session
from app.kernel.ids import PatientId, UserId
from app.kernel.period import Period
from app.scheduling.models import Hold, Practitioner
from app.scheduling.rules.waitlist import HoldStatus

MOST_LAPSED = 200
LONGEST_KEPT = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTime:
    """A time that is kept for one patient until `expires_at`."""

    id: int
    type_id: int
    practitioner_id: int
    provider: str
    starts_at: datetime
    ends_at: datetime
    expires_at: datetime

    @property
    def period(self) -> Period:
        """From start to end."""
        return Period(self.starts_at, self.ends_at)


_KEPT = (
    select(
        Hold.id,
        Hold.type_id,
        Hold.practitioner_id,
        Practitioner.university_id.label("provider"),
        Hold.starts_at,
        Hold.ends_at,
        Hold.expires_at,
    )
    .join(Practitioner, Practitioner.id == Hold.practitioner_id)
    .where(Hold.status == HoldStatus.OPEN.value, Hold.patient_id.is_not(None))
    .order_by(Hold.id)
)


def kept_for(patient_id: PatientId, *, now: datetime) -> KeptTime | None:
    """The time that is kept for a patient at present."""
    row = session().execute(_KEPT.where(Hold.patient_id == patient_id)).one_or_none()
    found = KeptTime(**row._mapping) if row else None
    return found if found and now < found.expires_at else None


def open_holds_of(patient_id: PatientId, user_id: UserId | None) -> list[KeptTime]:
    """What is kept for the patient or was kept by this user, lapsed or not."""
    mine = Hold.held_by_id == user_id if user_id is not None else Hold.held_by_id.is_(None)
    rows = session().execute(_KEPT.where(or_(Hold.patient_id == patient_id, mine)))
    return [KeptTime(**row._mapping) for row in rows]


def holds_by(user_id: UserId) -> list[KeptTime]:
    """What this user keeps for somebody."""
    rows = session().execute(_KEPT.where(Hold.held_by_id == user_id))
    return [KeptTime(**row._mapping) for row in rows]


def lapsed_form_holds(now: datetime) -> list[KeptTime]:
    """Open ones whose time is over, or was set by a clock that ran ahead; the oldest first."""
    is_over = or_(Hold.expires_at <= now, Hold.expires_at > now + LONGEST_KEPT)
    rows = session().execute(_KEPT.where(is_over).limit(MOST_LAPSED))
    return [KeptTime(**row._mapping) for row in rows]


def open_form_hold(hold_id: int) -> KeptTime | None:
    """One that is open, lapsed or not."""
    row = session().execute(_KEPT.where(Hold.id == hold_id)).one_or_none()
    return KeptTime(**row._mapping) if row else None


def counts(
    patient_id: PatientId,
    user_id: UserId | None,
    *,
    since: datetime,
    practitioner_id: int,
    starts_at: datetime,
) -> tuple[int, int]:
    """How many this user kept since then, and how often the patient had this very time."""
    lately = and_(Hold.held_by_id == user_id, Hold.created_at > since)
    same = and_(
        Hold.patient_id == patient_id,
        Hold.practitioner_id == practitioner_id,
        Hold.starts_at == starts_at,
    )
    row = (
        session()
        .execute(
            select(func.count().filter(lately), func.count().filter(same)).where(or_(lately, same))
        )
        .one()
    )
    return int(row[0]), int(row[1])
