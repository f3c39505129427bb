"""The link of a reminder: "I will come" or "I cannot come", without signing in (SCH-30).

The signed address is the key. Opening it changes nothing, because mail programs open links by
themselves; only a button does.
"""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.kernel.errors import DomainError
from app.scheduling import services
from app.web.http import status_of

answer = Blueprint("answer", __name__, url_prefix="/answer/<token>")

Page = str | tuple[str, int]


@answer.get("/")
def ask(token: str) -> Page:
    """The visit and two buttons."""
    return _page(token, says_no=request.args.get("say") == "no")


@answer.post("/yes")
def yes(token: str) -> Response | Page:
    """The patient will come."""
    try:
        services.say_coming(token)
    except DomainError as refusal:
        return _refused(token, refusal)
    return redirect(url_for("answer.ask", token=token), 303)


@answer.post("/no")
def no(token: str) -> Page:
    """The patient gives the visit up."""
    try:
        visit = services.say_not_coming(token)
    except DomainError as refusal:
        return _refused(token, refusal)
    return render_template("portal/answer.html", visit=visit, is_over=True)


def _refused(token: str, refusal: DomainError) -> Page:
    return _page(token, sentence=refusal.message, status=status_of(refusal))


def _page(token: str, *, says_no: bool = False, sentence: str = "", status: int = 200) -> Page:
    """The question, or why there is none any more."""
    try:
        asked = services.visit_of_link(token)
    except DomainError as refusal:
        page = render_template("portal/answer.html", visit=None, sentence=refusal.message)
        return page, status_of(refusal)
    page = render_template(
        "portal/answer.html",
        visit=asked.visit,
        asked=asked,
        token=token,
        says_no=says_no,
        sentence=sentence,
    )
    return page, status
