"""Arriving at a kiosk: by appointment, or for a number. It never says a name (SCH-33)."""

from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from app.infra import signing
from app.infra.db import transaction
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.clock import clinic_day, local_date
from app.kernel.errors import Conflict
from app.kernel.ids import AppointmentId
from app.patients import queries as patients
from app.patients.queries import PatientCard
from app.scheduling.queries import walk_ins
from app.scheduling.queries.appointments import AppointmentView, appointment, appointments_of
from app.scheduling.queries.types import type_of
from app.scheduling.queries.walk_ins import QueueService
from app.scheduling.rules import AppointmentStatus
from app.visits import rules
from app.visits.errors.devices import (
    KioskBusy,
    NoCodeToday,
    NotForThisKiosk,
    NotNow,
    UnknownAtKiosk,
    UnusableCode,
)
from app.visits.models import Device, KioskTry
from app.visits.queries import visits
from app.visits.queries.devices import DeviceCard, tries_that_led_nowhere
from app.visits.queries.visits import VisitView
from app.visits.rules.check_in import (
    LONGEST_CODE,
    TRIES_WITHIN,
    Expected,
    Verdict,
    gives_way,
    is_code,
    is_of_today,
    is_resting,
    verdict,
    what_to_do,
)
from app.visits.services.arrivals import check_in_at_kiosk, receive_walk_in
from app.visits.services.devices import actor_of

PURPOSE = "check-in"
CODE_LIVES = 2 * 24 * 3600  # the day inside decides; this only ends very old ones
COMES_TO = (AppointmentStatus.CONFIRMED, AppointmentStatus.NO_SHOW)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What somebody takes along: the number and how long it may take."""

    token: str
    service: str
    position: int | None
    wait_text: str


def offered_services() -> list[QueueService]:
    """What one may come for without an appointment."""
    return [one for one in walk_ins.queue_services() if one.is_active and one.takes_walk_ins]


def check_in_code(visit: AppointmentView) -> str:
    """The text of a visit's QR code. Raises NoCodeToday on other days and for other visits."""
    today = local_date(clock.now(), settings().time_zone)
    if not has_code(visit):
        raise NoCodeToday()
    return signing.sign(PURPOSE, {"a": int(visit.id), "d": today.isoformat()})


def has_code(visit: AppointmentView) -> bool:
    """Whether the visit is today and can still be checked in."""
    zone = settings().time_zone
    is_today = local_date(visit.starts_at, zone) == local_date(clock.now(), zone)
    return is_today and visit.status is AppointmentStatus.CONFIRMED


def kiosk_check_in(device: DeviceCard, *, typed: str, address: str = "") -> Ticket:
    """Check in by a typed ID or a scanned code; a second tap shows the same number.

    Raises KioskBusy, NotForThisKiosk for who is unknown or not expected today, NotNow outside
    the window, and UnusableCode.
    """
    try_id = _begin_try(device)
    patient = _person(typed)
    if patient is None:
        raise NotForThisKiosk()
    expected = _expected_today(patient)  # before the visit: what is checked in meanwhile is in one
    visit = _visit_of(patient)
    ticket = _ticket(visit)
    if ticket is None:
        _check_expected(expected, try_id)
    if ticket is None or _gives_way(visit, expected):
        ticket = _checked_in(device, patient, address)
    _note_known(try_id)
    return ticket


def _checked_in(device: DeviceCard, patient: PatientCard, address: str) -> Ticket:
    """Check in and answer with the number; of two taps at once one does it, both show it."""
    try:
        check_in_at_kiosk(actor_of(device, address), university_id=patient.university_id)
    except Conflict:
        known = _ticket_of(patient)
        if known is None:
            raise
        return known
    made = _ticket_of(patient)
    if made is None:
        raise NotForThisKiosk()
    return made


def _gives_way(visit: VisitView | None, expected: list[Expected]) -> bool:
    """Whether the number that somebody has ends for an appointment in its window (SCH-33)."""
    if visit is None or not gives_way(visit.status, is_walk_in=visit.is_walk_in):
        return False
    return _verdict(expected) is Verdict.READY


def kiosk_walk_in(
    device: DeviceCard, *, typed: str, service: str, reason: str = "", address: str = ""
) -> Ticket:
    """A number without an appointment; who has one already is shown it again.

    Raises KioskBusy, UnknownAtKiosk, UnusableCode and what `receive_walk_in` raises.
    """
    patient, try_id = _walk_in(device, typed)
    known = _ticket_of(patient)
    if known is None:
        if service not in {one.code for one in offered_services()}:
            raise UnknownAtKiosk("Please choose what you come for.")
        receive_walk_in(
            actor_of(device, address),
            patient=patient.university_id,
            type_code=service,
            reason=reason,
            campus=device.campus,
        )
        known = _ticket_of(patient)
    _note_known(try_id)
    if known is None:
        raise UnknownAtKiosk()
    return known


