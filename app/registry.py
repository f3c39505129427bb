"""The list of domains: their screens and their permissions."""

from collections.abc import Callable

from flask_appbuilder import AppBuilder

from app.analytics import permissions as analytics_permissions
from app.analytics import views as analytics_views
from app.backup import permissions as backup_permissions
from app.backup import views as backup_views
from app.integrity import permissions as integrity_permissions
from app.integrity import views as integrity_views
from app.kernel.permission import PermissionEnum
from app.notifications import api as notifications_api
from app.notifications import permissions as notifications_permissions
from app.notifications import views as notifications_views
from app.operations import permissions as operations_permissions
from app.operations import views as operations_views
from app.patients import api as patients_api
from app.patients import permissions as patients_permissions
from app.patients import views as patients_views
from app.privacy import permissions as privacy_permissions
from app.privacy import views as privacy_views
from app.retention import permissions as retention_permissions
from app.retention import views as retention_views
from app.scheduling import api as scheduling_api
from app.scheduling import permissions as scheduling_permissions
from app.scheduling import views as scheduling_views
from app.security import permissions as security_permissions
from app.security import views as security_views
from app.visits import api as visits_api
from app.visits import permissions as visits_permissions
from app.visits import views as visits_views

REGISTER: tuple[Callable[[AppBuilder], None], ...] = (
    visits_views.register,
    visits_api.register,
    scheduling_views.register,
    scheduling_api.register,
    security_views.register,
    patients_views.register,
    patients_api.register,
    notifications_views.register,
    notifications_api.register,
    analytics_views.register,
    integrity_views.register,
    backup_views.register,
    operations_views.register,
    retention_views.register,
    privacy_views.register,
)

PERMISSIONS: tuple[type[PermissionEnum], ...] = (
    security_permissions.Permission,
    notifications_permissions.Permission,
    patients_permissions.Permission,
    scheduling_permissions.Permission,
    visits_permissions.Permission,
    analytics_permissions.Permission,
    integrity_permissions.Permission,
    backup_permissions.Permission,
    operations_permissions.Permission,
    retention_permissions.Permission,
    privacy_permissions.Permission,
)


def resources() -> frozenset[str]:
    """The names of all resources that our domains declare permissions for."""
    return frozenset(member.fab_resource for enum in PERMISSIONS for member in enum)
