"""What alerts are about. Checks that see the same thing from several sides give it the same key."""

# What people ask for and what comes by itself is one thing to those who look after it.
SAME = {
    "backup.back_up": "backup.back_up_daily",
    "integrity.prove": "integrity.prove_nightly",
}


def key_of_job(name: str) -> str:
    """A job that is late, fails, breaks or was given up is one trouble."""
    return f"job.{SAME.get(name, name)}"


BACKUPS = key_of_job("backup.back_up_daily")
PROOFS = key_of_job("integrity.prove_nightly")
MAIL = "mail"
# Work that nobody does: jobs that are silent, and what waits for a worker.
LATE = "late"
