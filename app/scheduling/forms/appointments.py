"""What the screens of visits take from a request, checked for shape only."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlencode, urlsplit

from werkzeug.datastructures import MultiDict

from app.kernel.clock import local_date
from app.kernel.errors import DomainError, Invalid, Malformed
from app.scheduling.errors import SlotTaken
from app.scheduling.rules import MOVES, AppointmentStatus, Slot, needs_reason
from app.web.fields import instant_of
from app.web.http import clinic_zone

LONGEST_NAME = 64
WEEK = timedelta(days=7)
A_DAY = timedelta(days=1)
# Days far from the ends of the calendar, where adding a week fails.
FIRST_DAY, LAST_DAY = date(1900, 1, 8), date(2200, 12, 24)


@dataclass(frozen=True, slots=True)
class Step:
    """A button that gives a visit another status."""

    status: AppointmentStatus
    label: str
    icon: str
    needs_reason: bool
    is_main: bool


S = AppointmentStatus
# The next thing that the front desk does; it gets the coloured button.
MAIN = {S.PENDING: S.CONFIRMED, S.CONFIRMED: S.CHECKED_IN, S.CHECKED_IN: S.IN_PROGRESS} | {
    S.IN_PROGRESS: S.COMPLETED
}
LABELS = {
    S.CONFIRMED: ("Confirm", "check"),
    S.CHECKED_IN: ("Check in", "log-in"),
    S.IN_PROGRESS: ("Start", "stethoscope"),
    S.COMPLETED: ("Complete", "check-circle"),
    S.NO_SHOW: ("No-show", "eye-off"),
    S.LEFT: ("Left", "log-out"),
    S.CANCELLED: ("Cancel", "x-circle"),
    S.DECLINED: ("Decline", "x"),
    S.ENTERED_IN_ERROR: ("Entered in error", "flag"),
}
BACKWARDS = {
    (S.CHECKED_IN, S.CONFIRMED): ("Undo check-in", "refresh"),
    (S.IN_PROGRESS, S.CHECKED_IN): ("Back to waiting", "arrow-left"),
    (S.COMPLETED, S.IN_PROGRESS): ("Reopen", "refresh"),
}


def steps_of(source: AppointmentStatus, targets: list[AppointmentStatus]) -> list[Step]:
    """The buttons for a visit, the next thing to do first; moving has a page of its own."""
    steps = [
        Step(
            target,
            *(BACKWARDS.get((source, target)) or LABELS[target]),
            needs_reason=needs_reason(source, target),
            is_main=MAIN.get(source) is target,
        )
        for target in targets
        if target in LABELS and (source, target) in MOVES
    ]
    return sorted(steps, key=lambda step: not step.is_main)


def back_path(text: str | None, default: str) -> str:
    """Where to return to: a path of this site only (WEB-03)."""
    parts = urlsplit(text or "")
    is_ours = bool(text) and not parts.scheme and not parts.netloc and "\\" not in str(text)
    printable = is_ours and str(text).startswith("/") and str(text).isprintable()
    return str(text) if printable and not str(text).startswith("//") else default


def day_of(text: str | None, default: date) -> date:
    """A civil day as a link or a date box sends it; anything else is the default."""
    try:
        day = date.fromisoformat((text or "").strip())
    except ValueError:
        return default
    return day if FIRST_DAY <= day <= LAST_DAY else default


def name_of(text: str | None) -> str:
    """A code or university ID, "" for none. Raises Malformed for what cannot be one."""
    name = (text or "").strip()
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise Malformed("This name is too long or holds characters that no name has.")
    return name


def version_of(text: str | None) -> int | None:
    """The version that the page showed, None without one."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def chosen_slot(values: list[str]) -> tuple[datetime, str | None]:
    """Start and provider of "2026-11-24T09:00:00+08:00|DOC001". Raises Invalid without one.

    The last value wins: a button with a proposed time comes after the list of times.
    """
    sentence = "Please choose a time."
    if not values or not values[-1]:
        raise Invalid(sentence, errors={"slot": [sentence]})
    text, _, provider = values[-1].partition("|")
    try:
        starts_at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Malformed(sentence, errors={"slot": [sentence]}) from error
    if starts_at.tzinfo is None:
        starts_at = starts_at.replace(tzinfo=clinic_zone())
    return starts_at, name_of(provider) or None


