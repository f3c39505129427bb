"""Screens of accounts: signing in and out, users, roles, and the audit trail."""

from typing import Any, ClassVar, cast

from flask import abort, current_app, flash, g, redirect, request
from flask_appbuilder import AppBuilder, expose
from flask_appbuilder.security.api import SecurityApi
from flask_appbuilder.security.decorators import no_cache
from flask_appbuilder.security.views import (
    AuthDBView,
    ResetMyPasswordView,
    ResetPasswordView,
    RoleModelView,
    UserDBModelView,
    UserGroupModelView,
    UserInfoEditView,
)
from flask_appbuilder.utils.base import get_safe_redirect
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms.validators import DataRequired

from app.infra.fab_tables import FabRole
from app.kernel.errors import DomainError, Invalid, NotSignedIn
from app.kernel.ids import UserId
from app.kernel.permission import STAFF_ROLES
from app.security import services
from app.security.forms import PasswordForm, SignInForm
from app.security.models import AuditEvent, ClinicUser
from app.security.permissions import Permission
from app.security.rules import words_of
from app.web.api import json_body
from app.web.http import current_actor
from app.web.lists import is_key
from app.web.views import GuardedView, ReadOnlyView, SafeModelView, ServiceModelView, interface

PATIENT_HOME = "/portal/"
STAFF_HOME = "/"


def _manager() -> Any:
    return current_app.extensions["appbuilder"].sm


def home_of(user: Any) -> str:
    """Where a person lands: staff on their dashboard, everybody else in the portal."""
    is_staff = STAFF_ROLES.intersection(_manager().role_names(user))
    may_enter = (
        Permission.STAFF_ENTER.fab_permission,
        Permission.STAFF_ENTER.fab_resource,
    ) in _manager().grants(user)
    return STAFF_HOME if is_staff or may_enter else PATIENT_HOME


class SignInView(AuthDBView):
    """One box for e-mail or ID, one answer for every wrong try (AUT-01)."""

    invalid_login_message = "This sign-in did not work. Please check what you typed."

    @expose("/login/", methods=["GET", "POST"])
    @no_cache
    def login(self) -> Response:
        """Show the box, or sign in and go on to `next` on this site (WEB-03)."""
        if current_user.is_authenticated:
            return redirect(self._next(current_user))
        form = SignInForm()
        if form.validate_on_submit():
            user = _manager().auth_user_db(form.username.data, form.password.data)
            if user is not None:
                _manager().start_session(user)
                return redirect(self._next(user))
            flash(self.invalid_login_message, "danger")
        return cast(
            Response,
            self.render_template(
                self.login_template, title="Sign in", form=form, appbuilder=self.appbuilder
            ),
        )

    def _next(self, user: Any) -> str:
        wanted = request.args.get("next", "")
        return get_safe_redirect(wanted) if wanted else home_of(user)

    @expose("/logout/", methods=["POST"])
    def logout(self) -> Response:
        """Sign out. A POST, so that another site's picture cannot do it (WEB-02)."""
        _manager().end_session()
        return redirect(self.appbuilder.get_url_for_login)


class ClinicSecurityApi(SecurityApi):
    """The token of POST /api/v1/security/login, by e-mail or ID, throttled like the form."""

    # A refresh token would live for a month, whatever happens to the account (AUT-05).
    include_route_methods: ClassVar[set[str]] = {"login"}

    @expose("/login", methods=["POST"])
    def login(self) -> Response:
        """A token for programs; one answer for every wrong try (AUT-01, AUT-03).
        ---
        post:
          requestBody:
            required: true
            content:
              application/json:
                schema:
                  type: object
                  required: [username, password]
                  properties:
                    username: {type: string, description: E-mail or university ID}
                    password: {type: string}
                    provider: {type: string, enum: [db]}
          responses:
            200:
              description: The token, good for 30 minutes
              content:
                application/json:
                  schema:
                    type: object
                    properties:
                      access_token: {type: string}
            401:
              $ref: '#/components/responses/401'
        """
        body = json_body({"username": str, "password": str, "provider": str, "refresh": bool})
        if body.get("provider", "db") != "db":
            sentence = 'The provider must be "db".'
            raise Invalid(sentence, errors={"provider": [sentence]})
        user = _manager().auth_user_db(body.get("username"), body.get("password"))
        if user is None:
            raise NotSignedIn(SignInView.invalid_login_message)
        return cast(Response, self.response(200, access_token=_manager().token_for(user)))


