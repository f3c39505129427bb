"""FAB's security manager with our rules: sign-in by e-mail or ID, sessions that end, one
permission look-up per request. The only place of a domain beside the ten rooms."""

from collections.abc import Iterable
from typing import Any, cast

from flask import current_app, g, has_request_context, request, session
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_jwt_extended import create_access_token
from flask_login import login_user, logout_user
from werkzeug.security import check_password_hash, generate_password_hash

from app.infra.fab_tables import FabRole
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor, Channel
from app.kernel.ids import UserId
from app.kernel.permission import PATIENT_ROLES
from app.security import queries, services
from app.security.models import ClinicUser
from app.security.queries import Access
from app.security.rules import normal_password
from app.security.views import (
    ClinicRoleView,
    ClinicSecurityApi,
    ClinicUserView,
    MyPasswordView,
    NoGroupView,
    NoUserInfoEditView,
    SignInView,
    UserPasswordView,
)
from app.web.views import interface

# What a wrong name is compared with, so that it takes as long as a wrong password (AUT-01).
NOBODY = "nobody"
TOUCH_SECONDS = 60
# Machines may disagree about the time by as much.
SKEW_SECONDS = 300


class ClinicSecurityManager(SecurityManager):
    """Accounts, sessions and permissions as the product wants them."""

    user_model = ClinicUser
    authdbview = SignInView
    userdbmodelview = ClinicUserView
    rolemodelview = ClinicRoleView
    groupmodelview = NoGroupView
    userinfoeditview = NoUserInfoEditView
    resetpasswordview = UserPasswordView
    resetmypasswordview = MyPasswordView
    security_api = ClinicSecurityApi
    # FAB's chart loads scripts from another host and every row into memory (stack.md, 6).
    userstatschartview = None

    def __init__(self, appbuilder: Any) -> None:
        super().__init__(appbuilder)
        # FAB puts its own unbounded data access into these two.
        self.userdbmodelview.datamodel = interface(ClinicUser)
        self.rolemodelview.datamodel = interface(FabRole)

    # -- signing in

    def auth_user_db(self, username: str, password: str) -> ClinicUser | None:
        """The one path of every sign-in: form, portal and API (AUT-01, AUT-03)."""
        user_id = services.sign_in(
            Actor(None, "sign-in", channel=Channel.STAFF, address=_address()),
            login=username or "",
            address=_address(),
            is_right=lambda stored: self._is_right(stored, password or ""),
        )
        return cast(ClinicUser, self.get_user_by_id(user_id)) if user_id is not None else None

    def _is_right(self, stored: str | None, password: str) -> bool:
        return check_password_hash(stored or self._fake_hash(), normal_password(password))

    def _fake_hash(self) -> str:
        known = current_app.extensions.get("clinic_fake_hash")
        if known is None:
            known = self.hash_password(NOBODY)
            current_app.extensions["clinic_fake_hash"] = known
        return cast(str, known)

    def hash_password(self, password: str) -> str:
        """The hash to store; the text is brought to one form first (AUT-02)."""
        return generate_password_hash(
            normal_password(password), method=current_app.config["FAB_PASSWORD_HASH_METHOD"]
        )

    def update_user_auth_stat(self, user: Any, success: bool = True) -> None:
        """Nothing: sign_in() has counted already, in one statement."""

    # -- sessions (AUT-05)

    def start_session(self, user: ClinicUser) -> None:
        """A new session: nothing of the one before it stays."""
        session.clear()
        login_user(user, remember=False)
        session.permanent = True
        session["epoch"] = user.session_epoch
        session["began"] = session["seen"] = int(clock.now().timestamp())
        g.user = user

    def end_session(self) -> None:
        """Sign out here."""
        logout_user()
        session.clear()

    def load_user(self, pk: Any) -> ClinicUser | None:
        """The user of a session that is still good; None ends it (AUT-05)."""
        found = queries.user_with_access(UserId(int(pk)))
        if found is None or not found[0].active:
            return None
        user, access = found
        _once(str(user.id), lambda: access)
        if "_user_id" in session and not self._is_fresh(user):
            return None
        return user

    def _is_fresh(self, user: ClinicUser) -> bool:
        now = int(clock.now().timestamp())
        if session.get("epoch") != user.session_epoch:
            return False
        if now - session.get("began", 0) > settings().session_hours * 3600:
            return False
        rested = now - session.get("seen", 0)
        # Seen in the future: begun while the clock ran ahead, and good for too long by now.
        if rested > self._idle_seconds(user) or rested < -SKEW_SECONDS:
            return False
        # Background polling is not activity (SEC-06); the cookie is rewritten once a minute.
        is_activity = not request.headers.get("X-Background")
        if is_activity and rested > TOUCH_SECONDS:
            session["seen"] = now
        return True

    def _idle_seconds(self, user: ClinicUser) -> int:
        config = settings()
        is_patient = PATIENT_ROLES.issuperset(self.role_names(user))
        return 60 * (config.idle_minutes_portal if is_patient else config.idle_minutes_staff)

    # -- tokens

    def token_for(self, user: ClinicUser) -> str:
        """A bearer token that ends with the sessions of the account."""
        return create_access_token(str(user.id), additional_claims={"epoch": user.session_epoch})

    def load_user_jwt(self, _header: Any, claims: Any) -> ClinicUser | None:
        """The user of a token that is still good; a cookie beside it does not matter (AUT-05)."""
        found = queries.user_with_access(UserId(int(claims["sub"])))
        if found is None or not found[0].active:
            return None
        user, access = found
        if claims.get("epoch") != user.session_epoch:
            return None
        _once(str(user.id), lambda: access)
        g.user = user
        return user

    def actor_of_token(self, claims: Any) -> Actor | None:
        """Who acts by this token, or None when it is no longer good (AUT-05)."""
        holder = queries.token_holder(UserId(int(claims["sub"])))
        if holder is None or not holder.is_active or claims.get("epoch") != holder.session_epoch:
            return None
        return Actor(
            user_id=holder.id,
            name=holder.name,
            roles=frozenset(holder.access.roles),
            grants=holder.access.grants,
            channel=Channel.API,
            request_id=g.get("request_id", ""),
            address=_address(),
        )

    # -- permissions: one statement per request instead of one per icon and menu entry

    def role_names(self, user: Any) -> Iterable[str]:
        """The names of the user's roles, asked once per request."""
        return self._access(user).roles

    def grants(self, user: Any) -> frozenset[tuple[str, str]]:
        """The user's (permission, resource) pairs, asked once per request."""
        if user is None or not user.is_authenticated:
            return cast(
                frozenset[tuple[str, str]],
                _once("grants", lambda: queries.public_grants(self.auth_role_public)),
            )
        return self._access(user).grants

    def _access(self, user: Any) -> Access:
        return cast(Access, _once(str(user.id), lambda: queries.access_of(UserId(user.id))))

    def _has_view_access(self, user: Any, permission_name: str, view_name: str) -> bool:
        return (permission_name, view_name) in self.grants(user)

    def is_item_public(self, permission_name: str, view_name: str) -> bool:
        """Nothing is public but what the Public role holds; it is empty by default."""
        return (permission_name, view_name) in self.grants(None)

    def _get_user_permission_view_menus(
        self, user: Any, permission_name: str, view_menus_name: list[str]
    ) -> set[str]:
        return {view for permission, view in self.grants(user) if permission == permission_name}

    def add_permissions_menu(self, view_menu_name: str) -> None:
        """Nothing: a menu entry shows to those who may open its page (docs/adr/0004)."""

    def add_permissions_view(self, base_permissions: Any, view_menu: str) -> None:
        """Only FAB's own screens: ours are seeded from the domains' tables (sync_roles).

        FAB would give every permission to Admin; administering gives no right to charts.
        """
        if view_menu not in current_app.extensions["clinic_resources"]:
            super().add_permissions_view(base_permissions, view_menu)


def _address() -> str:
    return (request.remote_addr or "") if has_request_context() else ""


def _once(key: str, ask: Any) -> Any:
    """Ask once per request. Kept on the request: `g` can outlive it in tests."""
    if not has_request_context():
        return ask()
    known = request.__dict__.setdefault("clinic_security", {})
    if key not in known:
        known[key] = ask()
    return known[key]
