"""Privacy: requests, copies, breaches and their log.

Rules: additive first; works with the previous release; imports nothing from the app; a data
change is a re-runnable revision of its own with a test in tests/migrations.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# In the order in which they can be dropped, with what the database refuses.
TABLES = {
    "privacy_entry": "UPDATE OF id, request_id, breach_id, at, actor_id OR DELETE OR TRUNCATE",
    "privacy_copy": "DELETE OR TRUNCATE",
    "privacy_breach": "DELETE OR TRUNCATE",
    "privacy_request": "DELETE OR TRUNCATE",
}

# The log stays as it is, with one exception that the database itself checks: of a person who was
# disposed of the words and the name may be taken out, and nothing else (RET-02).
GUARD_WORDS = """
CREATE FUNCTION privacy_guard_words() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  gone boolean;
BEGIN
  SELECT p.status = 'disposed' INTO gone FROM privacy_request r
    JOIN patients_patient p ON p.id = r.patient_id WHERE r.id = OLD.request_id;
  IF NOT coalesce(gone, false) OR NEW.words <> 'removed with the record'
     OR (NEW.actor_name <> OLD.actor_name AND NEW.actor_name <> 'Person') THEN
    RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$
"""


def upgrade() -> None:
    """Four tables; nothing of them is removed, and the log is never changed (DPA-02, DPA-03)."""
    _create_breach()
    _create_request()
    _create_copy()
    _create_entry()
    for table, deeds in TABLES.items():
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE {deeds} ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(GUARD_WORDS)
    op.execute(
        "CREATE TRIGGER privacy_entry_words BEFORE UPDATE ON privacy_entry"
        " FOR EACH ROW EXECUTE FUNCTION privacy_guard_words()"
    )


def _create_breach() -> None:
    op.create_table(
        "privacy_breach",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("is_exercise", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("detected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_by_id", sa.Integer(), nullable=True),
        sa.Column("registered_by", sa.String(length=160), nullable=False),
        sa.Column("nature", sa.Text(), nullable=False),
        sa.Column("data_involved", sa.Text(), server_default="", nullable=False),
        sa.Column("measures", sa.Text(), server_default="", nullable=False),
        sa.Column("contact", sa.String(length=254), server_default="", nullable=False),
        sa.Column("is_sensitive", sa.Boolean(), nullable=True),
        sa.Column("was_acquired", sa.Boolean(), nullable=True),
        sa.Column("has_real_risk", sa.Boolean(), nullable=True),
        sa.Column("persons", sa.Integer(), nullable=True),
        sa.Column("scope_account_id", sa.Integer(), nullable=True),
        sa.Column("scope_object_type", sa.String(length=60), server_default="", nullable=False),
        sa.Column("scope_object_id", sa.String(length=60), server_default="", nullable=False),
        sa.Column("scope_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scope_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("commission_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("persons_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_by", sa.String(length=160), server_default="", nullable=False),
        sa.Column("lessons", sa.Text(), server_default="", nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_privacy_breach_closed")
        ),
        sa.CheckConstraint(
            "kind IN ('confidentiality', 'integrity', 'availability')",
            name=op.f("ck_privacy_breach_kind"),
        ),
        sa.CheckConstraint(
            "status <> 'not-notifiable' OR decision <> ''", name=op.f("ck_privacy_breach_decided")
        ),
        sa.CheckConstraint(
            "status <> 'notified' OR (commission_told_at IS NOT NULL AND persons_told_at IS NOT NULL)",
            name=op.f("ck_privacy_breach_notified"),
        ),
        sa.CheckConstraint(
            "status IN ('open', 'notified', 'not-notifiable', 'closed')",
            name=op.f("ck_privacy_breach_status"),
        ),
        sa.CheckConstraint(
            "commission_told_at >= detected_at AND persons_told_at >= detected_at",
            name=op.f("ck_privacy_breach_told_later"),
        ),
        sa.CheckConstraint("scope_until > scope_since", name=op.f("ck_privacy_breach_scope")),
        sa.ForeignKeyConstraint(
            ["registered_by_id"],
            ["ab_user.id"],
            name=op.f("fk_privacy_breach_registered_by_id_ab_user"),
        ),
        sa.ForeignKeyConstraint(
            ["scope_account_id"],
            ["ab_user.id"],
            name=op.f("fk_privacy_breach_scope_account_id_ab_user"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_breach")),
    )
    op.create_index("ix_privacy_breach_detected_at", "privacy_breach", ["detected_at", "id"])
    op.create_index(
        "ix_privacy_breach_open",
        "privacy_breach",
        ["detected_at"],
        postgresql_where=sa.text("status = 'open'"),
    )


def _create_request() -> None:
    op.create_table(
        "privacy_request",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=14), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=True),
        sa.Column("stranger_name", sa.String(length=160), server_default="", nullable=False),
        sa.Column("contact", sa.String(length=254), server_default="", nullable=False),
        sa.Column("wish", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_by_id", sa.Integer(), nullable=True),
        sa.Column("registered_by", sa.String(length=160), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("assignee", sa.String(length=160), server_default="", nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=160), server_default="", nullable=False),
        sa.Column("outcome", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "(patient_id IS NULL) = (stranger_name <> '')",
            name=op.f("ck_privacy_request_one_person"),
        ),
        sa.CheckConstraint(
            "(status IN ('answered', 'refused', 'withdrawn')) = (ended_at IS NOT NULL) AND (ended_at IS NULL) = (outcome = '')",
            name=op.f("ck_privacy_request_ended"),
        ),
        sa.CheckConstraint(
            "kind IN ('access', 'rectification', 'objection', 'erasure', 'portability')",
            name=op.f("ck_privacy_request_kind"),
        ),
        sa.CheckConstraint(
            "status IN ('received', 'in-work', 'answered', 'refused', 'withdrawn')",
            name=op.f("ck_privacy_request_status"),
        ),
        sa.CheckConstraint(
            "status IN ('received', 'withdrawn') OR assignee <> ''",
            name=op.f("ck_privacy_request_has_assignee"),
        ),
        sa.CheckConstraint("due_at > received_at", name=op.f("ck_privacy_request_due_later")),
        sa.ForeignKeyConstraint(
            ["assignee_id"], ["ab_user.id"], name=op.f("fk_privacy_request_assignee_id_ab_user")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patients_patient.id"],
            name=op.f("fk_privacy_request_patient_id_patients_patient"),
        ),
        sa.ForeignKeyConstraint(
            ["registered_by_id"],
            ["ab_user.id"],
            name=op.f("fk_privacy_request_registered_by_id_ab_user"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_request")),
    )
    op.create_index(
        "ix_privacy_request_open",
        "privacy_request",
        ["due_at"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_privacy_request_patient_id", "privacy_request", ["patient_id"])
    op.create_index("ix_privacy_request_received_at", "privacy_request", ["received_at", "id"])


def _create_copy() -> None:
    op.create_table(
        "privacy_copy",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(length=160), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("file_name", sa.String(length=80), server_default="", nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("sha256", sa.String(length=64), server_default="", nullable=False),
        sa.CheckConstraint(
            "(status = 'waiting') = (made_at IS NULL) AND (made_at IS NULL) = (sha256 = '') AND (made_at IS NULL) = (file_name = '') AND (made_at IS NULL) = (expires_at IS NULL) AND (status = 'removed') = (removed_at IS NOT NULL)",
            name=op.f("ck_privacy_copy_steps"),
        ),
        sa.CheckConstraint(
            "status IN ('waiting', 'ready', 'removed')", name=op.f("ck_privacy_copy_status")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["privacy_request.id"],
            name=op.f("fk_privacy_copy_request_id_privacy_request"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_copy")),
    )
    op.create_index("ix_privacy_copy_request_id", "privacy_copy", ["request_id", "id"])
    op.create_index(
        "uq_privacy_copy_current",
        "privacy_copy",
        ["request_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'removed'"),
    )


def _create_entry() -> None:
    op.create_table(
        "privacy_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column("breach_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(length=160), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.CheckConstraint("words <> ''", name=op.f("ck_privacy_entry_words")),
        sa.CheckConstraint(
            "(request_id IS NULL) <> (breach_id IS NULL)", name=op.f("ck_privacy_entry_of_one")
        ),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["ab_user.id"], name=op.f("fk_privacy_entry_actor_id_ab_user")
        ),
        sa.ForeignKeyConstraint(
            ["breach_id"],
            ["privacy_breach.id"],
            name=op.f("fk_privacy_entry_breach_id_privacy_breach"),
        ),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["privacy_request.id"],
            name=op.f("fk_privacy_entry_request_id_privacy_request"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_entry")),
    )
    op.create_index("ix_privacy_entry_breach_id", "privacy_entry", ["breach_id", "id"])
    op.create_index("ix_privacy_entry_request_id", "privacy_entry", ["request_id", "id"])


def downgrade() -> None:
    """Take them back."""
    for table in TABLES:
        op.drop_table(table)
    op.execute("DROP FUNCTION privacy_guard_words()")
