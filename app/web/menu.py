"""The staff menu: shown exactly to those who may open what it leads to."""

from typing import Any

from flask import current_app
from flask_appbuilder.menu import Menu, MenuItem

# The order of the groups; those that FAB adds by itself come last.
CATEGORIES = ("Clinic", "People", "Schedules", "Messages", "Settings", "Security")


class ClinicMenu(Menu):
    """A menu without permissions of its own: an item is visible when its page may be opened."""

    def get_data(self, menu: Any = None) -> list[Any]:
        """The items for the signed-in person; empty groups are left out."""
        rows: list[Any] = []
        for item in sorted(self.menu if menu is None else menu, key=_place):
            if item.name == "-" or not item.should_render():
                continue
            if item.childs:
                children = self.get_data(item.childs)
                if children:
                    rows.append(_entry(item) | {"childs": children})
            elif _may_open(item):
                rows.append(_entry(item) | {"url": item.get_url()})
        return rows


def _place(item: MenuItem) -> int:
    return CATEGORIES.index(item.name) if item.name in CATEGORIES else len(CATEGORIES)


def _entry(item: MenuItem) -> dict[str, Any]:
    return {"name": item.name, "icon": item.icon, "label": str(item.label)}


def _may_open(item: MenuItem) -> bool:
    view = item.baseview
    if view is None or not hasattr(view, "get_method_permission"):
        return False
    permission = "can_" + view.get_method_permission(view.default_view)
    manager = current_app.extensions["appbuilder"].sm
    return bool(manager.has_access(permission, view.class_permission_name))
