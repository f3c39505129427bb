"""A small clinic for the rule tests: one Monday in Manila, and days when clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from app.kernel.period import Period
from app.scheduling.rules import (
    Claim,
    Closure,
    DateOverride,
    PatientFacts,
    PatientLimits,
    ProviderFacts,
    Question,
    ResourceFacts,
    Slot,
    TypePolicy,
    WeeklyHours,
)

MANILA = ZoneInfo("Asia/Manila")
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 11, 23)
DANA, DIEGO = 1, 2

# Days on or next to a clock change: in the night, by half an hour, at midnight, by a day.
INTERESTING_DAYS = [
    ("Asia/Manila", date(2026, 11, 24)),
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/St_Johns", date(2026, 3, 8)),
    ("America/St_Johns", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Asia/Tehran", date(2022, 3, 22)),
    ("Asia/Tehran", date(2022, 9, 21)),
    ("America/Santiago", date(2026, 4, 4)),
    ("America/Santiago", date(2026, 9, 6)),
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Africa/Cairo", date(2026, 10, 29)),
    ("Asia/Beirut", date(2026, 3, 29)),
    ("America/Sao_Paulo", date(2018, 2, 17)),
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("Pacific/Apia", date(2011, 12, 30)),
]


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


def at(clock: str, day: date = MONDAY, zone: ZoneInfo = MANILA) -> datetime:
    """The instant when the clinic's clock shows "HH:MM"."""
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)


def period(starts: str, ends: str, day: date = MONDAY, zone: ZoneInfo = MANILA) -> Period:
    return Period(at(starts, day, zone), at(ends, day, zone))


def span(starts: str, ends: str) -> tuple[time, time]:
    return time.fromisoformat(starts), time.fromisoformat(ends)


def weekly(*spans: str, days: range | tuple[int, ...] = range(7), **more: Any) -> Any:
    """Weekly hours such as "08:00-12:00" on the given weekdays (all, if not said)."""
    cut = [span(*text.split("-")) for text in spans]
    return tuple(WeeklyHours(day, starts, ends, **more) for day in days for starts, ends in cut)


def claim(starts: str, ends: str, *, before: int = 0, after: int = 0, number: int = 99) -> Claim:
    """A visit of Monday with buffers in minutes."""
    start, end = at(starts), at(ends)
    return Claim(start, end, start - minutes(before), end + minutes(after), number)


def provider(*spans: str, number: int = DANA, key: str = "DOC001", **more: Any) -> ProviderFacts:
    return ProviderFacts(number, key, weekly=weekly(*spans), **more)


def policy(duration: int = 30, step: int | None = None, **more: Any) -> TypePolicy:
    return TypePolicy("consultation", minutes(duration), minutes(step or duration), **more)


def question(*providers: ProviderFacts, **more: Any) -> Question:
    """What is free on Monday, asked on the Sunday before at noon."""
    defaults: dict[str, Any] = {
        "policy": policy(),
        "first": MONDAY,
        "last": MONDAY,
        "now": at("12:00", MONDAY - timedelta(days=1)),
        "zone": MANILA,
    }
    return Question(providers=providers, **(defaults | more))


def starts(slots: list[Slot], zone: ZoneInfo = MANILA) -> list[str]:
    """The local times of day at which slots start."""
    return [f"{slot.starts_at.astimezone(zone):%H:%M}" for slot in slots]


def clock_times() -> st.SearchStrategy[time]:
    return st.integers(0, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))


def spans() -> st.SearchStrategy[tuple[time, time]]:
    return st.tuples(clock_times(), clock_times()).filter(lambda pair: pair[0] != pair[1])


def periods_near(noon: datetime) -> st.SearchStrategy[Period]:
    """Periods of 5 minutes to 10 hours that start at most 40 hours from noon."""
    return st.builds(
        lambda shift, lasts: Period(noon + minutes(5 * shift), noon + minutes(5 * (shift + lasts))),
        st.integers(-480, 480),
        st.integers(1, 120),
    )


