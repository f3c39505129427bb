"""Paper: numbered forms and visits that were entered late.

Rules: additive first; works with the previous release; imports nothing from the app; a data
change is a re-runnable revision of its own with a test in tests/migrations.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Numbers of forms, what became of them, and the marks of late entries."""
    _batches()
    _forms()
    op.add_column("visits_visit", sa.Column("entered_late_at", sa.DateTime(timezone=True)))
    op.add_column("visits_visit", sa.Column("entered_by_id", sa.Integer()))
    op.add_column("visits_visit", sa.Column("paper_number", sa.Integer()))
    op.create_foreign_key(
        op.f("fk_visits_visit_entered_by_id_ab_user"),
        "visits_visit",
        "ab_user",
        ["entered_by_id"],
        ["id"],
    )
    op.create_check_constraint(
        op.f("ck_visits_visit_late"),
        "visits_visit",
        "(entered_late_at IS NULL) = (paper_number IS NULL)",
    )
    op.add_column(
        "scheduling_appointment",
        sa.Column("is_late_entry", sa.Boolean(), server_default="false", nullable=False),
    )
    op.create_index(
        "uq_visits_visit_paper_number",
        "visits_visit",
        ["paper_number"],
        unique=True,
        postgresql_where=sa.text("status <> 'void'"),
    )


def _batches() -> None:
    op.create_table(
        "visits_paper_batch",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("first_number", sa.Integer(), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.Column("for_date", sa.Date(), nullable=False),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("printed_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('desk', 'standby', 'lost')", name=op.f("ck_visits_paper_batch_kind")
        ),
        sa.CheckConstraint(
            "first_number > 0 AND first_number <= last_number",
            name=op.f("ck_visits_paper_batch_range"),
        ),
        sa.ForeignKeyConstraint(
            ["printed_by_id"],
            ["ab_user.id"],
            name=op.f("fk_visits_paper_batch_printed_by_id_ab_user"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits_paper_batch")),
    )
    op.execute(
        "ALTER TABLE visits_paper_batch ADD CONSTRAINT ex_visits_paper_batch_numbers"
        " EXCLUDE USING gist (int8range(first_number, last_number, '[]') WITH &&)"
    )
    op.create_index("ix_visits_paper_batch_printed_at", "visits_paper_batch", ["printed_at"])
    op.execute(
        "CREATE TRIGGER visits_paper_batch_append_only BEFORE UPDATE OR DELETE OR TRUNCATE"
        " ON visits_paper_batch FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _forms() -> None:
    op.create_table(
        "visits_paper_form",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("outcome", sa.String(length=10), server_default="", nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=True),
        sa.Column("visit_id", sa.BigInteger(), nullable=True),
        sa.Column("appointment_id", sa.BigInteger(), nullable=True),
        sa.Column("written_by", sa.String(length=120), server_default="", nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "status IN ('open', 'entered', 'void')", name=op.f("ck_visits_paper_form_status")
        ),
        sa.CheckConstraint(
            "outcome IN ('', 'seen', 'left', 'missed')", name=op.f("ck_visits_paper_form_outcome")
        ),
        sa.CheckConstraint(
            "(status = 'entered') = (patient_id IS NOT NULL AND outcome <> '')",
            name=op.f("ck_visits_paper_form_entered"),
        ),
        sa.CheckConstraint(
            "(visit_id IS NOT NULL) = (outcome IN ('seen', 'left'))",
            name=op.f("ck_visits_paper_form_visit"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f"{table}.id"],
                name=op.f(f"fk_visits_paper_form_{column}_{table}"),
            )
            for column, table in (
                ("batch_id", "visits_paper_batch"),
                ("patient_id", "patients_patient"),
                ("visit_id", "visits_visit"),
                ("appointment_id", "scheduling_appointment"),
                ("settled_by_id", "ab_user"),
            )
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_visits_paper_form")),
    )
    op.create_index("ix_visits_paper_form_batch_id", "visits_paper_form", ["batch_id", "number"])
    op.create_index("ix_visits_paper_form_settled_at", "visits_paper_form", ["settled_at"])
    op.create_index("uq_visits_paper_form_visit_id", "visits_paper_form", ["visit_id"], unique=True)
    op.execute(
        "CREATE TRIGGER visits_paper_form_append_only BEFORE DELETE OR TRUNCATE"
        " ON visits_paper_form FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    """Take them back."""
    op.drop_column("scheduling_appointment", "is_late_entry")
    op.drop_index("uq_visits_visit_paper_number", table_name="visits_visit")
    op.drop_constraint(op.f("ck_visits_visit_late"), "visits_visit", type_="check")
    op.drop_constraint(
        op.f("fk_visits_visit_entered_by_id_ab_user"), "visits_visit", type_="foreignkey"
    )
    op.drop_column("visits_visit", "paper_number")
    op.drop_column("visits_visit", "entered_by_id")
    op.drop_column("visits_visit", "entered_late_at")
    op.drop_table("visits_paper_form")
    op.drop_table("visits_paper_batch")
