"""What the pages of series take from a request, checked for shape only (SCH-32)."""

from dataclasses import dataclass
from datetime import date, datetime, time

from werkzeug.datastructures import MultiDict

from app.kernel.errors import Malformed, NotFound
from app.kernel.ids import AppointmentId
from app.scheduling.errors.series import BadSeries
from app.scheduling.forms.appointments import chosen_slot, day_of, name_of
from app.scheduling.rules.series import MOST_OCCURRENCES, Frequency, Pattern
from app.scheduling.services.series import SKIP, MoveTo, SeriesWish
from app.scheduling.services.series_rest import RestWish

LARGEST_VISIT = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesForm:
    """The rule of a series as it was typed; all of it fits into an address."""

    type: str = ""
    provider: str = ""
    patient: str = ""
    frequency: str = Frequency.WEEKLY.value
    every: str = "1"
    first_on: str = ""
    local_time: str = "09:00"
    count: str = "4"
    reason: str = ""
    override: str = ""

    @classmethod
    def read(cls, values: "MultiDict[str, str]") -> "SeriesForm":
        """From the query string or the hidden fields."""
        typed = {
            name: (values.get(name) or "").strip()[:500]
            for name in cls.__dataclass_fields__
            if values.get(name)
        }
        for name in ("type", "provider", "patient"):
            name_of(typed.get(name))
        return cls(**typed)

    def fields(self) -> dict[str, str]:
        """As fields of a form."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @property
    def is_asked(self) -> bool:
        """Whether enough is chosen to look at the visits."""
        return bool(self.type and self.provider and self.patient and self.first_on)

    def wish(self) -> SeriesWish:
        """What the services want. Raises BadSeries and Malformed for what is no rule."""
        return SeriesWish(
            type=self.type,
            patient=self.patient,
            provider=self.provider,
            pattern=Pattern(
                frequency=_frequency(self.frequency),
                every=_number(self.every, "every"),
                first_on=day(self.first_on),
                local_time=moment(self.local_time),
                count=_number(self.count, "count"),
            ),
            reason=self.reason,
            override_reason=self.override or None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RestForm:
    """From which visit on a series changes, and to what; all of it fits into an address."""

    visit: str = ""
    first_on: str = ""
    local_time: str = ""
    provider: str = ""
    override: str = ""

    @classmethod
    def read(cls, values: "MultiDict[str, str]") -> "RestForm":
        """From the query string or the hidden fields."""
        name_of(values.get("provider"))
        return cls(**{name: (values.get(name) or "").strip()[:500] for name in cls.fields_of()})

    @classmethod
    def fields_of(cls) -> list[str]:
        """The names of the fields."""
        return list(cls.__dataclass_fields__)

    def fields(self) -> dict[str, str]:
        """As fields of a form."""
        return {name: getattr(self, name) for name in self.fields_of()}

    def wish(self) -> RestWish:
        """What the services want. Raises BadSeries, and NotFound for what is no visit."""
        return RestWish(
            appointment_id=visit_of(self.visit),
            first_on=day(self.first_on),
            local_time=moment(self.local_time),
            provider=self.provider or None,
            override_reason=self.override or None,
        )


def visit_of(text: str | None) -> AppointmentId:
    """From which visit on. Raises NotFound for what no page of ours sends."""
    text = text or ""
    if not (text.isascii() and text.isdigit() and 0 < int(text[:19]) <= LARGEST_VISIT):
        raise NotFound("There is no such visit.")
    return AppointmentId(int(text[:19]))


def day(text: str | None) -> date:
    """A civil day. Raises BadSeries."""
    found = day_of(text, date.min)
    if found == date.min:
        raise BadSeries("Please choose the first day.", field="first_on")
    return found


def moment(text: str | None) -> time:
    """A time of day. Raises BadSeries."""
    try:
        return datetime.strptime((text or "")[:5], "%H:%M").time()  # noqa: DTZ007 - no date
    except ValueError as error:
        raise BadSeries("Please give a time such as 09:00.", field="local_time") from error


def choices(form: "MultiDict[str, str]") -> dict[int, MoveTo | str]:
    """By number what is done about a clash: skipped, or moved to another time of that day."""
    found: dict[int, MoveTo | str] = {}
    for number in range(1, MOST_OCCURRENCES + 1):
        value = form.get(f"choice_{number}")
        if value == SKIP:
            found[number] = SKIP
        elif value:
            starts_at, provider = chosen_slot([value])
            found[number] = MoveTo(starts_at, provider or "")
    return found


def _frequency(text: str) -> Frequency:
    try:
        return Frequency(text)
    except ValueError as error:
        raise Malformed("Please choose weekly or monthly.") from error


def _number(text: str, field: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 4):
        raise BadSeries("Please give a number.", field=field)
    return int(text)
