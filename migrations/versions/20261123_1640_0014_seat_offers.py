"""Offers of seats in group sessions, and moves of an absence that are still to be made.

Rules: additive first; works with the previous release; imports nothing from the app; a data
change is a re-runnable revision of its own with a test in tests/migrations.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# The checks of 0004, and what they are now: a seat may come of it in place of a visit.
ENDS = {
    "scheduling_hold": "accepted",
    "scheduling_waitlist_entry": "fulfilled",
}


def upgrade() -> None:
    """Columns beside the old ones; what the previous release writes stays good."""
    op.add_column("scheduling_hold", sa.Column("session_id", sa.Integer()))
    op.add_column("scheduling_hold", sa.Column("seat_id", sa.BigInteger()))
    op.add_column("scheduling_waitlist_entry", sa.Column("seat_id", sa.BigInteger()))
    _refer("scheduling_hold", "session_id", "scheduling_group_session")
    for table, status in ENDS.items():
        _refer(table, "seat_id", "scheduling_seat")
        op.drop_constraint(op.f(f"ck_{table}_appointment"), table)
        op.create_check_constraint(
            op.f(f"ck_{table}_appointment"),
            table,
            f"num_nonnulls(appointment_id, seat_id) = CAST(status = '{status}' AS integer)",
        )
    op.create_check_constraint(
        op.f("ck_scheduling_hold_seat_of_session"),
        "scheduling_hold",
        "(session_id IS NULL OR entry_id IS NOT NULL)"
        " AND (seat_id IS NULL OR session_id IS NOT NULL)"
        " AND (session_id IS NULL OR appointment_id IS NULL)",
    )
    op.create_index(
        "ix_scheduling_hold_session_id",
        "scheduling_hold",
        ["session_id"],
        postgresql_where=sa.text("session_id IS NOT NULL"),
    )
    _plans()


def _refer(table: str, column: str, target: str) -> None:
    op.create_foreign_key(op.f(f"fk_{table}_{column}_{target}"), table, target, [column], ["id"])


def _plans() -> None:
    op.add_column("scheduling_outage_item", sa.Column("planned_at", sa.DateTime(timezone=True)))
    op.add_column("scheduling_outage_item", sa.Column("planned_provider", sa.String(length=32)))
    op.create_check_constraint(
        op.f("ck_scheduling_outage_item_planned"),
        "scheduling_outage_item",
        "(planned_at IS NULL) = (planned_provider IS NULL)",
    )


def downgrade() -> None:
    """Back to visits only: seats that are kept go back, and who has got one waits no longer."""
    op.drop_column("scheduling_outage_item", "planned_provider")
    op.drop_column("scheduling_outage_item", "planned_at")
    op.drop_index("ix_scheduling_hold_session_id", "scheduling_hold")
    op.drop_constraint(op.f("ck_scheduling_hold_seat_of_session"), "scheduling_hold")
    for table in ENDS:
        op.drop_constraint(op.f(f"ck_{table}_appointment"), table)
    _give_seats_back()
    for table, status in ENDS.items():
        op.drop_column(table, "seat_id")
        op.create_check_constraint(
            op.f(f"ck_{table}_appointment"),
            table,
            f"(status = '{status}') = (appointment_id IS NOT NULL)",
        )
    op.drop_column("scheduling_hold", "session_id")


def _give_seats_back() -> None:
    for statement in (
        "UPDATE scheduling_group_session s SET taken = taken - h.kept FROM (SELECT session_id,"
        " count(*) AS kept FROM scheduling_hold WHERE status = 'open' AND session_id IS NOT NULL"
        " GROUP BY 1) h WHERE h.session_id = s.id",
        "UPDATE scheduling_waitlist_entry SET status = 'waiting' WHERE id IN (SELECT entry_id"
        " FROM scheduling_hold WHERE status = 'open' AND session_id IS NOT NULL)",
        "UPDATE scheduling_waitlist_entry SET status = 'withdrawn' WHERE seat_id IS NOT NULL",
        "UPDATE scheduling_hold SET status = 'expired' WHERE session_id IS NOT NULL",
    ):
        op.execute(statement)
