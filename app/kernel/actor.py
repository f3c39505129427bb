"""Who acts. Every write takes an Actor as its first argument."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from app.kernel.errors import Forbidden

if TYPE_CHECKING:
    from app.kernel.ids import UserId
    from app.kernel.permission import PermissionEnum


class Channel(StrEnum):
    """Through which door a request came."""

    STAFF = "staff"
    PORTAL = "portal"
    API = "api"
    WORKER = "worker"
    CLI = "cli"
    KIOSK = "kiosk"


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person, or the system itself when `user_id` is None.

    `grants` holds FAB pairs such as ("can_book", "Appointment").
    """

    user_id: "UserId | None"
    name: str
    roles: frozenset[str] = frozenset()
    grants: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)
    channel: Channel = Channel.STAFF
    request_id: str = ""
    address: str = ""

    @property
    def is_system(self) -> bool:
        """True for workers and the command line, which act for the clinic itself."""
        return self.user_id is None

    @property
    def role(self) -> str:
        """The roles at the time of acting, as one word for the audit trail."""
        return "system" if self.is_system else ", ".join(sorted(self.roles)) or "none"

    def may(self, permission: "PermissionEnum") -> bool:
        """Whether the actor holds the permission. The system holds all."""
        return self.is_system or (permission.fab_permission, permission.fab_resource) in self.grants

    def require(self, permission: "PermissionEnum") -> None:
        """Raises Forbidden when the actor lacks the permission."""
        if not self.may(permission):
            raise Forbidden()


def system_actor(channel: Channel = Channel.WORKER, request_id: str = "") -> Actor:
    """The clinic itself, for jobs and commands."""
    return Actor(user_id=None, name="system", channel=channel, request_id=request_id)
