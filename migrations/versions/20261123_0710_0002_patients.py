"""Patients: identity, contacts, enrolments, and imports from files.

Rules: additive first; works with the previous release; imports nothing from the app; a data
change is a re-runnable revision of its own with a test in tests/migrations.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New tables only: patients, their contacts and enrolments, and runs of imports."""
    op.create_table(
        "patients_import_run",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("choice", sa.String(length=20), server_default="", nullable=False),
        sa.Column("encoding", sa.String(length=20), server_default="", nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("rows_expected", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_new", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_changed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_same", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_wrong", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refusal", sa.Text(), server_default="", nullable=False),
        sa.Column("started_by", sa.String(length=160), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "choice IN ('all-or-nothing', 'valid-rows', '')",
            name=op.f("ck_patients_import_run_choice"),
        ),
        sa.CheckConstraint(
            "status IN ('checking', 'checked', 'applying', 'done', 'refused', 'discarded')",
            name=op.f("ck_patients_import_run_status"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patients_import_run")),
    )
    with op.batch_alter_table("patients_import_run", schema=None) as batch_op:
        batch_op.create_index("ix_patients_import_run_started_at", ["started_at"], unique=False)

    op.create_table(
        "patients_import_problem",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("column_name", sa.String(length=40), server_default="", nullable=False),
        sa.Column("value", sa.String(length=80), server_default="", nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["patients_import_run.id"],
            name=op.f("fk_patients_import_problem_run_id_patients_import_run"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patients_import_problem")),
    )
    with op.batch_alter_table("patients_import_problem", schema=None) as batch_op:
        batch_op.create_index(
            "ix_patients_import_problem_run_id_line", ["run_id", "line"], unique=False
        )

    op.create_table(
        "patients_patient",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("university_id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("first_name", sa.String(length=80), nullable=False),
        sa.Column("middle_name", sa.String(length=80), server_default="", nullable=False),
        sa.Column("last_name", sa.String(length=80), nullable=False),
        sa.Column("suffix", sa.String(length=10), server_default="", nullable=False),
        sa.Column("honorific", sa.String(length=80), server_default="", nullable=False),
        sa.Column("preferred_name", sa.String(length=80), server_default="", nullable=False),
        sa.Column("born_on", sa.Date(), nullable=True),
        sa.Column("sex", sa.String(length=10), server_default="unknown", nullable=False),
        sa.Column("civil_status", sa.String(length=10), server_default="", nullable=False),
        sa.Column("blood_type", sa.String(length=3), server_default="", nullable=False),
        sa.Column("philhealth_number", sa.String(length=12), server_default="", nullable=False),
        sa.Column("hmo_name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("hmo_number", sa.String(length=120), server_default="", nullable=False),
        sa.Column("address_line", sa.String(length=120), server_default="", nullable=False),
        sa.Column("barangay", sa.String(length=120), server_default="", nullable=False),
        sa.Column("city", sa.String(length=120), server_default="", nullable=False),
        sa.Column("province", sa.String(length=120), server_default="", nullable=False),
        sa.Column("postal_code", sa.String(length=10), server_default="", nullable=False),
        sa.Column("status", sa.String(length=10), server_default="active", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("search_name", sa.String(length=700), nullable=False),
        sa.Column(
            "search_words",
            postgresql.TSVECTOR(),
            sa.Computed("array_to_tsvector(string_to_array(search_name, ' '))", persisted=True),
            nullable=False,
        ),
        sa.CheckConstraint(
            "blood_type IN ('A+', 'A-', 'B+', 'B-', 'AB+', 'AB-', 'O+', 'O-', '')",
            name=op.f("ck_patients_patient_blood_type"),
        ),
        sa.CheckConstraint(
            "civil_status IN ('single', 'married', 'widowed', 'separated', 'annulled', '')",
            name=op.f("ck_patients_patient_civil_status"),
        ),
        sa.CheckConstraint(
            "first_name <> '' AND last_name <> ''", name=op.f("ck_patients_patient_names")
        ),
        sa.CheckConstraint(
            "philhealth_number ~ '^([0-9]{12})?$'",
            name=op.f("ck_patients_patient_philhealth_number"),
        ),
        sa.CheckConstraint(
            "search_name ~ '^[^ ]+( [^ ]+)*$'", name=op.f("ck_patients_patient_search_name")
        ),
        sa.CheckConstraint(
            "sex IN ('female', 'male', 'other', 'unknown')", name=op.f("ck_patients_patient_sex")
        ),
        sa.CheckConstraint(
            "status IN ('active', 'inactive')", name=op.f("ck_patients_patient_status")
        ),
        sa.CheckConstraint(
            "suffix IN ('Jr.', 'Sr.', 'II', 'III', 'IV', 'V', 'VI', '')",
            name=op.f("ck_patients_patient_suffix"),
        ),
        sa.CheckConstraint(
            "university_id = upper(btrim(university_id)) AND university_id <> ''",
            name=op.f("ck_patients_patient_university_id"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["ab_user.id"],
            name=op.f("fk_patients_patient_user_id_ab_user"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patients_patient")),
        sa.UniqueConstraint("university_id", name=op.f("uq_patients_patient_university_id")),
        sa.UniqueConstraint("user_id", name=op.f("uq_patients_patient_user_id")),
    )
    with op.batch_alter_table("patients_patient", schema=None) as batch_op:
        batch_op.create_index("ix_patients_patient_born_on", ["born_on"], unique=False)
        batch_op.create_index("ix_patients_patient_search_name", ["search_name"], unique=False)
        batch_op.create_index(
            "ix_patients_patient_search_words",
            ["search_words"],
            unique=False,
            postgresql_using="gin",
        )
        batch_op.create_index(
            "ix_patients_patient_university_id_prefix",
            ["university_id"],
            unique=False,
            postgresql_ops={"university_id": "text_pattern_ops"},
        )

    op.create_table(
        "patients_contact_point",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("system", sa.String(length=10), nullable=False),
        sa.Column("value", sa.String(length=254), nullable=False),
        sa.Column("rank", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "CASE system WHEN 'phone' THEN value ~ '^[+][1-9][0-9]{6,14}$' ELSE value ~ '^[^@ ]+@[^@ ]+$' AND value = lower(value) END",
            name=op.f("ck_patients_contact_point_value"),
        ),
        sa.CheckConstraint(
            "system IN ('phone', 'email')", name=op.f("ck_patients_contact_point_system")
        ),
        sa.CheckConstraint("rank BETWEEN 1 AND 9", name=op.f("ck_patients_contact_point_rank")),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patients_patient.id"],
            name=op.f("fk_patients_contact_point_patient_id_patients_patient"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patients_contact_point")),
        sa.UniqueConstraint(
            "patient_id",
            "system",
            "rank",
            name=op.f("uq_patients_contact_point_patient_id_system_rank"),
        ),
    )
    with op.batch_alter_table("patients_contact_point", schema=None) as batch_op:
        batch_op.create_index("ix_patients_contact_point_value", ["value"], unique=False)

    op.create_table(
        "patients_emergency_contact",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("relationship", sa.String(length=40), server_default="", nullable=False),
        sa.Column("phone", sa.String(length=16), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_patients_emergency_contact_name")),
        sa.CheckConstraint(
            "phone ~ '^[+][1-9][0-9]{6,14}$'", name=op.f("ck_patients_emergency_contact_phone")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patients_patient.id"],
            name=op.f("fk_patients_emergency_contact_patient_id_patients_patient"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patients_emergency_contact")),
    )
    with op.batch_alter_table("patients_emergency_contact", schema=None) as batch_op:
        batch_op.create_index(
            "ix_patients_emergency_contact_patient_id", ["patient_id"], unique=False
        )

    op.create_table(
        "patients_enrolment",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("academic_year", sa.String(length=9), nullable=False),
        sa.Column("semester", sa.String(length=5), nullable=False),
        sa.Column("program", sa.String(length=20), nullable=False),
        sa.Column("program_group", sa.String(length=40), server_default="", nullable=False),
        sa.Column("year_level", sa.String(length=10), nullable=False),
        sa.Column("campus", sa.String(length=80), nullable=False),
        sa.Column("is_latest", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint(
            "CASE WHEN academic_year ~ '^[0-9]{4}-[0-9]{4}$' THEN substr(academic_year, 6)::int = substr(academic_year, 1, 4)::int + 1 ELSE false END",
            name=op.f("ck_patients_enrolment_academic_year"),
        ),
        sa.CheckConstraint(
            "program <> '' AND campus <> ''", name=op.f("ck_patients_enrolment_program_and_campus")
        ),
        sa.CheckConstraint(
            "semester IN ('1', '2', 'short')", name=op.f("ck_patients_enrolment_semester")
        ),
        sa.CheckConstraint(
            "year_level IN ('1', '2', '3', '4', '5', 'graduate')",
            name=op.f("ck_patients_enrolment_year_level"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patients_patient.id"],
            name=op.f("fk_patients_enrolment_patient_id_patients_patient"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patients_enrolment")),
        sa.UniqueConstraint(
            "patient_id",
            "academic_year",
            "semester",
            name=op.f("uq_patients_enrolment_patient_id_academic_year_semester"),
        ),
    )
    with op.batch_alter_table("patients_enrolment", schema=None) as batch_op:
        batch_op.create_index(
            "ix_patients_enrolment_program", ["program", "year_level"], unique=False
        )
        batch_op.create_index(
            "ix_patients_enrolment_term", ["academic_year", "semester"], unique=False
        )
        batch_op.create_index(
            "uq_patients_enrolment_latest",
            ["patient_id"],
            unique=True,
            postgresql_where=sa.text("is_latest"),
        )


def downgrade() -> None:
    with op.batch_alter_table("patients_enrolment", schema=None) as batch_op:
        batch_op.drop_index("uq_patients_enrolment_latest", postgresql_where=sa.text("is_latest"))
        batch_op.drop_index("ix_patients_enrolment_term")
        batch_op.drop_index("ix_patients_enrolment_program")

    op.drop_table("patients_enrolment")
    with op.batch_alter_table("patients_emergency_contact", schema=None) as batch_op:
        batch_op.drop_index("ix_patients_emergency_contact_patient_id")

    op.drop_table("patients_emergency_contact")
    with op.batch_alter_table("patients_contact_point", schema=None) as batch_op:
        batch_op.drop_index("ix_patients_contact_point_value")

    op.drop_table("patients_contact_point")
    with op.batch_alter_table("patients_patient", schema=None) as batch_op:
        batch_op.drop_index("ix_patients_patient_university_id_prefix")
        batch_op.drop_index("ix_patients_patient_search_words", postgresql_using="gin")
        batch_op.drop_index("ix_patients_patient_search_name")
        batch_op.drop_index("ix_patients_patient_born_on")

    op.drop_table("patients_patient")
    with op.batch_alter_table("patients_import_problem", schema=None) as batch_op:
        batch_op.drop_index("ix_patients_import_problem_run_id_line")

    op.drop_table("patients_import_problem")
    with op.batch_alter_table("patients_import_run", schema=None) as batch_op:
        batch_op.drop_index("ix_patients_import_run_started_at")

    op.drop_table("patients_import_run")
