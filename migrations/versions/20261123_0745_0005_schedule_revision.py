"""A stamp that changes with every change of the catalogue or of a schedule.

Processes keep schedules in memory as long as the stamp stays the same. It is random, so that it
never repeats, not even after a rollback.

Rules: additive first; works with the previous release; imports nothing from the app; a data
change is a re-runnable revision of its own with a test in tests/migrations.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

WATCHED = (
    "scheduling_appointment_type",
    "scheduling_practitioner",
    "scheduling_weekly_hours",
    "scheduling_date_override",
    "scheduling_time_off",
    "scheduling_closure",
)


def upgrade() -> None:
    """One row, and triggers that change it."""
    op.create_table(
        "scheduling_revision",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stamp", sa.Uuid(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_scheduling_revision_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduling_revision")),
    )
    op.execute("INSERT INTO scheduling_revision (id, stamp) VALUES (1, gen_random_uuid())")
    op.execute(
        """
        CREATE FUNCTION change_scheduling_revision() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          UPDATE scheduling_revision SET stamp = gen_random_uuid();
          RETURN NULL;
        END $$
        """
    )
    for table in WATCHED:
        op.execute(
            f"CREATE TRIGGER {table}_revision AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE"
            f" ON {table} FOR EACH STATEMENT EXECUTE FUNCTION change_scheduling_revision()"
        )


def downgrade() -> None:
    """Take the triggers back."""
    for table in WATCHED:
        op.execute(f"DROP TRIGGER {table}_revision ON {table}")
    op.execute("DROP FUNCTION change_scheduling_revision()")
    op.drop_table("scheduling_revision")
