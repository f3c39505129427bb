"""What the screens of group sessions take from a request; the services check the rules."""

import json
from datetime import datetime
from typing import Any

from wtforms import IntegerField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.infra.runtime import settings
from app.scheduling.forms.catalogue import ScheduleForm, possible_instant
from app.scheduling.queries import resources, schedules, types
from app.scheduling.queries.sessions import SessionView, StationView, proposed_capacities
from app.scheduling.rules.sessions import Cohort, SessionDraft
from app.web.fields import LocalDateTimeField, instant_of, local
from app.web.http import clinic_zone

NEEDED = "Please fill this in."


class SessionForm(ScheduleForm):
    """A group session (SCH-04)."""

    title = StringField("Title", [InputRequired(NEEDED), Length(max=120)])
    type = SelectField("Kind of visit", [InputRequired(NEEDED)])
    provider = SelectField("Provider", [InputRequired(NEEDED)])
    resource_id = SelectField("Room", coerce=int)
    campus = SelectField("Campus")
    starts_at = LocalDateTimeField("Starts", [InputRequired(NEEDED), possible_instant])
    ends_at = LocalDateTimeField("Ends", [InputRequired(NEEDED), possible_instant])
    capacity = IntegerField(
        "Seats",
        [Optional(), NumberRange(1, 1000)],
        description="Empty: as many as the kind of visit proposes.",
    )
    opens_at = LocalDateTimeField("Booking begins", [InputRequired(NEEDED), possible_instant])
    cohorts = TextAreaField(
        "Only for",
        description="Empty: everybody. Else one group per line: program, year level, from when. "
        "For example: BSN, 1, 2026-11-24 08:00",
    )
    stations = TextAreaField("Stations", description="One per line, in their order.")
    note = StringField("Note for patients", [Length(max=300)])
    override = StringField(
        "Why opening hours are set aside",
        [Length(max=500)],
        description="Only for a session while the clinic is closed or the provider is not there.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """With what can be chosen now."""
        super().__init__(*args, **kwargs)
        kinds = types.bookable_types()
        self.type.choices = [(one.policy.code, one.name) for one in kinds]
        proposed = proposed_capacities()
        seats = {one.policy.code: proposed.get(one.id) for one in kinds}
        self.type.render_kw = {"data-seats": json.dumps(seats)}
        self.provider.choices = [(one.university_id, one.name) for one in schedules.practitioners()]
        rooms = [(one.id, one.name) for one in resources.resources()]
        self.resource_id.choices = [(0, "No room"), *rooms]
        self.campus.choices = [
            (name, name or "Any campus") for name in dict.fromkeys(["", *settings().campuses])
        ]

    def validate_cohorts(self, field: Any) -> None:
        """Raises ValidationError naming the line that is no group."""
        for number, line in enumerate(_lines(field.data), start=1):
            try:
                _cohort(line, self.opens_at.data)
            except ValueError as error:
                raise ValidationError(
                    f"Line {number} should read like: BSN, 1, 2026-11-24 08:00"
                ) from error

    def draft(self) -> SessionDraft:
        """What was typed."""
        fields: dict[str, Any] = self._fields
        return SessionDraft(
            type=self.type.data,
            provider=self.provider.data,
            title=self.title.data or "",
            starts_at=fields["starts_at"].data,
            ends_at=fields["ends_at"].data,
            capacity=self.capacity.data,
            opens_at=fields["opens_at"].data,
            resource_id=self.resource_id.data or None,
            campus=self.campus.data or "",
            note=self.note.data or "",
            cohorts=tuple(_cohort(one, self.opens_at.data) for one in _lines(self.cohorts.data)),
            stations=tuple(_lines(self.stations.data)),
            override_reason=(self.override.data or "").strip(),
        )


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]


def _cohort(line: str, opens_at: Any) -> Cohort:
    """ "BSN, 1, 2026-11-24 08:00"; without a time it opens with the session. Raises ValueError."""
    program, level, when, *more = [*(part.strip() for part in line.split(",")), "", ""][:4]
    if any(more) or not (program or level):
        raise ValueError(line)
    opens = instant_of(datetime.fromisoformat(when), clinic_zone()) if when else opens_at
    return Cohort(opens, program.upper(), level)


def session_values(
    one: SessionView, cohorts: list[Cohort], stations: list[StationView]
) -> dict[str, Any]:
    """What the form of a known session starts with."""
    names = ("title", "type", "provider", "campus", "starts_at", "ends_at", "capacity", "note")
    return {name: getattr(one, name) for name in (*names, "opens_at")} | {
        "resource_id": one.resource_id or 0,
        "cohorts": "\n".join(
            f"{each.program}, {each.year_level}, {local(each.opens_at):%Y-%m-%d %H:%M}"
            for each in cohorts
        ),
        "stations": "\n".join(each.name for each in stations),
    }


def new_session_values(chosen: str) -> dict[str, Any]:
    """The kind that a new session starts with, and the seats that it proposes."""
    kinds = types.bookable_types()
    kind = next((one for one in kinds if one.policy.code == chosen), next(iter(kinds), None))
    if kind is None:
        return {}
    return {"type": kind.policy.code, "capacity": proposed_capacities().get(kind.id)}
