"""Fields of schedules, kinds of visits, providers and closures; the services check the rules."""

from collections.abc import Collection
from datetime import date, datetime, time
from typing import Any, cast

from flask_appbuilder.forms import DynamicForm
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import (
    Form,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional
from wtforms.widgets import Select

from app.infra.runtime import settings
from app.kernel.errors import DomainError
from app.scheduling.forms.reminders import LeadsField, minutes_around
from app.scheduling.permissions import CLINICIANS
from app.scheduling.queries import schedules
from app.scheduling.rules import PractitionerKind
from app.scheduling.services.catalogue import EVERYBODY, TypeDraft
from app.scheduling.services.schedules import Span
from app.security import queries as accounts
from app.web.fields import (
    LocalDateTimeField,
    NativeDateField,
    NativeInput,
    NativeTimeField,
    TickBox,
    clock_time,
    format_day,
)

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
TIME_FORMATS = ["%H:%M", "%H:%M:%S"]
EARLIEST, LATEST = date(1900, 1, 1), date(2200, 12, 31)


def hours_text(starts: time, ends: time) -> str:
    """8:00 AM to 12:00 PM, or until the next day."""
    text = f"{clock_time(starts)}\N{EN DASH}{clock_time(ends)}"
    return text if ends > starts else f"{text} (next day)"


def span_sentence(span: Span) -> str:
    """Monday 8:00 AM to 12:00 PM."""
    return f"{WEEKDAYS[span.weekday]} {hours_text(span.starts, span.ends)}"


def possible_day(form: Form, field: Any) -> None:
    """Raises ValidationError for a day of another century."""
    if field.data and not EARLIEST <= field.data <= LATEST:
        raise ValidationError("Please choose a day between 1900 and 2200.")


def possible_instant(form: Form, field: Any) -> None:
    """Raises ValidationError for an instant of another century."""
    if field.data and not EARLIEST < field.data.date() < LATEST:
        raise ValidationError("Please choose a day between 1900 and 2200.")


class ScheduleForm(Form):
    """A small form of the schedule page; several stand on one page, so each has its own ids."""

    def with_ids(self, suffix: str) -> Any:
        """Ids that no other form of the page has."""
        for field in self:
            field.id = f"{field.name}-{suffix}"
            field.label.field_id = field.id
        return self

    def show(self, refusal: DomainError) -> list[str]:
        """Put the sentences beside their fields; returns those that belong to no field."""
        for name, sentences in refusal.errors.items():
            if name in self:
                self[name].errors = [*self[name].errors, *sentences]
        is_shown = refusal.errors and all(name in self for name in refusal.errors)
        return [] if is_shown else [refusal.message]


class HoursForm(ScheduleForm):
    """A span of one weekday (SCH-10)."""

    hours_id = HiddenField()
    weekday = SelectField("Day", choices=list(enumerate(WEEKDAYS)), coerce=int)
    starts = NativeTimeField("From", [InputRequired("Please type a time.")], format=TIME_FORMATS)
    ends = NativeTimeField("To", [InputRequired("Please type a time.")], format=TIME_FORMATS)
    campus = SelectField("Campus")
    valid_from = NativeDateField("First day", [Optional(), possible_day])
    valid_to = NativeDateField("Last day", [Optional(), possible_day])

    def __init__(self, *args: Any, used: Collection[str] = (), **kwargs: Any) -> None:
        """`used` are campuses that stay choosable though the settings no longer name them."""
        super().__init__(*args, **kwargs)
        names = [*settings().campuses, *sorted(set(used) - set(settings().campuses))]
        self.campus.choices = [(name, name or "Any campus") for name in names]

    def validate_ends(self, field: Any) -> None:
        """Raises ValidationError for an empty span."""
        if field.data == self.starts.data:
            raise ValidationError("The hours must end at another time than they start.")

    def validate_valid_to(self, field: Any) -> None:
        """Raises ValidationError when the last day lies before the first."""
        if field.data and self.valid_from.data and field.data < self.valid_from.data:
            raise ValidationError("The last day must not lie before the first day.")

    @property
    def key(self) -> int | None:
        """The span that is changed, None for a new one."""
        return key_of(self.hours_id.data)

    def span(self) -> Span:
        """What was typed."""
        return Span(
            weekday=self.weekday.data,
            starts=self.starts.data,
            ends=self.ends.data,
            valid_from=self.valid_from.data,
            valid_to=self.valid_to.data,
            campus=self.campus.data or "",
        )


class CopyForm(ScheduleForm):
    """Give other days the hours of one."""

    weekday = SelectField("Copy the hours of", choices=list(enumerate(WEEKDAYS)), coerce=int)
    to = SelectMultipleField("To", choices=list(enumerate(WEEKDAYS)), coerce=int)


class DateForm(ScheduleForm):
    """Other hours on one date, or a day off (SCH-11)."""

    on_date = NativeDateField("Date", [InputRequired("Please choose a date."), possible_day])
    kind = RadioField(
        "What happens on this date?",
        choices=[("hours", "Other hours"), ("off", "Day off")],
        default="hours",
    )
    starts = NativeTimeField("From", [Optional()], format=TIME_FORMATS)
    ends = NativeTimeField("To", [Optional()], format=TIME_FORMATS)
    starts_2 = NativeTimeField("And from", [Optional()], format=TIME_FORMATS)
    ends_2 = NativeTimeField("To", [Optional()], format=TIME_FORMATS)
    note = StringField("Note", [Length(max=200)])

    def validate(self, extra_validators: Any = None) -> bool:
        """Also checks that other hours have times, both of each pair, and that none is empty."""
        is_good = super().validate(extra_validators)
        if self.kind.data == "off":
            return is_good
        if not (self.starts.data and self.ends.data):
            return self._refuse(self.ends, "Please type from when to when.")
        if (self.starts_2.data is None) != (self.ends_2.data is None):
            return self._refuse(self.ends_2, "Please type both times, or neither.")
        for starts, ends in ((self.starts, self.ends), (self.starts_2, self.ends_2)):
            if starts.data is not None and starts.data == ends.data:
                return self._refuse(ends, "The hours must end at another time than they start.")
        return is_good

    @staticmethod
    def _refuse(field: Any, sentence: str) -> bool:
        field.errors = [*field.errors, sentence]
        return False

    def spans(self) -> list[tuple[time, time]]:
        """What was typed; nothing for a day off."""
        if self.kind.data == "off":
            return []
        pairs = [(self.starts.data, self.ends.data), (self.starts_2.data, self.ends_2.data)]
        return [(starts, ends) for starts, ends in pairs if starts and ends]

    def sentence(self) -> str:
        """Fri 4 Dec 2026: 9:00 AM to 11:00 AM."""
        hours = " and ".join(hours_text(*span) for span in self.spans())
        return f"{format_day(self.on_date.data)}: {hours or 'day off'}"


class TimeOffForm(ScheduleForm):
    """An absence of any length (SCH-12)."""

    starts_at = LocalDateTimeField(
        "From", [InputRequired("Please choose when it begins."), possible_instant]
    )
    ends_at = LocalDateTimeField(
        "Until", [InputRequired("Please choose when it ends."), possible_instant]
    )
    note = StringField("Note", [Length(max=200)])

    def instants(self) -> tuple[datetime, datetime]:
        """From when to when, after the form was found good."""
        return cast(datetime, self.starts_at.data), cast(datetime, self.ends_at.data)


def key_of(text: str | None) -> int | None:
    """A row's key from a hidden field; None for anything that is none."""
    is_key = bool(text) and str(text).isascii() and str(text).isdigit() and len(str(text)) < 10
    return int(str(text)) if is_key else None


def hours_fields(span: Span) -> MultiDict[str, str]:
    """The fields that add a span again, for "Undo"."""
    fields = {
        "weekday": str(span.weekday),
        "starts": f"{span.starts:%H:%M}",
        "ends": f"{span.ends:%H:%M}",
        "campus": span.campus,
        "valid_from": span.valid_from.isoformat() if span.valid_from else "",
        "valid_to": span.valid_to.isoformat() if span.valid_to else "",
    }
    return MultiDict(fields)


def time_off_fields(
    starts_at: datetime | None, ends_at: datetime | None, note: str
) -> MultiDict[str, str]:
    """The fields that add an absence again, from wall times."""
    return MultiDict(
        {
            "starts_at": f"{starts_at:%Y-%m-%dT%H:%M}",
            "ends_at": f"{ends_at:%Y-%m-%dT%H:%M}",
            "note": note,
        }
    )


def date_fields(on_date: date, spans: list[tuple[time, time]], note: str) -> MultiDict[str, str]:
    """The fields that set a date's hours again."""
    fields = {"on_date": on_date.isoformat(), "note": note, "kind": "hours" if spans else "off"}
    for suffix, (starts, ends) in zip(("", "_2"), spans, strict=False):
        fields |= {f"starts{suffix}": f"{starts:%H:%M}", f"ends{suffix}": f"{ends:%H:%M}"}
    return MultiDict(fields)


# -- the catalogue

KIND_CHOICES = [(kind.value, kind.value.capitalize()) for kind in PractitionerKind]


def _minutes(label: str, hint: str, default: int, highest: int, lowest: int = 0) -> IntegerField:
    return IntegerField(
        f"{label} (minutes)",
        validators=[
            InputRequired("Please type a number of minutes."),
            NumberRange(lowest, highest, f"Please use a number from {lowest} to {highest}."),
        ],
        description=hint,
        default=default,
        widget=NativeInput("number"),
    )


def _limit(label: str) -> IntegerField:
    return IntegerField(
        label,
        validators=[Optional()],
        description="Leave this empty for no limit.",
        widget=NativeInput("number"),
    )


class PickList(Select):
    """A list to choose several from; a script makes it a list of check boxes."""

    def __init__(self) -> None:
        super().__init__(multiple=True)

    def __call__(self, field: Any, **attributes: Any) -> Markup:
        """Under the class that the script looks for."""
        return super().__call__(field, **attributes | {"class": "form-control my_select2"})


class TypeForm(DynamicForm):
    """A kind of visit (SCH-13)."""

    code = StringField(
        "Code",
        validators=[DataRequired("Please type a code."), Length(max=40)],
        description="Letters, digits and hyphens, such as dental-cleaning. Other systems use it.",
    )
    name = StringField("Name", validators=[DataRequired("Please type a name."), Length(max=80)])
    description = TextAreaField(
        "Description", validators=[Length(max=300)], description="Patients read it when booking."
    )
    colour = StringField("Colour in the calendar", default="#1d4ed8", widget=NativeInput("color"))
    position = IntegerField(
        "Place in lists", default=0, validators=[Optional()], widget=NativeInput("number")
    )
    is_active = TickBox("Offered", default=True)
    duration_minutes = _minutes("Length of a visit", "5 to 720.", 30, 720, 5)
    step_minutes = _minutes(
        "A visit may start every", "0 means: as often as the visit is long.", 0, 720
    )
    buffer_before_minutes = _minutes("Kept free before", "To prepare the room.", 0, 240)
    buffer_after_minutes = _minutes("Kept free after", "To clean up and write notes.", 0, 240)
    provider_kinds = SelectMultipleField(
        "Offered by",
        choices=KIND_CHOICES,
        validators=[DataRequired("Please choose who offers this visit.")],
        widget=PickList(),
    )
    bookable_by = SelectMultipleField(
        "Who may book it",
        choices=[(role.value, role.value) for role in EVERYBODY],
        default=[role.value for role in EVERYBODY],
        description="Nobody chosen: nobody can book it.",
        widget=PickList(),
    )
    needs_approval = TickBox(
        "A request of a patient waits for approval", description="Staff book without approval."
    )
    notice_minutes = _minutes("Book at the latest before", "60 is one hour.", 60, 86_400)
    horizon_days = IntegerField(
        "Book at most this many days ahead",
        default=60,
        validators=[
            InputRequired("Please type a number of days."),
            NumberRange(0, 730, "Please use a number from 0 to 730."),
        ],
        widget=NativeInput("number"),
    )
    cancel_cutoff_minutes = _minutes(
        "Patients may cancel until before", "120 is two hours.", 120, 43_200
    )
    max_open = _limit("Open visits of this kind per patient")
    max_per_day = _limit("Visits of this kind per patient and day")
    max_per_week = _limit("Visits of this kind per patient and week")
    reminder_minutes = LeadsField(
        "Reminders before a visit (minutes)",
        default=[1440, 120],
        description="1440, 120 is one day and two hours. Empty: no reminders.",
    )
    no_show_grace_minutes = minutes_around("A visit is missed after", "Empty: 15.")
    check_in_minutes = minutes_around("Patients may check in before", "Empty: 30.")
    session_capacity = _limit("Places in a new group session")
    takes_walk_ins = TickBox("Takes patients without an appointment", default=True)
    token_prefix = StringField(
        "Letters of its queue numbers",
        validators=[Length(max=3)],
        description="One to three, such as C for C-012.",
    )


TYPE_FIELDSETS = [
    ("What patients see", ["code", "name", "description", "is_active"]),
    ("Time", ["duration_minutes", "step_minutes", "buffer_before_minutes", "buffer_after_minutes"]),
    ("Who", ["provider_kinds", "bookable_by", "needs_approval"]),
    ("When it can be booked", ["notice_minutes", "horizon_days", "cancel_cutoff_minutes"]),
    ("Limits", ["max_open", "max_per_day", "max_per_week"]),
    (
        "On the day",
        [
            "reminder_minutes",
            "no_show_grace_minutes",
            "check_in_minutes",
            "session_capacity",
            "takes_walk_ins",
            "token_prefix",
        ],
    ),
    ("In lists and the calendar", ["colour", "position"]),
]
TYPE_FIELDS = [name for _, names in TYPE_FIELDSETS for name in names]


def type_draft(values: dict[str, Any]) -> TypeDraft:
    """What was typed, for the service."""
    kept = {name: values[name] for name in TYPE_FIELDS}
    return TypeDraft(
        **kept
        | {
            "description": " ".join((kept["description"] or "").split()),
            "colour": (kept["colour"] or "").lower(),
            "position": kept["position"] or 0,
            "reminder_minutes": tuple(kept["reminder_minutes"] or ()),
            "no_show_grace_minutes": _or(kept["no_show_grace_minutes"], 15),
            "check_in_minutes": _or(kept["check_in_minutes"], 30),
            "token_prefix": kept["token_prefix"] or "",
            "provider_kinds": tuple(kept["provider_kinds"] or ()),
            "bookable_by": tuple(kept["bookable_by"] or ()),
        }
    )


def _or(number: int | None, usual: int) -> int:
    return usual if number is None else number


class PractitionerForm(DynamicForm):
    """How a provider appears; the account stays the same."""

    kind = SelectField("Kind", choices=KIND_CHOICES)
    name = StringField(
        "Name that patients read",
        validators=[Length(max=160)],
        description="Such as Dr. Ana Reyes. Empty: the name of the account.",
    )
    max_per_day = IntegerField(
        "Visits per day at most",
        validators=[Optional()],
        description="Leave this empty for no limit.",
        widget=NativeInput("number"),
    )
    is_active = TickBox("Sees patients", default=True)


class NewPractitionerForm(PractitionerForm):
    """Make an account a provider."""

    user_id = SelectField(
        "Account", coerce=int, validators=[NumberRange(min=1, message="Please choose an account.")]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = schedules.provider_user_ids()
        people = [one for one in accounts.accounts_with_roles(CLINICIANS) if one.id not in known]
        self.user_id.choices = [(0, "Choose an account" if people else "Nobody is left to add")]
        self.user_id.choices += [(one.id, f"{one.name} ({one.university_id})") for one in people]


class ClosureForm(DynamicForm):
    """A time when the clinic is closed (SCH-12)."""

    name = StringField(
        "Why",
        validators=[DataRequired("Please say why the clinic is closed."), Length(max=160)],
        description="Patients and staff read this, such as University Days.",
    )
    starts_at = LocalDateTimeField(
        "From", validators=[InputRequired("Please choose when it begins."), possible_instant]
    )
    ends_at = LocalDateTimeField(
        "Until", validators=[InputRequired("Please choose when it ends."), possible_instant]
    )


def year_of(text: str | None, default: int) -> int:
    """A year from a form; four digits, else the default."""
    is_year = bool(text) and str(text).isascii() and str(text).isdigit() and len(str(text)) == 4
    return int(str(text)) if is_year else default
