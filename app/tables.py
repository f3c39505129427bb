"""Imports every table, for Alembic and the data dictionary only."""

from app.infra import idempotency, outbox
from app.infra.db import Base
from app.security import models as security

__all__ = ["Base", "idempotency", "outbox", "security"]
