"""What a domain holds about a person, as values that a copy of it all can read (DPA-02)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Holding:
    """One kind of facts about a person and the question that reads them.

    `rows` is a SELECT in PostgreSQL's SQL. It may name the parameters `:patient` (key of the
    record), `:account` (key of the account, or NULL), `:addresses` (e-mail addresses in lower case)
    and `:logins` (names that sign in, in lower case). Its columns are headings for people.
    `tables` are the tables that it reads out for this person.
    """

    id: str  # "<domain>.<what>"
    title: str
    tables: tuple[str, ...]
    rows: str
