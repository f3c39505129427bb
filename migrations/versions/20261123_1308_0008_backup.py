"""Backups: runs, sets and requests to restore.

Rules: additive first; works with the previous release; imports nothing from the app; a data
change is a re-runnable revision of its own with a test in tests/migrations.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tables of backups."""
    op.create_table(
        "backup_restore_request",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("set_name", sa.String(length=100), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_by_name", sa.String(length=160), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by_id", sa.Integer(), nullable=True),
        sa.Column("approved_by_name", sa.String(length=160), server_default="", nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_hash", sa.String(length=64), server_default="", nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(approved_at IS NULL) = (approved_by_id IS NULL)",
            name=op.f("ck_backup_restore_request_approval"),
        ),
        sa.CheckConstraint(
            "approved_by_id IS NULL OR approved_by_id <> asked_by_id",
            name=op.f("ck_backup_restore_request_two"),
        ),
        sa.CheckConstraint(
            "used_at IS NULL OR approved_at IS NOT NULL",
            name=op.f("ck_backup_restore_request_used_when_approved"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backup_restore_request")),
    )
    op.create_index("ix_backup_restore_request_asked_at", "backup_restore_request", ["asked_at"])
    op.create_table(
        "backup_run",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("asked_by_name", sa.String(length=160), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("step", sa.String(length=40), server_default="", nullable=False),
        sa.Column("done_bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("expected_bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("set_name", sa.String(length=100), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("row_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("file_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("schema_revision", sa.String(length=40), server_default="", nullable=False),
        sa.Column("product_version", sa.String(length=20), server_default="", nullable=False),
        sa.Column("key_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "places", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False
        ),
        sa.Column("proof", sa.String(length=10), server_default="", nullable=False),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proof_seconds", sa.Double(), nullable=True),
        sa.Column(
            "checks", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False
        ),
        sa.Column("hold_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("held_by_name", sa.String(length=160), server_default="", nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(held_at IS NULL) = (hold_reason = '')", name=op.f("ck_backup_run_hold_has_a_reason")
        ),
        sa.CheckConstraint(
            "(status = 'made') = (set_name IS NOT NULL)", name=op.f("ck_backup_run_made_has_a_set")
        ),
        sa.CheckConstraint(
            "proof = '' OR status = 'made'", name=op.f("ck_backup_run_proof_of_a_set")
        ),
        sa.CheckConstraint(
            "proof IN ('', 'running', 'passed', 'failed')", name=op.f("ck_backup_run_proof")
        ),
        sa.CheckConstraint(
            "status IN ('waiting', 'running', 'made', 'failed')", name=op.f("ck_backup_run_status")
        ),
        sa.CheckConstraint(
            "removed_at IS NULL OR held_at IS NULL", name=op.f("ck_backup_run_held_is_not_removed")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backup_run")),
    )
    op.create_index("ix_backup_run_started_at", "backup_run", ["started_at"])
    op.create_index("uq_backup_run_set_name", "backup_run", ["set_name"], unique=True)
    op.create_index(
        "uq_backup_run_unfinished",
        "backup_run",
        [sa.text("(true)")],
        unique=True,
        postgresql_where=sa.text("status IN ('waiting', 'running')"),
    )


def downgrade() -> None:
    """Remove them; the sets themselves stay where they are."""
    op.drop_table("backup_run")
    op.drop_table("backup_restore_request")
