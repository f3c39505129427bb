"""Refusals around accounts."""

from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound


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


class BadUniversityId(Invalid):
    """Not the form of a student's or a staff member's ID."""

    code = "security.bad_university_id"

    def __init__(self) -> None:
        sentence = "This is not a university ID such as 20251234 or STAFF001."
        super().__init__(sentence, errors={"university_id": [sentence]})


class BadAddress(Invalid):
    """Not an e-mail address."""

    code = "security.bad_address"

    def __init__(self) -> None:
        sentence = "This is not an e-mail address."
        super().__init__(sentence, errors={"email": [sentence]})


class OnlyAdmins(Forbidden):
    """Somebody who is no admin wants to make, change or unmake one (AUT-08)."""

    code = "security.only_admins"

    def __init__(self) -> None:
        super().__init__("Only an admin may do this.")


class AdminExists(Conflict):
    """The command line makes only the first admin (AUT-08)."""

    code = "security.admin_exists"

    def __init__(self) -> None:
        super().__init__(
            "There is an admin already, who makes others under Security, Users. If no admin can "
            "sign in any more, repeat the command with --force-by and your name."
        )


class NobodyAsks(Invalid):
    """A forced admin without the name of the person who wants it."""

    code = "security.nobody_asks"

    def __init__(self) -> None:
        super().__init__("Say who asks for this: --force-by needs a name.")


class OwnAccount(Forbidden):
    """One's own roles are another admin's business (AUT-08)."""

    code = "security.own_account"

    def __init__(self) -> None:
        super().__init__("Your own roles and access are changed by another admin.")


class RoleProtected(Conflict):
    """The system finds the role by its name."""

    code = "security.role_protected"

    def __init__(self) -> None:
        super().__init__("This role keeps its name and cannot be removed.")


class TrailBroken(Conflict):
    """A new key must not cover up what happened to the trail (AUD-02)."""

    code = "security.trail_broken"

    def __init__(self) -> None:
        super().__init__(
            "The audit trail does not hold the seal that was noted beside its key. Find out why "
            "with `flask clinic verify-audit` before you change the key."
        )


class NoSiteAccount(Conflict):
    """The account that the site runs with cannot get its rights in the database (AUD-02)."""

    code = "security.no_site_account"


class NoAuditKey(Conflict):
    """The key of the audit trail is not where it should be (AUD-02)."""

    code = "security.no_audit_key"

    def __init__(self, file_name: str) -> None:
        super().__init__(
            f"The key of the audit trail ({file_name} in the keys folder) is missing or cannot be "
            "read. On a new installation make it with `flask clinic keys create`; otherwise bring "
            "it back from escrow."
        )


class BadHead(Invalid):
    """Not the number and hash of a seal."""

    code = "security.bad_head"

    def __init__(self) -> None:
        super().__init__("A head of the audit trail is a number, a colon and 64 hex digits.")
