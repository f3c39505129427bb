"""What must always be true of messages (NOT-01 to NOT-05)."""

from app.kernel.holding import Holding
from app.kernel.invariant import FileArea, Invariant

FILES: tuple[FileArea, ...] = ()

INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "notifications.messages_are_written_once",
        "NOT-01",
        "Nobody has two messages about the same event through the same channel.",
        "SELECT 'messages ' || string_agg(CAST(id AS text), ', ' ORDER BY id)"
        " FROM notifications_communication GROUP BY event, entity, occurrence, recipient, channel"
        " HAVING count(*) > 1",
    ),
    Invariant(
        "notifications.sent_means_accepted",
        "NOT-04",
        "A message has the time of its sending exactly if it was sent, not before it was"
        " written, and an e-mail only after a try.",
        "SELECT 'message ' || id FROM notifications_communication"
        " WHERE (status = 'sent') <> (sent_at IS NOT NULL) OR sent_at < created_at"
        " OR status = 'sent' AND channel = 'email' AND attempts = 0",
    ),
    Invariant(
        "notifications.unsent_mail_has_a_job",
        "NOT-01",
        "Every e-mail that has not left yet is promised by a job, so that none is forgotten.",
        "SELECT 'message ' || m.id FROM notifications_communication m WHERE m.channel = 'email'"
        " AND m.status IN ('queued', 'failed') AND NOT EXISTS (SELECT FROM infra_outbox_job j"
        " WHERE j.name = 'notifications.send_message' AND j.status <> 'done'"
        " AND j.payload ->> 'event' = m.event AND j.payload ->> 'entity' = m.entity"
        " AND j.payload ->> 'recipient' = m.recipient"
        " AND CAST(j.payload ->> 'occurrence' AS bigint) = m.occurrence)",
    ),
    Invariant(
        "notifications.the_bell_has_owners",
        "NOT-05",
        "What is in the bell belongs to an account; only it can be read, and not before it was"
        " written.",
        "SELECT 'message ' || id FROM notifications_communication"
        " WHERE channel = 'in-app' AND (recipient_user_id IS NULL OR status <> 'sent')"
        " OR channel = 'email' AND (recipient_address = '' OR read_at IS NOT NULL)"
        " OR read_at < created_at",
    ),
)

# What is held about a person (DPA-02).
HOLDINGS: tuple[Holding, ...] = (
    Holding(
        "notifications.messages",
        "Messages to you",
        ("notifications_communication",),
        "SELECT created_at AS written_at, channel, subject, params AS contents,"
        " recipient_address AS address, status, sent_at, read_at FROM"
        " notifications_communication WHERE recipient_user_id = :account OR"
        " lower(recipient_address) = ANY (:addresses) ORDER BY id",
    ),
)
