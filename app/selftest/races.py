"""The races, each with what must come out of it (SCH-02, SCH-03, SCH-04)."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import text

from app.infra.db import session
from app.kernel.ids import AppointmentId
from app.scheduling import services
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services import Wish
from app.scheduling.services.seats import take_seat
from app.selftest.racing import race
from app.selftest.sample import PROVIDERS, SEATS, Clinic, plan_session, system

TAKEN = "scheduling.slot_taken"
FULL = "scheduling.session_full"
OVERLAPS = text(
    """
    SELECT count(*) FROM scheduling_claim a JOIN scheduling_claim b
      ON a.id < b.id AND a.active AND b.active
     AND a.resource_kind = b.resource_kind AND a.resource_id = b.resource_id
     AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
    """
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one race ended, for somebody who runs a clinic."""

    name: str
    is_good: bool
    sentence: str


def book(number: int, *, clinic: Clinic, minutes: list[int], kind: str, who: list[str]) -> str:
    """Racer `number` books for their patient; times and providers go round."""
    wish = Wish(
        type=kind,
        starts_at=clinic.at(minutes[number % len(minutes)]),
        provider=who[number % len(who)],
        patient=clinic.patients[number],
    )
    return services.book_appointment(system(), wish=wish).status


def sit(number: int, *, session_id: int, clinic: Clinic) -> str:
    """Racer `number` wants a seat for their patient."""
    return take_seat(system(), session_id=session_id, patient=clinic.patients[number]).status


def cancel_or_book(number: int, *, visit: int, clinic: Clinic, minute: int) -> str:
    """The first gives the time up, all others want it."""
    if number == 0:
        return step(0, visit=visit, statuses=["cancelled"])
    return book(number, clinic=clinic, minutes=[minute], kind="race", who=[PROVIDERS[0]])


def move(number: int, *, visits: list[int], clinic: Clinic, minutes: list[int]) -> str:
    """Each visit wants the other's time."""
    return services.reschedule_appointment(
        system(),
        appointment_id=AppointmentId(visits[number]),
        starts_at=clinic.at(minutes[1 - number]),
    ).status.value


def step(number: int, *, visit: int, statuses: list[str]) -> str:
    """Racer `number` gives the visit one of the statuses."""
    return services.change_status(
        system(),
        appointment_id=AppointmentId(visit),
        status=AppointmentStatus(statuses[number % len(statuses)]),
        reason="Self-test",
    ).status.value


def last_slot(url: str, clinic: Clinic) -> Verdict:
    """Forty people, one time."""
    got = Counter(
        race(url, book, racers=40, clinic=clinic, minutes=[0], kind="race", who=[PROVIDERS[0]])
    )
    return Verdict(
        "The last slot",
        got == {"confirmed": 1, TAKEN: 39},
        f"40 people wanted one time: {got['confirmed']} got it, {got[TAKEN]} were told at once "
        "that it is taken.",
    )


def overlap(url: str, clinic: Clinic) -> Verdict:
    """Times that overlap only partly, offered by a grid of twenty minutes."""
    minutes = [60, 80, 60, 100]
    got = Counter(
        race(url, book, racers=24, clinic=clinic, minutes=minutes, kind="race", who=[PROVIDERS[0]])
    )
    return Verdict(
        "Overlapping times",
        got["confirmed"] == 3 and set(got) <= {"confirmed", TAKEN},
        f"24 people wanted three neighbouring times: {got['confirmed']} visits were booked.",
    )


def room_and_provider(url: str, clinic: Clinic) -> Verdict:
    """Two providers are free, but there is one room."""
    got = Counter(
        race(
            url,
            book,
            racers=20,
            clinic=clinic,
            minutes=[180],
            kind="race-room",
            who=list(PROVIDERS),
        )
    )
    return Verdict(
        "One room, two providers",
        got == {"confirmed": 1, TAKEN: 19},
        f"20 people wanted one room with two providers: {got['confirmed']} got it.",
    )


