"""Signing in, and choosing a password."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, HiddenField, PasswordField, StringField
from wtforms.validators import DataRequired, Email, EqualTo, InputRequired, Length

from helpdesk.accounts.entering import LONGEST_PASSWORD, SHORTEST_PASSWORD

needed = InputRequired(_l("Please fill in this field."))
filled = DataRequired(_l("Please fill in this field."))  # spaces alone are nothing
long_enough = Length(
    SHORTEST_PASSWORD,
    LONGEST_PASSWORD,
    _l("Choose a password of at least %(min)d characters. A few ordinary words make a good one."),
)
same = EqualTo("password", _l("Type the same password twice."))


class SignInForm(FlaskForm):
    name = StringField(_l("Short name or e-mail address"), validators=[needed, Length(max=254)])
    password = PasswordField(_l("Password"), validators=[needed])
    remember = BooleanField(_l("Stay signed in on this device"))
    next = HiddenField("")


class PasswordForm(FlaskForm):
    password = PasswordField(_l("New password"), validators=[needed, long_enough])
    again = PasswordField(_l("The same again"), validators=[needed, same])


class ChangePasswordForm(PasswordForm):
    present = PasswordField(_l("Present password"), validators=[needed])


class FirstAdministratorForm(PasswordForm):
    name = StringField(_l("Your name"), validators=[filled, Length(max=200)])
    handle = StringField(
        _l("Short name"),
        description=_l("Small letters, digits, dots and dashes. You sign in with it."),
        validators=[needed, Length(2, 60)],
    )
    email = EmailField(
        _l("E-mail address"),
        validators=[needed, Email(_l("Check this e-mail address: it should look like name@example.org."))],
    )
    organisation = StringField(_l("Name of the organisation"), validators=[filled, Length(max=200)])
