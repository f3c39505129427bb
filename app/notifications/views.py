"""Screens of messages: the inbox of staff, dead letters, jobs, and mail that was kept as files."""

import logging
from typing import Any, ClassVar, cast

from flask import Flask, Response, abort, flash, redirect, request
from flask_appbuilder import AppBuilder, expose, has_access
from flask_appbuilder.actions import action
from flask_appbuilder.models.sqla.filters import BaseFilter
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.utils import secure_filename
from werkzeug.wrappers import Response as WerkzeugResponse

from app.infra.db import session
from app.infra.outbox import JobStatus, OutboxJob
from app.kernel.ids import CommunicationId, UserId
from app.notifications import queries, services
from app.notifications.models import Channel, Communication, Status
from app.notifications.permissions import Permission
from app.web.http import current_actor, settings
from app.web.views import GuardedView, ReadOnlyView, SafeModelView, interface

log = logging.getLogger(__name__)

# A larger number is no key of ours, and the database would refuse to compare it.
MESSAGE = f"<int(max={2**63 - 1}):message_id>"


class InboxView(GuardedView):
    """A member of staff's own messages: the list behind the bell."""

    resource = Permission.INBOX_READ
    route_base = "/messages"
    default_view = "inbox"
    method_permission_name: ClassVar[dict[str, str]] = {
        "inbox": "read",
        "open_message": "read",
        "read_all": "read",
    }

    @expose("/")
    @has_access
    def inbox(self) -> str:
        """The newest messages, unread ones marked."""
        page = queries.inbox(_me(), page_number())
        return cast(str, self.render_template("notifications/inbox.html", inbox=page))

    @expose(f"/{MESSAGE}/open/", methods=["POST"])
    @has_access
    def open_message(self, message_id: int) -> WerkzeugResponse:
        """Mark it read and go where it leads (NOT-05)."""
        key = CommunicationId(message_id)
        services.mark_read(current_actor(), communication_id=key)
        return redirect(queries.link_of(_me(), key) or "/messages/")

    @expose("/read-all/", methods=["POST"])
    @has_access
    def read_all(self) -> WerkzeugResponse:
        """Mark everything read."""
        services.mark_all_read(current_actor())
        return redirect("/messages/")


def _me() -> UserId:
    return UserId(current_actor().user_id or 0)


def page_number() -> int:
    """`page` of the address, from 1; nonsense is the first page."""
    text = request.args.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1


class Undelivered(BaseFilter):
    """E-mails that wait for another try or for a person."""

    name = "Undelivered"
    arg_name = "undelivered"

    def apply(self, query: Any, value: Any) -> Any:
        """Uses the partial index of failed and dead messages."""
        return query.filter(
            Communication.channel == Channel.EMAIL,
            Communication.status.in_([Status.FAILED, Status.DEAD]),
        )


class DeadLetterView(ReadOnlyView):
    """E-mails that could not be delivered (NOT-04). No text: only to whom and why not."""

    resource = Permission.COMMUNICATION_READ
    datamodel = interface(Communication)
    route_base = "/dead-letters"
    list_title, show_title = "Undelivered messages", "Undelivered message"
    base_filters: ClassVar[list[Any]] = [["id", Undelivered, None]]
    base_order = ("id", "desc")
    list_columns: ClassVar[list[str]] = [
        "created_at",
        "recipient_name",
        "recipient_address",
        "subject",
        "status",
        "attempts",
        "error",
    ]
    show_columns: ClassVar[list[str]] = [*list_columns, "event", "entity", "expires_at"]
    search_columns = ["recipient_name", "recipient_address", "status"]
    order_columns: ClassVar[list[str]] = ["created_at"]
    label_columns: ClassVar[dict[str, str]] = {
        "created_at": "Written",
        "recipient_name": "To",
        "recipient_address": "Address",
        "attempts": "Tries",
        "error": "What went wrong",
        "entity": "About",
    }
    method_permission_name: ClassVar[dict[str, str]] = {
        **SafeModelView.method_permission_name,
        "resend": "resend",
        "cancel": "resend",
    }

    @action("resend", "Send again", "Try to send this again?", "fa-refresh")
    def resend(self, chosen: Any) -> None:
        """Try dead messages again."""
        rows = _as_list(chosen)
        for row in rows:
            services.resend_message(current_actor(), communication_id=CommunicationId(row.id))
        flash(f"{len(rows)} will be sent again in a moment.", "success")

    @action("cancel", "Do not send", "Take this message back? It will not be sent.", "fa-ban")
    def cancel(self, chosen: Any) -> None:
        """Give messages up for good."""
        rows = _as_list(chosen)
        for row in rows:
            services.cancel_message(current_actor(), communication_id=CommunicationId(row.id))
        flash(f"{len(rows)} will not be sent.", "success")


