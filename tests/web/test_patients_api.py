"""The search of patients as one types (SEC-04, AUD-03)."""

import pytest
from sqlalchemy import select

from app.infra.db import session
from app.security.models import AuditEvent
from tests.factories.patients import BSN_FIRST_YEAR, create_patient

SEARCH = "/api/patients/search/"


def test_the_front_desk_finds_a_patient_by_a_name_without_accents(client, people):
    from datetime import date

    with client.application.app_context():
        create_patient(
            "20259002", "Eve", "Ñuñez", born_on=date(2006, 2, 3), enrolment=BSN_FIRST_YEAR
        )

    answer = client.sign_in(people.rosa).get(SEARCH, query_string={"q": "nunez"})

    assert answer.json == {
        "results": [
            {
                "id": "20259002",
                "text": "Ñuñez, Eve (20259002)",
                "program": "BSN 1",
                "born_on": "2006-02-03",
            }
        ]
    }


def test_the_search_is_noted_without_its_text(client, people):
    client.sign_in(people.rosa).get(SEARCH, query_string={"q": "nunez"})

    with client.application.app_context():
        noted = (
            session()
            .scalars(select(AuditEvent).where(AuditEvent.action == "patients:patient:search"))
            .one()
        )
    assert noted.details == {"letters": 5, "hits": 0}


@pytest.mark.parametrize("text", ["", "nu", "  é ", "12"])
def test_a_text_that_is_too_short_is_refused(client, people, text):
    answer = client.sign_in(people.rosa).get(SEARCH, query_string={"q": text})

    assert answer.status_code == 422
    assert answer.json["code"] == "patients.search_too_short"


@pytest.mark.parametrize("query", [{"q": "x" * 101}, {"q": "ab\x00c"}])
def test_an_absurd_text_is_refused(client, people, query):
    assert client.sign_in(people.rosa).get(SEARCH, query_string=query).status_code == 400


def test_an_unknown_parameter_is_refused(client, people):
    assert client.sign_in(people.rosa).get(f"{SEARCH}?q=abc&page=2").status_code == 422


@pytest.mark.parametrize("text", ["'; DROP TABLE x", "a & | ! b:*", "O'Brien\\", "%%%_"])
def test_the_signs_of_query_languages_are_only_text(client, people, text):
    answer = client.sign_in(people.rosa).get(SEARCH, query_string={"q": text})

    assert answer.status_code in (200, 422)


def test_a_student_may_not_search(client, people):
    assert client.sign_in(people.eve).get(SEARCH, query_string={"q": "nunez"}).status_code == 403


def test_who_is_not_signed_in_may_not_search(client):
    assert client.get(SEARCH, query_string={"q": "nunez"}).status_code == 401
