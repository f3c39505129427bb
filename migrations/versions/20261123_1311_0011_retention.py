"""Retention: holds, disposals and certificates.

Rules: additive first; works with the previous release; imports nothing from the app; a data
change is a re-runnable revision of its own with a test in tests/migrations.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# A hold beats disposal, and what is gone stays gone (RET-02). Both sides lock the patient's row
# first, so that a hold and a disposal at the same moment cannot miss each other.
GUARD_PATIENT = """
CREATE FUNCTION retention_guard_patient() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.status = 'disposed' AND NEW.status <> 'disposed' THEN
    RAISE EXCEPTION 'patient % was disposed of and does not come back', OLD.id
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF NEW.status = 'disposed' AND OLD.status <> 'disposed' AND EXISTS
     (SELECT FROM retention_hold WHERE patient_id = NEW.id AND lifted_at IS NULL) THEN
    RAISE EXCEPTION 'patient % is under a hold', NEW.id
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$
"""
GUARD_HOLD = """
CREATE FUNCTION retention_guard_hold() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  known text;
BEGIN
  SELECT status INTO known FROM patients_patient WHERE id = NEW.patient_id FOR UPDATE;
  IF known = 'disposed' THEN
    RAISE EXCEPTION 'patient % was disposed of, nothing is left to hold', NEW.patient_id
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$
"""
# What two people approved is what is carried out: no line comes later, none changes twice.
GUARD_ITEM = """
CREATE FUNCTION retention_guard_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' AND NOT EXISTS (SELECT FROM retention_disposal
     WHERE id = NEW.disposal_id AND status = 'drawing') THEN
    RAISE EXCEPTION 'list % is closed', NEW.disposal_id
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF TG_OP = 'UPDATE' AND (OLD.outcome <> 'listed'
     OR (OLD.disposal_id, OLD.patient_id) <> (NEW.disposal_id, NEW.patient_id)
     OR NEW.outcome <> 'disposed' AND NEW.kept_until IS DISTINCT FROM OLD.kept_until) THEN
    RAISE EXCEPTION 'line % is settled', OLD.id USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$
"""
# History stays append-only with one exception that the database itself checks: the words and
# the name of somebody who was disposed of may be blanked, and nothing else (RET-02, SCH-07).
GUARD_WORDS = """
CREATE FUNCTION retention_guard_words() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  gone boolean;
BEGIN
  IF TG_TABLE_NAME = 'visits_event' THEN
    SELECT p.status = 'disposed' INTO gone FROM visits_visit v
      JOIN patients_patient p ON p.id = v.patient_id WHERE v.id = OLD.visit_id;
  ELSE
    SELECT p.status = 'disposed' INTO gone FROM scheduling_appointment a
      JOIN patients_patient p ON p.id = a.patient_id WHERE a.id = OLD.appointment_id;
  END IF;
  IF NOT coalesce(gone, false) OR NEW.reason <> ''
     OR (NEW.actor_name <> OLD.actor_name AND NEW.actor_name !~ '^Person [0-9A-F]{12}$') THEN
    RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$
