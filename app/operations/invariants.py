"""What must always be true of alerts and of the rows that watch periodic jobs (BAK-04)."""

from app.kernel.invariant import FileArea, Invariant

FILES: tuple[FileArea, ...] = ()

INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "operations.alerts_are_raised_once",
        "BAK-04",
        "One thing that is wrong has one open alert.",
        "SELECT 'alerts ' || string_agg(CAST(id AS text), ', ' ORDER BY id) FROM operations_alert"
        " WHERE resolved_at IS NULL GROUP BY key HAVING count(*) > 1",
    ),
    Invariant(
        "operations.alerts_are_in_order",
        "BAK-04",
        "An alert says what is wrong, and nobody looks after it or settles it before it was"
        " raised.",
        "SELECT 'alert ' || id FROM operations_alert WHERE sentence = '' OR seen_at < opened_at"
        " OR acknowledged_at < opened_at OR escalated_at < opened_at OR resolved_at < opened_at",
    ),
)
