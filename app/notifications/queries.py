"""Reads of messages: the bell, the inbox, who is to be alarmed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, literal, or_, select

from app.infra import mail_folder
from app.infra.db import session
from app.infra.fab_tables import FabRole, User, assoc_user_role
from app.infra.mail_folder import StoredLetter
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.ids import CommunicationId, UserId
from app.kernel.permission import Role
from app.notifications.models import Channel, Communication, Status
from app.notifications.rules import texts

# The bell says "99+" from here on; counting further would only cost.
UNREAD_CAP = 100
INBOX_PAGE_SIZE = 20
MAIL_PAGE_SIZE = 25
LAST_PAGE = 400


@dataclass(frozen=True, slots=True)
class InboxMessage:
    """One message in the bell. `text` is one line: what, when, where; `link` a path or empty."""

    id: CommunicationId
    subject: str
    text: str
    link: str
    created_at: datetime
    is_read: bool


@dataclass(frozen=True, slots=True)
class InboxPage:
    """One page of a person's messages, newest first; pages count from 1."""

    messages: tuple[InboxMessage, ...]
    page: int
    has_more: bool
    unread: int


@dataclass(frozen=True, slots=True)
class MailPage:
    """One page of the kept mail, newest first; pages count from 1."""

    letters: tuple[StoredLetter, ...]
    page: int
    has_more: bool
    total: int


def _in_bell_of(user_id: UserId) -> tuple[ColumnElement[bool], ...]:
    """What both the bell and the list count, so that they agree (NOT-05)."""
    return (
        Communication.recipient_user_id == user_id,
        Communication.channel == Channel.IN_APP,
        or_(Communication.expires_at.is_(None), Communication.expires_at > clock.now()),
    )


def unread_count(user_id: UserId) -> int:
    """Unread, unexpired messages (NOT-05), counted up to 100."""
    unread = (
        select(literal(1))
        .where(*_in_bell_of(user_id), Communication.read_at.is_(None))
        .limit(UNREAD_CAP)
        .subquery()
    )
    return int(session().execute(select(func.count()).select_from(unread)).scalar_one())


def inbox(user_id: UserId, page: int = 1, page_size: int = INBOX_PAGE_SIZE) -> InboxPage:
    """The person's unexpired messages, read ones too, newest first."""
    number = max(1, min(page, LAST_PAGE))
    rows = (
        session()
        .execute(
            select(Communication)
            .where(*_in_bell_of(user_id))
            .order_by(Communication.id.desc())
            .offset((number - 1) * page_size)
            .limit(page_size + 1)
        )
        .scalars()
        .all()
    )
    return InboxPage(
        messages=tuple(_inbox_message(row) for row in rows[:page_size]),
        page=number,
        has_more=len(rows) > page_size and number < LAST_PAGE,
        unread=unread_count(user_id),
    )


def _inbox_message(row: Communication) -> InboxMessage:
    return InboxMessage(
        id=CommunicationId(row.id),
        subject=row.subject,
        text=texts.summary(row.params, settings().time_zone),
        link=row.link,
        created_at=row.created_at,
        is_read=row.read_at is not None,
    )


def link_of(user_id: UserId, communication_id: CommunicationId) -> str:
    """Where a message of this person leads, as a path; empty when nowhere or not theirs."""
    link = session().scalar(
        select(Communication.link).where(
            Communication.id == communication_id, *_in_bell_of(user_id)
        )
    )
    return link or ""


def users_to_alarm() -> Sequence[UserId]:
    """The admins who may sign in (NOT-04)."""
    rows = session().execute(
        select(User.id)
        .join(assoc_user_role, assoc_user_role.c.user_id == User.id)
        .join(FabRole, FabRole.id == assoc_user_role.c.role_id)
        .where(FabRole.name == Role.ADMIN.value, User.active.is_(True))
        .distinct()
        .order_by(User.id)
    )
    return [UserId(row.id) for row in rows]


def kept_mail(page: int = 1) -> MailPage:
    """Mail that was kept as files because there is no mail server, newest first."""
    names = mail_folder.letter_names()
    number = max(1, min(page, LAST_PAGE))
    start = (number - 1) * MAIL_PAGE_SIZE
    letters = (mail_folder.read_letter(name) for name in names[start : start + MAIL_PAGE_SIZE])
    return MailPage(
        letters=tuple(letter for letter in letters if letter is not None),
        page=number,
        has_more=start + MAIL_PAGE_SIZE < len(names) and number < LAST_PAGE,
        total=len(names),
    )


def kept_letter(name: str) -> StoredLetter | None:
    """One kept message by its file name; None for any name that is not one of the folder's."""
    return mail_folder.read_letter(name)


@dataclass(frozen=True, slots=True)
class SentMail:
    """What became of one e-mail, for those who ask "did they get it?"."""

    subject: str
    address: str
    status: Status
    created_at: datetime
    sent_at: datetime | None


def mails_about(entity: str, *, events: Sequence[str]) -> list[SentMail]:
    """The e-mails about one thing, oldest first, by the index that keeps each from going twice."""
    rows = session().execute(
        select(
            Communication.subject,
            Communication.recipient_address,
            Communication.status,
            Communication.created_at,
            Communication.sent_at,
        )
        .where(
            Communication.event.in_(events),
            Communication.entity == entity,
            Communication.channel == Channel.EMAIL,
        )
        .order_by(Communication.id)
        .limit(50)
    )
    return [SentMail(row[0], row[1], Status(row[2]), *row[3:]) for row in rows]


def undelivered_count() -> int:
    """E-mails that wait for another try or for a person (NOT-04), counted up to 100."""
    waiting = (
        select(literal(1))
        .where(
            Communication.channel == Channel.EMAIL,
            Communication.status.in_([Status.FAILED, Status.DEAD]),
        )
        .limit(UNREAD_CAP)
        .subquery()
    )
    return int(session().execute(select(func.count()).select_from(waiting)).scalar_one())


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of the e-mails that were written since an instant."""

    sent: int
    given_up: int
    waiting: int


def mail_outcomes(*since: datetime) -> list[Outcomes]:
    """The e-mails written since each instant, in one statement over the longest range."""
    status, written = Communication.status, Communication.created_at
    parts = [
        func.count().filter(status.in_(found), written >= start)
        for start in since
        for found in ([Status.SENT], [Status.DEAD], [Status.QUEUED, Status.FAILED])
    ]
    row = session().execute(
        select(*parts).where(Communication.channel == Channel.EMAIL, written >= min(since))
    )
    numbers = row.one()
    return [Outcomes(*numbers[place : place + 3]) for place in range(0, len(numbers), 3)]


def dead_mail_count() -> int:
    """E-mails that were given up and wait for a person (NOT-04)."""
    dead = select(func.count()).where(
        Communication.channel == Channel.EMAIL, Communication.status == Status.DEAD
    )
    return int(session().execute(dead).scalar_one())
