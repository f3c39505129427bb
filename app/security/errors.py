"""Refusals around accounts."""

from app.kernel.errors import Conflict, Invalid, NotFound


class UnknownRole(Invalid):
    """No such role."""

    code = "security.unknown_role"


class AccountExists(Conflict):
    """The university ID or e-mail belongs to another account."""

    code = "security.account_exists"

    def __init__(self) -> None:
        super().__init__("An account with this university ID or e-mail exists already.")


class PasswordTooWeak(Invalid):
    """The password breaks the policy (AUT-02)."""

    code = "security.password_too_weak"


class RoleExists(Conflict):
    """The name of the role is taken."""

    code = "security.role_exists"

    def __init__(self) -> None:
        super().__init__("A role of this name exists already.")


class RoleInUse(Conflict):
    """People have the role."""

    code = "security.role_in_use"

    def __init__(self) -> None:
        super().__init__("People have this role. Give them another one first.")


class UnknownAccount(NotFound):
    """No such account."""

    code = "security.unknown_account"

    def __init__(self, message: str = "There is no such account.") -> None:
        super().__init__(message)
