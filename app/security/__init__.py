"""Who may do what, and who did it.

Owns: users (FAB's table with a university ID), the roles that the product seeds, sign-in
attempts, the audit trail. Invariants: an audit event is never changed or removed; a default
grant is applied once, so what an admin takes away stays away.
"""
