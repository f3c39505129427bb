"""Fields of rooms, equipment, needs, maintenance and preferences; the services check the rules."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, cast

from flask_appbuilder.forms import DynamicForm
from wtforms import SelectField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from app.infra.runtime import settings
from app.scheduling.forms.catalogue import ScheduleForm, key_of, possible_instant
from app.scheduling.queries import resources
from app.scheduling.queries.resources import Preferences
from app.scheduling.services.resources import ResourceDraft
from app.web.fields import LocalDateTimeField, TickBox

RESOURCE_FIELDS = ["name", "code", "kind", "category", "campus", "is_active"]


class ResourceForm(DynamicForm):
    """A room or a piece of equipment (SCH-13)."""

    name = StringField("Name", validators=[DataRequired("Please type a name."), Length(max=80)])
    code = StringField(
        "Code",
        validators=[DataRequired("Please type a code."), Length(max=40)],
        description="Letters, digits and hyphens, such as ROOM-2.",
    )
    kind = SelectField(
        "What it is",
        coerce=int,
        choices=[(kind, name.capitalize()) for kind, name in resources.KINDS.items()],
    )
    category = StringField(
        "Category",
        validators=[DataRequired("Please type a category."), Length(max=40)],
        description="Such as dental chair. Those of one category stand in for each other.",
    )
    campus = SelectField("Campus")
    is_active = TickBox("In use", default=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.campus.choices = [
            (name, name or "Any campus") for name in dict.fromkeys(("", *settings().campuses))
        ]


class BlockForm(ScheduleForm):
    """A time when a room or a piece of equipment cannot be used."""

    resource_id = SelectField("What", coerce=int)
    starts_at = LocalDateTimeField(
        "From", [InputRequired("Please choose when it begins."), possible_instant]
    )
    ends_at = LocalDateTimeField(
        "Until", [InputRequired("Please choose when it ends."), possible_instant]
    )
    note = StringField("Why", [Length(max=200)], description="Staff read this, such as Repair.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.resource_id.choices = [
            (one.id, f"{one.name} ({one.code})") for one in resources.resources()
        ]

    def instants(self) -> tuple[datetime, datetime]:
        """From when to when, after the form was found good."""
        return cast(datetime, self.starts_at.data), cast(datetime, self.ends_at.data)


class PreferencesForm(ScheduleForm):
    """The room that a provider gets first, and the visits that they do not take."""

    preferred_room_id = SelectField("Preferred room", coerce=int)
    not_offered = SelectMultipleField("Does not take", coerce=int)

    def __init__(self, *args: Any, known: Preferences, **kwargs: Any) -> None:
        """`known` is what is kept now, and what there is to choose from."""
        super().__init__(*args, **kwargs)
        rooms = [one for one in resources.resources() if one.kind_name == "room"]
        self.preferred_room_id.choices = [(0, "No preference")]
        self.preferred_room_id.choices += [(one.id, one.name) for one in rooms]
        self.not_offered.choices = list(known.types)


def resource_draft(values: Mapping[str, Any]) -> ResourceDraft:
    """What was typed, for the service."""
    return ResourceDraft(**{name: values[name] for name in RESOURCE_FIELDS})


def needs_typed(form: Mapping[str, str], categories: Iterable[str]) -> list[tuple[str, int]]:
    """How many of each category a visit takes; nothing typed is none of it."""
    typed = [(category, key_of(form.get(f"need-{category}"))) for category in categories]
    return [(category, quantity) for category, quantity in typed if quantity]
