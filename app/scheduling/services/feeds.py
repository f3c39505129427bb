"""Calendar feeds behind secret addresses: made, replaced, taken back, read (SCH-37)."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from app.infra.db import Transaction, transaction
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.clock import clinic_day, clinic_days, local_date
from app.kernel.ids import PatientId, PractitionerId, UserId
from app.patients import queries as patients
from app.scheduling.errors.calendars import FeedClash, NoFeedForYou, UnknownFeed
from app.scheduling.models import Feed
from app.scheduling.permissions import Permission
from app.scheduling.queries import feeds as queries
from app.scheduling.queries import schedules
from app.scheduling.queries.feeds import FeedView
from app.scheduling.rules import feeds as rules
from app.scheduling.rules.feeds import Clinic, FeedKind
from app.scheduling.services.messages import place_of_clinic
from app.security import queries as accounts
from app.security.services import record_event

NOTED_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class FeedFile:
    """What a phone gets. `changed_at` and `etag` spare it the same file again."""

    content: bytes
    etag: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whose visits are in a feed."""

    patient_id: PatientId | None = None
    practitioner_id: PractitionerId | None = None


def own_feed(actor: Actor, *, kind: FeedKind) -> FeedView | None:
    """One's own address, None without one. Raises NoFeedForYou, Forbidden."""
    return queries.feed_of_user(_check_owner(actor, kind), kind)


def make_feed(actor: Actor, *, kind: FeedKind) -> str:
    """A new address; an older one stops working. Returns its token, which is shown only now.

    Raises NoFeedForYou, Forbidden, and FeedClash when two were made at the same moment.
    """
    user_id = _check_owner(actor, kind)
    token = secrets.token_urlsafe(rules.TOKEN_BYTES)
    with transaction() as tx:
        _take_back(tx, user_id, kind)
        row = Feed(
            user_id=user_id,
            kind=kind,
            token_hash=rules.token_hash(token),
            created_at=clock.now(),
        )
        tx.add(row)
        try:
            tx.flush()  # a clash belongs to this button, not to the commit
        except IntegrityError as error:
            raise FeedClash() from error
        _note(tx, actor, "make", row.id)
    return token


def revoke_feed(actor: Actor, *, kind: FeedKind) -> bool:
    """Take the address back; returns whether there was one. A second tap does nothing."""
    user_id = _check_owner(actor, kind)
    with transaction() as tx:
        feed = queries.feed_of_user(user_id, kind)
        if feed is None:
            return False
        _take_back(tx, user_id, kind)
        _note(tx, actor, "revoke", feed.id)
    return True


def _check_owner(actor: Actor, kind: FeedKind) -> UserId:
    """Whose feed it is. Raises NoFeedForYou for somebody without visits of this kind."""
    actor.require(Permission.READ if kind == FeedKind.PROVIDER else Permission.BOOK_OWN)
    if actor.user_id is None or _owner(actor.user_id, kind) is None:
        raise NoFeedForYou()
    return actor.user_id


def _owner(user_id: UserId, kind: str) -> _Owner | None:
    if kind == FeedKind.PATIENT:
        patient = patients.patient_for_user(user_id)
        return _Owner(patient_id=patient.id) if patient else None
    card = schedules.practitioner_of_user(user_id)
    return _Owner(practitioner_id=card.id) if card and card.is_active else None


def _take_back(tx: Transaction, user_id: UserId, kind: str) -> None:
    tx.execute(
        update(Feed)
        .where(Feed.user_id == user_id, Feed.kind == kind, Feed.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )


def _note(tx: Transaction, actor: Actor, action: str, key: int) -> None:
    record_event(tx, actor, f"scheduling:feed:{action}", object_type="Feed", object_id=key)


def read_feed(*, token: str) -> FeedFile:
    """The calendar behind an address; whoever knows the address may read it (SCH-37).

    Raises UnknownFeed for an unknown address, one that was taken back, and one of somebody
    who has left: nobody learns which of these it was.
    """
    feed = queries.feed_by_hash(rules.token_hash(token)) if rules.is_possible_token(token) else None
    account = accounts.account(feed.user_id) if feed else None
    owner = _owner(feed.user_id, feed.kind) if feed and account and account.is_active else None
    if feed is None or owner is None:
        raise UnknownFeed()
    _note_reading(feed)
    return _file(owner, feed.created_at)


def _file(owner: _Owner, since: datetime) -> FeedFile:
    zone = settings().time_zone
    today = local_date(clock.now(), zone)
    window = clinic_days(
        today - timedelta(days=rules.PAST_DAYS), today + timedelta(days=rules.COMING_DAYS), zone
    )
    entries, changed_at = queries.feed_entries(
        window, patient_id=owner.patient_id, practitioner_id=owner.practitioner_id
    )
    config = settings()
    clinic = Clinic(config.clinic_name, place_of_clinic(), config.mail_domain)
    content = rules.feed_text(entries, clinic)
    # Another day is another window: what was current yesterday is asked for again.
    moments = [since, clinic_day(today, zone).starts_at, *([changed_at] if changed_at else [])]
    return FeedFile(content, rules.etag_of(content), max(moments))


def _note_reading(feed: FeedView) -> None:
    """When the address was last used, for its owner to see; kept to one write an hour."""
    now = clock.now()
    if feed.last_read_at is not None and now - feed.last_read_at < NOTED_EVERY:
        return
    with transaction() as tx:
        tx.execute(update(Feed).where(Feed.id == feed.id).values(last_read_at=now))
