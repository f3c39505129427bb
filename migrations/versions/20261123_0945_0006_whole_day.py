"""Scheduling for the whole clinic day: rooms, sessions, series, waiting list, reminders and more.

Rules: additive first; works with the previous release; imports nothing from the app; a data
change is a re-runnable revision of its own with a test in tests/migrations.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# What is remembered about types of visits changes with these too (0005).
WATCHED = (
    "scheduling_resource",
    "scheduling_type_need",
    "scheduling_not_offered_by",
    "scheduling_questionnaire",
)


def upgrade() -> None:
    """New tables, and more owners of claims."""
    op.create_table(
        "scheduling_resource",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("campus", sa.String(length=60), server_default="", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.CheckConstraint(
            "category <> '' AND code <> '' AND name <> ''",
            name=op.f("ck_scheduling_resource_named"),
        ),
        sa.CheckConstraint("kind IN (3, 4)", name=op.f("ck_scheduling_resource_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduling_resource")),
    )
    with op.batch_alter_table("scheduling_resource", schema=None) as batch_op:
        batch_op.create_index("ix_scheduling_resource_category", ["category"], unique=False)
        batch_op.create_index(
            "uq_scheduling_resource_code", [sa.literal_column("lower(code)")], unique=True
        )
    op.create_table(
        "scheduling_feed",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_read_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('provider', 'patient')", name=op.f("ck_scheduling_feed_kind")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["ab_user.id"], name=op.f("fk_scheduling_feed_user_id_ab_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduling_feed")),
    )
    with op.batch_alter_table("scheduling_feed", schema=None) as batch_op:
        batch_op.create_index("uq_scheduling_feed_token_hash", ["token_hash"], unique=True)
        batch_op.create_index(
            "uq_scheduling_feed_user",
            ["user_id", "kind"],
            unique=True,
            postgresql_where=sa.text("revoked_at IS NULL"),
        )
    op.create_table(
        "scheduling_questionnaire",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("type_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("questions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("consent", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("version > 0", name=op.f("ck_scheduling_questionnaire_version")),
        sa.ForeignKeyConstraint(
            ["created_by_id"],
            ["ab_user.id"],
            name=op.f("fk_scheduling_questionnaire_created_by_id_ab_user"),
        ),
        sa.ForeignKeyConstraint(
            ["type_id"],
            ["scheduling_appointment_type.id"],
            name=op.f("fk_scheduling_questionnaire_type_id_scheduling_appointment_type"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduling_questionnaire")),
    )
    with op.batch_alter_table("scheduling_questionnaire", schema=None) as batch_op:
        batch_op.create_index(
            "uq_scheduling_questionnaire_version", ["type_id", "version"], unique=True
        )
    op.create_table(
        "scheduling_resource_block",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.CheckConstraint(
            "starts_at < ends_at", name=op.f("ck_scheduling_resource_block_not_empty")
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"],
            ["scheduling_resource.id"],
            name=op.f("fk_scheduling_resource_block_resource_id_scheduling_resource"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduling_resource_block")),
    )
    with op.batch_alter_table("scheduling_resource_block", schema=None) as batch_op:
        batch_op.create_index(
            "ix_scheduling_resource_block_resource_id", ["resource_id", "starts_at"], unique=False
        )
    op.create_table(
        "scheduling_type_need",
        sa.Column("type_id", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("quantity", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "quantity BETWEEN 1 AND 20", name=op.f("ck_scheduling_type_need_quantity")
        ),
        sa.ForeignKeyConstraint(
            ["type_id"],
            ["scheduling_appointment_type.id"],
            name=op.f("fk_scheduling_type_need_type_id_scheduling_appointment_type"),
        ),
        sa.PrimaryKeyConstraint("type_id", "category", name=op.f("pk_scheduling_type_need")),
    )
    op.create_table(
        "scheduling_diversion",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("questionnaire_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("flags", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patients_patient.id"],
            name=op.f("fk_scheduling_diversion_patient_id_patients_patient"),
        ),
        sa.ForeignKeyConstraint(
            ["questionnaire_id"],
            ["scheduling_questionnaire.id"],
            name=op.f("fk_scheduling_diversion_questionnaire_id_scheduling_questionnaire"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduling_diversion")),
    )
    with op.batch_alter_table("scheduling_diversion", schema=None) as batch_op:
        batch_op.create_index("ix_scheduling_diversion_at", ["at"], unique=False)
    op.create_table(
        "scheduling_group_session",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("type_id", sa.Integer(), nullable=False),
        sa.Column("practitioner_id", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("campus", sa.String(length=60), server_default="", nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), server_default="0", nullable=False),
        sa.Column("status", sa.String(length=10), server_default="open", nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.String(length=300), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('open', 'closed', 'cancelled', 'done')",
            name=op.f("ck_scheduling_group_session_status"),
        ),
        sa.CheckConstraint(
            "capacity BETWEEN 1 AND 1000", name=op.f("ck_scheduling_group_session_capacity")
        ),
        sa.CheckConstraint(
            "starts_at < ends_at", name=op.f("ck_scheduling_group_session_not_empty")
        ),
        sa.CheckConstraint(
            "taken BETWEEN 0 AND capacity", name=op.f("ck_scheduling_group_session_taken")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"],
            ["ab_user.id"],
            name=op.f("fk_scheduling_group_session_created_by_id_ab_user"),
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"],
            ["scheduling_practitioner.id"],
            name=op.f("fk_scheduling_group_session_practitioner_id_scheduling_practitioner"),
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"],
            ["scheduling_resource.id"],
            name=op.f("fk_scheduling_group_session_resource_id_scheduling_resource"),
        ),
        sa.ForeignKeyConstraint(
            ["type_id"],
            ["scheduling_appointment_type.id"],
            name=op.f("fk_scheduling_group_session_type_id_scheduling_appointment_type"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduling_group_session")),
    )
    with op.batch_alter_table("scheduling_group_session", schema=None) as batch_op:
        batch_op.create_index(
            "ix_scheduling_group_session_starts_at", ["starts_at", "id"], unique=False
        )
    op.create_table(
        "scheduling_not_offered_by",
        sa.Column("practitioner_id", sa.Integer(), nullable=False),
        sa.Column("type_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["practitioner_id"],
            ["scheduling_practitioner.id"],
            name=op.f("fk_scheduling_not_offered_by_practitioner_id_scheduling_practitioner"),
        ),
        sa.ForeignKeyConstraint(
            ["type_id"],
            ["scheduling_appointment_type.id"],
            name=op.f("fk_scheduling_not_offered_by_type_id_scheduling_appointment_type"),
        ),
        sa.PrimaryKeyConstraint(
            "practitioner_id", "type_id", name=op.f("pk_scheduling_not_offered_by")
        ),
    )
    with op.batch_alter_table("scheduling_not_offered_by", schema=None) as batch_op:
        batch_op.create_index("ix_scheduling_not_offered_by_type_id", ["type_id"], unique=False)
    op.create_table(
        "scheduling_outage",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("practitioner_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=200), server_default="", nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("time_off_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "status IN ('applied', 'undone')", name=op.f("ck_scheduling_outage_status")
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_scheduling_outage_not_empty")),
        sa.ForeignKeyConstraint(
            ["created_by_id"],
            ["ab_user.id"],
            name=op.f("fk_scheduling_outage_created_by_id_ab_user"),
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"],
            ["scheduling_practitioner.id"],
            name=op.f("fk_scheduling_outage_practitioner_id_scheduling_practitioner"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduling_outage")),
    )
    with op.batch_alter_table("scheduling_outage", schema=None) as batch_op:
        batch_op.create_index("ix_scheduling_outage_created_at", ["created_at"], unique=False)
    op.create_table(
        "scheduling_reminder_wish",
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("by_email", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("in_app", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("lead_minutes", sa.ARRAY(sa.Integer()), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patients_patient.id"],
            name=op.f("fk_scheduling_reminder_wish_patient_id_patients_patient"),
        ),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_scheduling_reminder_wish")),
    )
    op.create_table(
        "scheduling_series",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("type_id", sa.Integer(), nullable=False),
        sa.Column("practitioner_id", sa.Integer(), nullable=False),
        sa.Column("frequency", sa.String(length=10), nullable=False),
        sa.Column("every", sa.SmallInteger(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("local_time", sa.Time(), nullable=False),
        sa.Column("count", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("predecessor_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "frequency IN ('weekly', 'monthly')", name=op.f("ck_scheduling_series_frequency")
        ),
        sa.CheckConstraint(
            "status IN ('running', 'split', 'cancelled')", name=op.f("ck_scheduling_series_status")
        ),
        sa.CheckConstraint(
            "every BETWEEN 1 AND 12 AND count BETWEEN 1 AND 60",
            name=op.f("ck_scheduling_series_bounds"),
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"],
            ["ab_user.id"],
            name=op.f("fk_scheduling_series_created_by_id_ab_user"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patients_patient.id"],
            name=op.f("fk_scheduling_series_patient_id_patients_patient"),
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"],
            ["scheduling_practitioner.id"],
            name=op.f("fk_scheduling_series_practitioner_id_scheduling_practitioner"),
        ),
        sa.ForeignKeyConstraint(
            ["predecessor_id"],
            ["scheduling_series.id"],
            name=op.f("fk_scheduling_series_predecessor_id_scheduling_series"),
        ),
        sa.ForeignKeyConstraint(
            ["type_id"],
            ["scheduling_appointment_type.id"],
            name=op.f("fk_scheduling_series_type_id_scheduling_appointment_type"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduling_series")),
    )
    with op.batch_alter_table("scheduling_series", schema=None) as batch_op:
        batch_op.create_index("ix_scheduling_series_patient_id", ["patient_id"], unique=False)
    op.create_table(
        "scheduling_timetable_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("title", sa.String(length=120), server_default="", nullable=False),
        sa.CheckConstraint(
            "starts_at < ends_at", name=op.f("ck_scheduling_timetable_entry_not_empty")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patients_patient.id"],
            name=op.f("fk_scheduling_timetable_entry_patient_id_patients_patient"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduling_timetable_entry")),
    )
    with op.batch_alter_table("scheduling_timetable_entry", schema=None) as batch_op:
        batch_op.create_index(
            "ix_scheduling_timetable_entry_patient_id", ["patient_id", "starts_at"], unique=False
        )
    op.create_table(
        "scheduling_seat",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("status_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("booked_by_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.CheckConstraint(
            "status IN ('booked', 'attended', 'missed', 'cancelled')",
            name=op.f("ck_scheduling_seat_status"),
        ),
        sa.ForeignKeyConstraint(
            ["booked_by_id"], ["ab_user.id"], name=op.f("fk_scheduling_seat_booked_by_id_ab_user")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patients_patient.id"],
            name=op.f("fk_scheduling_seat_patient_id_patients_patient"),
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["scheduling_group_session.id"],
            name=op.f("fk_scheduling_seat_session_id_scheduling_group_session"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduling_seat")),
    )
    with op.batch_alter_table("scheduling_seat", schema=None) as batch_op:
        batch_op.create_index("ix_scheduling_seat_patient_id", ["patient_id", "id"], unique=False)
        batch_op.create_index(
            "uq_scheduling_seat_patient",
            ["session_id", "patient_id"],
            unique=True,
            postgresql_where=sa.text("status <> 'cancelled'"),
        )
    op.create_table(
        "scheduling_session_cohort",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("program", sa.String(length=20), server_default="", nullable=False),
        sa.Column("year_level", sa.String(length=10), server_default="", nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["scheduling_group_session.id"],
            name=op.f("fk_scheduling_session_cohort_session_id_scheduling_group_session"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduling_session_cohort")),
    )
    with op.batch_alter_table("scheduling_session_cohort", schema=None) as batch_op:
        batch_op.create_index(
            "uq_scheduling_session_cohort_group",
            ["session_id", "program", "year_level"],
            unique=True,
        )
    op.create_table(
        "scheduling_session_station",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "position > 0 AND name <> ''", name=op.f("ck_scheduling_session_station_named")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["scheduling_group_session.id"],
            name=op.f("fk_scheduling_session_station_session_id_scheduling_group_session"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduling_session_station")),
    )
    with op.batch_alter_table("scheduling_session_station", schema=None) as batch_op:
        batch_op.create_index(
            "uq_scheduling_session_station_position", ["session_id", "position"], unique=True
        )
    op.create_table(
        "scheduling_booking_answers",
        sa.Column("appointment_id", sa.BigInteger(), nullable=False),
        sa.Column("questionnaire_id", sa.Integer(), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["scheduling_appointment.id"],
            name=op.f("fk_scheduling_booking_answers_appointment_id_scheduling_appointment"),
        ),
        sa.ForeignKeyConstraint(
            ["questionnaire_id"],
            ["scheduling_questionnaire.id"],
            name=op.f("fk_scheduling_booking_answers_questionnaire_id_scheduling_questionnaire"),
        ),
        sa.PrimaryKeyConstraint("appointment_id", name=op.f("pk_scheduling_booking_answers")),
    )
    op.create_table(
        "scheduling_no_show_point",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("appointment_id", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("objection", sa.Text(), server_default="", nullable=False),
        sa.Column("contested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(status IN ('upheld', 'waived')) = (decided_at IS NOT NULL)",
            name=op.f("ck_scheduling_no_show_point_decided"),
        ),
        sa.CheckConstraint(
            "status IN ('counted', 'contested', 'upheld', 'waived', 'void')",
            name=op.f("ck_scheduling_no_show_point_status"),
        ),
        sa.CheckConstraint(
            "given_at < expires_at", name=op.f("ck_scheduling_no_show_point_expires")
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["scheduling_appointment.id"],
            name=op.f("fk_scheduling_no_show_point_appointment_id_scheduling_appointment"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"],
            ["ab_user.id"],
            name=op.f("fk_scheduling_no_show_point_decided_by_id_ab_user"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patients_patient.id"],
            name=op.f("fk_scheduling_no_show_point_patient_id_patients_patient"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduling_no_show_point")),
    )
    with op.batch_alter_table("scheduling_no_show_point", schema=None) as batch_op:
        batch_op.create_index(
            "ix_scheduling_no_show_point_patient_id", ["patient_id", "expires_at"], unique=False
        )
        batch_op.create_index("ix_scheduling_no_show_point_status", ["status", "id"], unique=False)
        batch_op.create_index(
            "uq_scheduling_no_show_point_appointment_id", ["appointment_id"], unique=True
        )
    op.create_table(
        "scheduling_outage_item",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("outage_id", sa.Integer(), nullable=False),
        sa.Column("appointment_id", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("successor_id", sa.BigInteger(), nullable=True),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("called_by_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "(outcome = 'moved') = (successor_id IS NOT NULL)",
            name=op.f("ck_scheduling_outage_item_successor"),
        ),
        sa.CheckConstraint(
            "outcome IN ('moved', 'cancelled', 'to-call')",
            name=op.f("ck_scheduling_outage_item_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["scheduling_appointment.id"],
            name=op.f("fk_scheduling_outage_item_appointment_id_scheduling_appointment"),
        ),
        sa.ForeignKeyConstraint(
            ["called_by_id"],
            ["ab_user.id"],
            name=op.f("fk_scheduling_outage_item_called_by_id_ab_user"),
        ),
        sa.ForeignKeyConstraint(
            ["outage_id"],
            ["scheduling_outage.id"],
            name=op.f("fk_scheduling_outage_item_outage_id_scheduling_outage"),
        ),
        sa.ForeignKeyConstraint(
            ["successor_id"],
            ["scheduling_appointment.id"],
            name=op.f("fk_scheduling_outage_item_successor_id_scheduling_appointment"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduling_outage_item")),
    )
    with op.batch_alter_table("scheduling_outage_item", schema=None) as batch_op:
        batch_op.create_index(
            "uq_scheduling_outage_item_appointment", ["outage_id", "appointment_id"], unique=True
        )
    op.create_table(
        "scheduling_reminder",
        sa.Column("appointment_id", sa.BigInteger(), nullable=False),
        sa.Column("lead_minutes", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["scheduling_appointment.id"],
            name=op.f("fk_scheduling_reminder_appointment_id_scheduling_appointment"),
        ),
        sa.PrimaryKeyConstraint(
            "appointment_id", "lead_minutes", name=op.f("pk_scheduling_reminder")
        ),
    )
    op.create_table(
        "scheduling_seat_answers",
        sa.Column("seat_id", sa.BigInteger(), nullable=False),
        sa.Column("questionnaire_id", sa.Integer(), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["questionnaire_id"],
            ["scheduling_questionnaire.id"],
            name=op.f("fk_scheduling_seat_answers_questionnaire_id_scheduling_questionnaire"),
        ),
        sa.ForeignKeyConstraint(
            ["seat_id"],
            ["scheduling_seat.id"],
            name=op.f("fk_scheduling_seat_answers_seat_id_scheduling_seat"),
        ),
        sa.PrimaryKeyConstraint("seat_id", name=op.f("pk_scheduling_seat_answers")),
    )
    op.create_table(
        "scheduling_seat_reminder",
        sa.Column("seat_id", sa.BigInteger(), nullable=False),
        sa.Column("lead_minutes", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["seat_id"],
            ["scheduling_seat.id"],
            name=op.f("fk_scheduling_seat_reminder_seat_id_scheduling_seat"),
        ),
        sa.PrimaryKeyConstraint(
            "seat_id", "lead_minutes", name=op.f("pk_scheduling_seat_reminder")
        ),
    )
    op.create_table(
        "scheduling_seat_station",
        sa.Column("seat_id", sa.BigInteger(), nullable=False),
        sa.Column("station_id", sa.Integer(), nullable=False),
        sa.Column("passed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("marked_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["marked_by_id"],
            ["ab_user.id"],
            name=op.f("fk_scheduling_seat_station_marked_by_id_ab_user"),
        ),
        sa.ForeignKeyConstraint(
            ["seat_id"],
            ["scheduling_seat.id"],
            name=op.f("fk_scheduling_seat_station_seat_id_scheduling_seat"),
        ),
        sa.ForeignKeyConstraint(
            ["station_id"],
            ["scheduling_session_station.id"],
            name=op.f("fk_scheduling_seat_station_station_id_scheduling_session_station"),
        ),
        sa.PrimaryKeyConstraint("seat_id", "station_id", name=op.f("pk_scheduling_seat_station")),
    )
    op.create_table(
        "scheduling_waitlist_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("type_id", sa.Integer(), nullable=False),
        sa.Column("practitioner_id", sa.Integer(), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("earliest", sa.Time(), nullable=False),
        sa.Column("latest", sa.Time(), nullable=False),
        sa.Column("reason", sa.String(length=500), server_default="", nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("status_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("appointment_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.CheckConstraint(
            "(status = 'fulfilled') = (appointment_id IS NOT NULL)",
            name=op.f("ck_scheduling_waitlist_entry_appointment"),
        ),
        sa.CheckConstraint(
            "status IN ('waiting', 'offered', 'fulfilled', 'withdrawn', 'expired')",
            name=op.f("ck_scheduling_waitlist_entry_status"),
        ),
        sa.CheckConstraint(
            "first_day <= last_day AND earliest < latest",
            name=op.f("ck_scheduling_waitlist_entry_not_empty"),
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["scheduling_appointment.id"],
            name=op.f("fk_scheduling_waitlist_entry_appointment_id_scheduling_appointment"),
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"],
            ["ab_user.id"],
            name=op.f("fk_scheduling_waitlist_entry_created_by_id_ab_user"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patients_patient.id"],
            name=op.f("fk_scheduling_waitlist_entry_patient_id_patients_patient"),
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"],
            ["scheduling_practitioner.id"],
            name=op.f("fk_scheduling_waitlist_entry_practitioner_id_scheduling_practitioner"),
        ),
        sa.ForeignKeyConstraint(
            ["type_id"],
            ["scheduling_appointment_type.id"],
            name=op.f("fk_scheduling_waitlist_entry_type_id_scheduling_appointment_type"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduling_waitlist_entry")),
    )
    with op.batch_alter_table("scheduling_waitlist_entry", schema=None) as batch_op:
        batch_op.create_index(
            "ix_scheduling_waitlist_entry_patient_id", ["patient_id", "id"], unique=False
        )
        batch_op.create_index(
            "ix_scheduling_waitlist_entry_waiting",
            ["type_id", "created_at", "id"],
            unique=False,
            postgresql_where=sa.text("status IN ('waiting', 'offered')"),
        )
        batch_op.create_index(
            "uq_scheduling_waitlist_entry_open",
            ["patient_id", "type_id"],
            unique=True,
            postgresql_where=sa.text("status IN ('waiting', 'offered')"),
        )
    op.create_table(
        "scheduling_hold",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=True),
        sa.Column("patient_id", sa.Integer(), nullable=True),
        sa.Column("type_id", sa.Integer(), nullable=True),
        sa.Column("held_by_id", sa.Integer(), nullable=True),
        sa.Column("practitioner_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("campus", sa.String(length=60), server_default="", nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by_id", sa.BigInteger(), nullable=True),
        sa.Column("appointment_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(status = 'accepted') = (appointment_id IS NOT NULL)",
            name=op.f("ck_scheduling_hold_appointment"),
        ),
        sa.CheckConstraint(
            "status IN ('open', 'accepted', 'declined', 'expired', 'withdrawn')",
            name=op.f("ck_scheduling_hold_status"),
        ),
        sa.CheckConstraint(
            "starts_at < ends_at AND created_at < expires_at",
            name=op.f("ck_scheduling_hold_not_empty"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(entry_id, patient_id) = 1 AND (patient_id IS NULL) = (type_id IS NULL)",
            name=op.f("ck_scheduling_hold_one_purpose"),
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["scheduling_appointment.id"],
            name=op.f("fk_scheduling_hold_appointment_id_scheduling_appointment"),
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["scheduling_waitlist_entry.id"],
            name=op.f("fk_scheduling_hold_entry_id_scheduling_waitlist_entry"),
        ),
        sa.ForeignKeyConstraint(
            ["held_by_id"],
            ["ab_user.id"],
            name=op.f("fk_scheduling_hold_held_by_id_ab_user"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patients_patient.id"],
            name=op.f("fk_scheduling_hold_patient_id_patients_patient"),
        ),
        sa.ForeignKeyConstraint(
            ["type_id"],
            ["scheduling_appointment_type.id"],
            name=op.f("fk_scheduling_hold_type_id_scheduling_appointment_type"),
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"],
            ["scheduling_practitioner.id"],
            name=op.f("fk_scheduling_hold_practitioner_id_scheduling_practitioner"),
        ),
        sa.ForeignKeyConstraint(
            ["released_by_id"],
            ["scheduling_appointment.id"],
            name=op.f("fk_scheduling_hold_released_by_id_scheduling_appointment"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduling_hold")),
    )
    with op.batch_alter_table("scheduling_hold", schema=None) as batch_op:
        batch_op.create_index("ix_scheduling_hold_created_at", ["created_at"], unique=False)
        batch_op.create_index(
            "uq_scheduling_hold_patient",
            ["patient_id"],
            unique=True,
            postgresql_where=sa.text("status = 'open' AND patient_id IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_scheduling_hold_patient_id",
            ["patient_id", "practitioner_id", "starts_at"],
            unique=False,
        )
        batch_op.create_index(
            "ix_scheduling_hold_held_by_id", ["held_by_id", "created_at"], unique=False
        )
        batch_op.create_index(
            "ix_scheduling_hold_open",
            ["expires_at"],
            unique=False,
            postgresql_where=sa.text("status = 'open'"),
        )
        batch_op.create_index(
            "uq_scheduling_hold_entry",
            ["entry_id"],
            unique=True,
            postgresql_where=sa.text("status = 'open'"),
        )
    with op.batch_alter_table("scheduling_appointment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("series_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("series_number", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("place", sa.String(length=160), server_default="", nullable=False)
        )
        batch_op.add_column(
            sa.Column("attendance_confirmed_at", sa.DateTime(timezone=True), nullable=True)
        )
        batch_op.create_index(
            "ix_scheduling_appointment_series_id",
            ["series_id", "series_number"],
            unique=False,
            postgresql_where=sa.text("series_id IS NOT NULL"),
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_scheduling_appointment_series_id_scheduling_series"),
            "scheduling_series",
            ["series_id"],
            ["id"],
        )
    with op.batch_alter_table("scheduling_appointment_type", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "reminder_minutes",
                sa.ARRAY(sa.Integer()),
                server_default="{1440,120}",
                nullable=False,
            )
        )
        batch_op.add_column(
            sa.Column("no_show_grace_minutes", sa.Integer(), server_default="15", nullable=False)
        )
        batch_op.add_column(
            sa.Column("check_in_minutes", sa.Integer(), server_default="30", nullable=False)
        )
        batch_op.add_column(sa.Column("session_capacity", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("takes_walk_ins", sa.Boolean(), server_default="true", nullable=False)
        )
        batch_op.add_column(
            sa.Column("token_prefix", sa.String(length=3), server_default="", nullable=False)
        )
    with op.batch_alter_table("scheduling_claim", schema=None) as batch_op:
        batch_op.add_column(sa.Column("hold_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("session_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("seat_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("block_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.alter_column("appointment_id", existing_type=sa.BIGINT(), nullable=True)
        batch_op.create_index(
            "ix_scheduling_claim_block_id",
            ["block_id"],
            unique=False,
            postgresql_where=sa.text("block_id IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_scheduling_claim_expires_at",
            ["expires_at"],
            unique=False,
            postgresql_where=sa.text("active AND expires_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_scheduling_claim_hold_id",
            ["hold_id"],
            unique=False,
            postgresql_where=sa.text("hold_id IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_scheduling_claim_seat_id",
            ["seat_id"],
            unique=False,
            postgresql_where=sa.text("seat_id IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_scheduling_claim_session_id",
            ["session_id"],
            unique=False,
            postgresql_where=sa.text("session_id IS NOT NULL"),
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_scheduling_claim_hold_id_scheduling_hold"),
            "scheduling_hold",
            ["hold_id"],
            ["id"],
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_scheduling_claim_block_id_scheduling_resource_block"),
            "scheduling_resource_block",
            ["block_id"],
            ["id"],
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_scheduling_claim_seat_id_scheduling_seat"),
            "scheduling_seat",
            ["seat_id"],
            ["id"],
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_scheduling_claim_session_id_scheduling_group_session"),
            "scheduling_group_session",
            ["session_id"],
            ["id"],
        )
    with op.batch_alter_table("scheduling_practitioner", schema=None) as batch_op:
        batch_op.add_column(sa.Column("preferred_room_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_scheduling_practitioner_preferred_room_id_scheduling_resource"),
            "scheduling_resource",
            ["preferred_room_id"],
            ["id"],
        )
    with op.batch_alter_table("scheduling_appointment", schema=None) as batch_op:
        batch_op.create_check_constraint(
            batch_op.f("ck_scheduling_appointment_series"),
            "(series_id IS NULL) = (series_number IS NULL)",
        )
    with op.batch_alter_table("scheduling_appointment_type", schema=None) as batch_op:
        batch_op.create_check_constraint(
            batch_op.f("ck_scheduling_appointment_type_around_the_start"),
            "no_show_grace_minutes BETWEEN 0 AND 240 AND check_in_minutes BETWEEN 0 AND 240",
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_scheduling_appointment_type_session_capacity"),
            "session_capacity BETWEEN 1 AND 1000",
        )
    with op.batch_alter_table("scheduling_claim", schema=None) as batch_op:
        batch_op.create_check_constraint(
            batch_op.f("ck_scheduling_claim_one_owner"),
            "num_nonnulls(appointment_id, hold_id, session_id, seat_id, block_id) = 1",
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_scheduling_claim_holds_expire"),
            "(hold_id IS NOT NULL) = (expires_at IS NOT NULL)",
        )
    for table in WATCHED:
        op.execute(
            f"CREATE TRIGGER {table}_stamp AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE"
            f" ON {table} FOR EACH STATEMENT EXECUTE FUNCTION change_stamp('schedules')"
        )


def downgrade() -> None:
    """Take them back."""
    for table in WATCHED:
        op.execute(f"DROP TRIGGER {table}_stamp ON {table}")
    with op.batch_alter_table("scheduling_claim", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_scheduling_claim_one_owner"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_scheduling_claim_holds_expire"), type_="check")
    # Only visits held time before.
    op.execute("ALTER TABLE scheduling_claim DISABLE TRIGGER scheduling_claim_append_only")
    op.execute("DELETE FROM scheduling_claim WHERE appointment_id IS NULL")
    op.execute("ALTER TABLE scheduling_claim ENABLE TRIGGER scheduling_claim_append_only")
    with op.batch_alter_table("scheduling_practitioner", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_scheduling_practitioner_preferred_room_id_scheduling_resource"),
            type_="foreignkey",
        )
        batch_op.drop_column("preferred_room_id")
    with op.batch_alter_table("scheduling_claim", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_scheduling_claim_session_id_scheduling_group_session"),
            type_="foreignkey",
        )
        batch_op.drop_constraint(
            batch_op.f("fk_scheduling_claim_seat_id_scheduling_seat"), type_="foreignkey"
        )
        batch_op.drop_constraint(
            batch_op.f("fk_scheduling_claim_block_id_scheduling_resource_block"), type_="foreignkey"
        )
        batch_op.drop_constraint(
            batch_op.f("fk_scheduling_claim_hold_id_scheduling_hold"), type_="foreignkey"
        )
        batch_op.drop_index(
            "ix_scheduling_claim_session_id", postgresql_where=sa.text("session_id IS NOT NULL")
        )
        batch_op.drop_index(
            "ix_scheduling_claim_seat_id", postgresql_where=sa.text("seat_id IS NOT NULL")
        )
        batch_op.drop_index(
            "ix_scheduling_claim_hold_id", postgresql_where=sa.text("hold_id IS NOT NULL")
        )
        batch_op.drop_index(
            "ix_scheduling_claim_expires_at",
            postgresql_where=sa.text("active AND expires_at IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_scheduling_claim_block_id", postgresql_where=sa.text("block_id IS NOT NULL")
        )
        batch_op.alter_column("appointment_id", existing_type=sa.BIGINT(), nullable=False)
        batch_op.drop_column("expires_at")
        batch_op.drop_column("block_id")
        batch_op.drop_column("seat_id")
        batch_op.drop_column("session_id")
        batch_op.drop_column("hold_id")
    with op.batch_alter_table("scheduling_appointment_type", schema=None) as batch_op:
        batch_op.drop_column("token_prefix")
        batch_op.drop_column("takes_walk_ins")
        batch_op.drop_column("session_capacity")
        batch_op.drop_column("check_in_minutes")
        batch_op.drop_column("no_show_grace_minutes")
        batch_op.drop_column("reminder_minutes")
    with op.batch_alter_table("scheduling_appointment", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_scheduling_appointment_series_id_scheduling_series"), type_="foreignkey"
        )
        batch_op.drop_index(
            "ix_scheduling_appointment_series_id", postgresql_where=sa.text("series_id IS NOT NULL")
        )
        batch_op.drop_column("attendance_confirmed_at")
        batch_op.drop_column("place")
        batch_op.drop_column("series_number")
        batch_op.drop_column("series_id")
    with op.batch_alter_table("scheduling_hold", schema=None) as batch_op:
        batch_op.drop_index("uq_scheduling_hold_entry", postgresql_where=sa.text("status = 'open'"))
        batch_op.drop_index("ix_scheduling_hold_open", postgresql_where=sa.text("status = 'open'"))
        batch_op.drop_index("ix_scheduling_hold_created_at")
        batch_op.drop_index("ix_scheduling_hold_held_by_id")
        batch_op.drop_index("ix_scheduling_hold_patient_id")
        batch_op.drop_index(
            "uq_scheduling_hold_patient",
            postgresql_where=sa.text("status = 'open' AND patient_id IS NOT NULL"),
        )
    op.drop_table("scheduling_hold")
    with op.batch_alter_table("scheduling_waitlist_entry", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_scheduling_waitlist_entry_open",
            postgresql_where=sa.text("status IN ('waiting', 'offered')"),
        )
        batch_op.drop_index(
            "ix_scheduling_waitlist_entry_waiting",
            postgresql_where=sa.text("status IN ('waiting', 'offered')"),
        )
        batch_op.drop_index("ix_scheduling_waitlist_entry_patient_id")
    op.drop_table("scheduling_waitlist_entry")
    op.drop_table("scheduling_seat_station")
    op.drop_table("scheduling_seat_reminder")
    op.drop_table("scheduling_seat_answers")
    op.drop_table("scheduling_reminder")
    with op.batch_alter_table("scheduling_outage_item", schema=None) as batch_op:
        batch_op.drop_index("uq_scheduling_outage_item_appointment")
    op.drop_table("scheduling_outage_item")
    with op.batch_alter_table("scheduling_no_show_point", schema=None) as batch_op:
        batch_op.drop_index("uq_scheduling_no_show_point_appointment_id")
        batch_op.drop_index("ix_scheduling_no_show_point_status")
        batch_op.drop_index("ix_scheduling_no_show_point_patient_id")
    op.drop_table("scheduling_no_show_point")
    op.drop_table("scheduling_booking_answers")
    with op.batch_alter_table("scheduling_session_station", schema=None) as batch_op:
        batch_op.drop_index("uq_scheduling_session_station_position")
    op.drop_table("scheduling_session_station")
    with op.batch_alter_table("scheduling_session_cohort", schema=None) as batch_op:
        batch_op.drop_index("uq_scheduling_session_cohort_group")
    op.drop_table("scheduling_session_cohort")
    with op.batch_alter_table("scheduling_seat", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_scheduling_seat_patient", postgresql_where=sa.text("status <> 'cancelled'")
        )
        batch_op.drop_index("ix_scheduling_seat_patient_id")
    op.drop_table("scheduling_seat")
    with op.batch_alter_table("scheduling_timetable_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_scheduling_timetable_entry_patient_id")
    op.drop_table("scheduling_timetable_entry")
    with op.batch_alter_table("scheduling_series", schema=None) as batch_op:
        batch_op.drop_index("ix_scheduling_series_patient_id")
    op.drop_table("scheduling_series")
    op.drop_table("scheduling_reminder_wish")
    with op.batch_alter_table("scheduling_outage", schema=None) as batch_op:
        batch_op.drop_index("ix_scheduling_outage_created_at")
    op.drop_table("scheduling_outage")
    with op.batch_alter_table("scheduling_not_offered_by", schema=None) as batch_op:
        batch_op.drop_index("ix_scheduling_not_offered_by_type_id")
    op.drop_table("scheduling_not_offered_by")
    with op.batch_alter_table("scheduling_group_session", schema=None) as batch_op:
        batch_op.drop_index("ix_scheduling_group_session_starts_at")
    op.drop_table("scheduling_group_session")
    with op.batch_alter_table("scheduling_diversion", schema=None) as batch_op:
        batch_op.drop_index("ix_scheduling_diversion_at")
    op.drop_table("scheduling_diversion")
    op.drop_table("scheduling_type_need")
    with op.batch_alter_table("scheduling_resource_block", schema=None) as batch_op:
        batch_op.drop_index("ix_scheduling_resource_block_resource_id")
    op.drop_table("scheduling_resource_block")
    with op.batch_alter_table("scheduling_questionnaire", schema=None) as batch_op:
        batch_op.drop_index("uq_scheduling_questionnaire_version")
    op.drop_table("scheduling_questionnaire")
    with op.batch_alter_table("scheduling_feed", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_scheduling_feed_user", postgresql_where=sa.text("revoked_at IS NULL")
        )
        batch_op.drop_index("uq_scheduling_feed_token_hash")
    op.drop_table("scheduling_feed")
    with op.batch_alter_table("scheduling_resource", schema=None) as batch_op:
        batch_op.drop_index("uq_scheduling_resource_code")
        batch_op.drop_index("ix_scheduling_resource_category")
    op.drop_table("scheduling_resource")
