"""One row per bar: what was measured, against what, and whether it is kept."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A measured value with its bar; `at_least` says on which side of the bar is good."""

    what: str
    value: float
    bar: float
    unit: str = ""
    at_least: bool = False
    note: str = ""

    @property
    def is_missed(self) -> bool:
        """Whether the bar is not kept."""
        return self.value < self.bar if self.at_least else self.value > self.bar


def show(rows: list[Row]) -> None:
    """Print the table."""
    print(f"\n{'what':<58}{'value':>10}  {'bar':>12}  kept  note")
    for row in rows:
        sign = ">=" if row.at_least else "<="
        bar = f"{sign} {row.bar:g} {row.unit}"
        kept = "no" if row.is_missed else "yes"
        print(f"{row.what:<58}{row.value:>10.3g}  {bar:>12}  {kept:<4}  {row.note}")