class ClinicUserView(ServiceModelView, UserDBModelView):
    """Accounts. Roles change only here, and only by those who may."""

    resource = Permission.USER_READ
    datamodel = interface(ClinicUser)
    route_base = "/users"
    list_title, add_title, edit_title, show_title = "Users", "New user", "Change user", "User"
    include_route_methods: ClassVar[set[str]] = {
        "list",
        "show",
        "add",
        "edit",
        "userinfo",
        "action",
    }
    list_columns: ClassVar[list[str]] = [
        "university_id",
        "first_name",
        "last_name",
        "email",
        "active",
    ]
    search_columns: ClassVar[list[str]] = ["university_id", "first_name", "last_name", "email"]
    show_columns: ClassVar[list[str]] = [*list_columns, "roles", "last_login", "login_count"]
    show_fieldsets: ClassVar[list[Any]] = []
    user_show_fieldsets: ClassVar[list[Any]] = []
    add_columns: ClassVar[list[str]] = [
        "university_id",
        "first_name",
        "last_name",
        "email",
        "roles",
        "password",
        "conf_password",
    ]
    edit_columns: ClassVar[list[str]] = [
        "university_id",
        "first_name",
        "last_name",
        "email",
        "active",
        "roles",
    ]
    base_order = ("last_name", "asc")
    # FAB's own validator asks for its "groups" field, which this form does not have.
    validators_columns: ClassVar[dict[str, list[Any]]] = {
        "roles": [DataRequired("Please choose at least one role.")]
    }
    label_columns: ClassVar[dict[str, str]] = {
        "university_id": "University ID",
        "email": "E-mail",
        "active": "May sign in",
        "conf_password": "Password again",
        "last_login": "Last sign-in",
        "login_count": "Sign-ins",
    }
    method_permission_name: ClassVar[dict[str, str]] = {
        **SafeModelView.method_permission_name,
        "userinfo": "read",
        "resetmypassword": "read",
        "resetpasswords": "write",
        "userinfoedit": "write",
    }

    @expose("/userinfo/")
    def userinfo(self) -> Response:
        """One's own account, for all staff; FAB would ask for the right to read everybody's."""
        actor = current_actor()
        if not current_user.is_authenticated:
            return redirect(self.appbuilder.get_url_for_login_with(request.full_path))
        actor.require(Permission.STAFF_ENTER)
        widgets = self._get_show_widget(
            actor.user_id, current_user, actions={}, show_fieldsets=self.user_show_fieldsets
        )
        self.update_redirect()
        return cast(
            Response,
            self.render_template(
                self.show_template,
                title="Your account",
                widgets=widgets,
                appbuilder=self.appbuilder,
            ),
        )

    def service_add(self, values: dict[str, Any]) -> None:
        """Open the account with a password that passes the policy (AUT-02)."""
        actor = current_actor()
        actor.require(Permission.USER_WRITE)
        named = (values[name] for name in ("first_name", "last_name", "university_id", "email"))
        services.check_password(values["password"], forbidden_words=_words_of(*named))
        services.open_account(
            actor,
            university_id=values["university_id"],
            first_name=values["first_name"],
            last_name=values["last_name"],
            email=values["email"],
            roles=[role.name for role in values["roles"] or []],
            password_hash=_manager().hash_password(values["password"]),
        )

    def service_edit(self, pk: int, values: dict[str, Any]) -> None:
        """Change the account."""
        services.change_account(
            current_actor(),
            user_id=UserId(pk),
            first_name=values["first_name"],
            last_name=values["last_name"],
            email=values["email"],
            university_id=values["university_id"],
            is_active=bool(values["active"]),
            role_ids=[role.id for role in values["roles"] or []],
        )


def _words_of(*names: str | None) -> tuple[str, ...]:
    """What a password must not be made of: the person's names and the university's (AUT-02)."""
    return (*words_of(*names), current_app.config["INSTITUTION_SHORT_NAME"])


