"""For each invariant a statement that breaks it, for a database whose guards were lifted.

`tests/services/test_invariants.py` plants one after the other and proves that each is found.
"""

_NOW = "'2026-11-23 01:00+00'"
_LATER = "'2026-11-23 02:00+00'"
_VISIT = "(SELECT min(id) FROM scheduling_appointment WHERE status = 'confirmed')"
_PATIENT = "(SELECT min(id) FROM patients_patient)"
_PROVIDER = "(SELECT min(id) FROM scheduling_practitioner)"
_TYPE = "(SELECT min(id) FROM scheduling_appointment_type)"
_ENTRY = "(SELECT min(id) FROM scheduling_waitlist_entry)"
_RUN = "(status, asked_by, started_at, finished_at, breach_count)"


def _claim(owner: str, key: str, *, active: bool = True) -> str:
    """A claim of the patient, at a time when nobody has anything."""
    return (
        f"INSERT INTO scheduling_claim ({owner}, resource_kind, resource_id, starts_at, ends_at,"
        f" held_from, held_until, active) VALUES ({key}, 2, 999, {_NOW}, {_LATER}, {_NOW},"
        f" {_LATER}, {active})"
    )


def _hold(status: str, visit: str = "NULL") -> str:
    return (
        "INSERT INTO scheduling_hold (entry_id, practitioner_id, starts_at, ends_at, status,"
        f" created_at, expires_at, appointment_id) VALUES ({_ENTRY}, {_PROVIDER}, {_NOW},"
        f" {_LATER}, '{status}', {_NOW}, {_LATER}, {visit})"
    )


_GONE = "UPDATE patients_patient SET status = 'disposed'"


def _list(status: str) -> str:
    """A list of disposal that nobody approved."""
    return (
        "INSERT INTO retention_disposal (status, reason, schedule, on_day, drafted_by, drafted_at,"
        f" disposed) VALUES ('{status}', 'old', '{{}}', '2026-11-23', 'x', {_NOW}, 1)"
    )


def _copied(table: str) -> str:
    """The first row once more, under another key."""
    return (
        f"INSERT INTO {table} SELECT (copy.one).* FROM (SELECT jsonb_populate_record("
        f"CAST(NULL AS {table}), to_jsonb(t) || jsonb_build_object('id', 900000)) AS one"
        f" FROM {table} t ORDER BY t.id LIMIT 1) copy"
    )


