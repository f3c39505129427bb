"""Who may open the doors of backups."""

from app.kernel.permission import Role
from tests.web.access.roles import ADMIN

WHO: dict[str, frozenset[Role] | frozenset[Role | None]] = {
    "BackupView.backups": ADMIN,
    "BackupView.show": ADMIN,
    "BackupView.progress": ADMIN,
    "BackupView.run": ADMIN,
    "BackupView.hold": ADMIN,
    "BackupView.lift": ADMIN,
    "RestoreView.restores": ADMIN,
    "RestoreView.preview": ADMIN,
    "RestoreView.ask": ADMIN,
    "RestoreView.approve": ADMIN,
    "RestoreView.cancel": ADMIN,
}
SAID: dict[str, dict[str, object]] = {}
