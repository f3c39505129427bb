"""Transactions, clashes, locks, columns and keys: what every use case stands on."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from threading import Barrier

import pytest
from psycopg2 import errorcodes
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.infra import db as infra
from app.infra import locks
from app.infra.idempotency import IdempotencyKey, KeyReused, Once, purge_idempotency_keys
from app.infra.locks import LockSpace
from app.kernel import clock
from app.kernel.errors import Conflict, Invalid
from app.security.models import SignInAttempt


def attempt(login="rosa", **changes):
    """A row of the simplest table."""
    values = {"login": login, "address": "", "succeeded": False, "at": clock.now()}
    return insert(SignInAttempt).values(**(values | changes))


def count(session) -> int:
    """How many rows there are."""
    return session.scalar(select(func.count()).select_from(SignInAttempt))


def test_an_inner_use_case_joins_the_outer_one(db):
    """Style 3.9: one use case, one transaction."""
    with infra.transaction() as outer:
        with infra.transaction() as inner:
            assert inner is outer
        assert infra.in_transaction()

    assert not infra.in_transaction()


def test_a_refusal_takes_back_everything_that_was_written(db):
    def use_case():
        with infra.transaction() as tx:
            tx.execute(attempt())
            tx.later(insert(SignInAttempt), attempt().compile().params)
            raise Conflict("No.")

    with pytest.raises(Conflict):
        use_case()

    assert count(db) == 0
    assert not infra.in_transaction()


def test_rows_for_later_are_written_together_with_the_rest(db):
    rows = insert(SignInAttempt)
    with infra.transaction() as tx:
        for login in ("100% 'quoted'", "back\\slash", "ñ; DROP TABLE x", ":colon %(percent)s"):
            tx.later(rows, {"login": login, "address": "", "succeeded": False, "at": clock.now()})

    logins = db.scalars(select(SignInAttempt.login).order_by(SignInAttempt.id)).all()
    assert logins == ["100% 'quoted'", "back\\slash", "ñ; DROP TABLE x", ":colon %(percent)s"]


class Clash(Exception):
    """What the driver raises, with PostgreSQL's code."""

    def __init__(self, code: str) -> None:
        self.pgcode = code


def clash(code: str) -> DBAPIError:
    """The driver's error as SQLAlchemy wraps it."""
    return DBAPIError("INSERT", {}, Clash(code))


@pytest.mark.parametrize("code", sorted(infra.CLASHES))
def test_a_clash_is_tried_once_more(db, code):
    """SCH-03"""
    answers = [clash(code), "booked"]

    def use_case():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert infra.retried(use_case, refusal=lambda: Conflict("Taken.")) == "booked"


def test_a_second_clash_is_the_refusal(db):
    """SCH-03"""

    def use_case():
        raise clash(errorcodes.EXCLUSION_VIOLATION)

    with pytest.raises(Conflict, match="Taken"):
        infra.retried(use_case, refusal=lambda: Conflict("Taken."))


def test_inside_a_transaction_nothing_is_tried_again(db):
    tries = []

    def use_case():
        tries.append(1)
        raise clash(errorcodes.DEADLOCK_DETECTED)

    with infra.transaction(), pytest.raises(Conflict):
        infra.retried(use_case, refusal=lambda: Conflict("Taken."))

    assert len(tries) == 1


def test_another_error_of_the_database_is_not_hidden(db):
    def use_case():
        raise clash(errorcodes.NOT_NULL_VIOLATION)

    with pytest.raises(DBAPIError):
        infra.retried(use_case, refusal=lambda: Conflict("Taken."))


@pytest.mark.parametrize(
    ("error", "is_away"),
    [
        (PoolTimeout(), True),
        (OperationalError("SELECT 1", {}, Exception("gone")), True),
        (clash(errorcodes.LOCK_NOT_AVAILABLE), True),
        (clash(errorcodes.QUERY_CANCELED), True),
        (clash(errorcodes.NOT_NULL_VIOLATION), False),
        (RuntimeError("a bug"), False),
    ],
)
def test_what_a_later_try_may_heal_is_known(error, is_away):
    assert infra.is_unavailable(error) is is_away


