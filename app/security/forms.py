"""Forms of accounts."""

from flask_appbuilder.forms import DynamicForm
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, EqualTo, Length


class SignInForm(DynamicForm):
    """One box takes an e-mail or a university ID (AUT-01)."""

    username = StringField(
        "E-mail or university ID",
        validators=[DataRequired("Please type your e-mail or university ID."), Length(max=254)],
        render_kw={
            "autocomplete": "username",
            "autocapitalize": "none",
            "spellcheck": "false",
            "autofocus": True,
        },
    )
    password = PasswordField(
        "Password",
        validators=[DataRequired("Please type your password."), Length(max=1024)],
        render_kw={"autocomplete": "current-password"},
    )


class PasswordForm(DynamicForm):
    """A new password, typed twice. The policy is checked by the service (AUT-02)."""

    password = PasswordField(
        "New password",
        description="At least 15 characters; a sentence works well.",
        validators=[DataRequired("Please type the new password."), Length(max=1024)],
        render_kw={"autocomplete": "new-password"},
    )
    conf_password = PasswordField(
        "New password again",
        validators=[
            DataRequired("Please type the new password again."),
            EqualTo("password", "The two passwords differ."),
        ],
        render_kw={"autocomplete": "new-password"},
    )
