"""What must always be true of visits, claims, sessions and the waiting list (SCH-01 to SCH-35).

Each is one pass over a table or one hash join: a million visits take seconds, not minutes.
"""

from app.kernel.holding import Holding
from app.kernel.invariant import FileArea, Invariant

FILES: tuple[FileArea, ...] = ()

HOLDS_TIME = "('pending', 'confirmed', 'checked-in', 'in-progress', 'completed')"
WHOSE = "CASE c.resource_kind WHEN 1 THEN 'provider ' WHEN 2 THEN 'patient ' ELSE 'room ' END"


def _overlaps(start: str, end: str, where: str) -> str:
    """Claims that begin before an earlier claim of the same resource has ended.

    Times are half-open, so a claim may begin at the instant at which another ends.
    """
    return f"""
SELECT 'claim ' || c.id || ' of ' || {WHOSE} || c.resource_id
FROM (
  SELECT id, resource_kind, resource_id, {start} AS begins,
         max({end}) OVER (PARTITION BY resource_kind, resource_id ORDER BY {start}, id
                          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS taken_until
  FROM scheduling_claim WHERE {where}
) c
WHERE c.begins < c.taken_until
"""


def _one_claim(table: str, key: str, condition: str, also: str = "") -> str:
    """Rows of a table without their one active claim while they hold time, or with one after."""
    return f"""
SELECT '{key.removesuffix("_id")} ' || o.id FROM {table} o LEFT JOIN (
  SELECT {key} AS id, count(*) AS held FROM scheduling_claim
  WHERE active AND {key} IS NOT NULL {also} GROUP BY 1
) c ON c.id = o.id
WHERE coalesce(c.held, 0) <> CASE WHEN {condition} THEN 1 ELSE 0 END
"""


