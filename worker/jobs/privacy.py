"""Jobs of privacy."""

from datetime import timedelta

from app.kernel.actor import Actor
from app.privacy import services
from worker.runtime import JobName, Transactions, job


@job(
    JobName.MAKE_COPY,
    queue="heavy",
    timeout=timedelta(minutes=10),
    transactions=Transactions.OWN,
)
def make_copy(actor: Actor, *, copy_id: int) -> None:
    """Everything that is held about somebody, as a file (DPA-02)."""
    services.make_copy(actor, copy_id=copy_id)


@job(JobName.TIDY_PRIVACY, transactions=Transactions.OWN)
def tidy_up(actor: Actor) -> None:
    """Copies go after their days, and words with the record of whom they are about (RET-02)."""
    services.remove_copies(actor)
    services.forget_words(actor)


@job(JobName.WATCH_PRIVACY, transactions=Transactions.OWN)
def watch_clocks(actor: Actor) -> None:
    """Tell those who must act before a clock runs out (DPA-03)."""
    services.watch_clocks(actor)
