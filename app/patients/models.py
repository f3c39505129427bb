"""Patients, how to reach them, where they study, and the runs of imports."""

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.infra.columns import BigKey, Instant, Key
from app.infra.db import Base
from app.patients.rules import (
    SUFFIXES,
    BloodType,
    CivilStatus,
    ContactSystem,
    ImportChoice,
    ImportStatus,
    PatientStatus,
    Semester,
    Sex,
    YearLevel,
    full_name,
    list_name,
)

CASCADE = "all, delete-orphan"


def _one_of(column: str, choices: type[StrEnum] | tuple[str, ...], *more: str) -> CheckConstraint:
    listed = ", ".join(f"'{choice}'" for choice in (*choices, *more))
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class Patient(Base):
    """FHIR Patient: one person whom the clinic cares for. Unknown texts are empty, not NULL."""

    __tablename__ = "patients_patient"
    __table_args__ = (
        # Capitals only (below), so that uniqueness and prefix search know no case.
        UniqueConstraint("university_id"),
        Index(
            "ix_patients_patient_university_id_prefix",
            "university_id",
            postgresql_ops={"university_id": "text_pattern_ops"},
        ),
        Index("ix_patients_patient_search_name", "search_name"),
        Index("ix_patients_patient_search_words", "search_words", postgresql_using="gin"),
        Index("ix_patients_patient_born_on", "born_on"),
        UniqueConstraint("user_id"),
        _one_of("suffix", SUFFIXES, ""),
        _one_of("sex", Sex),
        _one_of("civil_status", CivilStatus, ""),
        _one_of("blood_type", BloodType, ""),
        _one_of("status", PatientStatus),
        CheckConstraint("philhealth_number ~ '^([0-9]{12})?$'", name="philhealth_number"),
        CheckConstraint(
            "university_id = upper(btrim(university_id)) AND university_id <> ''",
            name="university_id",
        ),
        CheckConstraint("first_name <> '' AND last_name <> ''", name="names"),
        CheckConstraint("search_name ~ '^[^ ]+( [^ ]+)*$'", name="search_name"),
    )

    id: Mapped[Key]
    university_id: Mapped[str] = mapped_column(String(32))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))
    first_name: Mapped[str] = mapped_column(String(80))
    middle_name: Mapped[str] = mapped_column(String(80), server_default="", default="")
    last_name: Mapped[str] = mapped_column(String(80))
    suffix: Mapped[str] = mapped_column(String(10), server_default="", default="")
    honorific: Mapped[str] = mapped_column(String(80), server_default="", default="")
    preferred_name: Mapped[str] = mapped_column(String(80), server_default="", default="")
    born_on: Mapped[date | None]
    sex: Mapped[str] = mapped_column(String(10), server_default="unknown", default="unknown")
    civil_status: Mapped[str] = mapped_column(String(10), server_default="", default="")
    blood_type: Mapped[str] = mapped_column(String(3), server_default="", default="")
    philhealth_number: Mapped[str] = mapped_column(String(12), server_default="", default="")
    hmo_name: Mapped[str] = mapped_column(String(120), server_default="", default="")
    hmo_number: Mapped[str] = mapped_column(String(120), server_default="", default="")
    address_line: Mapped[str] = mapped_column(String(120), server_default="", default="")
    barangay: Mapped[str] = mapped_column(String(120), server_default="", default="")
    city: Mapped[str] = mapped_column(String(120), server_default="", default="")
    province: Mapped[str] = mapped_column(String(120), server_default="", default="")
    postal_code: Mapped[str] = mapped_column(String(10), server_default="", default="")
    status: Mapped[str] = mapped_column(String(10), server_default="active", default="active")
    version: Mapped[int] = mapped_column(server_default="1", default=1)
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    # Kept by the services from the name parts: rules.search_key.
    search_name: Mapped[str] = mapped_column(String(700))
    search_words: Mapped[Any] = mapped_column(
        TSVECTOR,
        Computed("array_to_tsvector(string_to_array(search_name, ' '))", persisted=True),
        deferred=True,
    )

    contact_points: Mapped[list["ContactPoint"]] = relationship(
        cascade=CASCADE, order_by="ContactPoint.rank"
    )
    emergency_contacts: Mapped[list["EmergencyContact"]] = relationship(
        cascade=CASCADE, order_by="EmergencyContact.id"
    )
    enrolments: Mapped[list["Enrolment"]] = relationship(
        cascade=CASCADE,
        back_populates="patient",
        order_by="(Enrolment.academic_year.desc(), Enrolment.semester.desc())",
    )
    latest_enrolment: Mapped["Enrolment | None"] = relationship(
        primaryjoin="and_(Enrolment.patient_id == Patient.id, Enrolment.is_latest)",
        viewonly=True,
        uselist=False,
    )

    @property
    def full_name(self) -> str:
        """Juan P. Dela Cruz Jr."""
        return full_name(self.first_name, self.middle_name, self.last_name, self.suffix)

    @property
    def list_name(self) -> str:
        """Dela Cruz, Juan P., Jr."""
        return list_name(self.first_name, self.middle_name, self.last_name, self.suffix)

    @property
    def program(self) -> str:
        """Of the latest enrolment."""
        return self.latest_enrolment.program if self.latest_enrolment else ""

    @property
    def year_level(self) -> str:
        """Of the latest enrolment."""
        return self.latest_enrolment.year_level if self.latest_enrolment else ""

    @property
    def campus(self) -> str:
        """Of the latest enrolment."""
        return self.latest_enrolment.campus if self.latest_enrolment else ""

    def __repr__(self) -> str:
        return f"{self.list_name} ({self.university_id})"


