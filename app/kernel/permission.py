"""The grammar of permissions: `<domain>:<resource>:<action>`, with the roles that hold it first.

Each permission is one FAB pair: `can_<action>` on the resource's name in CamelCase, so that an
admin grants and takes it in the role screen. See docs/adr/0004.
"""

from enum import Enum, StrEnum


class Role(StrEnum):
    """The FAB roles of the product, by the names that admins see."""

    ADMIN = "Admin"
    CASHIER = "Cashier"
    DENTIST = "Dentist"
    FACULTY = "Faculty"
    HEALTH_EDUCATOR = "Health Educator"
    NURSE = "Nurse"
    PHARMACIST = "Pharmacist"
    PHYSICIAN = "Physician"
    PRIVACY_OFFICER = "Privacy Officer"
    RECEPTIONIST = "Receptionist"
    STUDENT = "Student"


PATIENT_ROLES = frozenset({Role.STUDENT, Role.FACULTY})
STAFF_ROLES = frozenset(Role) - PATIENT_ROLES


class PermissionEnum(Enum):
    """Base of every domain's `Permission`: members are (name, default roles) pairs."""

    def __init__(self, key: str, roles: frozenset[Role] | set[Role]) -> None:
        domain, resource, action = key.split(":")
        self.key = key
        self.domain = domain
        self.roles = frozenset(roles)
        self.fab_permission = "can_" + action.replace("-", "_")
        self.fab_resource = "".join(word.capitalize() for word in resource.split("-"))
