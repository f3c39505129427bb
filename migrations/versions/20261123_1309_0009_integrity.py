"""Integrity: proofs and the sealed chain of the audit trail.

Rules: additive first; works with the previous release; imports nothing from the app; a data
change is a re-runnable revision of its own with a test in tests/migrations.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Some invariants ask about every table or every foreign key, so their statements are put together
# from the catalogue. It runs with the caller's own rights.
COUNT = """
CREATE FUNCTION integrity_count(statement text) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
  counted bigint;
BEGIN
  EXECUTE statement INTO counted;
  RETURN counted;
END $$
"""


def upgrade() -> None:
    """Two new tables; the seals of older events are made by the worker, batch by batch."""
    op.execute(COUNT)
    op.create_table(
        "security_audit_seal",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("seq > 0", name=op.f("ck_security_audit_seal_seq")),
        sa.CheckConstraint(
            "length(prev_hash) = 32 AND length(hash) = 32",
            name=op.f("ck_security_audit_seal_hashes"),
        ),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["security_audit_event.id"],
            name=op.f("fk_security_audit_seal_event_id_security_audit_event"),
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_security_audit_seal")),
        sa.UniqueConstraint("event_id", name=op.f("uq_security_audit_seal_event_id")),
    )
    op.execute(
        "CREATE TRIGGER security_audit_seal_append_only"
        " BEFORE UPDATE OR DELETE OR TRUNCATE ON security_audit_seal"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.create_table(
        "integrity_run",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("asked_by", sa.String(length=160), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checks_done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("checks_total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("breach_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("results", _json(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("audit_events", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("audit_head", sa.String(length=100), server_default="", nullable=False),
        sa.Column("audit_problem_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("audit_problems", _json(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("report", sa.String(length=80), server_default="", nullable=False),
        sa.CheckConstraint(
            "status IN ('waiting', 'running', 'passed', 'failed', 'broken')",
            name=op.f("ck_integrity_run_status"),
        ),
        sa.CheckConstraint(
            "(status IN ('passed', 'failed', 'broken')) = (finished_at IS NOT NULL)",
            name=op.f("ck_integrity_run_finished"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrity_run")),
    )
    op.create_index("ix_integrity_run_finished_at", "integrity_run", ["finished_at"])
    op.create_index(
        "uq_integrity_run_under_way",
        "integrity_run",
        [sa.literal_column("(true)")],
        unique=True,
        postgresql_where=sa.text("status IN ('waiting', 'running')"),
    )


def _json() -> postgresql.JSONB:
    return postgresql.JSONB(astext_type=sa.Text())


def downgrade() -> None:
    """Without the chain and its proofs."""
    op.drop_table("integrity_run")
    op.drop_table("security_audit_seal")
    op.execute("DROP FUNCTION integrity_count(text)")
