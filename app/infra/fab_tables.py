"""FAB's own tables. Domains take them from here: only this layer knows the web framework."""

from flask_appbuilder.security.sqla.models import Permission as FabPermission
from flask_appbuilder.security.sqla.models import (
    PermissionView,
    User,
    ViewMenu,
    assoc_group_role,
    assoc_permissionview_role,
    assoc_user_group,
    assoc_user_role,
)
from flask_appbuilder.security.sqla.models import Role as FabRole

__all__ = [
    "FabPermission",
    "FabRole",
    "PermissionView",
    "User",
    "ViewMenu",
    "assoc_group_role",
    "assoc_permissionview_role",
    "assoc_user_group",
    "assoc_user_role",
]
