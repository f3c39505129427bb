"""What proofs and their reports say no to."""

from app.kernel.errors import Conflict, Invalid, NotFound


class ProofUnderWay(Conflict):
    """One proof at a time."""

    code = "integrity.under_way"

    def __init__(self) -> None:
        super().__init__("A proof is under way already. Its result will be on this page.")


class UnknownRun(NotFound):
    """No such proof."""

    code = "integrity.unknown_run"

    def __init__(self) -> None:
        super().__init__("There is no such proof.")


class NoReport(NotFound):
    """The proof has no report, or its file is gone."""

    code = "integrity.no_report"

    def __init__(self) -> None:
        super().__init__("The report of this proof is not there.")


class NoReportKey(Conflict):
    """The key that signs reports is not where it should be."""

    code = "integrity.no_report_key"

    def __init__(self, file_name: str) -> None:
        super().__init__(
            f"The key that signs reports ({file_name} in the keys folder) is missing or cannot be "
            "read. On a new installation make it with `flask clinic keys create`; otherwise bring "
            "it back from escrow."
        )


class NotGenuine(Invalid):
    """A report that was changed, is no report, or was signed by somebody else."""

    code = "integrity.not_genuine"
