"""Lists that stay fast and bounded over a million rows (docs/adr/0003)."""

from collections.abc import Sequence
from typing import Any

from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

COUNT_CAP = 10_000
MAXIMUM_PAGE_SIZE = 200
DEFAULT_PAGE_SIZE = 25


HIGHEST_KEY = 2**63 - 1


def is_key(text: object) -> bool:
    """Whether a text from an address can be the key of a row at all (INP-01)."""
    digits = str(text)
    return digits.isascii() and digits.isdigit() and len(digits) < 20 and int(digits) <= HIGHEST_KEY


class BoundedInterface(SQLAInterface):
    """FAB's data access with a capped count, bounded pages and the relations loaded at once."""

    def __init__(self, model: Any, session: Any = None, *, eager: Sequence[str] = ()) -> None:
        super().__init__(model, session)
        self.eager = eager

    def get(self, id: Any, *limits: Any, **more_limits: Any) -> Any:  # noqa: A002
        """The row, or None; also for a key that no row can have."""
        return super().get(id, *limits, **more_limits) if is_key(id) else None

    def get_related_interface(self, col_name: str) -> SQLAInterface:
        """FAB would call our own constructor with a model only; a plain one serves."""
        return SQLAInterface(self.get_related_model(col_name))

    def query_count(self, query: Any, filters: Any = None, select_columns: Any = None) -> int:
        """Count up to 10,001: nobody pages further, and a full count reads every row."""
        counted = self.apply_filters(query, self.get_inner_filters(filters)).order_by(None)
        # The key names the table: without a filter "SELECT 1" would be one row.
        keys = counted.with_entities(getattr(self.obj, self.get_pk_name()))
        capped = keys.limit(COUNT_CAP + 1).subquery()
        return int(self.session.execute(select(func.count()).select_from(capped)).scalar())

    def query(
        self,
        filters: Any = None,
        order_column: str = "",
        order_direction: str = "",
        page: int | None = None,
        page_size: int | None = None,
        select_columns: Any = None,
        outer_default_load: bool = False,
    ) -> tuple[int, list[Any]]:
        """One page and the capped count, in two statements."""
        size = max(1, min(page_size or DEFAULT_PAGE_SIZE, MAXIMUM_PAGE_SIZE))
        number = max(0, min(page or 0, COUNT_CAP // size))
        rows = self.session.query(self.obj)
        count = self.query_count(rows, filters)
        rows = self.apply_all(rows, filters, order_column, order_direction, number, size)
        loads = [joinedload(getattr(self.obj, name)) for name in self.eager]
        return count, rows.options(*loads).all()
