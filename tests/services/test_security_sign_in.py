"""The throttle and the trail of signing in (AUT-01, AUT-03, EVD-01)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from app.infra.db import session
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.ids import UserId
from app.security import services
from app.security.models import AuditEvent, SignInAttempt
from app.security.rules import (
    MAXIMUM_ACCOUNT_FAILURES,
    MAXIMUM_PAIR_FAILURES,
    THROTTLE_WINDOW,
)

HERE, ELSEWHERE = "203.0.113.1", "198.51.100.7"
DOOR = Actor(None, "sign-in")


def try_to_sign_in(login, *, right=False, address=HERE) -> UserId | None:
    """One try, with a password that is right or wrong."""
    return services.sign_in(DOOR, login=login, address=address, is_right=lambda _hash: right)


def fail(login, times, *, address=HERE) -> None:
    """That many wrong passwords."""
    for _ in range(times):
        assert try_to_sign_in(login, address=address) is None


def test_after_five_failures_the_right_password_is_refused_too(db, people):
    fail(people.rosa.id, MAXIMUM_PAIR_FAILURES)

    assert try_to_sign_in(people.rosa.id, right=True) is None


def test_id_and_mail_are_counted_as_they_are_typed_in_any_case(db, people):
    fail(people.rosa.id.lower(), MAXIMUM_PAIR_FAILURES)

    assert try_to_sign_in(people.rosa.id.upper(), right=True) is None


def test_after_a_quarter_of_an_hour_the_owner_may_try_again(db, people):
    """AUT-03: nobody is locked out for good."""
    fail(people.rosa.id, MAXIMUM_PAIR_FAILURES)

    with clock.pretend(clock.now() + THROTTLE_WINDOW + timedelta(seconds=1)):
        assert try_to_sign_in(people.rosa.id, right=True) == people.rosa.user_id


def test_a_stranger_elsewhere_does_not_lock_the_owner_out(db, people):
    """AUT-03: an address from which the owner came in before is not closed by others."""
    assert try_to_sign_in(people.rosa.id, right=True)
    for number in range(MAXIMUM_ACCOUNT_FAILURES + 1):
        fail(people.rosa.id, 1, address=f"198.51.100.{number}")

    assert try_to_sign_in(people.rosa.id, right=True) == people.rosa.user_id
    assert try_to_sign_in(people.rosa.id, right=True, address=ELSEWHERE) is None


def test_successes_of_a_whole_campus_do_not_close_its_address(db, people):
    """AUT-03: they share one address."""
    for _ in range(120):
        assert try_to_sign_in(people.sam.id, right=True)

    assert try_to_sign_in(people.eve.id, right=True) == people.eve.user_id


def test_an_unknown_name_is_compared_with_a_hash_as_well(db):
    """AUT-01: the same work, so the same time."""
    compared = []

    services.sign_in(
        DOOR, login="nobody", address=HERE, is_right=lambda stored: bool(compared.append(stored))
    )

    assert compared == [None]


def test_the_manager_hashes_for_unknown_names_with_the_cost_of_real_ones(app, people, monkeypatch):
    """AUT-01"""
    from app.security import manager

    hashes = []

    def compare(stored, _password):
        hashes.append(stored.split("$")[0])
        return False

    monkeypatch.setattr(manager, "check_password_hash", compare)
    with app.test_request_context():
        security = app.extensions["appbuilder"].sm
        security.auth_user_db("nobody", "wrong")
        security.auth_user_db(people.rosa.id, "wrong")

    assert len(hashes) == 2
    assert hashes[0] == hashes[1]


def test_a_throttled_try_is_compared_too(db, people):
    """AUT-01: a locked account answers no faster than a wrong password."""
    fail(people.rosa.id, MAXIMUM_PAIR_FAILURES)
    compared = []

    services.sign_in(
        DOOR,
        login=people.rosa.id,
        address=HERE,
        is_right=lambda stored: bool(compared.append(stored)),
    )

    assert len(compared) == 1


@pytest.mark.parametrize("login", ["a\x00b", "\ud800", "x" * 10_000, "", "' OR 1=1 --"])
def test_an_odd_name_is_a_wrong_name(db, login):
    """INP-01"""
    assert try_to_sign_in(login, right=True) is None


@pytest.mark.committed
def test_parallel_tries_all_count(app, people):
    """AUT-03: twelve at once are twelve failures, not one."""
    barrier = Barrier(12)

    def one(_number):
        with app.app_context():
            barrier.wait()
            return try_to_sign_in(people.rosa.id)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(one, range(12)))

    with app.app_context():
        assert session().scalar(select(func.count()).select_from(SignInAttempt)) == 12
        assert try_to_sign_in(people.rosa.id, right=True) is None


def test_good_and_refused_tries_are_in_the_trail(db, people):
    """EVD-01: sign-ins and refusals."""
    fail(people.rosa.id, 1)
    try_to_sign_in(people.rosa.id, right=True)

    outcomes = db.execute(
        select(AuditEvent.outcome)
        .where(AuditEvent.action == "security:session:sign-in")
        .order_by(AuditEvent.id)
    ).scalars()
    assert list(outcomes) == ["refused", "success"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE security_audit_event SET reason = 'nothing happened'",
        "DELETE FROM security_audit_event",
        "TRUNCATE security_audit_event CASCADE",
    ],
)
def test_the_trail_is_append_only(db, people, change):
    """EVD-01: the database itself refuses."""
    fail(people.rosa.id, 1)

    with pytest.raises(DBAPIError, match="never changed or removed"):
        db.execute(text(change))


def test_old_tries_are_forgotten_and_new_ones_are_not(db, people):
    fail(people.rosa.id, 1)
    with clock.pretend(clock.now() + services.sessions.ATTEMPTS_KEPT_FOR - timedelta(hours=1)):
        fail(people.rosa.id, 1)
        assert services.purge_attempts() == 0

    with clock.pretend(clock.now() + services.sessions.ATTEMPTS_KEPT_FOR + timedelta(hours=1)):
        assert services.purge_attempts() == 1