def capacity(url: str, clinic: Clinic) -> Verdict:
    """A group session with fewer seats than people who want one (SCH-04)."""
    session_id = plan_session(clinic, minute=420)
    got = Counter(race(url, sit, racers=40, session_id=session_id, clinic=clinic))
    taken, kept = _count_seats(session_id)
    return Verdict(
        "Seats of a group session",
        got == {"booked": SEATS, FULL: 40 - SEATS} and taken == kept == SEATS,
        f"40 people wanted {SEATS} seats: {got['booked']} got one, {got[FULL]} were told at once "
        f"that it is full, and the list shows {kept} names.",
    )


def cancel_and_book(url: str, clinic: Clinic) -> Verdict:
    """A time is given up while others want it."""
    visit = _booked(clinic, patient=0, minute=240)
    got = Counter(race(url, cancel_or_book, racers=10, visit=visit, clinic=clinic, minute=240))
    return Verdict(
        "Cancel and book",
        got["cancelled"] == 1 and got["confirmed"] <= 1 and sum(got.values()) == 10,
        f"A visit was cancelled while 9 people wanted its time: {got['confirmed']} of them got it.",
    )


def swap(url: str, clinic: Clinic) -> Verdict:
    """Two visits want each other's time; neither may be lost or stand still for ever."""
    minutes = [300, 320]
    visits = [_booked(clinic, patient=i, minute=minutes[i]) for i in range(2)]
    got = race(url, move, racers=2, visits=visits, clinic=clinic, minutes=minutes)
    kept = _count_open(clinic, minutes)
    return Verdict(
        "Swapping two times",
        set(got) <= {"confirmed", TAKEN} and kept == 2,
        f"Two visits wanted each other's time: both patients still have one, {kept} times in all.",
    )


def approval(url: str, clinic: Clinic) -> Verdict:
    """Some approve a request while others decline it."""
    visit = _booked(clinic, patient=5, minute=360, kind="race-approval")
    _make_pending(visit)  # what staff book needs no approval, so it is made a request again
    got = Counter(race(url, step, racers=10, visit=visit, statuses=["confirmed", "declined"]))
    winners = got["confirmed"] + got["declined"]
    return Verdict(
        "Approve and decline",
        winners == 1,
        f"10 people answered one request, half with yes and half with no: {winners} answer "
        "counted.",
    )


RACES: tuple[Callable[[str, Clinic], Verdict], ...] = (
    last_slot,
    overlap,
    capacity,
    room_and_provider,
    cancel_and_book,
    swap,
    approval,
)


def run_all(url: str, clinic: Clinic) -> list[Verdict]:
    """Every race in turn, and at the end the count that no race may change."""
    verdicts = [one(url, clinic) for one in RACES]
    double = session().execute(OVERLAPS).scalar_one()
    session().rollback()
    verdicts.append(
        Verdict(
            "Double bookings in all",
            double == 0,
            f"{double} times are held twice by anybody or anything.",
        )
    )
    return verdicts


def _booked(clinic: Clinic, *, patient: int, minute: int, kind: str = "race") -> int:
    wish = Wish(
        type=kind,
        starts_at=clinic.at(minute),
        provider=PROVIDERS[0],
        patient=clinic.patients[patient],
    )
    return services.book_appointment(system(), wish=wish).id


def _count_open(clinic: Clinic, minutes: list[int]) -> int:
    found = session().execute(
        text(
            "SELECT count(*) FROM scheduling_appointment"
            " WHERE status = 'confirmed' AND starts_at = ANY (:times)"
        ),
        {"times": [clinic.at(minute) for minute in minutes]},
    )
    count = int(found.scalar_one())
    session().rollback()
    return count


def _count_seats(session_id: int) -> tuple[int, int]:
    """What the session has counted, and the seats that there are."""
    found = session().execute(
        text(
            "SELECT taken, (SELECT count(*) FROM scheduling_seat"
            " WHERE session_id = :id AND status <> 'cancelled')"
            " FROM scheduling_group_session WHERE id = :id"
        ),
        {"id": session_id},
    )
    taken, kept = found.one()
    session().rollback()
    return taken, kept


def _make_pending(visit: int) -> None:
    session().execute(
        text("UPDATE scheduling_appointment SET status = 'pending' WHERE id = :id"), {"id": visit}
    )
    session().commit()
