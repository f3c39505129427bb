"""The register of breaches: countdowns, facts, notices, people concerned, the year (DPA-03)."""

from typing import Any, ClassVar, cast

from flask import Response, flash, redirect, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from werkzeug.wrappers import Response as WerkzeugResponse

from app.analytics.forms import Table
from app.analytics.views.files import as_csv
from app.kernel.errors import Invalid
from app.privacy import services
from app.privacy.errors import UnknownBreach
from app.privacy.permissions import Permission
from app.privacy.rules import Addressee, BreachKind, Judgement
from app.privacy.rules.breaches import KIND_NAMES
from app.privacy.services import Facts, ScopeDraft
from app.privacy.views import typed
from app.privacy.views.typed import step
from app.web.fields import local
from app.web.http import current_actor
from app.web.views import GuardedView

KEY = f"<int(max={2**31 - 1}):breach_id>"
ANSWERS = {"yes": True, "no": False}


class BreachRecordView(GuardedView):
    """Data seen, changed or lost by whom it is not for."""

    resource = Permission.BREACH_READ
    route_base = "/privacy/breaches"
    default_view = "breaches"
    method_permission_name: ClassVar[dict[str, str]] = {
        "breaches": "read",
        "show": "read",
        "notice": "read",
        "year": "read",
        "new": "write",
        "register": "write",
        "facts": "write",
        "scope": "write",
        "tell": "write",
        "keep_quiet": "write",
        "close": "write",
        "note": "write",
    }

    @expose("/")
    @has_access
    def breaches(self) -> Response:
        """The register, the latest first."""
        which = request.args.get("filter", "open")
        found = services.breach_list(current_actor(), which=which, page=typed.page_number())
        return self._page("breaches", found=found)

    @expose(f"/{KEY}/")
    @has_access
    def show(self, breach_id: int) -> Response:
        """One breach with its countdown and its log."""
        return self._show(breach_id)

    @expose("/new/")
    @has_access
    def new(self) -> Response:
        """The form of a new breach."""
        return self._page("new_breach", errors={}, values={})

    @expose("/new/", methods=["POST"])
    @has_access
    def register(self) -> WerkzeugResponse:
        """Enter it; the countdown runs from the detection."""
        try:
            breach_id = services.register_breach(
                current_actor(),
                title=typed.words("title"),
                kind=typed.choice("kind", BreachKind),
                facts=_facts(),
                detected_at=typed.instant("detected"),
                is_exercise=bool(typed.words("is_exercise")),
            )
        except Invalid as refusal:
            page = self._page("new_breach", errors=refusal.errors, values=request.form)
            return cast(WerkzeugResponse, (page, 422))
        flash("The breach is in the register; the 72 hours are running.", "success")
        return redirect(f"{self.route_base}/{breach_id}/", 303)

    @expose(f"/{KEY}/facts/", methods=["POST"])
    @has_access
    def facts(self, breach_id: int) -> WerkzeugResponse:
        """What is known by now."""
        return self._kept(
            breach_id,
            lambda: services.change_facts(current_actor(), breach_id=breach_id, facts=_facts()),
            "What is known was kept.",
        )

    @expose(f"/{KEY}/scope/", methods=["POST"])
    @has_access
    def scope(self, breach_id: int) -> WerkzeugResponse:
        """Where the people concerned are found."""
        return self._kept(
            breach_id,
            lambda: services.set_scope(current_actor(), breach_id=breach_id, draft=_scope()),
            "The trail was searched.",
        )

    @expose(f"/{KEY}/tell/", methods=["POST"])
    @has_access
    def tell(self, breach_id: int) -> WerkzeugResponse:
        """A notice has left."""
        return step(
            lambda actor: services.record_notice(
                actor,
                breach_id=breach_id,
                to=typed.choice("to", Addressee),
                told_at=typed.instant("told"),
            ),
            "The notice is in the register.",
            f"{self.route_base}/{breach_id}/",
        )

    @expose(f"/{KEY}/keep-quiet/", methods=["POST"])
    @has_access
    def keep_quiet(self, breach_id: int) -> WerkzeugResponse:
        """Decide that nobody need be notified."""
        reason = typed.words("reason")
        return step(
            lambda actor: services.keep_quiet(actor, breach_id=breach_id, reason=reason),
            "The decision is in the register.",
            f"{self.route_base}/{breach_id}/",
        )

    @expose(f"/{KEY}/close/", methods=["POST"])
    @has_access
    def close(self, breach_id: int) -> WerkzeugResponse:
        """The end, with what was learnt."""
        lessons = typed.words("lessons")
        return step(
            lambda actor: services.close_breach(actor, breach_id=breach_id, lessons=lessons),
            "The breach is closed.",
            f"{self.route_base}/{breach_id}/",
        )

    @expose(f"/{KEY}/note/", methods=["POST"])
    @has_access
    def note(self, breach_id: int) -> WerkzeugResponse:
        """A line for the log."""
        words = typed.words("words")
        return step(
            lambda actor: services.add_breach_note(actor, breach_id=breach_id, words=words),
            "The note is in the log.",
            f"{self.route_base}/{breach_id}/",
        )

    @expose(f"/{KEY}/notice/<to>/")
    @has_access
    def notice(self, breach_id: int, to: str) -> Response:
        """The draft of a notice, to print or as text."""
        if to not in set(Addressee):
            raise UnknownBreach()
        text = services.notice(current_actor(), breach_id=breach_id, to=Addressee(to))
        if request.args.get("as") == "text":
            answer = Response(text, mimetype="text/plain")
            name = f"notice-{breach_id}-{to}.txt"
            answer.headers["Content-Disposition"] = f"attachment; filename={name}"
            return answer
        return self._page("notice", text=text, breach_id=breach_id, to=to)

    @expose("/year/")
    @has_access
    def year(self) -> Response:
        """The yearly summary (DPA-01)."""
        chosen = request.args.get("year", type=int)
        return self._page("year", found=services.year_page(current_actor(), year=chosen))

    def _kept(self, breach_id: int, deed: Any, done: str) -> WerkzeugResponse:
        """Do it, or show the page again with what was typed and what is wrong."""
        try:
            deed()
        except Invalid as refusal:
            return cast(WerkzeugResponse, (self._show(breach_id, refusal), 422))
        flash(done, "success")
        return redirect(f"{self.route_base}/{breach_id}/", 303)

    def _show(self, breach_id: int, refusal: Invalid | None = None) -> Response:
        found = services.breach_page(current_actor(), breach_id=breach_id)
        errors, values = (refusal.errors, request.form) if refusal else ({}, {})
        may_see = current_actor().may(Permission.AFFECTED_READ)
        facts = {"line": found.line, "one": found.line.breach, "may_see": may_see}
        return self._page("breach", found=found, errors=errors, values=values, **facts)

    def _page(self, name: str, **facts: Any) -> Response:
        may_write = current_actor().may(Permission.BREACH_WRITE)
        page = self.render_template(
            f"privacy/{name}.html", breach_kinds=KIND_NAMES, may_write=may_write, **facts
        )
        return cast(Response, page)


