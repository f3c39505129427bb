"""What keeps the machinery's own tables small. Jobs take it from here: they know no infra."""

from app.infra.idempotency import purge_idempotency_keys
from app.infra.outbox import purge_finished_jobs

__all__ = ["purge_finished_jobs", "purge_idempotency_keys"]
