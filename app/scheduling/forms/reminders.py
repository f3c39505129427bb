"""Fields of what happens around the start of a visit (SCH-30, SCH-35)."""

from wtforms import IntegerField, StringField
from wtforms.validators import NumberRange, Optional

from app.web.fields import NativeInput


class LeadsField(StringField):
    """How many minutes before a visit its reminders leave, such as 1440, 120 (SCH-30)."""

    def _value(self) -> str:
        return ", ".join(str(lead) for lead in self.data or ())

    def process_formdata(self, valuelist: list[str]) -> None:
        """Whole numbers with commas between them."""
        parts = [part.strip() for part in (valuelist or [""])[0].split(",") if part.strip()]
        if not all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts):
            raise ValueError("Please use whole numbers with commas, such as 1440, 120.")
        self.data = [int(part) for part in parts]


def minutes_around(label: str, hint: str) -> IntegerField:
    """Minutes around the start of a visit; the service knows the usual ones."""
    return IntegerField(
        f"{label} (minutes)",
        validators=[Optional(), NumberRange(0, 240, "Please use a number from 0 to 240.")],
        description=hint,
        widget=NativeInput("number"),
    )
