"""Reading files of patients, however odd (CSV-01)."""

from datetime import date

import pytest

from app.patients.errors import FileRefused
from app.patients.rules import Conventions, neutral_cell
from app.patients.rules.import_file import ImportRow, birth_date, merged, open_file, rows
from app.patients.rules.values import PatientFacts

TODAY = date(2026, 11, 23)
HEADER = "university_id,first_name,last_name"


def read(content: bytes) -> list:
    opened = open_file(content)
    return list(rows(content, opened, conventions=Conventions(), today=TODAY))


def problems(content: bytes) -> list:
    return [problem for row in read(content) if isinstance(row, list) for problem in row]


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("cp1252", "cp1252"), ("utf-16", "utf-16")],
)
def test_the_tilde_and_leading_zeros_survive_every_encoding(encoding, found):
    content = f"{HEADER}\r\n00012345,Niño,Ñuñez\r\n".encode(encoding)

    (row,) = read(content)

    assert open_file(content).encoding == found
    assert row.record.facts.university_id == "00012345"
    assert row.record.facts.last_name == "Ñuñez"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_usual_delimiters_are_understood(delimiter):
    content = f"{HEADER}\n20259001,Sam,Dela Cruz\n".replace(",", delimiter).encode()

    assert isinstance(read(content)[0], ImportRow)


def test_columns_are_understood_by_their_usual_names():
    content = b"Student ID,Given Name,Surname,E-mail\n20259001,Sam,Cruz,S@usc.edu.ph\n"

    assert read(content)[0].record.contacts.email == "s@usc.edu.ph"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n  \r\n", "empty"),
        (b"university_id,first_name\n1,2\n", "no column last_name"),
        (b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00", "no column|not text"),
        (f"{HEADER},surname\n1,2,3,4\n".encode(), "twice"),
        (b"\x81\x8d" + HEADER.encode(), "not text"),
        (b"x" * (32 * 1024 * 1024 + 1), "larger than 32 MB"),
    ],
)
def test_a_file_that_is_no_list_of_patients_is_refused(content, sentence):
    with pytest.raises(FileRefused, match=sentence):
        open_file(content)


def test_a_file_with_only_a_header_has_no_rows():
    assert read(HEADER.encode()) == []


def test_an_id_that_comes_twice_is_named_with_its_first_line():
    content = f"{HEADER}\nstaff001,A,B\n\n20259001,C,D\nSTAFF001,E,F\n".encode()

    (problem,) = problems(content)

    assert (problem.line, problem.column) == (5, "university_id")
    assert "line 2" in problem.sentence


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("20259001,Sam", "only 2 of 3 cells"),
        ("20259001,Sam,Cruz,extra", "4 cells"),
        ("20259001,Sa\x00m,Cruz", "NUL"),
        ("123,Sam,Cruz", "not a university ID"),
        ("20259001,,Cruz", "Please give a name"),
        (f"20259001,Sam,{'x' * 5000}", "at most 80 characters"),
    ],
)
def test_a_wrong_row_is_reported_and_the_next_one_is_read(row, sentence):
    content = f"{HEADER}\n{row}\n20259002,Eve,Ñuñez\n".encode()

    (problem,) = problems(content)

    assert problem.line == 2
    assert sentence in problem.sentence
    assert len(problem.value) <= 80
    assert isinstance(read(content)[1], ImportRow)


def test_a_cell_of_ten_megabytes_costs_only_its_row():
    huge = "x" * (10 * 1024 * 1024)
    content = f"{HEADER}\n20259001,{huge},Cruz\n20259002,Eve,Ñuñez\n".encode()

    wrong, right = read(content)

    assert "far too long" in wrong[0].sentence
    assert right.record.facts.university_id == "20259002"


def test_a_quotation_mark_left_open_is_a_wrong_row():
    content = f'{HEADER}\n20259001,"Sam,Cruz\n20259002,Eve,Reyes\n'.encode()

    (problem,) = problems(content)

    assert problem.line == 2


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2006-11-24", date(2006, 11, 24)),
        ("11/24/2006", date(2006, 11, 24)),
        ("24/11/2006", None),
        ("2006-02-30", None),
        ("yesterday", None),
    ],
)
def test_birth_dates_are_read_with_the_month_first(text, day):
    assert birth_date(text) == day


def test_a_birth_date_that_is_none_is_reported_with_its_value():
    content = f"{HEADER},born_on\n20259001,Sam,Cruz,31/31/2000\n".encode()

    (problem,) = problems(content)

    assert (problem.column, problem.value) == ("born_on", "31/31/2000")


def test_an_unknown_column_is_named():
    assert open_file(f"{HEADER},shoe size\n".encode()).unknown_columns == ("shoe_size",)


def test_an_empty_cell_leaves_what_is_known():
    known = PatientFacts(university_id="1", first_name="Sam", last_name="Cruz", city="Cebu")
    row = PatientFacts(university_id="1", first_name="Samuel", last_name="", city="")

    assert merged(known, row, frozenset({"first_name"})).city == "Cebu"
    assert merged(known, row, frozenset({"first_name"})).first_name == "Samuel"


@pytest.mark.parametrize("text", ["=1+1", "+63", "-1", "@x", "\tx", "\rx"])
def test_no_cell_of_a_report_runs_as_a_formula(text):
    assert neutral_cell(text) == f"'{text}"


def test_ordinary_cells_stay_as_they_are():
    assert neutral_cell("Ñuñez") == "Ñuñez"
    assert neutral_cell(None) == ""
