"""What people see of proofs."""

from dataclasses import dataclass
from pathlib import Path

from app.integrity import queries
from app.integrity.errors import NoReport, NoReportKey
from app.integrity.permissions import Permission
from app.integrity.queries import RunView
from app.integrity.rules import warning
from app.integrity.services.reports import reports_folder
from app.integrity.services.signing import public_key
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.invariant import Invariant

KINDS = ("json", "pdf")


@dataclass(frozen=True, slots=True)
class ProofPage:
    """The last proofs and what every proof looks at; `key_problem` says why none can be signed."""

    runs: list[RunView]
    invariants: tuple[Invariant, ...]
    under_way: int | None
    public_key: str
    key_problem: str
    may_run: bool

    @property
    def last(self) -> RunView | None:
        """The last proof that ended."""
        return next((run for run in self.runs if not run.is_under_way), None)


def proof_page(actor: Actor) -> ProofPage:
    """For those who look after the data. Raises Forbidden."""
    actor.require(Permission.PROOF_READ)
    key, problem = "", ""
    try:
        key = public_key()
    except NoReportKey as missing:
        problem = missing.message
    return ProofPage(
        runs=queries.latest_runs(),
        invariants=queries.all_invariants(),
        under_way=queries.run_under_way(),
        public_key=key,
        key_problem=problem,
        may_run=actor.may(Permission.PROOF_RUN),
    )


def proof_details(actor: Actor, *, run_id: int) -> RunView:
    """One proof. Raises Forbidden, UnknownRun."""
    actor.require(Permission.PROOF_READ)
    return queries.known_run(run_id)


def proof_warning(actor: Actor) -> str:
    """The sentence of the red banner for those who may see proofs; mostly empty.

    Before the first proof nothing is said: it is made in the first night of an installation.
    """
    if not actor.may(Permission.PROOF_READ):
        return ""
    last = queries.last_ended()
    return warning(last[0], age=clock.now() - last[1]) if last else ""


def report_file(actor: Actor, *, run_id: int, kind: str) -> Path:
    """The file of a report, "json" or "pdf". Raises Forbidden, UnknownRun, NoReport."""
    run = proof_details(actor, run_id=run_id)
    file = reports_folder() / f"{run.report}.{kind}"
    if kind not in KINDS or not run.report or not file.is_file():
        raise NoReport()
    return file