SCHEDULING = {
    "scheduling.claims_never_overlap": (
        "INSERT INTO scheduling_claim (appointment_id, resource_kind, resource_id, starts_at,"
        " ends_at, held_from, held_until, active) SELECT appointment_id, resource_kind,"
        " resource_id, ends_at - interval '1 minute', ends_at + interval '1 hour', ends_at,"
        " ends_at + interval '1 hour', true FROM scheduling_claim WHERE active LIMIT 1"
    ),
    "scheduling.claims_keep_time_before": (
        "INSERT INTO scheduling_claim (appointment_id, resource_kind, resource_id, starts_at,"
        " ends_at, held_from, held_until, active) SELECT appointment_id, 1, resource_id,"
        " held_until + interval '5 minutes', held_until + interval '15 minutes',"
        " held_until - interval '1 minute', held_until + interval '15 minutes', true"
        " FROM scheduling_claim WHERE active AND resource_kind = 1 LIMIT 1"
    ),
    "scheduling.claims_are_never_empty": "UPDATE scheduling_claim SET ends_at = starts_at",
    "scheduling.settled_claims_are_over": (
        "UPDATE scheduling_claim SET settled = true, held_until = now() + interval '1 hour'"
    ),
    "scheduling.claims_have_one_owner": "UPDATE scheduling_claim SET appointment_id = NULL",
    "scheduling.claims_follow_status": (
        f"UPDATE scheduling_claim SET active = false WHERE appointment_id = {_VISIT}"
    ),
    "scheduling.claims_cover_their_visit": (
        "UPDATE scheduling_appointment SET ends_at = ends_at + interval '5 minutes'"
    ),
    "scheduling.visits_claim_provider_and_patient": (
        f"DELETE FROM scheduling_claim WHERE appointment_id = {_VISIT} AND resource_kind = 1"
    ),
    "scheduling.sessions_claim_their_provider": (
        "UPDATE scheduling_claim SET active = false WHERE session_id IS NOT NULL"
    ),
    "scheduling.seats_claim_their_patient": (
        "UPDATE scheduling_claim SET active = false WHERE seat_id IS NOT NULL"
    ),
    "scheduling.maintenance_claims_its_time": (
        "INSERT INTO scheduling_resource_block (resource_id, starts_at, ends_at)"
        f" VALUES (1, {_NOW}, {_LATER})"
    ),
    "scheduling.ended_offers_hold_nothing": (
        f"{_hold('expired')};{_claim('hold_id', '(SELECT max(id) FROM scheduling_hold)')}"
    ),
    "scheduling.moved_visits_name_their_successor": (
        "UPDATE scheduling_appointment SET uid = 'another' WHERE id ="
        " (SELECT max(successor_id) FROM scheduling_appointment)"
    ),
    "scheduling.visits_succeed_one_visit": (
        "UPDATE scheduling_appointment SET successor_id ="
        " (SELECT max(successor_id) FROM scheduling_appointment)"
    ),
    "scheduling.visits_end_after_they_begin": (
        "UPDATE scheduling_appointment SET ends_at = starts_at"
    ),
    "scheduling.flags_fit_the_status": (
        "UPDATE scheduling_appointment SET is_late_cancellation = true"
    ),
    "scheduling.history_is_continuous": (
        "UPDATE scheduling_appointment_event SET from_status = 'declined'"
        " WHERE id = (SELECT max(id) FROM scheduling_appointment_event)"
    ),
    "scheduling.history_tells_the_status": (
        "DELETE FROM scheduling_appointment_event"
        " WHERE id = (SELECT max(id) FROM scheduling_appointment_event)"
    ),
    "scheduling.points_belong_to_missed_visits": (
        "INSERT INTO scheduling_no_show_point (appointment_id, patient_id, given_at, expires_at,"
        f" status) VALUES ({_VISIT}, {_PATIENT}, {_NOW}, {_LATER}, 'counted')"
    ),
    "scheduling.series_number_their_visits": (
        "INSERT INTO scheduling_series (patient_id, type_id, practitioner_id, frequency, every,"
        " first_on, local_time, count, status, created_at)"
        f" VALUES ({_PATIENT}, {_TYPE}, {_PROVIDER}, 'weekly', 1, '2026-11-24', '09:00', 2,"
        f" 'running', {_NOW});UPDATE scheduling_appointment SET series_number = 1,"
        " series_id = (SELECT max(id) FROM scheduling_series) WHERE status = 'confirmed'"
    ),
    "scheduling.answers_fit_their_visit": (
        "INSERT INTO scheduling_questionnaire (type_id, version, questions, created_at)"
        f" VALUES (999, 1, '[]', {_NOW});INSERT INTO scheduling_booking_answers"
        f" (appointment_id, questionnaire_id, answers) SELECT {_VISIT}, max(id), '{{}}'"
        " FROM scheduling_questionnaire"
    ),
    "scheduling.outages_name_the_new_visit": (
        "INSERT INTO scheduling_outage_item (outage_id, appointment_id, outcome, successor_id)"
        f" VALUES (1, {_VISIT}, 'moved', 999)"
    ),
    "scheduling.seats_are_counted": "UPDATE scheduling_group_session SET taken = taken + 1",
    "scheduling.patients_have_one_seat": _copied("scheduling_seat"),
    "scheduling.stations_belong_to_the_session": (
        "INSERT INTO scheduling_session_station (session_id, position, name)"
        " VALUES (999, 1, 'Weight');INSERT INTO scheduling_seat_station"
        f" (seat_id, station_id, passed_at) SELECT min(s.id), max(t.id), {_NOW}"
        " FROM scheduling_seat s, scheduling_session_station t"
    ),
    "scheduling.offers_follow_their_entry": _hold("open"),
    "scheduling.accepted_offers_became_visits": _hold("accepted", _VISIT),
    "scheduling.times_are_kept_for_one": (
        f"{_hold('open')};UPDATE scheduling_hold SET patient_id = {_PATIENT}"
    ),
    "scheduling.people_wait_once": _copied("scheduling_waitlist_entry"),
}

VISITS = {
    "visits.numbers_are_given_once": _copied("visits_visit"),
    "visits.counters_are_ahead": "UPDATE visits_token_counter SET last_number = 0",
    "visits.patients_are_here_once": (
        f"{_copied('visits_visit')};UPDATE visits_visit SET status = 'waiting'"
    ),
    "visits.appointments_arrive_once": _copied("visits_visit"),
    "visits.visits_follow_their_appointment": "UPDATE visits_visit SET status = 'left'",
    "visits.steps_are_in_order": (
        "UPDATE visits_visit SET ended_at = arrived_at - interval '1 minute'"
    ),
    "visits.priorities_have_reasons": "UPDATE visits_visit SET priority = 1",
    "visits.history_is_continuous": (
        "DELETE FROM visits_event WHERE id = (SELECT min(id) FROM visits_event)"
    ),
    "visits.history_tells_the_status": "DELETE FROM visits_event",
    "visits.late_entries_have_their_form": (
        f"UPDATE visits_visit SET paper_number = 7, entered_late_at = {_NOW}"
    ),
    "visits.forms_were_printed": (
        "INSERT INTO visits_paper_batch (id, kind, first_number, last_number, for_date, printed_at)"
        f" VALUES (1, 'desk', 5, 6, '2026-11-23', {_NOW});"
        "INSERT INTO visits_paper_form (number, batch_id, status, settled_at)"
        f" VALUES (7, 1, 'void', {_NOW})"
    ),
}

