"""Imports every table, for Alembic and the data dictionary only."""

from app.backup import models as backup
from app.infra import error_reports, heartbeat, idempotency, outbox, remembered, schedule
from app.infra.db import Base
from app.integrity import models as integrity
from app.notifications import models as notifications
from app.operations import models as operations
from app.patients import models as patients
from app.privacy import models as privacy
from app.retention import models as retention
from app.scheduling import models as scheduling
from app.security import models as security
from app.visits import models as visits

__all__ = [
    "Base",
    "backup",
    "error_reports",
    "heartbeat",
    "idempotency",
    "integrity",
    "notifications",
    "operations",
    "outbox",
    "patients",
    "privacy",
    "remembered",
    "retention",
    "schedule",
    "scheduling",
    "security",
    "visits",
]
