"""The bell for scripts: how many are unread, and marking them read (NOT-05)."""

from flask import Response, jsonify
from flask_appbuilder import AppBuilder, expose

from app.kernel.ids import CommunicationId, UserId
from app.notifications import queries, services
from app.notifications.permissions import Permission
from app.web.api import ClinicApi, known_arguments, signed_in
from app.web.http import current_actor

# A larger number is no key of ours, and the database would refuse to compare it.
MESSAGE = f"<int(max={2**63 - 1}):message_id>"


class BellApi(ClinicApi):
    """The signed-in person's own messages. Polling sends X-Background, so it is no activity."""

    route_base = "/api/notifications"

    @expose("/unread/")
    @signed_in
    def unread(self) -> Response:
        """{"unread": 3}, counted up to 100."""
        known_arguments()
        actor = current_actor()
        actor.require(Permission.INBOX_READ)
        return jsonify(unread=queries.unread_count(UserId(actor.user_id or 0)))

    @expose(f"/{MESSAGE}/read/", methods=["POST"])
    @signed_in
    def read(self, message_id: int) -> Response:
        """Mark one read; again is fine. 404 for somebody else's."""
        actor = current_actor()
        services.mark_read(actor, communication_id=CommunicationId(message_id))
        return jsonify(unread=queries.unread_count(UserId(actor.user_id or 0)))

    @expose("/read-all/", methods=["POST"])
    @signed_in
    def read_all(self) -> Response:
        """Mark all read; {"unread": 0}."""
        actor = current_actor()
        services.mark_all_read(actor)
        return jsonify(unread=queries.unread_count(UserId(actor.user_id or 0)))


def register(appbuilder: AppBuilder) -> None:
    """The endpoints of this domain."""
    appbuilder.add_api(BellApi)