class AffectedListView(GuardedView):
    """Whom the audit trail names in the scope of a breach (DPA-03)."""

    resource = Permission.AFFECTED_READ
    route_base = "/privacy/affected"
    default_view = "show"
    method_permission_name: ClassVar[dict[str, str]] = {"show": "read", "file": "export"}

    @expose(f"/{KEY}/")
    @has_access
    def show(self, breach_id: int) -> Response:
        """A page of them."""
        found = services.affected_page(
            current_actor(), breach_id=breach_id, page=typed.page_number()
        )
        may_export = current_actor().may(Permission.AFFECTED_EXPORT)
        page = self.render_template("privacy/affected.html", found=found, may_export=may_export)
        return cast(Response, page)

    @expose(f"/{KEY}.csv")
    @has_access
    def file(self, breach_id: int) -> Response:
        """All of them."""
        lines = services.export_affected(current_actor(), breach_id=breach_id)
        rows = [
            (
                one.university_id,
                one.name,
                f"{local(one.touched.first_at):%Y-%m-%d %H:%M}",
                f"{local(one.touched.last_at):%Y-%m-%d %H:%M}",
                one.touched.lines,
                ", ".join(one.touched.actions),
            )
            for one in lines
        ]
        header = ("University ID", "Name", "First", "Last", "Lines", "What")
        return as_csv([Table(f"Breach {breach_id}", header, rows)], f"breach-{breach_id}-people")


def _facts() -> Facts:
    people = typed.words("persons")
    return Facts(
        nature=typed.words("nature"),
        data_involved=typed.words("data_involved"),
        measures=typed.words("measures"),
        contact=typed.words("contact"),
        persons=(typed.number("persons") if people.isdigit() else -1) if people else None,
        judgement=Judgement(
            is_sensitive=ANSWERS.get(typed.words("is_sensitive")),
            was_acquired=ANSWERS.get(typed.words("was_acquired")),
            has_real_risk=ANSWERS.get(typed.words("has_real_risk")),
        ),
    )


def _scope() -> ScopeDraft:
    return ScopeDraft(
        account=typed.words("account")[:254],
        object_type=typed.words("object_type"),
        object_id=typed.words("object_id"),
        since=typed.instant("since"),
        until=typed.instant("until"),
    )