def kiosk_greet(device: DeviceCard, *, typed: str) -> Ticket | None:
    """Before the choice of a service: the number that somebody has already, if any.

    Raises KioskBusy, UnknownAtKiosk and UnusableCode.
    """
    patient, try_id = _walk_in(device, typed)
    _note_known(try_id)
    return _ticket_of(patient)


def _walk_in(device: DeviceCard, typed: str) -> tuple[PatientCard, int]:
    try_id = _begin_try(device)
    patient = _person(typed)
    if patient is None:
        raise UnknownAtKiosk()
    return patient, try_id


def _begin_try(device: DeviceCard) -> int:
    """Count the try before it is decided, so that tries side by side all count.

    Those that decide nothing any more are forgotten.
    """
    now = clock.now()
    with transaction() as tx:
        tx.execute(select(Device.id).where(Device.id == device.id).with_for_update())
        if is_resting(tries_that_led_nowhere(device.id, since=now - TRIES_WITHIN), now):
            raise KioskBusy()
        old = (KioskTry.device_id == device.id) & (KioskTry.at < now - TRIES_WITHIN)
        tx.execute(delete(KioskTry).where(old).execution_options(synchronize_session=False))
        row = insert(KioskTry).values(device_id=device.id, at=now, was_known=False)
        return int(tx.execute(row.returning(KioskTry.id)).scalar_one())


def _note_known(try_id: int) -> None:
    with transaction() as tx:
        tx.execute(
            update(KioskTry)
            .where(KioskTry.id == try_id)
            .values(was_known=True)
            .execution_options(synchronize_session=False)
        )


def _person(typed: str) -> PatientCard | None:
    """The active patient behind what was typed or scanned. Raises UnusableCode."""
    text = typed.strip()
    if not is_code(text):
        found = patients.patient_by_university_id(text) if text else None
    else:
        found = _person_of_code(text)
    return found if found is not None and found.is_active else None


def _person_of_code(text: str) -> PatientCard | None:
    value = signing.read(PURPOSE, text, CODE_LIVES) if len(text) <= LONGEST_CODE else None
    today = local_date(clock.now(), settings().time_zone)
    if value is None or not is_of_today(value.get("d"), today):
        raise UnusableCode()
    visit = appointment(AppointmentId(int(value["a"])))
    return visit.patient if visit else None


def _check_expected(expected: list[Expected], try_id: int) -> None:
    """Raises NotForThisKiosk without a visit today, NotNow outside the window."""
    answer = _verdict(expected)
    if answer is Verdict.NOTHING_TODAY:
        raise NotForThisKiosk()
    if answer is not Verdict.READY:
        _note_known(try_id)
        raise NotNow(what_to_do(answer, max(one.window for one in expected)))


def _verdict(expected: list[Expected]) -> Verdict:
    return verdict(expected, now=clock.now(), zone=settings().time_zone)


def _expected_today(patient: PatientCard) -> list[Expected]:
    """The visits of today that the patient may still come for."""
    zone, now = settings().time_zone, clock.now()
    found = appointments_of(now=now, patient_id=patient.id, statuses=COMES_TO, page_size=50)
    today = clinic_day(local_date(now, zone), zone)
    those = [one for one in found.results if today.starts_at <= one.starts_at < today.ends_at]
    return [_expected(one) for one in those]


def _expected(visit: AppointmentView) -> Expected:
    policy = type_of(visit.type_id).policy
    return Expected(visit.starts_at, policy.check_in_window, policy.no_show_grace)


def _ticket_of(patient: PatientCard) -> Ticket | None:
    """The number of the visit that the patient is here for."""
    return _ticket(_visit_of(patient))


def _visit_of(patient: PatientCard) -> VisitView | None:
    today = local_date(clock.now(), settings().time_zone)
    return visits.visit_of_patient_today(patient.id, today)


def _ticket(visit: VisitView | None) -> Ticket | None:
    if visit is None or visit.status not in rules.IS_HERE:
        return None
    standing = visits.position_and_wait(visit.id)
    position = standing.position if standing else None
    return Ticket(visit.token, visit.type_name, position, standing.wait_text if standing else "")