CLAIMS = (
    Invariant(
        "scheduling.claims_never_overlap",
        "SCH-01",
        "Nobody and nothing is claimed twice at the same time, the time after each visit included.",
        _overlaps("starts_at", "held_until", "active"),
    ),
    Invariant(
        "scheduling.claims_keep_time_before",
        "SCH-14",
        "No claim reaches into the time that the next one needs before it begins.",
        _overlaps("held_from", "ends_at", "active AND resource_kind <> 2"),
    ),
    Invariant(
        "scheduling.claims_are_never_empty",
        "SCH-02",
        "Every claim has a beginning before its end, with its buffers around both.",
        "SELECT 'claim ' || id FROM scheduling_claim WHERE NOT (held_from <= starts_at"
        " AND starts_at < ends_at AND ends_at <= held_until)",
    ),
    Invariant(
        "scheduling.claims_have_one_owner",
        "SCH-01",
        "Every claim belongs to exactly one visit, offer, session, seat or maintenance.",
        "SELECT 'claim ' || id FROM scheduling_claim WHERE"
        " num_nonnulls(appointment_id, hold_id, session_id, seat_id, block_id) <> 1",
    ),
    Invariant(
        "scheduling.claims_follow_status",
        "SCH-01",
        "The claims of a visit count exactly while its status holds time.",
        "SELECT 'claim ' || c.id || ' of visit ' || a.id FROM scheduling_claim c"
        " JOIN scheduling_appointment a ON a.id = c.appointment_id"
        f" WHERE c.active <> (a.status IN {HOLDS_TIME})",
    ),
    Invariant(
        "scheduling.claims_cover_their_visit",
        "SCH-01",
        "The claims of a visit begin and end with it.",
        "SELECT 'claim ' || c.id || ' of visit ' || a.id FROM scheduling_claim c"
        " JOIN scheduling_appointment a ON a.id = c.appointment_id"
        " WHERE c.starts_at <> a.starts_at OR c.ends_at <> a.ends_at",
    ),
    Invariant(
        "scheduling.visits_claim_provider_and_patient",
        "SCH-01",
        "Every visit that holds time has one claim of its provider and one of its patient.",
        "SELECT 'visit ' || a.id FROM scheduling_appointment a"
        " LEFT JOIN (SELECT appointment_id,"
        "   count(*) FILTER (WHERE resource_kind = 1) AS providers,"
        "   min(resource_id) FILTER (WHERE resource_kind = 1) AS provider,"
        "   count(*) FILTER (WHERE resource_kind = 2) AS patients,"
        "   min(resource_id) FILTER (WHERE resource_kind = 2) AS patient"
        "   FROM scheduling_claim WHERE active AND appointment_id IS NOT NULL GROUP BY 1"
        " ) c ON c.appointment_id = a.id"
        f" WHERE a.status IN {HOLDS_TIME} AND (c.providers, c.provider, c.patients, c.patient)"
        " IS DISTINCT FROM (1, a.practitioner_id, 1, a.patient_id)",
    ),
    Invariant(
        "scheduling.sessions_claim_their_provider",
        "SCH-04",
        "A group session holds its provider's time until it is cancelled.",
        _one_claim(
            "scheduling_group_session",
            "session_id",
            "o.status <> 'cancelled'",
            "AND resource_kind = 1",
        ),
    ),
    Invariant(
        "scheduling.seats_claim_their_patient",
        "SCH-04",
        "A seat holds its patient's time until it is cancelled.",
        _one_claim("scheduling_seat", "seat_id", "o.status <> 'cancelled'"),
    ),
    Invariant(
        "scheduling.maintenance_claims_its_time",
        "SCH-01",
        "Maintenance that was not lifted claims all of its time, and other maintenance none.",
        "SELECT 'maintenance ' || b.id FROM scheduling_resource_block b"
        " LEFT JOIN (SELECT block_id, sum(ends_at - starts_at) AS held FROM scheduling_claim"
        "   WHERE active AND block_id IS NOT NULL GROUP BY 1) c ON c.block_id = b.id"
        " WHERE coalesce(c.held, interval '0')"
        " <> CASE WHEN b.is_active THEN b.ends_at - b.starts_at ELSE interval '0' END",
    ),
    Invariant(
        "scheduling.ended_offers_hold_nothing",
        "SCH-31",
        "An offer that was taken, declined or is over claims no time any more.",
        "SELECT 'offer ' || h.id FROM scheduling_hold h JOIN scheduling_claim c"
        " ON c.hold_id = h.id WHERE c.active AND h.status <> 'open'",
    ),
    Invariant(
        "scheduling.overlap_guards_stand",
        "SCH-02",
        "What keeps claims apart is in force.",
        "SELECT 'constraint ' || g.name FROM (VALUES ('ex_scheduling_claim_after'),"
        " ('ex_scheduling_claim_before')) AS g(name) WHERE NOT EXISTS (SELECT FROM pg_constraint k"
        " JOIN pg_index i ON i.indexrelid = k.conindid WHERE k.conname = g.name"
        " AND k.conrelid = to_regclass('scheduling_claim') AND k.convalidated AND i.indisvalid)"
        " UNION ALL SELECT 'trigger scheduling_claim_settled' WHERE NOT EXISTS"
        " (SELECT FROM pg_trigger t WHERE t.tgrelid = to_regclass('scheduling_claim')"
        " AND t.tgname = 'scheduling_claim_settled' AND t.tgenabled IN ('O', 'A'))",
    ),
    Invariant(
        "scheduling.settled_claims_are_over",
        "SCH-02",
        "Only time that is over is no longer kept apart by the constraints.",
        "SELECT 'claim ' || id FROM scheduling_claim WHERE settled AND held_until > now()",
    ),
)

