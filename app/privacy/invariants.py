"""What must always be true of requests, copies and breaches, and where copies lie."""

from app.kernel.holding import Holding
from app.kernel.invariant import FileArea, Invariant

FILES: tuple[FileArea, ...] = (
    FileArea(
        "privacy.copies",
        "privacy-copies",
        "Copies of everything that is held about a person, until they expire.",
        "SELECT file_name, sha256 FROM privacy_copy WHERE status = 'ready'",
    ),
)

INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "privacy.requests_end_with_an_outcome",
        "DPA-02",
        "Every request that is over has an outcome in words, and no open one has.",
        "SELECT 'request ' || id FROM privacy_request WHERE"
        " (status IN ('answered', 'refused', 'withdrawn')) <> (outcome <> '')"
        " OR (ended_at IS NULL) <> (outcome = '')",
    ),
    Invariant(
        "privacy.requests_are_of_one_person",
        "DPA-02",
        "Every request is of one patient or of one stranger.",
        "SELECT 'request ' || id FROM privacy_request"
        " WHERE (patient_id IS NULL) <> (stranger_name <> '')",
    ),
    Invariant(
        "privacy.erasures_left_nobody",
        "DPA-02",
        "Whoever's erasure was answered was disposed of.",
        "SELECT 'request ' || r.id FROM privacy_request r JOIN patients_patient p"
        " ON p.id = r.patient_id WHERE r.kind = 'erasure' AND r.status = 'answered'"
        " AND p.status <> 'disposed'",
    ),
    Invariant(
        "privacy.copies_are_of_one_request",
        "DPA-02",
        "A request has one copy at a time, and every copy that was made keeps its hash.",
        "SELECT 'request ' || request_id FROM privacy_copy WHERE status <> 'removed'"
        " GROUP BY request_id HAVING count(*) > 1 UNION ALL SELECT 'copy ' || id FROM privacy_copy"
        " WHERE (status = 'waiting') <> (sha256 = '')",
    ),
    Invariant(
        "privacy.breaches_are_notified_or_decided",
        "DPA-01",
        "A breach that is no longer open was notified to both, or it was decided why not.",
        "SELECT 'breach ' || id FROM privacy_breach WHERE status <> 'open' AND decision = ''"
        " AND (commission_told_at IS NULL OR persons_told_at IS NULL)",
    ),
    Invariant(
        "privacy.notifiable_breaches_are_notified",
        "DPA-01",
        "No breach with sensitive data, acquired, and a real risk was decided to be kept quiet.",
        "SELECT 'breach ' || id FROM privacy_breach WHERE status = 'not-notifiable'"
        " AND is_sensitive AND was_acquired AND has_real_risk",
    ),
    Invariant(
        "privacy.the_log_begins_with_the_register",
        "DPA-03",
        "Every request and every breach has a log that begins with its being entered.",
        "SELECT 'request ' || r.id FROM privacy_request r WHERE NOT EXISTS"
        " (SELECT FROM privacy_entry e WHERE e.request_id = r.id) UNION ALL"
        " SELECT 'breach ' || b.id FROM privacy_breach b WHERE NOT EXISTS"
        " (SELECT FROM privacy_entry e WHERE e.breach_id = b.id)",
    ),
    Invariant(
        "privacy.the_log_is_append_only",
        "DPA-03",
        "The database refuses to change the log of requests and breaches.",
        "SELECT 'table privacy_entry' WHERE NOT EXISTS (SELECT FROM pg_trigger"
        " WHERE tgrelid = to_regclass('privacy_entry') AND tgname = 'privacy_entry_append_only'"
        " AND tgenabled IN ('O', 'A'))",
    ),
)

# What is held about a person (DPA-02).
HOLDINGS: tuple[Holding, ...] = (
    Holding(
        "privacy.requests",
        "What you asked about your data",
        ("privacy_request",),
        "SELECT id AS number, kind, status, wish, contact, received_at, due_at, assignee,"
        " ended_at, outcome FROM privacy_request WHERE patient_id = :patient ORDER BY id",
    ),
    Holding(
        "privacy.log",
        "What was done about it",
        ("privacy_entry",),
        "SELECT e.request_id AS number, e.at, e.actor_name AS who, e.words FROM privacy_entry e"
        " JOIN privacy_request r ON r.id = e.request_id WHERE r.patient_id = :patient ORDER BY"
        " e.id",
    ),
    Holding(
        "privacy.copies",
        "Copies that were made for you",
        ("privacy_copy",),
        "SELECT c.request_id AS number, c.status, c.asked_at, c.made_at, c.removed_at, c.sha256"
        " FROM privacy_copy c JOIN privacy_request r ON r.id = c.request_id WHERE r.patient_id ="
        " :patient ORDER BY c.id",
    ),
)
