"""What must always be true of the stored facts, as values that a proof can run (BAK-02)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Invariant:
    """One sentence about the data and the question that finds what breaks it.

    `counterexamples` is a SELECT in PostgreSQL's SQL without parameters; every row that it answers
    is one breach, and the first column names the row in words without personal data.
    """

    id: str  # "<domain>.<what_holds>"
    rule: str  # the rule that it keeps, such as "SCH-01"
    sentence: str
    counterexamples: str


@dataclass(frozen=True, slots=True)
class FileArea:
    """A folder below USCPIS_HOME in which a domain keeps files that belong into every backup.

    `hashes` is a SELECT that answers (path below the folder, SHA-256 in hex) of the files that the
    database knows, so that a restored set can be compared with them.
    """

    id: str  # "<domain>.<what>"
    folder: str
    sentence: str
    hashes: str = ""