VISITS = (
    Invariant(
        "scheduling.moved_visits_name_their_successor",
        "SCH-07",
        "A moved visit names the visit that it became, of the same patient and calendar entry.",
        "SELECT 'visit ' || a.id FROM scheduling_appointment a"
        " LEFT JOIN scheduling_appointment n ON n.id = a.successor_id"
        " WHERE (a.status = 'rescheduled' OR a.successor_id IS NOT NULL) AND"
        " (n.patient_id, n.uid, n.sequence) IS DISTINCT FROM"
        " (a.patient_id, a.uid, a.sequence + 1)",
    ),
    Invariant(
        "scheduling.visits_succeed_one_visit",
        "SCH-07",
        "A visit is the successor of one visit at most.",
        "SELECT 'visit ' || successor_id FROM scheduling_appointment"
        " WHERE successor_id IS NOT NULL GROUP BY successor_id HAVING count(*) > 1",
    ),
    Invariant(
        "scheduling.visits_end_after_they_begin",
        "SCH-01",
        "Every visit ends after it begins, within a day.",
        "SELECT 'visit ' || id FROM scheduling_appointment"
        " WHERE ends_at <= starts_at OR ends_at > starts_at + interval '24 hours'",
    ),
    Invariant(
        "scheduling.flags_fit_the_status",
        "SCH-19",
        "Only visits that hold time wait for rebooking, and only cancelled ones are late.",
        "SELECT 'visit ' || id FROM scheduling_appointment"
        f" WHERE needs_rebooking AND status NOT IN {HOLDS_TIME}"
        " OR is_late_cancellation AND status NOT IN ('cancelled', 'entered-in-error')",
    ),
    Invariant(
        "scheduling.history_is_continuous",
        "SCH-07",
        "The history of a visit begins with its booking, and each line goes on where the last"
        " one ended.",
        "SELECT 'line ' || id || ' of visit ' || appointment_id FROM ("
        " SELECT id, appointment_id, from_status, lag(to_status) OVER"
        " (PARTITION BY appointment_id ORDER BY id) AS before FROM scheduling_appointment_event"
        ") e WHERE from_status IS DISTINCT FROM before",
    ),
    Invariant(
        "scheduling.history_tells_the_status",
        "SCH-07",
        "Every visit has a history, and its last line leads to the visit's status.",
        "SELECT 'visit ' || a.id FROM scheduling_appointment a LEFT JOIN ("
        " SELECT DISTINCT ON (appointment_id) appointment_id, to_status"
        " FROM scheduling_appointment_event ORDER BY appointment_id, id DESC"
        ") e ON e.appointment_id = a.id WHERE e.to_status IS DISTINCT FROM a.status",
    ),
    Invariant(
        "scheduling.history_is_append_only",
        "SCH-07",
        "The database refuses to change history and to remove visits and claims.",
        "SELECT 'table ' || g.name FROM (VALUES ('scheduling_appointment_event'),"
        " ('scheduling_appointment'), ('scheduling_claim')) AS g(name) WHERE NOT EXISTS"
        " (SELECT FROM pg_trigger t WHERE t.tgrelid = to_regclass(g.name)"
        " AND t.tgname = g.name || '_append_only' AND t.tgenabled IN ('O', 'A'))",
    ),
    Invariant(
        "scheduling.points_belong_to_missed_visits",
        "SCH-35",
        "A point that counts or is contested belongs to a missed visit of the same patient.",
        "SELECT 'point ' || p.id FROM scheduling_no_show_point p"
        " JOIN scheduling_appointment a ON a.id = p.appointment_id WHERE p.patient_id <>"
        " a.patient_id OR p.status <> 'void' AND a.status <> 'no-show'",
    ),
    Invariant(
        "scheduling.series_number_their_visits",
        "SCH-32",
        "The visits of a series are of its patient and type, and no two that hold time share"
        " a number.",
        "SELECT 'visit ' || a.id FROM scheduling_appointment a JOIN scheduling_series s"
        " ON s.id = a.series_id WHERE a.patient_id <> s.patient_id OR a.type_id <> s.type_id"
        " UNION ALL SELECT 'series ' || series_id || ', number ' || series_number"
        " FROM scheduling_appointment WHERE series_id IS NOT NULL"
        f" AND status IN {HOLDS_TIME} GROUP BY series_id, series_number HAVING count(*) > 1",
    ),
    Invariant(
        "scheduling.answers_fit_their_visit",
        "SCH-13",
        "The answers of a booking belong to questions of the visit's own type.",
        "SELECT 'answers of visit ' || b.appointment_id FROM scheduling_booking_answers b"
        " JOIN scheduling_appointment a ON a.id = b.appointment_id"
        " JOIN scheduling_questionnaire q ON q.id = b.questionnaire_id"
        " WHERE q.type_id <> a.type_id",
    ),
    Invariant(
        "scheduling.outages_name_the_new_visit",
        "SCH-34",
        "A visit that an absence moved became the visit that the call list names.",
        "SELECT 'line ' || i.id || ' of absence ' || i.outage_id FROM scheduling_outage_item i"
        " JOIN scheduling_appointment a ON a.id = i.appointment_id"
        " WHERE i.outcome = 'moved' AND a.successor_id IS DISTINCT FROM i.successor_id",
    ),
)