"""
FUNCTIONS = {
    "retention_guard_patient": GUARD_PATIENT,
    "retention_guard_hold": GUARD_HOLD,
    "retention_guard_item": GUARD_ITEM,
    "retention_guard_words": GUARD_WORDS,
}
TABLES = ("retention_item", "retention_disposal", "retention_hold")
# Everything but actor_name and reason, which retention_guard_words() watches.
HISTORY = {
    "scheduling_appointment_event": (
        "id, appointment_id, at, actor_id, actor_role, channel, on_behalf, from_status,"
        " to_status, starts_at, details"
    ),
    "visits_event": (
        "id, visit_id, at, actor_id, actor_role, channel, step, from_status, to_status, details"
    ),
}
STATUS = "ck_patients_patient_status"


def upgrade() -> None:
    """Three tables, a third status of patients, and the guards."""
    _create_hold()
    _create_disposal()
    _create_item()
    op.drop_constraint(STATUS, "patients_patient")
    op.create_check_constraint(
        op.f(STATUS), "patients_patient", "status IN ('active', 'inactive', 'disposed')"
    )
    for function in FUNCTIONS.values():
        op.execute(function)
    for table, deed, name in (
        ("patients_patient", "UPDATE OF status", "retention_guard_patient"),
        ("retention_hold", "INSERT", "retention_guard_hold"),
        ("retention_item", "INSERT OR UPDATE", "retention_guard_item"),
    ):
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {deed} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
        )
    for table in TABLES:
        _refuse(table, "DELETE OR TRUNCATE")
    for table, columns in HISTORY.items():
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
        _refuse(table, f"UPDATE OF {columns} OR DELETE OR TRUNCATE")
        op.execute(
            f"CREATE TRIGGER {table}_words BEFORE UPDATE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION retention_guard_words()"
        )


def _refuse(table: str, deeds: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE {deeds} ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _create_hold() -> None:
    op.create_table(
        "retention_hold",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("placed_by_id", sa.Integer(), nullable=True),
        sa.Column("placed_by", sa.String(length=160), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by_id", sa.Integer(), nullable=True),
        sa.Column("lifted_by", sa.String(length=160), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("length(reason) >= 10", name=op.f("ck_retention_hold_reason")),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by IS NULL) AND"
            " (lifted_at IS NULL) = (lift_reason IS NULL)",
            name=op.f("ck_retention_hold_lifted"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patients_patient.id"],
            name=op.f("fk_retention_hold_patient_id_patients_patient"),
        ),
        sa.ForeignKeyConstraint(
            ["placed_by_id"], ["ab_user.id"], name=op.f("fk_retention_hold_placed_by_id_ab_user")
        ),
        sa.ForeignKeyConstraint(
            ["lifted_by_id"], ["ab_user.id"], name=op.f("fk_retention_hold_lifted_by_id_ab_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_hold")),
    )
    op.create_index("ix_retention_hold_patient_id", "retention_hold", ["patient_id", "id"])
    op.create_index(
        "ix_retention_hold_open",
        "retention_hold",
        ["id"],
        postgresql_where=sa.text("lifted_at IS NULL"),
    )


def _text(name: str, length: int | None = None) -> sa.Column:
    kind = sa.String(length=length) if length else sa.Text()
    return sa.Column(name, kind, server_default="", nullable=False)


def _number(name: str) -> sa.Column:
    return sa.Column(name, sa.Integer(), server_default="0", nullable=False)


def _account(name: str) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=True)


def _instant(name: str, *, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _create_disposal() -> None:
    op.create_table(
        "retention_disposal",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("schedule", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        *(_number(name) for name in ("people", "scanned", "to_scan", "disposed", "left_out")),
        sa.Column("is_cut", sa.Boolean(), server_default="false", nullable=False),
        _text("list_hash", 64),
        _account("drafted_by_id"),
        sa.Column("drafted_by", sa.String(length=160), nullable=False),
        _instant("drafted_at", nullable=False),
        _account("first_approver_id"),
        _text("first_approver", 160),
        _instant("first_approved_at"),
        _account("second_approver_id"),
        _text("second_approver", 160),
        _instant("second_approved_at"),
        _text("withdrawn_by", 160),
        _text("withdrawn_reason"),
        sa.Column(
            "counts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        _instant("started_at"),
        _instant("finished_at"),
        _text("certificate", 80),
        _text("json_sha256", 64),
        _text("pdf_sha256", 64),
        sa.CheckConstraint(
            "status IN ('drawing', 'proposed', 'approved', 'running', 'done', 'withdrawn')",
            name=op.f("ck_retention_disposal_status"),
        ),
        sa.CheckConstraint(
            "first_approver_id <> drafted_by_id AND second_approver_id <> drafted_by_id"
            " AND first_approver_id <> second_approver_id",
            name=op.f("ck_retention_disposal_two_others_approve"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('approved', 'running', 'done') OR (drafted_by_id IS NOT NULL"
            " AND first_approver_id IS NOT NULL AND second_approver_id IS NOT NULL"
            " AND list_hash <> '')",
            name=op.f("ck_retention_disposal_approved_by_two"),
        ),
        sa.CheckConstraint(
            "status <> 'done' OR (finished_at IS NOT NULL AND certificate <> '')",
            name=op.f("ck_retention_disposal_done_with_certificate"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [name], ["ab_user.id"], name=op.f(f"fk_retention_disposal_{name}_ab_user")
            )
            for name in ("drafted_by_id", "first_approver_id", "second_approver_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_disposal")),
    )
    op.create_index(
        "uq_retention_disposal_under_way",
        "retention_disposal",
        [sa.text("(true)")],
        unique=True,
        postgresql_where=sa.text("status NOT IN ('done', 'withdrawn')"),
    )


def _create_item() -> None:
    op.create_table(
        "retention_item",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("disposal_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("kept_until", sa.Date(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=10), server_default="listed", nullable=False),
        _text("note"),
        sa.Column("pseudonym", sa.String(length=16), nullable=True),
        _instant("settled_at"),
        sa.CheckConstraint(
            "outcome IN ('listed', 'disposed', 'left-out')", name=op.f("ck_retention_item_outcome")
        ),
        sa.CheckConstraint(
            "(outcome = 'disposed') = (pseudonym IS NOT NULL)"
            " AND (outcome = 'listed') = (settled_at IS NULL)"
            " AND (outcome = 'disposed') = (kept_until IS NULL)",
            name=op.f("ck_retention_item_settled"),
        ),
        sa.ForeignKeyConstraint(
            ["disposal_id"],
            ["retention_disposal.id"],
            name=op.f("fk_retention_item_disposal_id_retention_disposal"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patients_patient.id"],
            name=op.f("fk_retention_item_patient_id_patients_patient"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_item")),
        sa.UniqueConstraint(
            "disposal_id", "patient_id", name=op.f("uq_retention_item_disposal_id_patient_id")
        ),
        sa.UniqueConstraint("pseudonym", name=op.f("uq_retention_item_pseudonym")),
    )
    op.create_index(
        "uq_retention_item_disposed",
        "retention_item",
        ["patient_id"],
        unique=True,
        postgresql_where=sa.text("outcome = 'disposed'"),
    )
    op.create_index("ix_retention_item_outcome", "retention_item", ["disposal_id", "outcome", "id"])


def downgrade() -> None:
    """Who was disposed of stays without a name; the record is then merely inactive."""
    for table in HISTORY:
        op.execute(f"DROP TRIGGER {table}_words ON {table}")
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
        _refuse(table, "UPDATE OR DELETE OR TRUNCATE")
    op.execute("DROP TRIGGER retention_guard_patient ON patients_patient")
    for table in TABLES:
        op.drop_table(table)
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}()")
    op.execute("UPDATE patients_patient SET status = 'inactive' WHERE status = 'disposed'")
    op.drop_constraint(STATUS, "patients_patient")
    op.create_check_constraint(op.f(STATUS), "patients_patient", "status IN ('active', 'inactive')")
