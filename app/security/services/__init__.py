"""Use cases of accounts: seeding roles, opening accounts, signing in, and the audit trail."""

from app.security.services.accounts import (
    change_account,
    check_password,
    open_account,
    set_password_hash,
)
from app.security.services.audit import record_event, was_recorded
from app.security.services.database_account import (
    make_site_account,
    powers_over_trail,
    renew_site_account,
)
from app.security.services.first_admin import open_first_admin
from app.security.services.forgetting import forget_accounts
from app.security.services.roles import permission_view, remove_role, save_role, sync_roles
from app.security.services.seal_keys import audit_key_names, create_audit_key, known_head
from app.security.services.seals import (
    ChainReport,
    accept_chain,
    change_audit_key,
    seal_events,
    verify_audit,
    verify_chain,
)
from app.security.services.sessions import (
    end_all_sessions,
    end_sessions,
    purge_attempts,
    sign_in,
)

__all__ = [
    "ChainReport",
    "accept_chain",
    "audit_key_names",
    "change_account",
    "change_audit_key",
    "check_password",
    "create_audit_key",
    "end_all_sessions",
    "end_sessions",
    "forget_accounts",
    "known_head",
    "make_site_account",
    "open_account",
    "open_first_admin",
    "permission_view",
    "powers_over_trail",
    "purge_attempts",
    "record_event",
    "remove_role",
    "renew_site_account",
    "save_role",
    "seal_events",
    "set_password_hash",
    "sign_in",
    "sync_roles",
    "verify_audit",
    "verify_chain",
    "was_recorded",
]