WAITING = (
    Invariant(
        "scheduling.seats_are_counted",
        "SCH-04",
        "A session counts as taken exactly its seats that were not cancelled and those that are"
        " kept for offers, and never more than it has.",
        "SELECT 'session ' || s.id FROM scheduling_group_session s LEFT JOIN ("
        " SELECT session_id, count(*) AS live FROM scheduling_seat WHERE status <> 'cancelled'"
        " GROUP BY 1) c ON c.session_id = s.id LEFT JOIN (SELECT session_id, count(*) AS kept"
        " FROM scheduling_hold WHERE session_id IS NOT NULL AND status = 'open' GROUP BY 1) h"
        " ON h.session_id = s.id AND s.status <> 'cancelled'"
        " WHERE s.taken <> coalesce(c.live, 0) + coalesce(h.kept, 0) OR s.taken > s.capacity",
    ),
    Invariant(
        "scheduling.patients_have_one_seat",
        "SCH-04",
        "A patient has one seat at most in a session.",
        "SELECT 'patient ' || patient_id || ' in session ' || session_id FROM scheduling_seat"
        " WHERE status <> 'cancelled' GROUP BY session_id, patient_id HAVING count(*) > 1",
    ),
    Invariant(
        "scheduling.stations_belong_to_the_session",
        "SCH-04",
        "Stations are passed only in one's own session.",
        "SELECT 'seat ' || p.seat_id FROM scheduling_seat_station p"
        " JOIN scheduling_seat s ON s.id = p.seat_id"
        " JOIN scheduling_session_station t ON t.id = p.station_id"
        " WHERE t.session_id <> s.session_id",
    ),
    Invariant(
        "scheduling.offers_follow_their_entry",
        "SCH-31",
        "Who was offered a time has one open offer, and everybody else has none.",
        "SELECT 'waiting list entry ' || e.id FROM scheduling_waitlist_entry e LEFT JOIN ("
        " SELECT entry_id, count(*) AS open FROM scheduling_hold WHERE status = 'open'"
        " GROUP BY 1) h ON h.entry_id = e.id"
        " WHERE coalesce(h.open, 0) <> CASE e.status WHEN 'offered' THEN 1 ELSE 0 END",
    ),
    Invariant(
        "scheduling.accepted_offers_became_visits",
        "SCH-31",
        "An accepted offer, its entry and the visit or seat that came of it name each other.",
        "SELECT 'offer ' || h.id FROM scheduling_hold h JOIN scheduling_waitlist_entry e"
        " ON e.id = h.entry_id LEFT JOIN scheduling_appointment a ON a.id = h.appointment_id"
        " WHERE h.status = 'accepted' AND h.session_id IS NULL"
        " AND (e.status, e.appointment_id, a.patient_id, a.type_id)"
        " IS DISTINCT FROM ('fulfilled', h.appointment_id, e.patient_id, e.type_id)"
        " UNION ALL SELECT 'offer ' || h.id FROM scheduling_hold h JOIN scheduling_waitlist_entry e"
        " ON e.id = h.entry_id LEFT JOIN scheduling_seat t ON t.id = h.seat_id"
        " WHERE h.status = 'accepted' AND h.session_id IS NOT NULL"
        " AND (e.status, e.seat_id, t.patient_id, t.session_id)"
        " IS DISTINCT FROM ('fulfilled', h.seat_id, e.patient_id, h.session_id)",
    ),
    Invariant(
        "scheduling.times_are_kept_for_one",
        "SCH-31",
        "A time is kept for somebody who waits or for one patient, who keeps one at a time and"
        " gets what comes of it.",
        "SELECT 'kept time ' || h.id FROM scheduling_hold h"
        " LEFT JOIN scheduling_appointment a ON a.id = h.appointment_id"
        " WHERE num_nonnulls(h.entry_id, h.patient_id) <> 1"
        " OR h.status = 'accepted' AND h.patient_id <> a.patient_id"
        " UNION ALL SELECT 'patient ' || patient_id FROM scheduling_hold"
        " WHERE status = 'open' AND patient_id IS NOT NULL"
        " GROUP BY patient_id HAVING count(*) > 1",
    ),
    Invariant(
        "scheduling.people_wait_once",
        "SCH-31",
        "A patient waits once at most for one kind of visit.",
        "SELECT 'patient ' || patient_id || ' for type ' || type_id FROM scheduling_waitlist_entry"
        " WHERE status IN ('waiting', 'offered') GROUP BY patient_id, type_id HAVING count(*) > 1",
    ),
)

