"""Time that is long over leaves the constraints, and only that (SCH-02)."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from app.infra.db import session
from app.kernel import clock
from app.kernel.errors import Forbidden
from app.scheduling import services
from app.scheduling.models import Claim
from app.scheduling.services import Wish, settled_claims
from tests.factories.scheduling import SYSTEM, at

pytestmark = pytest.mark.usefixtures("clinic", "db")


@pytest.fixture
def booked(people):
    """Sam's consultation at 9:00 AM: a claim of Dana and one of Sam."""
    wish = Wish(type="consultation", starts_at=at("09:00"), provider=people.dana.id)
    return services.book_appointment(people.sam.actor, wish=wish)


def settle(days: int) -> int:
    """The nightly job, so many days after the visit."""
    with clock.pretend(at("09:20") + timedelta(days=days, seconds=1)):
        return services.settle_claims(SYSTEM)


def settled() -> list[bool]:
    """Of each claim, whether it is settled."""
    return list(session().scalars(select(Claim.settled).order_by(Claim.id)))


def change(**values: str) -> None:
    """Change the provider's claim, which is the first; values are words of SQL."""
    those = {name: text(value) for name, value in values.items()}
    session().execute(update(Claim).where(Claim.resource_kind == 1).values(those))


def test_claims_are_settled_fourteen_days_after_their_end(booked):
    assert (settle(days=13), settled()) == (0, [False, False])

    assert (settle(days=14), settled()) == (2, [True, True])
    assert settle(days=14) == 0


def test_more_than_one_batch_is_settled(booked, monkeypatch):
    monkeypatch.setattr(settled_claims, "BATCH", 1)

    assert (settle(days=14), settled()) == (2, [True, True])


def test_settled_claims_are_in_neither_constraint(booked):
    settle(days=14)

    guarded = text(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'x'"
        " AND conrelid = 'scheduling_claim'::regclass"
    )
    found = session().scalars(guarded).all()
    assert len(found) == 2
    assert all("active AND (NOT settled)" in definition for definition in found)


@pytest.mark.parametrize(
    "what",
    [
        {"active": "false"},
        {"starts_at": "starts_at - interval '1 day'", "held_from": "held_from - interval '1 day'"},
        {"held_until": "held_until + interval '1 hour'"},
        {"resource_id": "resource_id + 1000"},
    ],
)
def test_whatever_changes_is_guarded_again(booked, what):
    settle(days=14)

    change(**what)

    assert settled() == [False, True]


def test_a_visit_of_the_past_that_moves_is_kept_apart_again(booked):
    """Its claims would else be out of the constraints on a day that is still to come."""
    settle(days=14)

    change(held_until="now() + interval '1 day'", settled="true")

    assert settled() == [False, True]


def test_time_that_is_not_over_cannot_be_settled(booked):
    change(held_until="now() + interval '1 minute'")

    with pytest.raises(IntegrityError, match="cannot be settled"):
        change(settled="true")


def test_nothing_is_settled_from_its_beginning(booked):
    with pytest.raises(IntegrityError, match="cannot be settled"):
        session().execute(
            text(
                "INSERT INTO scheduling_claim (appointment_id, resource_kind, resource_id,"
                " starts_at, ends_at, held_from, held_until, active, settled)"
                " SELECT appointment_id, 3, 1, now(), now() + interval '1 hour', now(),"
                " now() + interval '1 hour', true, true FROM scheduling_claim LIMIT 1"
            )
        )


def test_only_who_runs_the_desk_settles(people):
    with pytest.raises(Forbidden):
        services.settle_claims(people.sam.actor)
