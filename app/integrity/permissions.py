"""Who may look at proofs, and start them. They name rows, never people."""

from app.kernel.permission import PermissionEnum, Role


class Permission(PermissionEnum):
    """<domain>:<resource>:<action>, in alphabetical order."""

    PROOF_READ = "integrity:proof:read", {Role.ADMIN, Role.PRIVACY_OFFICER}
    PROOF_RUN = "integrity:proof:run", {Role.ADMIN, Role.PRIVACY_OFFICER}
