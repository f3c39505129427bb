"""The three kinds of FAB screens, with the holes of the stock views closed (docs/adr/0003).

ReferenceView: plain forms over a table without rules. ServiceModelView: writes are use cases.
ReadOnlyView: lists and details of things with a life cycle; changes only by actions.
"""

import copy
from collections.abc import Callable
from typing import Any, ClassVar, cast

from flask import abort, flash, has_request_context, redirect, request
from flask_appbuilder import BaseView, ModelView, expose
from flask_appbuilder.models.sqla.interface import SQLAInterface
from werkzeug.wrappers import Response

from app.kernel.errors import DomainError
from app.kernel.permission import PermissionEnum
from app.web import history
from app.web.lists import MAXIMUM_PAGE_SIZE, BoundedInterface

READ = dict.fromkeys(("list", "show", "api", "api_read", "api_get", "download"), "read")
WRITE = dict.fromkeys(("add", "edit", "delete", "action", "action_post", "api_create"), "write")
NOT_OFFERED = {"api", "api_read", "api_get", "api_create", "api_update", "api_delete"} | {
    "api_column_add",
    "api_column_edit",
    "api_readvalues",
    "download",
}


class GuardedView(BaseView):
    """A view whose permissions are those that its domain declares for one resource.

    Every view of a resource names all of the resource's permissions: FAB would otherwise
    delete those that another view of the same resource declared (stack.md, section 4).
    """

    resource: ClassVar[PermissionEnum]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        permission = cls.__dict__.get("resource")
        if permission is not None:
            cls.class_permission_name = permission.fab_resource
            cls.base_permissions = sorted(
                {p.fab_permission for p in type(permission) if _same_resource(p, permission)}
            )

    def update_redirect(self) -> None:
        """Remember the last page by its path only: a search may hold a patient's name."""
        history.remember(request.path)

    def get_redirect(self) -> str:
        """Where the person came from before this form or action."""
        return history.before(request.path) or self.appbuilder.get_url_for_index


def _same_resource(one: PermissionEnum, other: PermissionEnum) -> bool:
    return one.fab_resource == other.fab_resource


class SafeModelView(GuardedView, ModelView):
    """FAB's ModelView with row filters, bounds and permissions kept on every path (ACC-02)."""

    method_permission_name: ClassVar[dict[str, str]] = READ | WRITE
    exclude_route_methods: ClassVar[set[str]] = NOT_OFFERED
    search_columns: ClassVar[list[str]]
    page_size = 25

    @property
    def _filters(self) -> Any:
        """The search of *this* request; FAB shares one object between all threads."""
        shared = self.__dict__.get("_shared_filters")
        if shared is None or not has_request_context():
            return shared
        own = request.__dict__.setdefault("clinic_filters", {})
        if id(self) not in own:
            own[id(self)] = copy.copy(shared)
            own[id(self)].clear_filters()
        return own[id(self)]

    @_filters.setter
    def _filters(self, value: Any) -> None:
        self.__dict__["_shared_filters"] = value

    def _init_properties(self) -> None:
        """Nothing can be searched that is not listed, unless a view says so."""
        if not self.search_columns:
            searchable = self.datamodel.get_search_columns_list()
            self.__dict__["search_columns"] = [
                name
                for name in (self.list_columns or [])
                if name in searchable and not self.datamodel.is_relation(name)
            ]
        super()._init_properties()

    def _get_list_widget(self, filters: Any, **kwargs: Any) -> Any:
        if kwargs.get("order_column") not in (self.order_columns or []):
            kwargs["order_column"] = ""
        if kwargs.get("page_size"):
            kwargs["page_size"] = max(1, min(kwargs["page_size"], MAXIMUM_PAGE_SIZE))
        kwargs["page"] = max(kwargs.get("page") or 0, 0)
        return super()._get_list_widget(filters, **kwargs)

    def _list(self, **kwargs: Any) -> Any:
        try:
            return super()._list(**kwargs)
        except (ValueError, IndexError, KeyError):
            abort(400)

    @property
    def _related_views(self) -> Any:
        """Related lists only for those who may read them; FAB shows them to everybody."""
        views = self.__dict__.setdefault("_all_related_views", [])
        if not has_request_context():
            return views
        allowed = self.appbuilder.sm.has_access
        return [
            view
            for view in views
            if allowed("can_" + view.get_method_permission("list"), view.class_permission_name)
        ]

    @_related_views.setter
    def _related_views(self, value: Any) -> None:
        self.__dict__["_all_related_views"] = value

    def get_init_inner_views(self) -> Any:
        return self.__dict__.setdefault("_all_related_views", [])

    def _chosen_rows(self, name: str, keys: list[str]) -> list[Any]:
        """The rows of an action, through the same row filter as the list."""
        if name not in self.actions:
            abort(404)
        permission = self.get_action_permission_name(name)
        if not self.appbuilder.sm.has_access(permission, self.class_permission_name):
            abort(403)
        rows = [self.datamodel.get(key, self._base_filters) for key in keys if key.isdigit()]
        if not rows or None in rows or len(rows) != len(keys):
            abort(404)
        return rows

    @expose("/action/<string:name>/<pk>", methods=["POST"])
    def action(self, name: str, pk: str) -> Response:
        """One row. FAB's own ignores the row filter."""
        return self._after(self._run(name, [pk], single=True))

    @expose("/action_post", methods=["POST"])
    def action_post(self) -> Response:
        """Several rows."""
        name = request.form.get("action", "")
        keys = request.form.getlist("rowid")[:MAXIMUM_PAGE_SIZE]
        return self._after(self._run(name, keys, single=False))

    def _run(self, name: str, keys: list[str], *, single: bool) -> Any:
        """Run an action; a refusal becomes a sentence on the list."""
        rows = self._chosen_rows(name, keys)
        try:
            return self.actions[name].func(rows[0] if single else rows)
        except DomainError as refusal:
            flash(refusal.message, "danger")
            return None

    def _after(self, answer: Any) -> Response:
        """Back to the page with the button, with its search; FAB would go one page further."""
        if answer is not None:
            return cast(Response, answer)
        return redirect(history.referrer() or self.get_redirect())


