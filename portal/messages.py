"""The bell: messages to read. Reading one is a POST, because it changes something (WEB-02)."""

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from app.kernel.errors import NotFound
from app.kernel.ids import CommunicationId
from app.notifications import queries, services
from app.web.http import current_actor
from portal import asking
from portal.auth import my_user_id
from portal.blueprint import portal

MESSAGE = f"<int(max={2**63 - 1}):message_id>"


@portal.get("/messages", strict_slashes=False)
def list_messages() -> str:
    """The newest first, unread ones marked."""
    inbox = queries.inbox(my_user_id(), page=asking.page_number())
    if inbox.page > 1 and not inbox.messages:
        raise NotFound("There is no such page.")
    return render_template("portal/messages.html", inbox=inbox)


@portal.post(f"/messages/{MESSAGE}/open")
def open_message(message_id: int) -> Response:
    """Note that it was read, and go where it leads."""
    key = CommunicationId(message_id)
    services.mark_read(current_actor(), communication_id=key)
    link = queries.link_of(my_user_id(), key)
    is_ours = link.startswith("/portal/")
    return redirect(link if is_ours else url_for("portal.list_messages"), 303)


@portal.post("/messages/read-all")
def read_all() -> Response:
    """Note that all were read."""
    services.mark_all_read(current_actor())
    flash("All messages are marked as read.", "success")
    return redirect(url_for("portal.list_messages"), 303)
