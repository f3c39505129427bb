"""notifications.

Rules: additive first; works with the previous release; imports nothing from the app; a data
change is a re-runnable revision of its own with a test in tests/migrations.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two new tables: messages, and the next times of periodic jobs."""
    op.create_table(
        "infra_schedule",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_infra_schedule")),
    )
    op.create_table(
        "notifications_communication",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("event", sa.String(length=60), nullable=False),
        sa.Column("entity", sa.String(length=60), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.String(length=330), nullable=False),
        sa.Column("recipient_user_id", sa.Integer(), nullable=True),
        sa.Column("recipient_name", sa.String(length=160), nullable=False),
        sa.Column("recipient_address", sa.String(length=320), nullable=False),
        sa.Column("sender_user_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("template", sa.String(length=60), nullable=False),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("calendar", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("link", sa.String(length=300), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'sent') = (sent_at IS NOT NULL)",
            name=op.f("ck_notifications_communication_sent_at"),
        ),
        sa.CheckConstraint(
            "channel <> 'email' OR recipient_address <> ''",
            name=op.f("ck_notifications_communication_email_has_address"),
        ),
        sa.CheckConstraint(
            "channel <> 'in-app' OR recipient_user_id IS NOT NULL",
            name=op.f("ck_notifications_communication_in_app_has_user"),
        ),
        sa.CheckConstraint(
            "channel IN ('email', 'in-app')", name=op.f("ck_notifications_communication_channel")
        ),
        sa.CheckConstraint(
            "status IN ('queued', 'sent', 'failed', 'dead', 'cancelled')",
            name=op.f("ck_notifications_communication_status"),
        ),
        sa.ForeignKeyConstraint(
            ["recipient_user_id"],
            ["ab_user.id"],
            name=op.f("fk_notifications_communication_recipient_user_id_ab_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications_communication")),
        sa.UniqueConstraint(
            "event",
            "entity",
            "occurrence",
            "recipient",
            "channel",
            name="uq_notifications_communication_once",
        ),
    )
    with op.batch_alter_table("notifications_communication", schema=None) as batch_op:
        batch_op.create_index(
            "ix_notifications_communication_inbox",
            ["recipient_user_id", "id"],
            unique=False,
            postgresql_where=sa.text("channel = 'in-app'"),
        )
        batch_op.create_index(
            "ix_notifications_communication_undelivered",
            ["id"],
            unique=False,
            postgresql_where=sa.text("status IN ('failed', 'dead')"),
        )
        batch_op.create_index(
            "ix_notifications_communication_unread",
            ["recipient_user_id"],
            unique=False,
            postgresql_where=sa.text("channel = 'in-app' AND read_at IS NULL"),
        )

    # Dead letters must not stand in the way of the relay, which reads this index all the time.
    op.drop_index("ix_infra_outbox_job_due", "infra_outbox_job")
    op.create_index(
        "ix_infra_outbox_job_due",
        "infra_outbox_job",
        ["due_at"],
        postgresql_where=sa.text("status IN ('waiting', 'leased')"),
    )


def downgrade() -> None:
    """Forget messages and times; promised jobs stay in the outbox."""
    op.drop_index("ix_infra_outbox_job_due", "infra_outbox_job")
    op.create_index(
        "ix_infra_outbox_job_due",
        "infra_outbox_job",
        ["due_at"],
        postgresql_where=sa.text("status <> 'done'"),
    )
    with op.batch_alter_table("notifications_communication", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_notifications_communication_unread",
            postgresql_where=sa.text("channel = 'in-app' AND read_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_notifications_communication_undelivered",
            postgresql_where=sa.text("status IN ('failed', 'dead')"),
        )
        batch_op.drop_index(
            "ix_notifications_communication_inbox", postgresql_where=sa.text("channel = 'in-app'")
        )

    op.drop_table("notifications_communication")
    op.drop_table("infra_schedule")
