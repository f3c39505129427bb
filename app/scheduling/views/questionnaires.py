"""Screens of the questions at booking, and of who was told to call or come now."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, cast

from flask import flash, redirect, request, url_for
from flask_appbuilder import AppBuilder, expose, has_access
from werkzeug.wrappers import Response

from app.scheduling.errors import UnknownType
from app.scheduling.errors.questionnaires import BadQuestionnaire
from app.scheduling.forms import questionnaires as forms
from app.scheduling.permissions import Permission
from app.scheduling.queries import questionnaires as queries
from app.scheduling.queries.types import BookableType, bookable_type
from app.scheduling.rules.questionnaires import Draft
from app.scheduling.services.questionnaires import (
    diversions_of_day,
    preview_questionnaire,
    save_questionnaire,
)
from app.web.http import current_actor, status_of
from app.web.views import GuardedView


class QuestionnaireView(GuardedView):
    """What is asked for each kind of visit. Every save is a version of its own."""

    resource = Permission.QUESTIONNAIRE_READ
    route_base = "/questions"
    default_view = "overview"
    method_permission_name: ClassVar[dict[str, str]] = {
        "overview": "read",
        "questions": "read",
        "save": "write",
    }

    @expose("/")
    @has_access
    def overview(self) -> Response:
        """Every kind of visit with what it asks."""
        page = self.render_template(
            "scheduling/questionnaires.html",
            types=queries.type_names(),
            versions=queries.versions_by_type(),
        )
        return cast(Response, page)

    @expose("/<string:code>/")
    @has_access
    def questions(self, code: str) -> str:
        """The questions of a kind of visit, as patients read them."""
        wanted = _type(code)
        draft = forms.draft_from(wanted.questionnaire)
        return self._page(wanted, draft, preview=draft)

    @expose("/<string:code>/save/", methods=["POST"])
    @has_access
    def save(self, code: str) -> Response | str:
        """Look at the questions, or ask them from now on."""
        wanted, draft, actor = _type(code), forms.draft_of(request.form), current_actor()
        try:
            if "preview" in request.form:
                seen = preview_questionnaire(actor, draft=draft)
                return self._page(wanted, draft, preview=seen)
            version = save_questionnaire(actor, type_code=code, draft=draft)
        except BadQuestionnaire as refusal:
            answer = self._page(wanted, draft, errors=refusal.errors)
            return Response(answer, status=status_of(refusal))
        flash(f"Saved. This is version {version} of the questions.", "success")
        return redirect(url_for("QuestionnaireView.questions", code=code))

    def _page(
        self,
        wanted: BookableType,
        draft: Draft,
        *,
        preview: Draft | None = None,
        errors: Mapping[str, Sequence[str]] | None = None,
    ) -> str:
        page = self.render_template(
            "scheduling/questionnaire.html",
            wanted=wanted,
            may_write=current_actor().may(Permission.QUESTIONNAIRE_WRITE),
            rows=forms.rows_of(draft, errors or {}),
            kinds=forms.KINDS,
            consent=draft.consent,
            preview=preview,
            errors=errors or {},
        )
        return cast(str, page)


class DiversionView(GuardedView):
    """Who was told to call or come now, so that the clinic expects them."""

    resource = Permission.READ
    route_base = "/diversions"
    default_view = "today"
    method_permission_name: ClassVar[dict[str, str]] = {"today": "read"}

    @expose("/")
    @has_access
    def today(self) -> Response:
        """Those of today; why is shown to those who may read answers."""
        actor = current_actor()
        page = self.render_template(
            "scheduling/diversions.html",
            diversions=diversions_of_day(actor),
            may_read_why=actor.may(Permission.ANSWER_READ),
        )
        return cast(Response, page)


def _type(code: str) -> BookableType:
    found = bookable_type(code)
    if found is None:
        raise UnknownType()
    return found


def register(appbuilder: AppBuilder) -> None:
    """The screens of this file."""
    appbuilder.add_view(
        DiversionView, "Diversions", label="Told to come now", icon="fa-ban", category="Clinic"
    )
    appbuilder.add_view(
        QuestionnaireView,
        "Questions",
        label="Questions at booking",
        icon="fa-clipboard",
        category="Settings",
    )
