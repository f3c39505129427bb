"""Screens of rooms and equipment: what there is, who holds it when, and how well it is used."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar, cast

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import AppBuilder, expose, has_access
from markupsafe import Markup
from werkzeug.wrappers import Response

from app.kernel import clock
from app.kernel.clock import clinic_day, local_date
from app.kernel.errors import DomainError, Forbidden, NotFound
from app.scheduling.errors import UnknownProvider
from app.scheduling.forms import resources as forms
from app.scheduling.forms.appointments import day_of
from app.scheduling.models import Resource
from app.scheduling.permissions import Permission
from app.scheduling.queries import resources, schedules
from app.scheduling.queries.resources import KINDS, Occupation, ResourceCard
from app.scheduling.queries.schedules import PractitionerCard
from app.scheduling.services import resources as services
from app.scheduling.services.schedules import may_change_schedule
from app.web.http import clinic_zone, current_actor
from app.web.views import GuardedView, ServiceModelView, interface

ONE_DAY, FOUR_WEEKS = timedelta(days=1), timedelta(days=27)


class ResourceView(ServiceModelView):
    """Rooms and equipment. They are never deleted, because visits hold them; they are retired."""

    resource = Permission.RESOURCE_READ
    datamodel = interface(Resource)
    route_base = "/resources"
    include_route_methods: ClassVar[set[str]] = {"list", "show", "add", "edit"}
    list_title, show_title = "Rooms and equipment", "Room or equipment"
    add_title, edit_title = "New room or equipment", "Change the room or equipment"
    list_columns: ClassVar[list[str]] = forms.RESOURCE_FIELDS
    show_columns: ClassVar[list[str]] = forms.RESOURCE_FIELDS
    add_form = edit_form = forms.ResourceForm
    add_columns: ClassVar[list[str]] = forms.RESOURCE_FIELDS
    edit_columns: ClassVar[list[str]] = forms.RESOURCE_FIELDS
    search_columns: ClassVar[list[str]] = ["name", "code", "category", "is_active"]
    order_columns: ClassVar[list[str]] = ["name", "code", "category"]
    base_order = ("code", "asc")
    label_columns: ClassVar[dict[str, str]] = {"kind": "What it is", "is_active": "In use"}
    formatters_columns: ClassVar[dict[str, Any]] = {
        "kind": lambda kind: KINDS[kind].capitalize(),
        "campus": lambda campus: campus or "Any campus",
    }
    add_row_message = "It was added. Next, say under Needs of visits which visits take it."
    edit_row_message = "It was saved."

    def service_add(self, values: dict[str, Any]) -> None:
        """Add a room or a piece of equipment."""
        services.save_resource(current_actor(), draft=forms.resource_draft(values))

    def service_edit(self, pk: int, values: dict[str, Any]) -> None:
        """Change one, and say which visits are hit (SCH-19)."""
        saved = services.save_resource(
            current_actor(), draft=forms.resource_draft(values), resource_id=pk
        )
        _tell_flagged("", saved.flagged)


@dataclass(frozen=True, slots=True)
class RoomDay:
    """One room or piece of equipment with what holds it on a day."""

    card: ResourceCard
    held: list[Occupation]


class RoomsView(GuardedView):
    """Who holds which room when, maintenance, and how well time is used."""

    resource = Permission.RESOURCE_READ
    route_base = "/rooms"
    default_view = "day"
    method_permission_name: ClassVar[dict[str, str]] = {
        "day": "read",
        "use": "read",
        "block": "block",
        "lift": "block",
    }

    @expose("/")
    @has_access
    def day(self) -> Response:
        """Each room and piece of equipment on one day, and the maintenance to come."""
        self.update_redirect()
        return self._day(forms.BlockForm().with_ids("block"))

    @expose("/blocks/", methods=["POST"])
    @has_access
    def block(self) -> Response:
        """Take something out of use; visits in the way are named, and nothing is changed."""
        form = forms.BlockForm(request.form).with_ids("block")
        if not form.validate():
            return self._day(form, refused=["Nothing was saved. Please correct the fields."])
        starts_at, ends_at = form.instants()
        try:
            services.block_resource(
                current_actor(),
                resource_id=form.resource_id.data,
                starts_at=starts_at,
                ends_at=ends_at,
                note=form.note.data or "",
            )
        except (Forbidden, NotFound):
            raise
        except DomainError as refusal:
            visits = getattr(refusal, "appointment_ids", [])
            return self._day(form, refused=form.show(refusal), visits=visits)
        flash("It is out of use then. Nobody can book it.", "success")
        return redirect(url_for("RoomsView.day", day=local_date(starts_at, clinic_zone())))

    @expose("/blocks/<int:block_id>/lift/", methods=["POST"])
    @has_access
    def lift(self, block_id: int) -> Response:
        """Put it back into use."""
        services.lift_block(current_actor(), block_id=block_id)
        flash("It can be used again.", "success")
        return redirect(url_for("RoomsView.day"))

    @expose("/use/")
    @has_access
    def use(self) -> Response:
        """Held over open minutes, per provider and per room."""
        self.update_redirect()
        today = local_date(clock.now(), clinic_zone())
        first = day_of(request.args.get("from"), today - FOUR_WEEKS)
        last = day_of(request.args.get("to"), today)
        uses, refused = [], ""
        try:
            uses = services.use_of_time(current_actor(), first=first, last=last)
        except DomainError as refusal:
            refused = refusal.message
        page = self.render_template(
            "scheduling/use_of_time.html",
            title="Use of time",
            uses=uses,
            first=first,
            last=last,
            refused=refused,
        )
        return Response(page, status=422 if refused else 200, mimetype="text/html")

    def _day(
        self, form: Any, *, refused: list[str] | None = None, visits: list[int] | None = None
    ) -> Response:
        zone, now = clinic_zone(), clock.now()
        today = local_date(now, zone)
        on = day_of(request.args.get("day"), today)
        page = self.render_template(
            "scheduling/rooms.html",
            title="Rooms",
            on=on,
            today=today,
            earlier=on - ONE_DAY,
            later=on + ONE_DAY,
            days=_days_of_rooms(on),
            blocks=resources.blocks(since=now),
            form=form,
            refused=refused,
            visits=visits or [],
            may_block=current_actor().may(Permission.RESOURCE_BLOCK),
            may_write=current_actor().may(Permission.RESOURCE_WRITE),
        )
        return Response(page, status=200 if refused is None else 422, mimetype="text/html")


class NeedsView(GuardedView):
    """Which rooms and equipment each kind of visit takes (SCH-13)."""

    resource = Permission.TYPE_READ
    route_base = "/needs"
    default_view = "needs"
    method_permission_name: ClassVar[dict[str, str]] = {"needs": "read", "save": "write"}

    @expose("/")
    @has_access
    def needs(self) -> Response:
        """Every kind of visit with what it takes."""
        self.update_redirect()
        known = resources.needs_of_types()
        page = self.render_template(
            "scheduling/needs.html",
            title="Needs of visits",
            types=[
                (key, name, dict(known.get(key, []))) for key, name in resources.types_with_names()
            ],
            categories=resources.categories(),
            may_write=current_actor().may(Permission.TYPE_WRITE),
        )
        return cast(Response, page)

    @expose("/<int:type_id>/", methods=["POST"])
    @has_access
    def save(self, type_id: int) -> Response:
        """Keep what was typed for one kind of visit."""
        typed = forms.needs_typed(request.form, resources.categories())
        try:
            booked = services.set_needs(current_actor(), type_id=type_id, needs=typed)
        except (Forbidden, NotFound):
            raise
        except DomainError as refusal:
            flash(refusal.message, "danger")
        else:
            flash(_kept_text(booked), "success")
        return redirect(url_for("NeedsView.needs"))


class PreferencesView(GuardedView):
    """What a provider prefers; like the working hours, one's own or with the desk's permission."""

    resource = Permission.SCHEDULE_READ
    route_base = "/preferences"
    default_view = "preferences"
    method_permission_name: ClassVar[dict[str, str]] = {"preferences": "read", "save": "read"}

    @expose("/<string:university_id>/")
    @has_access
    def preferences(self, university_id: str) -> Response:
        """The room that they get first, and the visits that they do not take."""
        self.update_redirect()
        provider = _provider(university_id)
        known = resources.preferences(provider.id)
        form = forms.PreferencesForm(
            data={
                "preferred_room_id": known.preferred_room_id or 0,
                "not_offered": list(known.not_offered),
            },
            known=known,
        )
        return self._page(provider, form)

    @expose("/<string:university_id>/", methods=["POST"])
    @has_access
    def save(self, university_id: str) -> Response:
        """Keep them, and say which visits are hit (SCH-19)."""
        provider = _provider(university_id)
        form = forms.PreferencesForm(request.form, known=resources.preferences(provider.id))
        if not form.validate():
            return self._page(provider, form, status=422)
        flagged = services.set_provider_preferences(
            current_actor(),
            practitioner_id=provider.id,
            preferred_room_id=form.preferred_room_id.data or None,
            not_offered=form.not_offered.data or [],
        )
        _tell_flagged("The preferences were saved.", flagged)
        return redirect(url_for("PreferencesView.preferences", university_id=university_id))

    def _page(self, provider: PractitionerCard, form: Any, *, status: int = 200) -> Response:
        page = self.render_template(
            "scheduling/preferences.html",
            title=f"Preferences of {provider.name}",
            provider=provider,
            form=form,
            may_change=may_change_schedule(current_actor(), provider.user_id),
        )
        return Response(page, status=status, mimetype="text/html")


def _provider(university_id: str) -> PractitionerCard:
    provider = schedules.practitioner_by_university_id(university_id)
    if provider is None:
        raise UnknownProvider("There is no such provider.")
    return provider


def _days_of_rooms(on: date) -> list[RoomDay]:
    held = resources.occupations(clinic_day(on, clinic_zone()), now=clock.now())
    return [
        RoomDay(card, [one for one in held if one.resource_id == card.id])
        for card in resources.resources()
    ]


def _kept_text(booked: int) -> str:
    if not booked:
        return "Saved."
    visits = "1 booked visit keeps" if booked == 1 else f"{booked} booked visits keep"
    return f"Saved. New visits take this; {visits} the rooms they have."


def _tell_flagged(sentence: str, flagged: int) -> None:
    """What was done and who is affected, with the way to the list (SCH-19)."""
    if not (sentence or flagged):
        return
    notice = render_template(
        "scheduling/notice.html", sentence=sentence, flagged=flagged, undo=None
    )
    flash(Markup(notice), "warning" if flagged else "success")  # noqa: S704 - a template's text


def register(appbuilder: AppBuilder) -> None:
    """The screens of this file."""
    appbuilder.add_view(RoomsView, "Rooms", label="Rooms", icon="fa-building", category="Schedules")
    appbuilder.add_view(
        ResourceView,
        "Resources",
        label="Rooms and equipment",
        icon="fa-building",
        category="Settings",
    )
    appbuilder.add_view(
        NeedsView, "Needs", label="Needs of visits", icon="fa-list", category="Settings"
    )
    appbuilder.add_view_no_menu(PreferencesView)
