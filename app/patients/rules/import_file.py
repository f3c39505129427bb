"""Reading a CSV file of patients (CSV-01): encoding, columns, each row a record or its problems."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Final, TypeVar

from app.kernel.errors import Invalid
from app.patients.errors import FileRefused
from app.patients.rules.checks import checked
from app.patients.rules.values import (
    ContactFacts,
    Conventions,
    EnrolmentFacts,
    PatientFacts,
    PatientRecord,
)

MAXIMUM_BYTES: Final = 32 * 1024 * 1024
MAXIMUM_ROWS: Final = 200_000
SHOWN_VALUE: Final = 80

FACT_COLUMNS: Final = tuple(field.name for field in fields(PatientFacts))
CONTACT_COLUMNS: Final = tuple(field.name for field in fields(ContactFacts))
ENROLMENT_COLUMNS: Final = tuple(field.name for field in fields(EnrolmentFacts))
COLUMNS: Final = FACT_COLUMNS + CONTACT_COLUMNS + ENROLMENT_COLUMNS
REQUIRED: Final = ("university_id", "first_name", "last_name")
_OTHER_NAMES: Final = {
    "id": "university_id", "id_number": "university_id", "student_id": "university_id",
    "student_number": "university_id", "given_name": "first_name", "first_names": "first_name",
    "surname": "last_name", "family_name": "last_name", "birth_date": "born_on",
    "birthdate": "born_on", "birthday": "born_on", "date_of_birth": "born_on", "gender": "sex",
    "mobile": "phone", "mobile_number": "phone", "e_mail": "email", "email_address": "email",
    "philhealth": "philhealth_number", "year": "year_level", "course": "program",
    "school_year": "academic_year", "ay": "academic_year", "term": "semester",
    "zip": "postal_code", "zip_code": "postal_code", "address": "address_line",
    "municipality": "city", "town": "city", "name_suffix": "suffix", "hmo": "hmo_name",
}  # fmt: skip

F = TypeVar("F", PatientFacts, ContactFacts)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one cell or row. Line 1 is the header."""

    line: int
    column: str
    value: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A row that can be stored; `given` names the cells that were not empty."""

    line: int
    record: PatientRecord
    given: frozenset[str]


@dataclass(frozen=True, slots=True)
class Opened:
    """A file whose header was understood."""

    encoding: str
    columns: tuple[str, ...]
    unknown_columns: tuple[str, ...]
    delimiter: str


def open_file(content: bytes) -> Opened:
    """Find the encoding and the columns. Raises FileRefused when rows cannot be read."""
    if len(content) > MAXIMUM_BYTES:
        raise FileRefused("The file is larger than 32 MB. Please split it.")
    if not content.strip(b"\x00\r\n\t ,;\xef\xbb\xbf"):
        raise FileRefused("The file is empty.")
    encoding = encoding_of(content)
    first_line = _text(content, encoding).readline(MAXIMUM_BYTES)
    delimiter = max(",;\t", key=first_line.count)
    try:
        header = next(csv.reader([first_line], delimiter=delimiter), [])
    except csv.Error as error:
        raise FileRefused("The first line of the file cannot be read as column names.") from error
    names = [_column_name(cell) for cell in header]
    _check_columns(names)
    unknown = tuple(name for name in names if name and name not in COLUMNS)
    return Opened(encoding, tuple(names), unknown, delimiter)


def encoding_of(content: bytes) -> str:
    """UTF-8 (with or without its mark), UTF-16 by its mark, else Windows-1252.

    Raises FileRefused for bytes that are none of these.
    """
    if content.startswith(codecs.BOM_UTF8):
        candidates = ["utf-8-sig"]
    elif content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    else:
        candidates = ["utf-8", "cp1252"]
    for encoding in candidates:
        if _is_readable(content, encoding):
            return encoding
    raise FileRefused("The file is not text in UTF-8, UTF-16 or Windows-1252.")


def _is_readable(content: bytes, encoding: str) -> bool:
    """Decoded piece by piece: the whole text at once would take four times the file."""
    decoder = codecs.getincrementaldecoder(encoding)()
    step = 1 << 16
    try:
        for start in range(0, len(content), step):
            decoder.decode(content[start : start + step])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _text(content: bytes, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="")


def _column_name(cell: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "_", cell.strip().lower()).strip("_")
    return _OTHER_NAMES.get(name, name)[:40]


def _check_columns(names: Sequence[str]) -> None:
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise FileRefused(f"The file has no column {' and no column '.join(missing)}.")
    known = [name for name in names if name in COLUMNS]
    twice = sorted({name for name in known if known.count(name) > 1})
    if twice:
        raise FileRefused(f"The file has the column {' and '.join(twice)} twice.")


def rows(
    content: bytes, opened: Opened, *, conventions: Conventions, today: date
) -> Iterator[ImportRow | list[Problem]]:
    """Each row as a record, or as its problems; a university ID counts once per file.

    Raises FileRefused after 200,000 rows.
    """
    first_line_of: dict[str, int] = {}
    for count, (line, cells) in enumerate(_raw_rows(content, opened)):
        if count >= MAXIMUM_ROWS:
            raise FileRefused(f"The file has more than {MAXIMUM_ROWS:,} rows. Please split it.")
        read = cells if isinstance(cells, str) else row_of(line, cells, conventions, today)
        if isinstance(read, str):
            yield [Problem(line, "", "", read)]
        elif isinstance(read, list):
            yield read
        else:
            first = first_line_of.setdefault(read.record.facts.university_id, line)
            yield read if first == line else [_twice(read, first)]


def _twice(row: ImportRow, first: int) -> Problem:
    university_id = row.record.facts.university_id
    sentence = f"The same university ID is in line {first} already."
    return Problem(row.line, "university_id", university_id, sentence)


def _raw_rows(content: bytes, opened: Opened) -> Iterator[tuple[int, dict[str, str] | str]]:
    """(line, cells by column), or (line, sentence) for a row that cannot be taken apart."""
    text = _text(content, opened.encoding)
    reader = csv.reader(text, delimiter=opened.delimiter)
    next(reader)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield line, "A cell is far too long. Is a quotation mark left open?"
            continue
        if any(cell.strip() for cell in cells):
            yield line, _by_column(cells, opened.columns)


def _by_column(cells: list[str], columns: tuple[str, ...]) -> dict[str, str] | str:
    if any("\x00" in cell for cell in cells):
        return "The row holds a NUL character."
    if any(cell.strip() for cell in cells[len(columns) :]):
        return f"The row has {len(cells)} cells, but there are {len(columns)} columns."
    if len(cells) < len(columns):
        return f"The row has only {len(cells)} of {len(columns)} cells."
    return {name: cell.strip() for name, cell in zip(columns, cells, strict=False)}


def row_of(
    line: int, cells: Mapping[str, str], conventions: Conventions, today: date
) -> ImportRow | list[Problem]:
    """One row as a checked record, or everything that is wrong with it."""
    given = {name: cells[name] for name in COLUMNS if cells.get(name)}
    problems: list[Problem] = []
    born_on = birth_date(given.get("born_on", ""))
    if born_on is None and "born_on" in given:
        sentence = "A birth date reads like 2006-11-24, or 11/24/2006 with the month first."
        problems.append(Problem(line, "born_on", given["born_on"][:SHOWN_VALUE], sentence))
    try:
        record = checked(_record(given, born_on), conventions=conventions, today=today)
    except Invalid as refusal:
        problems += [
            Problem(line, name, given.get(name, "")[:SHOWN_VALUE], sentence)
            for name, sentences in refusal.errors.items()
            for sentence in sentences
        ]
    return problems or ImportRow(line, record, frozenset(given))


def _record(given: Mapping[str, str], born_on: date | None) -> PatientRecord:
    facts = {name: given.get(name, "") for name in FACT_COLUMNS if name != "born_on"}
    contacts = {name: given.get(name, "") for name in CONTACT_COLUMNS}
    has_enrolment = any(name in given for name in ENROLMENT_COLUMNS)
    studies = {name: given.get(name, "") for name in ENROLMENT_COLUMNS}
    return PatientRecord(
        facts=PatientFacts(**facts, born_on=born_on),
        contacts=ContactFacts(**contacts),
        enrolment=EnrolmentFacts(**studies) if has_enrolment else None,
    )


def birth_date(text: str) -> date | None:
    """A date as 2006-11-24, or month first as Philippine spreadsheets save it; else None."""
    for form in ("%Y-%m-%d", "%m/%d/%Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a civil date has no zone
        except ValueError:
            continue
    return None


def merged(known: F, row: F, given: frozenset[str]) -> F:
    """What is kept with the cells of the row over it; an empty cell leaves what is known."""
    return replace(known, **{name: getattr(row, name) for name in _names(row) if name in given})


def _names(facts: F) -> list[str]:
    return [field.name for field in fields(facts)]


def neutral_cell(text: object) -> str:
    """A cell that no spreadsheet runs as a formula (INP-03)."""
    shown = "" if text is None else str(text)
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else shown
