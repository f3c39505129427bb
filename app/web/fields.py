"""Form fields for instants, dates and remote choices, in the clinic's zone."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from flask_appbuilder.forms import FieldConverter
from markupsafe import Markup
from wtforms import BooleanField, DateField, Field, TimeField
from wtforms.widgets import html_params

from app.web.http import clinic_zone


class NativeInput:
    """The browser's own date or time input: usable by keyboard, on phones, in every zone."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __call__(self, field: Any, **attributes: Any) -> Markup:
        described = {
            **attributes,
            "id": field.id,
            "name": field.name,
            "type": self.kind,
            "value": field._value(),
            "class": attributes.get("class") or "form-control",
        }
        return Markup(f"<input {html_params(**described)}>")  # noqa: S704 - html_params escapes


def instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a wall time; the first one of a repeated hour.

    Raises ValueError for a wall time that a clock change skips.
    """
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != wall:
        raise ValueError("This time does not exist: the clocks change then.")
    return instant


class LocalDateTimeField(Field):
    """An instant, shown and typed as the clinic's wall time."""

    widget = NativeInput("datetime-local")

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return self.data.astimezone(clinic_zone()).strftime("%Y-%m-%dT%H:%M") if self.data else ""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Raises ValueError, which WTForms shows beside the field."""
        self.data = None
        if not valuelist or not valuelist[0].strip():
            return
        try:
            typed = datetime.fromisoformat(valuelist[0].strip().replace(" ", "T"))
        except ValueError as error:
            raise ValueError("This is not a date and time.") from error
        self.data = typed if typed.tzinfo else instant_of(typed, clinic_zone())


class NativeDateField(DateField):
    """A civil date."""

    widget = NativeInput("date")


class NativeTimeField(TimeField):
    """A civil time of day."""

    widget = NativeInput("time")


class TickBox(BooleanField):
    """A yes or no that can be un-ticked: FAB would require a value for a NOT NULL column."""

    def __init__(self, label: str | None = None, validators: Any = None, **kwargs: Any) -> None:
        super().__init__(label, [], **kwargs)


def local(instant: datetime | None) -> datetime | None:
    """The instant as wall time of the clinic."""
    return instant.astimezone(clinic_zone()) if instant else None


def format_instant(instant: datetime | None) -> str:
    """Mon 24 Nov 2026, 9:00 AM."""
    wall = local(instant)
    return f"{wall:%a} {wall.day} {wall:%b %Y}, {clock_time(wall.time())}" if wall else ""


def format_day(day: date | None) -> str:
    """Mon 24 Nov 2026."""
    return f"{day:%a} {day.day} {day:%b %Y}" if day else ""


def clock_time(moment: time) -> str:
    """9:00 AM, as people here say it."""
    return f"{moment.hour % 12 or 12}:{moment.minute:02d} {'AM' if moment.hour < 12 else 'PM'}"


_OWN_FIELDS = {
    "is_datetime": LocalDateTimeField,
    "is_date": NativeDateField,
    "is_boolean": TickBox,
}
_OWN_WIDGETS = {
    "is_datetime": partial(NativeInput, "datetime-local"),
    "is_date": partial(NativeInput, "date"),
}


def use_own_fields() -> None:
    """Swap FAB's date pickers, which lose the time of day, and its required tick boxes."""
    FieldConverter.conversion_table = tuple(
        (kind, _OWN_FIELDS.get(kind, field), _OWN_WIDGETS.get(kind, widget))
        for kind, field, widget in FieldConverter.conversion_table
    )