@st.composite
def claims_near(draw: st.DrawFn, noon: datetime) -> Claim:
    start = noon + minutes(5 * draw(st.integers(-400, 400)))
    end = start + minutes(draw(st.sampled_from([10, 20, 45])))
    before, after = draw(st.sampled_from([0, 5, 15])), draw(st.sampled_from([0, 10, 25]))
    return Claim(start, end, start - minutes(before), end + minutes(after), draw(st.integers(1, 3)))


@st.composite
def providers_near(draw: st.DrawFn, number: int, day: date, noon: datetime) -> ProviderFacts:
    hours = [
        WeeklyHours(draw(st.integers(0, 6)), *pair, campus=draw(st.sampled_from(["", "Talamban"])))
        for pair in draw(st.lists(spans(), max_size=2))
    ]
    every_day = weekly("08:00-12:00", "20:00-04:00") if draw(st.integers(0, 3)) else ()
    overrides = st.builds(
        DateOverride,
        st.integers(-1, 2).map(lambda shift: day + timedelta(days=shift)),
        st.lists(spans(), max_size=2).map(tuple),
    )
    return ProviderFacts(
        number,
        f"DOC{number:03}",
        weekly=(*hours, *every_day),
        overrides=tuple(draw(st.lists(overrides, max_size=2))),
        time_off=tuple(draw(st.lists(periods_near(noon), max_size=1))),
        claims=tuple(draw(st.lists(claims_near(noon), max_size=10))),
        max_per_day=draw(st.sampled_from([None, None, None, 1, 5])),
        booked_by_day={day: draw(st.integers(0, 2))},
    )


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """A question about one to three days on which anything may happen at once."""
    name, day = draw(st.sampled_from(INTERESTING_DAYS))
    zone = ZoneInfo(name)
    noon = at("12:00", day, zone)
    drawn_policy = TypePolicy(
        "consultation",
        minutes(draw(st.sampled_from([10, 25, 60]))),
        minutes(draw(st.sampled_from([5, 15, 45]))),
        buffer_before=minutes(draw(st.sampled_from([0, 10]))),
        buffer_after=minutes(draw(st.sampled_from([0, 15]))),
        minimum_notice=minutes(draw(st.sampled_from([0, 120, 125]))),
        horizon=timedelta(hours=draw(st.sampled_from([40, 90, 2000]))),
        max_open_per_patient=draw(st.sampled_from([None, None, 1])),
        max_per_patient_per_day=draw(st.sampled_from([None, None, 1])),
        max_per_patient_per_week=draw(st.sampled_from([None, None, 2])),
    )
    patient = PatientFacts(
        claims=tuple(draw(st.lists(claims_near(noon), max_size=2))),
        open_of_type=draw(st.integers(0, 1)),
        open_total=draw(st.integers(0, 2)),
        by_day_of_type={day: draw(st.integers(0, 1))},
        by_day={day: 1},
        by_week_of_type={day.isocalendar()[:2]: draw(st.integers(0, 2))},
    )
    return Question(
        policy=drawn_policy,
        providers=tuple(
            draw(providers_near(number, day, noon))
            for number in range(1, draw(st.integers(1, 2)) + 1)
        ),
        closures=tuple(
            Closure(shut, "Typhoon") for shut in draw(st.lists(periods_near(noon), max_size=1))
        ),
        patient=draw(st.sampled_from([None, patient])),
        patient_limits=draw(st.sampled_from([PatientLimits(), PatientLimits(3, 2, 4)])),
        first=day - timedelta(days=draw(st.integers(0, 1))),
        last=day + timedelta(days=draw(st.integers(0, 1))),
        now=noon - minutes(5 * draw(st.integers(-40, 500))),
        zone=zone,
        duration=draw(st.sampled_from([None, minutes(35)])),
        ignore_appointment_id=draw(st.sampled_from([None, 1])),
    )


def room(*claims: Claim, number: int = 1, campus: str = "") -> ResourceFacts:
    """A room with what holds it."""
    return ResourceFacts(number, 3, f"R{number}", f"Room {number}", campus, claims)
