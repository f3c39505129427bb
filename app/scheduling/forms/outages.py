"""What the screen "Provider is out" takes from a request (SCH-34)."""

from dataclasses import dataclass
from datetime import datetime

from werkzeug.datastructures import MultiDict

from app.kernel.ids import AppointmentId
from app.scheduling.errors.outages import BadOutage
from app.scheduling.forms.appointments import chosen_slot, name_of
from app.web.fields import instant_of
from app.web.http import clinic_zone


@dataclass(frozen=True, slots=True)
class Absence:
    """Who is out and when, as it was typed."""

    provider: str
    starts_at: str
    ends_at: str

    @classmethod
    def read(cls, values: "MultiDict[str, str]") -> "Absence":
        """From the query string or the hidden fields."""
        return cls(
            name_of(values.get("provider")),
            (values.get("starts_at") or "").strip()[:25],
            (values.get("ends_at") or "").strip()[:25],
        )

    @property
    def is_asked(self) -> bool:
        """Whether the form was sent at all."""
        return bool(self.provider or self.starts_at or self.ends_at)

    def instants(self) -> tuple[datetime, datetime]:
        """From and until. Raises BadOutage for what is no time."""
        return _instant(self.starts_at), _instant(self.ends_at)


def _instant(text: str) -> datetime:
    try:
        typed = datetime.fromisoformat(text)
        return typed if typed.tzinfo else instant_of(typed, clinic_zone())
    except ValueError as error:
        raise BadOutage("Please give the day and time from when until when.") from error


def accepted(form: "MultiDict[str, str]") -> dict[AppointmentId, tuple[datetime, str]]:
    """The ticked proposals: visits with their new time and provider."""
    found: dict[AppointmentId, tuple[datetime, str]] = {}
    for text in form.getlist("take")[:500]:
        if text.isascii() and text.isdigit() and len(text) < 19 and f"slot_{text}" in form:
            starts_at, provider = chosen_slot([form[f"slot_{text}"]])
            if provider:
                found[AppointmentId(int(text))] = (starts_at, provider)
    return found
