"""Imports every table, for Alembic and the data dictionary only."""

from app.infra import idempotency, outbox, remembered, schedule
from app.infra.db import Base
from app.notifications import models as notifications
from app.patients import models as patients
from app.scheduling import models as scheduling
from app.security import models as security
from app.visits import models as visits

__all__ = [
    "Base",
    "idempotency",
    "notifications",
    "outbox",
    "patients",
    "remembered",
    "schedule",
    "scheduling",
    "security",
    "visits",
]