def test_a_naive_instant_is_refused_at_the_column(db):
    """Style 3.10"""
    with pytest.raises(StatementError, match="time zone"):
        db.execute(attempt(at=datetime(2026, 11, 23, 9)))  # noqa: DTZ001 - the point


def test_an_instant_comes_back_in_utc(db):
    manila = timezone(timedelta(hours=8))
    db.execute(attempt(at=datetime(2026, 11, 23, 9, tzinfo=manila)))

    stored = db.scalar(select(SignInAttempt.at))

    assert stored == datetime(2026, 11, 23, 1, tzinfo=UTC)
    assert stored.tzinfo is UTC


@pytest.mark.committed
def test_locks_are_taken_in_one_order_so_that_nobody_deadlocks(app):
    """SCH-03: two use cases name the same resources the other way round."""
    barrier = Barrier(2)

    def use_case(keys):
        with app.app_context():
            for _ in range(20):
                barrier.wait()
                with infra.transaction() as tx:
                    locks.lock(tx, LockSpace.RESOURCE, keys)
        return "done"

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(use_case, ([1, 2, 3], [3, 2, 1])))

    assert answers == ["done", "done"]


@pytest.mark.committed
def test_a_lock_over_several_transactions_holds_others_off(app):
    with app.app_context(), locks.alone(LockSpace.ROLES), infra.transaction() as tx:
        is_free = tx.execute(
            text("SELECT pg_try_advisory_xact_lock(:space, 0)"), {"space": LockSpace.ROLES}
        ).scalar()

    assert is_free is False


def test_the_same_key_gives_the_same_answer(db, people):
    """SCH-06"""
    once = Once.of(people.sam.user_id, "key", {"type": "consultation"})
    with infra.transaction() as tx:
        assert once.earlier_answer(tx) is None
        once.remember(tx, {"id": 1})

    again = Once.of(people.sam.user_id, "key", {"type": "consultation"})
    with infra.transaction() as tx:
        assert again.earlier_answer(tx) == {"id": 1}


def test_the_same_key_with_another_body_is_refused(db, people):
    """SCH-06"""
    with infra.transaction() as tx:
        Once.of(people.sam.user_id, "key", {"type": "consultation"}).earlier_answer(tx)

    with infra.transaction() as tx, pytest.raises(KeyReused):
        Once.of(people.sam.user_id, "key", {"type": "dental"}).earlier_answer(tx)


def test_two_people_may_use_the_same_key(db, people):
    """SCH-06: key and user together."""
    with infra.transaction() as tx:
        assert Once.of(people.sam.user_id, "key", {}).earlier_answer(tx) is None
        assert Once.of(people.eve.user_id, "key", {}).earlier_answer(tx) is None


def test_a_refused_booking_leaves_its_key_free(db, people):
    """SCH-06: the next try with the key may succeed."""
    once = Once.of(people.sam.user_id, "key", {})

    def book():
        with infra.transaction() as tx:
            once.earlier_answer(tx)
            raise Conflict("Taken.")

    with pytest.raises(Conflict):
        book()

    with infra.transaction() as tx:
        assert once.earlier_answer(tx) is None


@pytest.mark.parametrize("key", ["", "x" * 201, "a\x00b", "a\nb"])
def test_an_odd_key_is_refused(key):
    """SCH-06"""
    with pytest.raises(Invalid):
        Once.of(1, key, {})


def test_old_keys_are_forgotten(db, people):
    with infra.transaction() as tx:
        Once.of(people.sam.user_id, "key", {}).earlier_answer(tx)

    with clock.pretend(clock.now() + timedelta(days=3)):
        assert purge_idempotency_keys() == 1

    assert db.scalar(select(func.count()).select_from(IdempotencyKey)) == 0
