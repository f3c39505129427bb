"""What must always be true of accounts and of the audit trail (AUT-01, AUD-01, AUD-02).

The keyed hashes of the trail are checked by `services.verify_chain`, which has the key; what the
database can tell by itself is here.
"""

from app.kernel.holding import Holding
from app.kernel.invariant import FileArea, Invariant

FILES: tuple[FileArea, ...] = ()

INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "security.university_ids_are_unique",
        "AUT-01",
        "No two accounts share a university ID, in small letters or capitals.",
        "SELECT 'accounts ' || string_agg(CAST(id AS text), ', ' ORDER BY id) FROM ab_user"
        " WHERE university_id IS NOT NULL GROUP BY lower(university_id) HAVING count(*) > 1",
    ),
    Invariant(
        "security.addresses_are_unique",
        "AUT-01",
        "No two accounts share an e-mail address, in small letters or capitals.",
        "SELECT 'accounts ' || string_agg(CAST(id AS text), ', ' ORDER BY id) FROM ab_user"
        " GROUP BY lower(email) HAVING count(*) > 1",
    ),
    Invariant(
        "security.grants_are_known",
        "ACC-01",
        "Every role's permission names a permission and a resource, and is given once.",
        "SELECT 'role ' || coalesce(CAST(role_id AS text), '?')"
        " FROM ab_permission_view_role GROUP BY role_id, permission_view_id"
        " HAVING count(*) > 1 OR role_id IS NULL OR permission_view_id IS NULL",
    ),
    Invariant(
        "security.audit_is_append_only",
        "EVD-01",
        "The database refuses to change or remove lines of the audit trail and their seals.",
        "SELECT 'table ' || g.name FROM (VALUES ('security_audit_event'),"
        " ('security_audit_seal')) AS g(name) WHERE NOT EXISTS"
        " (SELECT FROM pg_trigger t WHERE t.tgrelid = to_regclass(g.name)"
        " AND t.tgname = g.name || '_append_only' AND t.tgenabled IN ('O', 'A'))",
    ),
    Invariant(
        "security.seals_follow_each_other",
        "AUD-02",
        "The seals of the audit trail are numbered without a gap, and each names the one before.",
        "SELECT 'seal ' || seq FROM (SELECT seq, prev_hash, lag(seq) OVER w AS before,"
        " lag(hash) OVER w AS link FROM security_audit_seal WINDOW w AS (ORDER BY seq)) s"
        " WHERE seq <> coalesce(before, 0) + 1"
        " OR prev_hash <> coalesce(link, decode(repeat('00', 32), 'hex'))",
    ),
    Invariant(
        "security.sealed_events_are_there",
        "AUD-02",
        "Every seal has its line of the audit trail.",
        "SELECT 'seal ' || s.seq FROM security_audit_seal s"
        " LEFT JOIN security_audit_event e ON e.id = s.event_id WHERE e.id IS NULL",
    ),
)

# What is held about a person (DPA-02).
HOLDINGS: tuple[Holding, ...] = (
    Holding(
        "security.account",
        "Your account",
        ("ab_user",),
        "SELECT university_id, username, first_name, last_name, email, active AS is_active,"
        " created_on, changed_on, last_login, login_count, fail_login_count, (SELECT"
        " string_agg(r.name, ', ' ORDER BY r.name) FROM ab_user_role h JOIN ab_role r ON r.id ="
        " h.role_id WHERE h.user_id = u.id) AS roles FROM ab_user u WHERE u.id = :account",
    ),
    Holding(
        "security.sign_ins",
        "Attempts to sign in",
        ("security_sign_in_attempt",),
        "SELECT at, address, succeeded FROM security_sign_in_attempt WHERE lower(login) = ANY"
        " (:logins) ORDER BY at DESC",
    ),
    Holding(
        "security.looks",
        "Who looked at or changed what is held about you",
        ("security_audit_event",),
        "SELECT at, actor_name AS who, actor_role AS role, action, object_type AS what,"
        " outcome, channel FROM security_audit_event WHERE patient_id = :patient AND actor_id IS"
        " DISTINCT FROM CAST(:account AS integer) ORDER BY id DESC",
    ),
    Holding(
        "security.deeds",
        "What you did here yourself",
        ("security_audit_event",),
        "SELECT at, action, object_type AS what, outcome, channel, address FROM"
        " security_audit_event WHERE actor_id = :account ORDER BY id DESC",
    ),
)