INVARIANTS: tuple[Invariant, ...] = CLAIMS + VISITS + WAITING

# What is held about a person (DPA-02).
HOLDINGS: tuple[Holding, ...] = (
    Holding(
        "scheduling.appointments",
        "Appointments",
        ("scheduling_appointment",),
        "SELECT a.uid AS reference, t.name AS service, p.name AS provider, a.starts_at,"
        " a.ends_at, a.campus, a.place, a.status, a.status_since, a.reason, a.ended_reason,"
        " a.override_reason, a.is_late_cancellation, a.is_late_entry, a.attendance_confirmed_at,"
        " a.channel, a.created_at AS booked_at FROM scheduling_appointment a JOIN"
        " scheduling_appointment_type t ON t.id = a.type_id JOIN scheduling_practitioner p ON"
        " p.id = a.practitioner_id WHERE a.patient_id = :patient ORDER BY a.starts_at, a.id",
    ),
    Holding(
        "scheduling.history",
        "What became of your appointments",
        ("scheduling_appointment_event",),
        "SELECT a.uid AS reference, e.at, e.actor_name AS who, e.actor_role AS role, e.channel,"
        " e.from_status, e.to_status, e.reason, e.starts_at FROM scheduling_appointment_event e"
        " JOIN scheduling_appointment a ON a.id = e.appointment_id WHERE a.patient_id = :patient"
        " ORDER BY e.id",
    ),
    Holding(
        "scheduling.answers",
        "Answers and consents before appointments",
        ("scheduling_booking_answers",),
        "SELECT a.uid AS reference, (SELECT jsonb_object_agg(x->>'text', b.answers->(x->>'id'))"
        " FROM jsonb_array_elements(q.questions) x WHERE b.answers ? (x->>'id')) AS answers,"
        " q.consent AS consent_text, b.consented_at FROM scheduling_booking_answers b JOIN"
        " scheduling_appointment a ON a.id = b.appointment_id JOIN scheduling_questionnaire q ON"
        " q.id = b.questionnaire_id WHERE a.patient_id = :patient ORDER BY a.id",
    ),
    Holding(
        "scheduling.seats",
        "Places in group sessions",
        ("scheduling_seat", "scheduling_seat_station"),
        "SELECT g.title AS session, g.starts_at, s.status, s.status_since, s.ended_reason,"
        " s.booked_at, s.channel, (SELECT string_agg(n.name, ', ' ORDER BY n.position) FROM"
        " scheduling_seat_station d JOIN scheduling_session_station n ON n.id = d.station_id"
        " WHERE d.seat_id = s.id) AS stations_passed FROM scheduling_seat s JOIN"
        " scheduling_group_session g ON g.id = s.session_id WHERE s.patient_id = :patient ORDER"
        " BY s.id",
    ),
    Holding(
        "scheduling.seat_answers",
        "Answers and consents before group sessions",
        ("scheduling_seat_answers",),
        "SELECT g.title AS session, (SELECT jsonb_object_agg(x->>'text', b.answers->(x->>'id'))"
        " FROM jsonb_array_elements(q.questions) x WHERE b.answers ? (x->>'id')) AS answers,"
        " q.consent AS consent_text, b.consented_at FROM scheduling_seat_answers b JOIN"
        " scheduling_seat s ON s.id = b.seat_id JOIN scheduling_group_session g ON g.id ="
        " s.session_id JOIN scheduling_questionnaire q ON q.id = b.questionnaire_id WHERE"
        " s.patient_id = :patient ORDER BY s.id",
    ),
    Holding(
        "scheduling.waiting_list",
        "Waiting list",
        ("scheduling_waitlist_entry",),
        "SELECT t.name AS service, p.name AS provider, w.first_day, w.last_day, w.earliest,"
        " w.latest, w.reason, w.status, w.status_since, w.created_at AS joined_at FROM"
        " scheduling_waitlist_entry w JOIN scheduling_appointment_type t ON t.id = w.type_id"
        " LEFT JOIN scheduling_practitioner p ON p.id = w.practitioner_id WHERE w.patient_id ="
        " :patient ORDER BY w.id",
    ),
    Holding(
        "scheduling.offers",
        "Times that were offered to you or kept for you",
        ("scheduling_hold",),
        "SELECT h.starts_at, h.ends_at, h.campus, h.status, h.created_at AS offered_at,"
        " h.expires_at, h.settled_at FROM scheduling_hold h LEFT JOIN scheduling_waitlist_entry"
        " w ON w.id = h.entry_id WHERE h.patient_id = :patient OR w.patient_id = :patient ORDER"
        " BY h.id",
    ),
    Holding(
        "scheduling.series",
        "Series of appointments",
        ("scheduling_series",),
        "SELECT t.name AS service, p.name AS provider, s.frequency, s.every, s.first_on,"
        " s.local_time, s.count, s.status, s.created_at FROM scheduling_series s JOIN"
        " scheduling_appointment_type t ON t.id = s.type_id JOIN scheduling_practitioner p ON"
        " p.id = s.practitioner_id WHERE s.patient_id = :patient ORDER BY s.id",
    ),
    Holding(
        "scheduling.points",
        "Points for missed visits",
        ("scheduling_no_show_point",),
        "SELECT a.starts_at AS of_visit, n.given_at, n.expires_at, n.status, n.objection,"
        " n.contested_at, n.decision, n.decided_at FROM scheduling_no_show_point n JOIN"
        " scheduling_appointment a ON a.id = n.appointment_id WHERE n.patient_id = :patient"
        " ORDER BY n.id",
    ),
    Holding(
        "scheduling.diversions",
        "When you were asked to call or come at once",
        ("scheduling_diversion",),
        "SELECT at, flags FROM scheduling_diversion WHERE patient_id = :patient ORDER BY id",
    ),
    Holding(
        "scheduling.reminder_wishes",
        "How you want to be reminded",
        ("scheduling_reminder_wish",),
        "SELECT by_email, in_app, lead_minutes, changed_at FROM scheduling_reminder_wish WHERE"
        " patient_id = :patient",
    ),
    Holding(
        "scheduling.timetable",
        "Your class timetable",
        ("scheduling_timetable_entry",),
        "SELECT starts_at, ends_at, title FROM scheduling_timetable_entry WHERE patient_id ="
        " :patient ORDER BY starts_at",
    ),
    Holding(
        "scheduling.feeds",
        "Calendar feeds",
        ("scheduling_feed",),
        "SELECT kind, created_at, revoked_at, last_read_at FROM scheduling_feed WHERE user_id ="
        " :account ORDER BY id",
    ),
)