def slot_value(slot: Slot, *, any_provider: bool) -> str:
    """What `chosen_slot` reads."""
    start = slot.starts_at.astimezone(clinic_zone()).isoformat()
    return f"{start}|{'' if any_provider else slot.provider}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is chosen on the booking page so far; all of it fits into an address."""

    type: str = ""
    provider: str = ""
    patient: str = ""
    day: date
    at: str = ""
    all_times: bool = False

    @classmethod
    def read(cls, values: "MultiDict[str, str]", *, today: date) -> "Choice":
        """From the query string or the hidden fields."""
        return cls(
            type=name_of(values.get("type")),
            provider=name_of(values.get("provider")),
            patient=name_of(values.get("patient")),
            day=max(today, day_of(values.get("day"), today)),
            at=(values.get("at") or "").strip()[:5],
            all_times=values.get("all_times") == "yes",
        )

    def fields(self) -> dict[str, str]:
        """As fields of a form, without empty ones."""
        known = {
            "type": self.type,
            "provider": self.provider,
            "patient": self.patient,
            "day": self.day.isoformat(),
            "at": self.at,
            "all_times": "yes" if self.all_times else "",
        }
        return {name: value for name, value in known.items() if value}

    def address(self, path: str, **changes: object) -> str:
        """The page with another choice."""
        return f"{path}?{urlencode(replace(self, **changes).fields())}"  # type: ignore[arg-type]

    def asked_instant(self) -> datetime:
        """The time of "Why not 10:00?". Raises Invalid when it is none."""
        try:
            clock_shows = datetime.fromisoformat(f"{self.day.isoformat()}T{self.at}")
            return instant_of(clock_shows, clinic_zone())
        except ValueError as error:
            sentence = "Please give a time such as 10:00."
            raise Invalid(sentence, errors={"at": [sentence]}) from error


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the strip above the times."""

    on: date
    count: int
    href: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Time:
    """One free time to choose."""

    value: str
    starts_at: datetime
    provider: str
    is_near: bool = False


def week_of_day(day: date, today: date) -> tuple[date, date]:
    """The Monday to Sunday around a day, without days that are over."""
    monday = day - A_DAY * day.weekday()
    return max(monday, today), monday + A_DAY * 6


def days_with_times(
    slots: list[Slot], first: date, last: date, *, current: date, address: Callable[[date], str]
) -> list[Day]:
    """The strip: each day with the number of different free starts."""
    zone = clinic_zone()
    starts: dict[date, set[datetime]] = {}
    for slot in slots:
        starts.setdefault(local_date(slot.starts_at, zone), set()).add(slot.starts_at)
    days = [first + A_DAY * i for i in range((last - first).days + 1)]
    return [Day(day, len(starts.get(day, ())), address(day), day == current) for day in days]


def times_on(slots: list[Slot], day: date, *, any_provider: bool, near: str = "") -> list[Time]:
    """The free times of a day; one per start when any provider will do (SCH-18)."""
    zone = clinic_zone()
    shown: dict[str, Time] = {}
    for slot in slots:
        if local_date(slot.starts_at, zone) != day:
            continue
        value = slot_value(slot, any_provider=any_provider)
        is_near = f"{slot.starts_at.astimezone(zone):%H:%M}" == near
        shown.setdefault(value, Time(value, slot.starts_at, slot.provider, is_near))
    return list(shown.values())


def sentence_of(refusal: DomainError) -> str:
    """The refusal for a page: the sentence beside a field when there is one."""
    details = [sentence for sentences in refusal.errors.values() for sentence in sentences]
    extra = " ".join(dict.fromkeys(one for one in details if one != refusal.message))
    return f"{refusal.message} {extra}".strip()


@dataclass(frozen=True, slots=True)
class Strip:
    """A week of days and the free times of one of them."""

    days: list[Day]
    times: list[Time]
    current: date
    earlier: str
    later: str


def strip_of(
    choice: Choice, slots: list[Slot], *, today: date, path: str, any_provider: bool
) -> Strip:
    """The week around the chosen day; without a free time on it the first day that has one."""
    first, last = week_of_day(choice.day, today)
    zone = clinic_zone()
    free = sorted({local_date(slot.starts_at, zone) for slot in slots})
    current = choice.day if choice.day in free or not free or choice.at else free[0]
    days = days_with_times(
        slots, first, last, current=current, address=lambda day: choice.address(path, day=day)
    )
    monday = choice.day - A_DAY * choice.day.weekday()
    return Strip(
        days,
        times_on(slots, current, any_provider=any_provider, near=choice.at),
        current,
        choice.address(path, day=max(today, monday - WEEK)) if first > today else "",
        choice.address(path, day=monday + WEEK) if monday + WEEK <= LAST_DAY else "",
    )


def alternatives_of(refusal: DomainError | None) -> list[Time]:
    """The times that a lost one is answered with, for buttons."""
    if not isinstance(refusal, SlotTaken):
        return []
    return [
        Time(
            f"{slot.starts_at.astimezone(clinic_zone()).isoformat()}|{slot.provider}",
            slot.starts_at,
            slot.provider,
        )
        for slot in refusal.alternatives
    ]


def check_chosen(value: str, field: str, sentence: str) -> None:
    """Raises Invalid beside the field when nothing was chosen."""
    if not value:
        raise Invalid(sentence, errors={field: [sentence]})
