"""Groups of roles for the table of doors."""

from app.kernel.permission import Role

NOBODY: frozenset[Role] = frozenset()
SIGNED_IN = frozenset(Role)
ANYBODY = SIGNED_IN | {None}  # None: not signed in

ADMIN = frozenset({Role.ADMIN})
CARE = frozenset({Role.RECEPTIONIST, Role.NURSE, Role.PHYSICIAN, Role.DENTIST})
CALENDAR = CARE | ADMIN
DESK = frozenset({Role.RECEPTIONIST, Role.NURSE})
# No right to charts or patients comes with administering or with looking after privacy.
KNOWS_PATIENTS = CARE | {Role.CASHIER, Role.PHARMACIST}
IMPORTS = ADMIN | {Role.RECEPTIONIST}
LETTERS = ADMIN | DESK
