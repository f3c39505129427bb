"""How many statements a page costs: a fixed number, however much there is to show."""

import pytest

from tests.web.scheduling import counted_statements, set_status

PAGES = {
    "/portal/": 10,
    "/portal/book": 4,
    "/portal/book/consultation": 10,
    "/portal/book/consultation/confirm?at=2026-11-26T01:00:00Z": 10,
    "/portal/appointments": 6,
    "/portal/appointments?when=past": 6,
    "/portal/messages": 5,
    "/portal/profile": 3,
}


@pytest.fixture
def keep(app, booked, people):
    """Books at this hour for Sam: a visit that takes place, and one that was given up."""

    def book(hour: str) -> None:
        booked(people.sam, f"2026-11-24 {hour}:00")
        set_status(app, people.sam, booked(people.sam, f"2026-11-25 {hour}:00"), "cancelled")

    return book


@pytest.mark.parametrize(("address", "most"), PAGES.items())
def test_a_page_costs_the_same_with_more_to_show(app, sam, keep, address, most):
    keep("09")
    sam.open(address)  # what is remembered between requests is remembered now
    with counted_statements(app) as little:
        sam.open(address)
    keep("10")

    with counted_statements(app) as much:
        sam.open(address)

    assert len(little) == len(much) <= most, "\n".join(much)


@pytest.mark.parametrize(
    ("part", "most"),
    [("", 9), ("/cancel", 9), ("/move", 16), ("/move/confirm?at=2026-11-24T02:00:00Z", 16)],
)
def test_the_pages_of_a_visit_cost_little(app, sam, booked, people, part, most):
    visit = booked(people.sam, "2026-11-24 09:00")

    sam.client.get(f"/portal/appointments/{visit.id}{part}")
    with counted_statements(app) as asked:
        assert sam.client.get(f"/portal/appointments/{visit.id}{part}").status_code == 200

    assert len(asked) <= most, "\n".join(asked)
