"""Operations: checks of jobs, alerts and reported errors.

Rules: additive first; works with the previous release; imports nothing from the app; a data
change is a re-runnable revision of its own with a test in tests/migrations.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Heartbeats, error reports, alerts, and what looks at them quickly."""
    op.create_table(
        "infra_heartbeat",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("period_seconds", sa.Integer(), nullable=False),
        sa.Column("limit_seconds", sa.Integer(), nullable=False),
        sa.Column("known_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("succeeded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("previous_size", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "period_seconds > 0 AND limit_seconds > 0", name=op.f("ck_infra_heartbeat_positive")
        ),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_infra_heartbeat_failures")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_infra_heartbeat")),
    )
    op.create_table(
        "infra_error_report",
        sa.Column("fingerprint", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("door", sa.String(length=120), nullable=False),
        sa.Column("request_id", sa.String(length=60), nullable=False),
        sa.Column("frames", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("count > 0", name=op.f("ck_infra_error_report_count")),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_infra_error_report")),
    )
    op.create_index(
        "ix_infra_error_report_unresolved",
        "infra_error_report",
        ["last_seen_at"],
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "operations_check",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_operations_check")),
    )
    op.create_table(
        "operations_alert",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by_id", sa.Integer(), nullable=True),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "severity IN ('warning', 'critical')", name=op.f("ck_operations_alert_severity")
        ),
        sa.CheckConstraint("sentence <> ''", name=op.f("ck_operations_alert_says_something")),
        sa.CheckConstraint(
            "resolved_at IS NULL OR resolved_at >= opened_at",
            name=op.f("ck_operations_alert_in_order"),
        ),
        sa.ForeignKeyConstraint(
            ["acknowledged_by_id"],
            ["ab_user.id"],
            name=op.f("fk_operations_alert_acknowledged_by_id_ab_user"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operations_alert")),
    )
    op.create_index(
        "uq_operations_alert_open",
        "operations_alert",
        ["key"],
        unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_index("ix_operations_alert_opened_at", "operations_alert", ["opened_at"])
    op.create_index(
        "ix_infra_outbox_job_dead",
        "infra_outbox_job",
        ["id"],
        postgresql_where=sa.text("status = 'dead'"),
    )
    op.create_index(
        "ix_notifications_communication_created_at",
        "notifications_communication",
        ["created_at"],
        postgresql_using="brin",
    )


def downgrade() -> None:
    """The tables go; nothing else depended on them."""
    op.drop_index(
        "ix_notifications_communication_created_at", table_name="notifications_communication"
    )
    op.drop_index("ix_infra_outbox_job_dead", table_name="infra_outbox_job")
    op.drop_table("operations_alert")
    op.drop_table("operations_check")
    op.drop_table("infra_error_report")
    op.drop_table("infra_heartbeat")