def _as_list(chosen: Any) -> list[Any]:
    return chosen if isinstance(chosen, list) else [chosen]


class Unfinished(BaseFilter):
    """Jobs that wait, run or were given up."""

    name = "Unfinished"
    arg_name = "unfinished"

    def apply(self, query: Any, value: Any) -> Any:
        """Finished jobs say nothing and are many."""
        return query.filter(OutboxJob.status != JobStatus.DONE)


class JobView(ReadOnlyView):
    """Background jobs that are not done (JOB-01). What they carry is not shown."""

    resource = Permission.JOB_READ
    datamodel = interface(OutboxJob)
    route_base = "/jobs"
    list_title, show_title = "Background jobs", "Background job"
    base_filters: ClassVar[list[Any]] = [["id", Unfinished, None]]
    base_order = ("id", "desc")
    list_columns: ClassVar[list[str]] = [
        "id",
        "name",
        "status",
        "attempts",
        "created_at",
        "due_at",
        "error",
    ]
    show_columns: ClassVar[list[str]] = [*list_columns, "finished_at"]
    search_columns = ["name", "status"]
    order_columns: ClassVar[list[str]] = ["id"]
    label_columns: ClassVar[dict[str, str]] = {
        "id": "Number",
        "attempts": "Runs",
        "created_at": "Written",
        "due_at": "Next run",
        "finished_at": "Given up",
        "error": "What went wrong",
    }
    method_permission_name: ClassVar[dict[str, str]] = {
        **SafeModelView.method_permission_name,
        "run_again": "run",
    }

    @action("run_again", "Run again", "Run this job again?", "fa-refresh")
    def run_again(self, chosen: Any) -> None:
        """Let dead jobs run again."""
        rows = _as_list(chosen)
        for row in rows:
            services.run_job_again(current_actor(), job_id=row.id)
        flash(f"{len(rows)} will run again in a moment.", "success")


class KeptMailView(GuardedView):
    """Mail that was kept as files because no mail server is configured."""

    resource = Permission.MAIL_READ
    route_base = "/mail"
    default_view = "mails"
    method_permission_name: ClassVar[dict[str, str]] = {
        "mails": "read",
        "letter": "read",
        "part": "read",
    }

    @expose("/")
    @has_access
    def mails(self) -> str:
        """One page, newest first."""
        page = queries.kept_mail(page_number())
        return cast(str, self.render_template("notifications/kept_mail.html", mail=page))

    @expose("/<string:name>/")
    @has_access
    def letter(self, name: str) -> str:
        """One message: its headers and its text part; markup is never rendered."""
        letter = queries.kept_letter(name) or abort(404)
        return cast(str, self.render_template("notifications/kept_letter.html", letter=letter))

    @expose("/<string:name>/parts/<int:place>/")
    @has_access
    def part(self, name: str, place: int) -> Response:
        """One attachment, as plain text to be saved: nothing in it runs in the browser."""
        letter = queries.kept_letter(name) or abort(404)
        if place >= len(letter.parts):
            abort(404)
        answer = Response(letter.parts[place].content, mimetype="text/plain")
        filename = secure_filename(letter.parts[place].filename) or "part.txt"
        answer.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
        return answer


def unread_count() -> int:
    """For templates: how many messages the signed-in person has not read; 0 for nobody.

    A page must not fail because of its bell: without a database it shows none.
    """
    try:
        if not current_user.is_authenticated:
            return 0
        return queries.unread_count(UserId(current_user.id))
    except SQLAlchemyError as error:
        log.warning("the bell could not be counted: %s", type(error).__name__)
        session().rollback()
        return 0


def init_bell(app: Flask) -> None:
    """Make `unread_count()` known to every template."""
    app.jinja_env.globals["unread_count"] = unread_count


def register(appbuilder: AppBuilder) -> None:
    """The bell and the menu entries of this domain."""
    init_bell(appbuilder.app)
    menu = {"category": "Messages", "category_icon": "fa-envelope"}
    appbuilder.add_view(InboxView, "Inbox", icon="fa-bell", label="My messages", **menu)
    appbuilder.add_view(
        DeadLetterView, "Undelivered", icon="fa-ban", label="Undelivered messages", **menu
    )
    if not settings().mail_server:
        appbuilder.add_view(
            KeptMailView, "Kept mail", icon="fa-envelope", label="Sent mail (local)", **menu
        )
    appbuilder.add_view(JobView, "Jobs", icon="fa-list", label="Background jobs", **menu)
