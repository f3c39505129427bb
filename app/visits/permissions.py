"""What one may do with the queue, and who may by default."""

from app.kernel.permission import PermissionEnum, Role

CLINICIANS = frozenset({Role.DENTIST, Role.NURSE, Role.PHYSICIAN})
DESK = frozenset({Role.RECEPTIONIST})


class Permission(PermissionEnum):
    """<domain>:<resource>:<action>, in alphabetical order."""

    CLOSE_DAY = "visits:day:close", DESK | {Role.NURSE}
    DEVICE_READ = "visits:device:read", DESK | {Role.ADMIN}
    DEVICE_WRITE = "visits:device:write", {Role.ADMIN}
    PAPER_ENTER = "visits:paper:enter", DESK | {Role.NURSE}
    PAPER_PRINT = "visits:paper:print", DESK | {Role.NURSE}
    QUEUE_READ = "visits:visit:read", DESK | CLINICIANS
    RECEIVE = "visits:visit:receive", DESK | {Role.NURSE}
    CALL = "visits:visit:call", DESK | CLINICIANS
