"""Identifiers, phones, e-mails, ages, terms and whole records."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.errors import Invalid
from app.patients.errors import InvalidValue
from app.patients.rules import (
    ContactFacts,
    Conventions,
    EnrolmentFacts,
    PatientFacts,
    PatientRecord,
    Semester,
    Term,
    age_on,
    checked,
    checked_enrolment,
    normal_email,
    normal_phone,
    normal_university_id,
    term_on,
)
from app.patients.rules.checks import normal_blood_type
from app.patients.rules.identity import normal_philhealth
from app.patients.rules.terms import normal_academic_year, normal_semester

HERE = Conventions()
TODAY = date(2026, 11, 23)
SAM = PatientRecord(PatientFacts(university_id="20259001", first_name="Sam", last_name="Dela Cruz"))
STUDIES = EnrolmentFacts(
    academic_year="2026-2027", semester="1", program="BSN", year_level="1", campus="talamban"
)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [(" 00012345 ", "00012345"), ("staff001", "STAFF001"), ("Nurse01", "NURSE01")],
)
def test_ids_keep_leading_zeros_and_know_no_case(typed, kept):
    assert normal_university_id(typed, HERE) == kept


@pytest.mark.parametrize("typed", ["", "1234567", "123456789", "12 345678", "DOC", "\u0661" * 8])
def test_what_is_no_university_id_is_refused(typed):
    with pytest.raises(InvalidValue):
        normal_university_id(typed, HERE)


def test_lost_leading_zeros_are_asked_for():
    with pytest.raises(InvalidValue, match="leading zeros"):
        normal_university_id("12345", HERE)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("0917 123 4567", "+639171234567"),
        ("+63 (917) 123-4567", "+639171234567"),
        ("639171234567", "+639171234567"),
        ("9171234567", "+639171234567"),
        ("(032) 253 1000", "+63322531000"),
        ("+1 212 555 0100", "+12125550100"),
        ("0044 20 7946 0958", "+442079460958"),
        ("", ""),
    ],
)
def test_phones_are_kept_as_e164(typed, kept):
    assert normal_phone(typed, region="PH") == kept


@pytest.mark.parametrize("typed", ["0917123456", "+6391712345678", "12", "9.17E+09", "call me"])
def test_what_is_no_phone_is_refused(typed):
    with pytest.raises(InvalidValue):
        normal_phone(typed, region="PH")


def test_elsewhere_a_phone_needs_its_country():
    assert normal_phone("+49 30 901820", region="DE") == "+4930901820"
    with pytest.raises(InvalidValue):
        normal_phone("030 901820", region="DE")


@given(st.from_regex(r"09[0-9]{9}", fullmatch=True))
def test_a_kept_phone_is_kept_again(typed):
    kept = normal_phone(typed, region="PH")

    assert normal_phone(kept, region="PH") == kept


@pytest.mark.parametrize(
    "typed", ["sam", "sam@", "sam@usc", "a b@usc.edu.ph", "a@b..ph", "a@b\n.ph"]
)
def test_what_is_no_email_is_refused(typed):
    with pytest.raises(InvalidValue):
        normal_email(typed)


def test_emails_are_kept_in_lower_case():
    assert normal_email(" 20259001@USC.edu.ph ") == "20259001@usc.edu.ph"


def test_philhealth_numbers_are_twelve_digits():
    assert normal_philhealth("12-345678901-2") == "123456789012"
    with pytest.raises(InvalidValue):
        normal_philhealth("12-34567890-2")


@pytest.mark.parametrize(
    ("typed", "kept"), [("o pos", "O+"), ("AB \u2212", "AB-"), ("a+", "A+"), ("unknown", "")]
)
def test_blood_types_have_one_form(typed, kept):
    assert normal_blood_type(typed) == kept


def test_a_blood_type_that_is_none_is_refused():
    with pytest.raises(InvalidValue):
        normal_blood_type("C+")


@pytest.mark.parametrize(
    ("born_on", "day", "years"),
    [
        (date(2006, 11, 23), date(2026, 11, 23), 20),
        (date(2006, 11, 24), date(2026, 11, 23), 19),
        (date(2004, 2, 29), date(2026, 2, 28), 21),
        (date(2004, 2, 29), date(2026, 3, 1), 22),
    ],
)
def test_age_counts_completed_years(born_on, day, years):
    assert age_on(born_on, day) == years


@pytest.mark.parametrize(
    ("day", "term"),
    [
        (date(2026, 8, 1), Term("2026-2027", Semester.FIRST)),
        (date(2026, 12, 31), Term("2026-2027", Semester.FIRST)),
        (date(2027, 1, 1), Term("2026-2027", Semester.SECOND)),
        (date(2027, 5, 31), Term("2026-2027", Semester.SECOND)),
        (date(2027, 7, 31), Term("2026-2027", Semester.SHORT)),
    ],
)
def test_every_day_has_its_term(day, term):
    assert term_on(day) == term


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_later_days_have_no_earlier_term(one, other):
    first, second = sorted((one, other))

    assert term_on(first) <= term_on(second)


@pytest.mark.parametrize("typed", ["2026", "2026-2028", "2027-2026", "26-27", ""])
def test_an_academic_year_is_two_years_in_a_row(typed):
    with pytest.raises(InvalidValue):
        normal_academic_year(typed)


def test_semesters_are_understood_as_people_say_them():
    assert normal_semester("1st Semester") == Semester.FIRST
    assert normal_semester("Summer") == Semester.SHORT
    with pytest.raises(InvalidValue):
        normal_semester("4")


def test_a_record_says_everything_that_is_wrong_at_once():
    wrong = replace(
        SAM,
        facts=replace(SAM.facts, first_name="", sex="x", born_on=date(2030, 1, 1)),
        contacts=ContactFacts(phone="1", email="x"),
        enrolment=replace(STUDIES, campus="Mars", year_level="9"),
    )

    with pytest.raises(Invalid) as refusal:
        checked(wrong, conventions=HERE, today=TODAY)

    assert set(refusal.value.errors) == {
        "first_name",
        "sex",
        "born_on",
        "phone",
        "email",
        "campus",
        "year_level",
    }


def test_nobody_was_born_too_long_ago():
    old = replace(SAM, facts=replace(SAM.facts, born_on=date(1890, 1, 1)))

    with pytest.raises(Invalid, match="too long ago"):
        checked(old, conventions=HERE, today=TODAY)


@pytest.mark.parametrize(
    ("contacts", "field"),
    [
        (ContactFacts(emergency_phone="09171234567"), "emergency_name"),
        (ContactFacts(emergency_name="Lola Nena"), "emergency_phone"),
    ],
)
def test_an_emergency_contact_needs_a_name_and_a_phone(contacts, field):
    with pytest.raises(Invalid) as refusal:
        checked(replace(SAM, contacts=contacts), conventions=HERE, today=TODAY)

    assert list(refusal.value.errors) == [field]


def test_what_is_kept_is_kept_again():
    kept = checked(replace(SAM, enrolment=STUDIES), conventions=HERE, today=TODAY)

    assert checked(kept, conventions=HERE, today=TODAY) == kept
    assert kept.enrolment.campus == "Talamban"


@pytest.mark.parametrize(
    "wrong",
    [{"program": ""}, {"program": "x" * 21}, {"year_level": ""}, {"program_group": "x" * 41}],
)
def test_an_enrolment_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(Invalid):
        checked_enrolment(replace(STUDIES, **wrong), conventions=HERE)
