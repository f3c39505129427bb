"""Stamps that change with every change of schedules, and of what roles may do.

Processes keep both in memory as long as the stamp stays the same. It is random, so that it
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

WATCHED = {
    "schedules": (
        "scheduling_appointment_type",
        "scheduling_practitioner",
        "scheduling_weekly_hours",
        "scheduling_date_override",
        "scheduling_time_off",
        "scheduling_closure",
    ),
    "grants": (
        "ab_role",
        "ab_permission",
        "ab_view_menu",
        "ab_permission_view",
        "ab_permission_view_role",
    ),
}


def upgrade() -> None:
    """One row per stamp, and triggers that change it."""
    op.create_table(
        "infra_stamp",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("value", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_infra_stamp")),
    )
    op.execute(
        """
        CREATE FUNCTION change_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          UPDATE infra_stamp SET value = gen_random_uuid() WHERE name = TG_ARGV[0];
          RETURN NULL;
        END $$
        """
    )
    for name, tables in WATCHED.items():
        op.execute(f"INSERT INTO infra_stamp (name, value) VALUES ('{name}', gen_random_uuid())")
        for table in tables:
            op.execute(
                f"CREATE TRIGGER {table}_stamp AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE"
                f" ON {table} FOR EACH STATEMENT EXECUTE FUNCTION change_stamp('{name}')"
            )


def downgrade() -> None:
    """Take the triggers back."""
    for tables in WATCHED.values():
        for table in tables:
            op.execute(f"DROP TRIGGER {table}_stamp ON {table}")
    op.execute("DROP FUNCTION change_stamp()")
    op.drop_table("infra_stamp")
