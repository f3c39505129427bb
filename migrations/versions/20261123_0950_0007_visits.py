"""Visits: the queue, its numbers and history, and the devices of the waiting room.

Rules: additive first; works with the previous release; imports nothing from the app; a data
change is a re-runnable revision of its own with a test in tests/migrations.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tables of the queue."""
    op.create_table(
        "visits_token_counter",
        sa.Column("campus", sa.String(length=60), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("prefix", sa.String(length=3), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "campus", "on_date", "prefix", name=op.f("pk_visits_token_counter")
        ),
    )
    op.create_table(
        "visits_device",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("campus", sa.String(length=60), server_default="", nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('kiosk', 'display')", name=op.f("ck_visits_device_kind")),
        sa.CheckConstraint("name <> ''", name=op.f("ck_visits_device_named")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["ab_user.id"], name=op.f("fk_visits_device_created_by_id_ab_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits_device")),
    )
    with op.batch_alter_table("visits_device", schema=None) as batch_op:
        batch_op.create_index("uq_visits_device_token_hash", ["token_hash"], unique=True)
    op.create_table(
        "visits_kiosk_try",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("was_known", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["visits_device.id"],
            name=op.f("fk_visits_kiosk_try_device_id_visits_device"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits_kiosk_try")),
    )
    with op.batch_alter_table("visits_kiosk_try", schema=None) as batch_op:
        batch_op.create_index("ix_visits_kiosk_try_device_id", ["device_id", "at"], unique=False)
    op.create_table(
        "visits_visit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("type_id", sa.Integer(), nullable=False),
        sa.Column("practitioner_id", sa.Integer(), nullable=True),
        sa.Column("appointment_id", sa.BigInteger(), nullable=True),
        sa.Column("campus", sa.String(length=60), server_default="", nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("token_prefix", sa.String(length=3), nullable=False),
        sa.Column("token_number", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("status_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("priority", sa.SmallInteger(), server_default="3", nullable=False),
        sa.Column("priority_reason", sa.String(length=200), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("ended_reason", sa.String(length=200), server_default="", nullable=False),
        sa.Column("place", sa.String(length=80), server_default="", nullable=False),
        sa.Column("skips", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(status IN ('completed', 'left', 'void')) = (ended_at IS NOT NULL)",
            name=op.f("ck_visits_visit_ended_at"),
        ),
        sa.CheckConstraint(
            "priority = 3 OR priority_reason <> ''", name=op.f("ck_visits_visit_priority_reason")
        ),
        sa.CheckConstraint(
            "status IN ('waiting', 'called', 'on-hold', 'in-progress', 'completed', 'left', 'void')",
            name=op.f("ck_visits_visit_status"),
        ),
        sa.CheckConstraint(
            "ended_at IS NULL OR ended_at >= arrived_at", name=op.f("ck_visits_visit_ended")
        ),
        sa.CheckConstraint("priority BETWEEN 1 AND 3", name=op.f("ck_visits_visit_priority")),
        sa.CheckConstraint(
            "started_at IS NULL OR started_at >= arrived_at", name=op.f("ck_visits_visit_started")
        ),
        sa.CheckConstraint(
            "token_number > 0 AND version > 0", name=op.f("ck_visits_visit_counters")
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["scheduling_appointment.id"],
            name=op.f("fk_visits_visit_appointment_id_scheduling_appointment"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patients_patient.id"],
            name=op.f("fk_visits_visit_patient_id_patients_patient"),
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"],
            ["scheduling_practitioner.id"],
            name=op.f("fk_visits_visit_practitioner_id_scheduling_practitioner"),
        ),
        sa.ForeignKeyConstraint(
            ["type_id"],
            ["scheduling_appointment_type.id"],
            name=op.f("fk_visits_visit_type_id_scheduling_appointment_type"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits_visit")),
        sa.UniqueConstraint(
            "campus",
            "on_date",
            "token_prefix",
            "token_number",
            name=op.f("uq_visits_visit_campus_on_date_token_prefix_token_number"),
        ),
    )
    with op.batch_alter_table("visits_visit", schema=None) as batch_op:
        batch_op.create_index(
            "ix_visits_visit_day", ["on_date", "status", "priority", "due_at", "id"], unique=False
        )
        batch_op.create_index("ix_visits_visit_ended", ["type_id", "ended_at"], unique=False)
        batch_op.create_index(
            "ix_visits_visit_patient_id", ["patient_id", "arrived_at"], unique=False
        )
        batch_op.create_index(
            "uq_visits_visit_appointment_id",
            ["appointment_id"],
            unique=True,
            postgresql_where=sa.text("status <> 'void'"),
        )
        batch_op.create_index(
            "uq_visits_visit_open",
            ["patient_id"],
            unique=True,
            postgresql_where=sa.text("status IN ('waiting', 'called', 'on-hold', 'in-progress')"),
        )
    op.create_table(
        "visits_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(length=160), nullable=False),
        sa.Column("actor_role", sa.String(length=200), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("from_status", sa.String(length=12), nullable=True),
        sa.Column("to_status", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "details",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["visits_visit.id"], name=op.f("fk_visits_event_visit_id_visits_visit")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits_event")),
    )
    with op.batch_alter_table("visits_event", schema=None) as batch_op:
        batch_op.create_index("ix_visits_event_visit_id", ["visit_id", "id"], unique=False)
    op.execute(
        "CREATE TRIGGER visits_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON visits_event"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    """Take them back."""
    with op.batch_alter_table("visits_event", schema=None) as batch_op:
        batch_op.drop_index("ix_visits_event_visit_id")
    op.drop_table("visits_event")
    with op.batch_alter_table("visits_visit", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_visits_visit_open",
            postgresql_where=sa.text("status IN ('waiting', 'called', 'on-hold', 'in-progress')"),
        )
        batch_op.drop_index(
            "uq_visits_visit_appointment_id", postgresql_where=sa.text("status <> 'void'")
        )
        batch_op.drop_index("ix_visits_visit_patient_id")
        batch_op.drop_index("ix_visits_visit_ended")
        batch_op.drop_index("ix_visits_visit_day")
    op.drop_table("visits_visit")
    with op.batch_alter_table("visits_kiosk_try", schema=None) as batch_op:
        batch_op.drop_index("ix_visits_kiosk_try_device_id")
    op.drop_table("visits_kiosk_try")
    with op.batch_alter_table("visits_device", schema=None) as batch_op:
        batch_op.drop_index("uq_visits_device_token_hash")
    op.drop_table("visits_device")
    op.drop_table("visits_token_counter")