class ContactPoint(Base):
    """FHIR ContactPoint: a phone number or e-mail address; rank 1 is tried first."""

    __tablename__ = "patients_contact_point"
    __table_args__ = (
        UniqueConstraint("patient_id", "system", "rank"),
        Index("ix_patients_contact_point_value", "value"),
        _one_of("system", ContactSystem),
        CheckConstraint("rank BETWEEN 1 AND 9", name="rank"),
        CheckConstraint(
            "CASE system WHEN 'phone' THEN value ~ '^[+][1-9][0-9]{6,14}$'"
            " ELSE value ~ '^[^@ ]+@[^@ ]+$' AND value = lower(value) END",
            name="value",
        ),
    )

    id: Mapped[Key]
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients_patient.id", ondelete="CASCADE"))
    system: Mapped[str] = mapped_column(String(10))
    value: Mapped[str] = mapped_column(String(254))
    rank: Mapped[int] = mapped_column(server_default="1", default=1)

    def __repr__(self) -> str:
        return self.value


class EmergencyContact(Base):
    """FHIR Patient.contact: whom to call when something happens."""

    __tablename__ = "patients_emergency_contact"
    __table_args__ = (
        Index("ix_patients_emergency_contact_patient_id", "patient_id"),
        CheckConstraint("name <> ''", name="name"),
        CheckConstraint("phone ~ '^[+][1-9][0-9]{6,14}$'", name="phone"),
    )

    id: Mapped[Key]
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients_patient.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    relationship_to_patient: Mapped[str] = mapped_column(
        "relationship", String(40), server_default="", default=""
    )
    phone: Mapped[str] = mapped_column(String(16))

    def __repr__(self) -> str:
        relation = f" ({self.relationship_to_patient})" if self.relationship_to_patient else ""
        return f"{self.name}{relation}, {self.phone}"


class Enrolment(Base):
    """Where a patient studies in one term. The latest term's enrolment is marked."""

    __tablename__ = "patients_enrolment"
    __table_args__ = (
        UniqueConstraint("patient_id", "academic_year", "semester"),
        Index(
            "uq_patients_enrolment_latest",
            "patient_id",
            unique=True,
            postgresql_where=text("is_latest"),
        ),
        Index("ix_patients_enrolment_program", "program", "year_level"),
        Index("ix_patients_enrolment_term", "academic_year", "semester"),
        _one_of("semester", Semester),
        _one_of("year_level", YearLevel),
        CheckConstraint(
            "CASE WHEN academic_year ~ '^[0-9]{4}-[0-9]{4}$' THEN"
            " substr(academic_year, 6)::int = substr(academic_year, 1, 4)::int + 1"
            " ELSE false END",
            name="academic_year",
        ),
        CheckConstraint("program <> '' AND campus <> ''", name="program_and_campus"),
    )

    id: Mapped[Key]
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients_patient.id", ondelete="CASCADE"))
    academic_year: Mapped[str] = mapped_column(String(9))
    semester: Mapped[str] = mapped_column(String(5))
    program: Mapped[str] = mapped_column(String(20))
    program_group: Mapped[str] = mapped_column(String(40), server_default="", default="")
    year_level: Mapped[str] = mapped_column(String(10))
    campus: Mapped[str] = mapped_column(String(80))
    is_latest: Mapped[bool] = mapped_column(server_default="false", default=False)

    patient: Mapped[Patient] = relationship(back_populates="enrolments")

    def __repr__(self) -> str:
        return f"{self.program} {self.year_level}, {self.academic_year} {self.semester}"


class ImportRun(Base):
    """One file of patients: what was found in it, and what became of it.

    The file's bytes are kept only until the run is applied or discarded.
    """

    __tablename__ = "patients_import_run"
    __table_args__ = (
        Index("ix_patients_import_run_started_at", "started_at"),
        _one_of("status", ImportStatus),
        _one_of("choice", ImportChoice, ""),
    )

    id: Mapped[Key]
    file_name: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(10))
    choice: Mapped[str] = mapped_column(String(20), server_default="", default="")
    encoding: Mapped[str] = mapped_column(String(20), server_default="", default="")
    size_bytes: Mapped[int]
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    rows_expected: Mapped[int] = mapped_column(server_default="0", default=0)
    rows_done: Mapped[int] = mapped_column(server_default="0", default=0)
    rows_new: Mapped[int] = mapped_column(server_default="0", default=0)
    rows_changed: Mapped[int] = mapped_column(server_default="0", default=0)
    rows_same: Mapped[int] = mapped_column(server_default="0", default=0)
    rows_wrong: Mapped[int] = mapped_column(server_default="0", default=0)
    refusal: Mapped[str] = mapped_column(Text, server_default="", default="")
    started_by: Mapped[str] = mapped_column(String(160))
    started_at: Mapped[Instant]
    finished_at: Mapped[Instant | None]

    def __repr__(self) -> str:
        return f"{self.file_name} ({self.status})"


class ImportProblem(Base):
    """One thing that is wrong with one row of a file."""

    __tablename__ = "patients_import_problem"
    __table_args__ = (Index("ix_patients_import_problem_run_id_line", "run_id", "line"),)

    id: Mapped[BigKey]
    run_id: Mapped[int] = mapped_column(ForeignKey("patients_import_run.id", ondelete="CASCADE"))
    line: Mapped[int]
    column: Mapped[str] = mapped_column("column_name", String(40), server_default="")
    value: Mapped[str] = mapped_column(String(80), server_default="")
    sentence: Mapped[str] = mapped_column(Text)