class ClinicRoleView(ServiceModelView, RoleModelView):
    """Roles and what they may do, edited by admins; kept across releases."""

    resource = Permission.ROLE_READ
    datamodel = interface(FabRole)
    route_base = "/roles"
    list_title, add_title, edit_title, show_title = "Roles", "New role", "Change role", "Role"
    include_route_methods: ClassVar[set[str]] = {"list", "show", "add", "edit", "delete"}
    list_columns: ClassVar[list[str]] = ["name"]
    search_columns: ClassVar[list[str]] = ["name"]
    base_order = ("name", "asc")
    copy_role = None

    def service_add(self, values: dict[str, Any]) -> None:
        """Make a role."""
        self._save(None, values)

    def service_edit(self, pk: int, values: dict[str, Any]) -> None:
        """Change a role."""
        self._save(pk, values)

    def service_delete(self, pk: int) -> None:
        """Remove a role that nobody has."""
        services.remove_role(current_actor(), role_id=pk)

    def _save(self, pk: int | None, values: dict[str, Any]) -> None:
        services.save_role(
            current_actor(),
            role_id=pk,
            name=values["name"],
            permission_view_ids=[pair.id for pair in values["permissions"] or []],
        )


class NoGroupView(GuardedView, UserGroupModelView):
    """No screen for FAB's groups: they would give roles around the user form (AUT-08)."""

    include_route_methods: ClassVar[set[str]] = set()
    base_permissions: ClassVar[list[str]] = []


class NoUserInfoEditView(UserInfoEditView):
    """No screen to rename oneself: names on an account are the clinic's record."""

    include_route_methods: ClassVar[set[str]] = set()
    base_permissions: ClassVar[list[str]] = []


class _PasswordScreen:
    """Both password screens: the policy decides, a refusal stays on the form."""

    form = PasswordForm
    redirect_url = "/"
    method_permission_name: ClassVar[dict[str, str]] = {
        "this_form_get": "write",
        "this_form_post": "write",
    }

    def _change(self, user: ClinicUser, form: PasswordForm) -> Response | None:
        own_words = _words_of(user.first_name, user.last_name, user.university_id, user.email)
        try:
            services.check_password(form.password.data, forbidden_words=own_words)
        except DomainError as refusal:
            flash(refusal.message, "danger")
            return redirect(request.full_path)
        services.set_password_hash(
            current_actor(),
            user_id=UserId(user.id),
            password_hash=_manager().hash_password(form.password.data),
        )
        flash("The password was changed.", "success")
        return None


class MyPasswordView(_PasswordScreen, GuardedView, ResetMyPasswordView):
    """Change one's own password; every other session ends."""

    resource = Permission.PASSWORD_WRITE
    form_title = "Change my password"

    def form_post(self, form: PasswordForm) -> Response | None:
        """Store it, then begin a new session for this browser."""
        answer = self._change(g.user, form)
        if answer is None:
            _manager().session.refresh(g.user)
            _manager().start_session(_manager().get_user_by_id(g.user.id))
        return answer


class UserPasswordView(_PasswordScreen, GuardedView, ResetPasswordView):
    """Set somebody else's password."""

    resource = Permission.USER_PASSWORD_WRITE
    form_title = "Set a new password"
    redirect_url = "/users/list/"

    def form_post(self, form: PasswordForm) -> Response | None:
        """Store it; the account's sessions end."""
        key = request.args.get("pk", "")
        user = _manager().get_user_by_id(int(key)) if is_key(key) else None
        if user is None:
            abort(404)
        return self._change(user, form)


class AuditEventView(ReadOnlyView):
    """Who did what, newest first; for the privacy officer."""

    resource = Permission.AUDIT_READ
    datamodel = interface(AuditEvent)
    route_base = "/audit"
    list_title, show_title = "Audit trail", "Audit event"
    list_columns: ClassVar[list[str]] = [
        "at",
        "actor_name",
        "actor_role",
        "action",
        "object_type",
        "object_id",
        "outcome",
    ]
    show_columns: ClassVar[list[str]] = [
        *list_columns,
        "channel",
        "address",
        "request_id",
        "patient_id",
        "reason",
        "details",
    ]
    search_columns: ClassVar[list[str]] = ["at", "actor_name", "action", "object_type", "object_id"]
    base_order = ("id", "desc")
    order_columns: ClassVar[list[str]] = ["at"]
    label_columns: ClassVar[dict[str, str]] = {"at": "When", "actor_name": "Who"}


def register(appbuilder: AppBuilder) -> None:
    """The menu entries of this domain; users and roles are registered by FAB."""
    appbuilder.add_view(
        AuditEventView, "Audit trail", category="Security", icon="fa-eye", label="Audit trail"
    )