class ReferenceView(SafeModelView):
    """Plain forms over a table without rules, such as campuses."""


class ServiceModelView(SafeModelView):
    """A FAB screen whose writes are use cases.

    The form is read into plain values and handed to a service. A refusal is shown on the same
    form with what was typed; any other exception is a bug and goes to the error page and log.
    """

    def service_add(self, values: dict[str, Any]) -> None:
        """Call the service that creates."""
        raise NotImplementedError

    def service_edit(self, pk: int, values: dict[str, Any]) -> None:
        """Call the service that changes."""
        raise NotImplementedError

    def service_delete(self, pk: int) -> None:
        """Call the service that removes; most things are never removed."""
        raise NotImplementedError

    def form_values(self, item: Any) -> dict[str, Any]:
        """What the edit form starts with beyond the columns of the row."""
        return {}

    def _add(self) -> Any:
        form = self.add_form.refresh()
        if self._submit(form, self.service_add, self.add_row_message):
            return None
        self.update_redirect()
        return self._get_add_widget(form=form)

    def _edit(self, pk: str) -> Any:
        item = self.datamodel.get(pk, self._base_filters)
        if item is None:
            abort(404)
        if request.method == "POST":
            form = self.edit_form.refresh(request.form)
        else:
            form = self.edit_form.refresh(obj=item)
            for name, value in self.form_values(item).items():
                form[name].data = value
        form._id = self.datamodel.get_pk_value(item)  # FAB's check of uniqueness compares it
        if self._submit(
            form, lambda values: self.service_edit(int(pk), values), self.edit_row_message
        ):
            return None
        self.update_redirect()
        return self._get_edit_widget(form=form)

    def _delete(self, pk: str) -> None:
        if self.datamodel.get(pk, self._base_filters) is None:
            abort(404)
        try:
            self.service_delete(int(pk))
        except DomainError as refusal:
            flash(refusal.message, "danger")
        else:
            flash(str(self.delete_row_message), "success")

    def _submit(self, form: Any, write: Callable[[dict[str, Any]], None], done: Any) -> bool:
        """Whether the form came filled in, made sense, and was written."""
        if request.method != "POST" or not form.validate():
            return False
        values = {field.name: field.data for field in form if field.name != "csrf_token"}
        try:
            write(values)
        except DomainError as refusal:
            _show_refusal(form, refusal)
            return False
        flash(str(done), "success")
        return True


class ReadOnlyView(SafeModelView):
    """A list and a detail page; no form. Changes go through actions that call services."""

    include_route_methods: ClassVar[set[str]] = {"list", "show", "action", "action_post"}


def _show_refusal(form: Any, refusal: DomainError) -> None:
    """Each sentence beside its field; what belongs to no field on top of the form."""
    for name, sentences in refusal.errors.items():
        if name in form:
            form[name].errors = [*form[name].errors, *sentences]
    if not refusal.errors or any(name not in form for name in refusal.errors):
        flash(refusal.message, "danger")


def interface(model: Any, *eager: str) -> SQLAInterface:
    """The bounded data access for a view's table."""
    return BoundedInterface(model, eager=eager)
