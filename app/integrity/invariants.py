"""What must always be true of the machinery below the domains, and of the proofs themselves."""

from app.kernel.invariant import FileArea, Invariant

FILES: tuple[FileArea, ...] = (
    FileArea("integrity.reports", "reports", "The signed reports of proofs."),
)

# A question about every table or every foreign key is put together by the database itself, from
# its catalogue; integrity_count() of migration 0009 runs it.
_HIGHEST = "integrity_count(format('SELECT max(%I) FROM %s', a.attname, a.attrelid::regclass))"
_LAST_GIVEN = (
    "pg_sequence_last_value(CAST(pg_get_serial_sequence("
    "CAST(CAST(a.attrelid AS regclass) AS text), CAST(a.attname AS text)) AS regclass))"
)
_ORPHANS = (
    "integrity_count(format('SELECT count(*) FROM %s c WHERE c.%I IS NOT NULL AND NOT EXISTS"
    " (SELECT FROM %s p WHERE p.%I = c.%I)', k.conrelid::regclass, child.attname,"
    " k.confrelid::regclass, parent.attname, child.attname))"
)

INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "infra.references_lead_somewhere",
        "BAK-02",
        "Every reference from one table to another finds its row.",
        "SELECT 'constraint ' || k.conname FROM pg_constraint k"
        " JOIN pg_attribute child ON child.attrelid = k.conrelid AND child.attnum = k.conkey[1]"
        " JOIN pg_attribute parent ON parent.attrelid = k.confrelid"
        " AND parent.attnum = k.confkey[1]"
        " WHERE k.contype = 'f' AND cardinality(k.conkey) = 1"
        f" AND k.connamespace = CAST('public' AS regnamespace) AND {_ORPHANS} > 0",
    ),
    Invariant(
        "infra.constraints_are_in_force",
        "BAK-02",
        "Every constraint and every index of the database is valid.",
        "SELECT 'constraint ' || conname FROM pg_constraint WHERE NOT convalidated"
        " AND connamespace = CAST('public' AS regnamespace)"
        " UNION ALL SELECT 'index ' || CAST(i.indexrelid AS regclass) FROM pg_index i"
        " JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT i.indisvalid"
        " AND c.relnamespace = CAST('public' AS regnamespace)",
    ),
    Invariant(
        "infra.next_keys_are_free",
        "BAK-02",
        "No table is about to give out a key that a row has already.",
        "SELECT 'table ' || CAST(a.attrelid AS regclass) FROM pg_attribute a"
        " JOIN pg_class c ON c.oid = a.attrelid WHERE c.relkind = 'r' AND a.attidentity <> ''"
        " AND NOT a.attisdropped AND c.relnamespace = CAST('public' AS regnamespace)"
        f" AND {_HIGHEST} > coalesce({_LAST_GIVEN}, 0)",
    ),
    Invariant(
        "infra.stamps_are_there",
        "ACC-01",
        "The stamps that tell of changed roles and schedules exist, and their triggers work.",
        "SELECT 'stamp ' || g.name FROM (VALUES ('grants'), ('schedules')) AS g(name)"
        " WHERE NOT EXISTS (SELECT FROM infra_stamp s WHERE s.name = g.name)"
        " UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger"
        " WHERE tgname ~ '_stamp$' AND tgenabled = 'D'",
    ),
    Invariant(
        "infra.finished_jobs_say_when",
        "JOB-01",
        "A job has the time of its end exactly if it is done or given up.",
        "SELECT 'job ' || id FROM infra_outbox_job"
        " WHERE (status IN ('done', 'dead')) <> (finished_at IS NOT NULL) OR attempts < 0",
    ),
    Invariant(
        "infra.jobs_are_promised_once",
        "JOB-01",
        "No job is promised twice under one key.",
        "SELECT 'jobs ' || string_agg(CAST(id AS text), ', ' ORDER BY id) FROM infra_outbox_job"
        " WHERE dedupe_key IS NOT NULL GROUP BY dedupe_key HAVING count(*) > 1",
    ),
    Invariant(
        "infra.answers_are_kept_once",
        "SCH-06",
        "A request that a person repeats has one answer.",
        "SELECT 'answers of account ' || user_id FROM infra_idempotency_key"
        " GROUP BY user_id, key HAVING count(*) > 1",
    ),
    Invariant(
        "integrity.proofs_end_with_a_result",
        "BAK-02",
        "A proof that ended says when and with which result, and a passed one found nothing.",
        "SELECT 'proof ' || id FROM integrity_run"
        " WHERE (status IN ('passed', 'failed', 'broken')) <> (finished_at IS NOT NULL)"
        " OR finished_at < started_at"
        " OR status = 'passed' AND (breach_count <> 0 OR audit_problem_count <> 0)",
    ),
)
