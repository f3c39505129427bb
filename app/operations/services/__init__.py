"""Use cases of operations: look at everything, tell who must know, note what was done about it."""

from app.operations.services.acting import acknowledge_alert, put_error_away, run_job_again
from app.operations.services.checking import check_system
from app.operations.services.tidying import open_sentences, purge_old

__all__ = [
    "acknowledge_alert",
    "check_system",
    "open_sentences",
    "purge_old",
    "put_error_away",
    "run_job_again",
]