PATIENTS = {
    "patients.university_ids_are_unique": "UPDATE patients_patient SET university_id = 'SAME '",
    "patients.university_ids_are_in_capitals": "UPDATE patients_patient SET university_id = 'a'",
    "patients.accounts_have_one_record": "UPDATE patients_patient SET user_id = 1",
    "patients.names_can_be_searched": "UPDATE patients_patient SET search_name = ''",
    "patients.latest_enrolment_is_the_latest": (
        "INSERT INTO patients_enrolment (patient_id, academic_year, semester, program, year_level,"
        f" campus) VALUES ({_PATIENT}, '2026-2027', '1', 'BSN', '1', 'Downtown')"
    ),
    "patients.terms_are_entered_once": (
        "INSERT INTO patients_enrolment (patient_id, academic_year, semester, program, year_level,"
        f" campus, is_latest) SELECT {_PATIENT}, '2026-2027', '1', 'BSN', '1', 'Downtown', n = 1"
        " FROM generate_series(1, 2) n"
    ),
    "patients.contacts_have_one_rank": (
        "INSERT INTO patients_contact_point (patient_id, system, value, rank)"
        f" VALUES ({_PATIENT}, 'email', 'a@b.ph', 4)"
    ),
    "patients.finished_imports_keep_no_file": (
        "INSERT INTO patients_import_run (file_name, status, size_bytes, content, started_by,"
        f" started_at, finished_at) VALUES ('a.csv', 'done', 1, 'x', 'Rosa', {_NOW}, {_LATER})"
    ),
}

MESSAGES = {
    "notifications.messages_are_written_once": _copied("notifications_communication"),
    "notifications.sent_means_accepted": (
        "UPDATE notifications_communication SET status = 'sent', sent_at = NULL"
    ),
    "notifications.unsent_mail_has_a_job": "DELETE FROM infra_outbox_job",
    "notifications.the_bell_has_owners": (
        "UPDATE notifications_communication SET recipient_user_id = NULL"
    ),
}

SECURITY = {
    "security.university_ids_are_unique": "UPDATE ab_user SET university_id = 'doc901'",
    "security.addresses_are_unique": "UPDATE ab_user SET email = 'same@usc.edu.ph'",
    "security.grants_are_known": _copied("ab_permission_view_role"),
    "security.seals_follow_each_other": (
        "INSERT INTO security_audit_seal (seq, event_id, key_id, prev_hash, hash, sealed_at)"
        f" VALUES (2, 1, 'k', 'x', 'y', {_NOW})"
    ),
    "security.sealed_events_are_there": (
        "INSERT INTO security_audit_seal (seq, event_id, key_id, prev_hash, hash, sealed_at)"
        f" VALUES (1, 999999, 'k', 'x', 'y', {_NOW})"
    ),
}

MACHINERY = {
    "infra.next_keys_are_free": (
        "SELECT setval(pg_get_serial_sequence('scheduling_appointment', 'id'), 1)"
    ),
    "infra.stamps_are_there": "DELETE FROM infra_stamp WHERE name = 'grants'",
    "infra.finished_jobs_say_when": "UPDATE infra_outbox_job SET status = 'dead'",
    "infra.jobs_are_promised_once": "UPDATE infra_outbox_job SET dedupe_key = 'same'",
    "infra.answers_are_kept_once": (
        "INSERT INTO infra_idempotency_key (user_id, key, body_hash, created_at)"
        f" SELECT 1, 'same', '', {_NOW} FROM generate_series(1, 2)"
    ),
    "integrity.proofs_end_with_a_result": (
        f"INSERT INTO integrity_run {_RUN} VALUES ('passed', 'Ada', {_NOW}, {_LATER}, 3)"
    ),
}

_ALERT = (
    "INSERT INTO operations_alert (kind, key, severity, sentence, opened_at, seen_at, resolved_at)"
    " SELECT 'disk', 'same', 'warning', 'The disk is full.'"
)
THE_SYSTEM = {
    "operations.alerts_are_raised_once": (
        f"{_ALERT}, {_NOW}, {_NOW}, NULL FROM generate_series(1, 2)"
    ),
    "operations.alerts_are_in_order": f"{_ALERT}, {_LATER}, {_LATER}, {_NOW}",
    "backup.proofs_are_of_sets": (
        "INSERT INTO backup_run (status, asked_by_name, started_at, proof)"
        f" VALUES ('failed', 'Ada', {_NOW}, 'passed')"
    ),
    "backup.sets_under_hold_stay": (
        "INSERT INTO backup_run (status, asked_by_name, started_at, held_at)"
        f" VALUES ('failed', 'Ada', {_NOW}, {_NOW})"
    ),
    "backup.restores_need_two_people": (
        "INSERT INTO backup_restore_request (set_name, place, reason, asked_by_id, asked_by_name,"
        " asked_at, expires_at, approved_by_id, approved_at)"
        f" VALUES ('a', 'b', 'c', 1, 'Ada', {_NOW}, {_LATER}, 1, {_NOW})"
    ),
}

