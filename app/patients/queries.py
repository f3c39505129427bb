"""Reads of patients. Other domains know a patient by its PatientCard."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    and_,
    bindparam,
    cast,
    false,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from app.infra.db import plain, session
from app.infra.fab_tables import User
from app.kernel.ids import PatientId, UserId
from app.patients import rules
from app.patients.errors import SearchTooShort
from app.patients.models import ContactPoint, Enrolment, ImportProblem, ImportRun, Patient
from app.patients.rules import ContactSystem, PatientStatus, Trace

SEARCH_LIMIT = 20
MINIMUM_LETTERS = 3
CANDIDATES = 500
SHOWN_DUPLICATES = 5
SHOWN_PROBLEMS = 200


@dataclass(frozen=True, slots=True)
class PatientCard:
    """A patient as other domains show one. Texts are empty where unknown."""

    id: PatientId
    university_id: str
    full_name: str
    list_name: str
    born_on: date | None
    user_id: UserId | None
    email: str
    phone: str
    program: str
    year_level: str
    campus: str
    is_active: bool

    @property
    def label(self) -> str:
        """Dela Cruz, Sam (20259001)."""
        return f"{self.list_name} ({self.university_id})"


@dataclass(frozen=True, slots=True)
class LikelyDuplicate:
    """A patient who may be the same person, with a score from 75 to 100."""

    card: PatientCard
    score: int


def patient_card(patient_id: PatientId) -> PatientCard | None:
    """One patient."""
    return _first("id", patient_id)


def patient_for_user(user_id: UserId) -> PatientCard | None:
    """The patient behind an account; how students reach what is their own."""
    return _first("user_id", user_id)


def patient_by_university_id(text: str) -> PatientCard | None:
    """The patient with this university ID, in any case."""
    return _first("university_id", text.strip().upper())


def patients_by_ids(patient_ids: Iterable[PatientId]) -> dict[PatientId, PatientCard]:
    """Many patients in one statement."""
    wanted = list(patient_ids)
    if not wanted:
        return {}
    return {card.id: card for card in _all(_cards().where(Patient.id.in_(wanted)))}


def patients_by_university_ids(texts: Iterable[str]) -> dict[str, PatientId]:
    """University ID in capitals to patient, for those that exist."""
    wanted = [text.strip().upper() for text in texts]
    rows = session().execute(
        select(Patient.university_id, Patient.id).where(Patient.university_id.in_(wanted))
    )
    return {university_id: PatientId(patient_id) for university_id, patient_id in rows}


def search_patients(text: str, *, limit: int = SEARCH_LIMIT) -> list[PatientCard]:
    """Active patients by the beginnings of name words or of the university ID (SEC-04).

    At most 20, in the order of names. Raises SearchTooShort for fewer than three letters.
    """
    condition = matches(text)
    if condition is None:
        raise SearchTooShort()
    # The rows are chosen first: contacts are then looked up for 20 patients, not for all matches.
    # The + "" keeps PostgreSQL from walking the whole index of names to find a rare one.
    chosen = (
        select(Patient.id)
        .where(condition, Patient.status == PatientStatus.ACTIVE)
        .order_by(Patient.search_name + "", Patient.id)
        .limit(max(1, min(limit, SEARCH_LIMIT)))
        .subquery()
    )
    found = _cards().join(chosen, chosen.c.id == Patient.id)
    found = found.order_by(Patient.search_name, Patient.id)
    return _all(found)


def matches(text: str) -> ColumnElement[bool] | None:
    """The condition of a search by name or ID; None when the text is too short (SEC-04)."""
    typed = text.strip()
    if rules.is_identifier(typed):
        return _id_begins_with(typed) if len(typed) >= MINIMUM_LETTERS else None
    words = rules.plain_words(typed)
    if sum(len(word) for word in words) < MINIMUM_LETTERS:
        return None
    return has_words(words)


def has_words(words: Sequence[str]) -> ColumnElement[bool]:
    """Every word begins some word of the name. Words are letters and digits only (INP-01)."""
    wanted = " & ".join(f"'{word}':*" for word in words)
    return Patient.search_words.op("@@")(cast(wanted, TSQUERY))


def _id_begins_with(text: str) -> ColumnElement[bool]:
    return Patient.university_id.startswith(text.upper(), autoescape=True)


def likely_duplicates(trace: Trace, *, besides: PatientId | None = None) -> list[LikelyDuplicate]:
    """Patients who may be the same person, the likeliest first; at most five."""
    scored = []
    for card in _all(_candidates(trace, besides)):
        other = Trace(card.full_name, card.born_on, card.phone)
        score = rules.duplicate_score(trace, other)
        if rules.is_likely_duplicate(score):
            scored.append(LikelyDuplicate(card, score))
    return sorted(scored, key=lambda found: -found.score)[:SHOWN_DUPLICATES]


def _candidates(trace: Trace, besides: PatientId | None) -> Select[Any]:
    """Who is worth comparing: same birth date, same phone, or names that begin alike."""
    beginnings = [word[:3] for word in rules.plain_words(trace.name) if len(word) > 1]
    alike: list[ColumnElement[bool]] = []
    if beginnings:
        alike.append(has_words(beginnings))
    if trace.born_on:
        alike.append(Patient.born_on == trace.born_on)
    if trace.phone:
        alike.append(
            Patient.id.in_(select(ContactPoint.patient_id).where(ContactPoint.value == trace.phone))
        )
    found = _cards().where(or_(false(), *alike)).limit(CANDIDATES)
    return found if besides is None else found.where(Patient.id != besides)


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """What decides how long a record is kept, as far as patients know it (RET-01)."""

    id: PatientId
    born_on: date | None
    made_at: datetime
    user_id: UserId | None


def kept_records(
    *,
    among: Iterable[PatientId] | None = None,
    after: int = 0,
    made_before: datetime | None = None,
    limit: int = 1000,
) -> list[KeptRecord]:
    """Records that were not disposed of, by key: these, or the next ones after a key."""
    statement = (
        select(Patient.id, Patient.born_on, Patient.created_at, Patient.user_id)
        .where(Patient.status != PatientStatus.DISPOSED, Patient.id > after)
        .order_by(Patient.id)
        .limit(limit)
    )
    if among is not None:
        statement = statement.where(Patient.id.in_(list(among)))
    if made_before is not None:
        statement = statement.where(Patient.created_at < made_before)
    return [
        KeptRecord(
            PatientId(row.id),
            row.born_on,
            row.created_at,
            UserId(row.user_id) if row.user_id is not None else None,
        )
        for row in session().execute(statement)
    ]


def count_kept_records(*, made_before: datetime) -> int:
    """How many there are to look at."""
    kept = (Patient.status != PatientStatus.DISPOSED, Patient.created_at < made_before)
    return int(session().scalar(select(func.count(Patient.id)).where(*kept)) or 0)


def entered_at(patient_ids: Iterable[PatientId]) -> dict[PatientId, datetime]:
    """When these records were entered, disposed ones too."""
    rows = session().execute(
        select(Patient.id, Patient.created_at).where(Patient.id.in_(list(patient_ids)))
    )
    return {PatientId(key): at for key, at in rows}


def addresses_of(patient_id: PatientId) -> list[str]:
    """The e-mail addresses in one record."""
    return list(
        session().scalars(
            select(ContactPoint.value).where(
                ContactPoint.patient_id == patient_id, ContactPoint.system == ContactSystem.EMAIL
            )
        )
    )


def those_matching(text: str, *, among: Iterable[PatientId]) -> list[PatientId]:
    """Which of these patients a search by name or ID finds; nobody for a text that is too short."""
    condition = matches(text)
    if condition is None:
        return []
    found = session().scalars(select(Patient.id).where(Patient.id.in_(list(among)), condition))
    return [PatientId(key) for key in found]


_CARD_COLUMNS: tuple[Any, ...] = (
    Patient.id,
    Patient.university_id,
    Patient.first_name,
    Patient.middle_name,
    Patient.last_name,
    Patient.suffix,
    Patient.born_on,
    Patient.user_id,
    Patient.status,
    Enrolment.program,
    Enrolment.year_level,
    Enrolment.campus,
)


def _cards() -> Select[Any]:
    email = func.coalesce(_contact(ContactSystem.EMAIL), User.email, "").label("email")
    phone = func.coalesce(_contact(ContactSystem.PHONE), "").label("phone")
    return (
        select(*_CARD_COLUMNS, email, phone)
        .outerjoin(Enrolment, and_(Enrolment.patient_id == Patient.id, Enrolment.is_latest))
        .outerjoin(User, User.id == Patient.user_id)
    )


def _contact(system: ContactSystem) -> ColumnElement[str]:
    return (
        select(ContactPoint.value)
        .where(ContactPoint.patient_id == Patient.id, ContactPoint.system == system)
        .order_by(ContactPoint.rank)
        .limit(1)
        .correlate(Patient)
        .scalar_subquery()
    )


def _all(statement: Select[Any]) -> list[PatientCard]:
    return [_card(row) for row in session().execute(statement).mappings()]


def _first(column: str, value: object) -> PatientCard | None:
    row = plain(_card_by(column), {"wanted": value}).mappings().first()
    return _card(row) if row is not None else None


@lru_cache
def _card_by(column: str) -> Select[Any]:
    """Built once per column: every booking asks for its patient."""
    return _cards().where(getattr(Patient, column) == bindparam("wanted"))


def _card(row: RowMapping) -> PatientCard:
    name = (row["first_name"], row["middle_name"], row["last_name"], row["suffix"])
    user_id = row["user_id"]
    return PatientCard(
        id=PatientId(row["id"]),
        university_id=row["university_id"],
        full_name=rules.full_name(*name),
        list_name=rules.list_name(*name),
        born_on=row["born_on"],
        user_id=UserId(user_id) if user_id is not None else None,
        email=row["email"],
        phone=row["phone"],
        program=row["program"] or "",
        year_level=row["year_level"] or "",
        campus=row["campus"] or "",
        is_active=row["status"] == PatientStatus.ACTIVE,
    )


@dataclass(frozen=True, slots=True)
class ImportFault:
    """One thing that is wrong in a file. Line 1 is the header."""

    line: int
    column: str
    value: str
    sentence: str


def import_problems(run_id: int, *, limit: int | None = None) -> list[ImportFault]:
    """What is wrong in the file of a run, in the order of its lines."""
    columns = (ImportProblem.line, ImportProblem.column, ImportProblem.value)
    found = (
        select(*columns, ImportProblem.sentence)
        .where(ImportProblem.run_id == run_id)
        .order_by(ImportProblem.line, ImportProblem.id)
        .limit(limit)
    )
    return [ImportFault(*row) for row in session().execute(found)]


def import_summary(run_id: int) -> str:
    """What a run did or would do, as one sentence for the command line."""
    row = (
        session()
        .execute(
            select(
                ImportRun.status,
                ImportRun.rows_new,
                ImportRun.rows_changed,
                ImportRun.rows_same,
                ImportRun.rows_wrong,
            ).where(ImportRun.id == run_id)
        )
        .one()
    )
    counts = f"{row.rows_new} new, {row.rows_changed} changed, {row.rows_same} unchanged"
    return f"{row.status}: {counts}, {row.rows_wrong} wrong."
