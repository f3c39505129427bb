"""The form with which staff put a patient on the waiting list."""

from datetime import date, time, timedelta

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.kernel.clock import local_date
from app.scheduling.forms.appointments import slot_value
from app.scheduling.queries import schedules, types
from app.scheduling.rules import Slot
from app.scheduling.rules.booking import MAX_REASON_LENGTH
from app.scheduling.services import WaitingWish
from app.web.fields import NativeDateField, NativeTimeField
from app.web.http import clinic_zone

TWO_WEEKS = timedelta(days=14)
TIMES = {"format": ["%H:%M", "%H:%M:%S"]}
EARLIEST, LATEST = time(7), time(18)


class WaitingForm(FlaskForm):
    """Who waits for what. The service checks the values."""

    patient = StringField(
        "University ID of the patient",
        [InputRequired("Please type the university ID."), Length(max=64)],
    )
    type = SelectField("What for")
    provider = SelectField("Provider")
    first_day = NativeDateField("First day", [InputRequired("Please choose a day.")])
    last_day = NativeDateField("Last day", [InputRequired("Please choose a day.")])
    earliest = NativeTimeField("Not before", [InputRequired("Please choose a time.")], **TIMES)
    latest = NativeTimeField("Over by", [InputRequired("Please choose a time.")], **TIMES)
    reason = TextAreaField(
        "What is it about?",
        description="It becomes the reason of the visit.",
        render_kw={"maxlength": MAX_REASON_LENGTH, "rows": 3},
    )

    @classmethod
    def for_day(cls, today: date, patient: str = "") -> "WaitingForm":
        """With sensible answers, and everything that can be chosen at present."""
        form = cls(
            patient=patient,
            first_day=today,
            last_day=today + TWO_WEEKS,
            earliest=EARLIEST,
            latest=LATEST,
        )
        form.type.choices = [(one.policy.code, one.name) for one in types.bookable_types()]
        cards = schedules.practitioners()
        form.provider.choices = [("", "Any provider")]
        form.provider.choices += [(card.university_id, card.name) for card in cards]
        return form

    def wish(self) -> WaitingWish:
        """What was typed, after the form was found good."""
        return WaitingWish(
            type=self.type.data,
            provider=self.provider.data or None,
            patient=(self.patient.data or "").strip(),
            first_day=self.first_day.data or date.min,
            last_day=self.last_day.data or date.min,
            earliest=self.earliest.data or EARLIEST,
            latest=self.latest.data or LATEST,
            reason=self.reason.data or "",
        )


def days_to_offer(slots: list[Slot]) -> list[tuple[date, list[tuple[str, Slot]]]]:
    """Free times by day, each with the value that `chosen_slot` reads."""
    zone, days = clinic_zone(), dict[date, list[tuple[str, Slot]]]()
    for slot in slots:
        value = slot_value(slot, any_provider=False)
        days.setdefault(local_date(slot.starts_at, zone), []).append((value, slot))
    return list(days.items())