_REQUEST = (
    "INSERT INTO privacy_request (kind, status, patient_id, stranger_name, wish, received_at,"
    " due_at, registered_at, registered_by, channel, outcome) VALUES"
)
_BREACH = (
    "INSERT INTO privacy_breach (title, kind, status, detected_at, registered_at, registered_by,"
    " nature, is_sensitive, was_acquired, has_real_risk, decision) VALUES"
)
_COPY = (
    "INSERT INTO privacy_copy (request_id, status, asked_at, asked_by, sha256)"
    f" SELECT 7, 'ready', {_NOW}, 'Pia', '' FROM generate_series(1, 2)"
)


def _asked(kind: str, status: str, outcome: str, stranger: str = "") -> str:
    """A request of the first patient."""
    return (
        f"{_REQUEST} ('{kind}', '{status}', {_PATIENT}, '{stranger}', 'please', {_NOW}, {_LATER},"
        f" {_NOW}, 'Pia', 'staff', '{outcome}')"
    )


def _leaked(status: str, decision: str) -> str:
    """A breach that must be notified."""
    return (
        f"{_BREACH} ('a list', 'confidentiality', '{status}', {_NOW}, {_NOW}, 'Pia', 'lost', true,"
        f" true, true, '{decision}')"
    )


PRIVACY = {
    "privacy.requests_end_with_an_outcome": _asked("access", "answered", ""),
    "privacy.requests_are_of_one_person": _asked("access", "received", "", "Ann"),
    "privacy.erasures_left_nobody": _asked("erasure", "answered", "done"),
    "privacy.copies_are_of_one_request": _COPY,
    "privacy.breaches_are_notified_or_decided": _leaked("closed", ""),
    "privacy.notifiable_breaches_are_notified": _leaked("not-notifiable", "small"),
    "privacy.the_log_begins_with_the_register": _leaked("open", ""),
}

BREACHES: dict[str, str] = (
    SCHEDULING | VISITS | PATIENTS | MESSAGES | SECURITY | MACHINERY | THE_SYSTEM | PRIVACY
)

# What guards the data is itself an invariant; these are planted while all guards stand.
BREACHES |= {
    "retention.disposed_have_no_name": _GONE,
    "retention.disposed_have_no_words": f"{_GONE};UPDATE scheduling_appointment SET reason = 'x'",
    "retention.disposed_do_not_come_back": _GONE,
    "retention.holds_beat_disposal": (
        f"{_GONE};INSERT INTO retention_hold (patient_id, reason, placed_at, placed_by)"
        f" VALUES ({_PATIENT}, 'a lawsuit', {_NOW}, 'x')"
    ),
    "retention.lists_have_two_approvers": _list("approved"),
    "retention.lists_add_up": _list("done"),
    "retention.disposed_lines_have_disposed_records": (
        "INSERT INTO retention_item (disposal_id, patient_id, why, outcome)"
        f" VALUES (1, {_PATIENT}, '', 'disposed')"
    ),
}
LIFTED_GUARDS: dict[str, str] = {
    "scheduling.overlap_guards_stand": (
        "ALTER TABLE scheduling_claim DROP CONSTRAINT ex_scheduling_claim_before"
    ),
    "scheduling.history_is_append_only": (
        "ALTER TABLE scheduling_claim DISABLE TRIGGER scheduling_claim_append_only"
    ),
    "visits.history_is_append_only": "DROP TRIGGER visits_event_append_only ON visits_event",
    "privacy.the_log_is_append_only": "DROP TRIGGER privacy_entry_append_only ON privacy_entry",
    "security.audit_is_append_only": "ALTER TABLE security_audit_seal DISABLE TRIGGER USER",
    "infra.constraints_are_in_force": (
        "ALTER TABLE scheduling_outage ADD CONSTRAINT later CHECK (id > 0) NOT VALID"
    ),
    "infra.references_lead_somewhere": (
        "ALTER TABLE scheduling_reminder DROP CONSTRAINT"
        " fk_scheduling_reminder_appointment_id_scheduling_appointment;"
        f"INSERT INTO scheduling_reminder VALUES (999999, 60, {_NOW});"
        "ALTER TABLE scheduling_reminder ADD CONSTRAINT again FOREIGN KEY (appointment_id)"
        " REFERENCES scheduling_appointment NOT VALID"
    ),
}
