"""Use cases of operations: look at everything, tell who must know, note what was done about it."""

from app.operations.services.acting import acknowledge_alert, put_error_away, run_job_again
from app.operations.services.checking import check_system

__all__ = ["acknowledge_alert", "check_system", "put_error_away", "run_job_again"]
