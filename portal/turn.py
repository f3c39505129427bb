"""One's place in the queue, and the code for checking in at the clinic (SCH-33)."""

from io import BytesIO

import segno
from flask import Response, render_template

from app.visits import rules
from app.visits.queries import VisitView, position_and_wait, visit_of_patient_today
from app.visits.services.kiosk import check_in_code
from portal.auth import me, own_visit
from portal.blueprint import KEY, portal
from portal.words import today


@portal.get("/turn", strict_slashes=False)
def my_turn() -> str:
    """The number, how many are ahead, about how long; or where to go now."""
    visit = visit_of_patient_today(me().id, today())
    standing = position_and_wait(visit.id) if visit else None
    return render_template("portal/turn.html", visit=visit, standing=standing)


@portal.get(f"/appointments/{KEY}/check-in.svg")
def check_in_image(appointment_id: int) -> Response:
    """The QR code of one's visit, on its day only."""
    code = check_in_code(own_visit(appointment_id).visit)
    picture = BytesIO()
    segno.make(code, error="m").save(picture, kind="svg", scale=6, border=4, light="#ffffff")
    return Response(picture.getvalue(), mimetype="image/svg+xml")


def open_turn() -> VisitView | None:
    """The visit that one is here for now."""
    visit = visit_of_patient_today(me().id, today())
    return visit if visit and visit.status in rules.IS_HERE else None
