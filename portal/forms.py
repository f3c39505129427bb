"""The forms of the portal. The services check the values; here they only travel."""

from flask_wtf import FlaskForm
from wtforms import HiddenField, TextAreaField

from app.scheduling.rules.booking import MAX_REASON_LENGTH


class BookingForm(FlaskForm):
    """What somebody books: `key` makes a double tap one booking (SCH-06)."""

    key = HiddenField()
    starts_at = HiddenField()
    provider = HiddenField()
    reason = TextAreaField(
        "What is it about?",
        description="Only the clinic reads this.",
        render_kw={"maxlength": MAX_REASON_LENGTH, "rows": 3},
    )


class MoveForm(FlaskForm):
    """The new time of a visit; `version` refuses a change of something already changed."""

    version = HiddenField()
    starts_at = HiddenField()
    provider = HiddenField()


class CancelForm(FlaskForm):
    """Giving a visit up."""

    version = HiddenField()
    reason = TextAreaField(
        "Why do you cancel?",
        description="It helps the clinic to plan.",
        render_kw={"maxlength": MAX_REASON_LENGTH, "rows": 3},
    )
