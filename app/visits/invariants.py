"""What must always be true of the queue, its numbers and its history (SCH-33)."""

from app.kernel.holding import Holding
from app.kernel.invariant import FileArea, Invariant

FILES: tuple[FileArea, ...] = ()

INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "visits.numbers_are_given_once",
        "SCH-33",
        "No number is given twice on one day in one clinic and service.",
        "SELECT 'number ' || token_prefix || '-' || token_number || ' on ' || on_date"
        " FROM visits_visit GROUP BY campus, on_date, token_prefix, token_number"
        " HAVING count(*) > 1",
    ),
    Invariant(
        "visits.counters_are_ahead",
        "SCH-33",
        "The counter of a day stands at the highest number given or beyond it.",
        "SELECT 'counter ' || v.token_prefix || ' of ' || v.on_date FROM ("
        " SELECT campus, on_date, token_prefix, max(token_number) AS highest FROM visits_visit"
        " GROUP BY 1, 2, 3) v LEFT JOIN visits_token_counter c ON c.campus = v.campus"
        " AND c.on_date = v.on_date AND c.prefix = v.token_prefix"
        " WHERE coalesce(c.last_number, 0) < v.highest",
    ),
    Invariant(
        "visits.patients_are_here_once",
        "SCH-33",
        "A patient is in the queue once at most.",
        "SELECT 'patient ' || patient_id FROM visits_visit"
        " WHERE status IN ('waiting', 'called', 'on-hold', 'in-progress')"
        " GROUP BY patient_id HAVING count(*) > 1",
    ),
    Invariant(
        "visits.appointments_arrive_once",
        "SCH-33",
        "An appointment has one number at most that is not void.",
        "SELECT 'appointment ' || appointment_id FROM visits_visit"
        " WHERE status <> 'void' AND appointment_id IS NOT NULL"
        " GROUP BY appointment_id HAVING count(*) > 1",
    ),
    Invariant(
        "visits.visits_follow_their_appointment",
        "SCH-07",
        "A visit is of the patient of its appointment, and both stand at the same step.",
        "SELECT 'visit ' || v.id FROM visits_visit v"
        " JOIN scheduling_appointment a ON a.id = v.appointment_id"
        " WHERE v.patient_id <> a.patient_id OR v.status <> 'void' AND a.status <> CASE v.status"
        " WHEN 'in-progress' THEN 'in-progress' WHEN 'completed' THEN 'completed'"
        " WHEN 'left' THEN 'left' ELSE 'checked-in' END",
    ),
    Invariant(
        "visits.steps_are_in_order",
        "SCH-33",
        "Nobody is called or seen before they came, or ends before they began.",
        "SELECT 'visit ' || id FROM visits_visit WHERE called_at < arrived_at"
        " OR started_at < arrived_at OR ended_at < arrived_at OR ended_at < started_at"
        " OR (status IN ('completed', 'left', 'void')) <> (ended_at IS NOT NULL)"
        " OR status = 'in-progress' AND started_at IS NULL",
    ),
    Invariant(
        "visits.priorities_have_reasons",
        "SCH-33",
        "Whoever goes first does so for a written reason.",
        "SELECT 'visit ' || id FROM visits_visit WHERE priority <> 3 AND priority_reason = ''",
    ),
    Invariant(
        "visits.history_is_continuous",
        "SCH-07",
        "The history of a visit begins with the arrival, and each step goes on where the last"
        " one ended.",
        "SELECT 'line ' || id || ' of visit ' || visit_id FROM (SELECT id, visit_id, from_status,"
        " lag(to_status) OVER (PARTITION BY visit_id ORDER BY id) AS before FROM visits_event) e"
        " WHERE from_status IS DISTINCT FROM before",
    ),
    Invariant(
        "visits.history_tells_the_status",
        "SCH-07",
        "Every visit has a history, and its last step leads to the visit's status.",
        "SELECT 'visit ' || v.id FROM visits_visit v LEFT JOIN (SELECT DISTINCT ON (visit_id)"
        " visit_id, to_status FROM visits_event ORDER BY visit_id, id DESC) e ON e.visit_id = v.id"
        " WHERE e.to_status IS DISTINCT FROM v.status",
    ),
    Invariant(
        "visits.history_is_append_only",
        "SCH-07",
        "The database refuses to change the history of visits.",
        "SELECT 'table visits_event' WHERE NOT EXISTS (SELECT FROM pg_trigger"
        " WHERE tgrelid = to_regclass('visits_event') AND tgname = 'visits_event_append_only'"
        " AND tgenabled IN ('O', 'A'))",
    ),
    Invariant(
        "visits.late_entries_have_their_form",
        "SCH-33",
        "A visit that was entered late, and not in error, stands on one form of its patient.",
        "SELECT 'visit ' || v.id FROM visits_visit v"
        " LEFT JOIN visits_paper_form f ON f.number = v.paper_number"
        " WHERE v.paper_number IS NOT NULL AND v.status <> 'void' AND (f.status, f.visit_id,"
        " f.patient_id) IS DISTINCT FROM ('entered', v.id, v.patient_id)",
    ),
    Invariant(
        "visits.forms_were_printed",
        "SCH-33",
        "Every form that came back has a number of the printing that it belongs to, and no number"
        " was printed twice.",
        "SELECT 'form ' || f.number FROM visits_paper_form f"
        " LEFT JOIN visits_paper_batch b ON b.id = f.batch_id"
        " WHERE coalesce(f.number NOT BETWEEN b.first_number AND b.last_number, true)"
        " UNION ALL SELECT 'printing ' || one.id FROM visits_paper_batch one"
        " JOIN visits_paper_batch other ON other.id > one.id"
        " AND other.first_number <= one.last_number AND one.first_number <= other.last_number",
    ),
)

# What is held about a person (DPA-02).
HOLDINGS: tuple[Holding, ...] = (
    Holding(
        "visits.visits",
        "Visits",
        ("visits_visit",),
        "SELECT v.on_date, v.token_prefix || v.token_number AS number, t.name AS service,"
        " p.name AS provider, v.campus, v.place, v.status, v.reason, v.ended_reason, v.priority,"
        " v.priority_reason, v.arrived_at, v.called_at, v.started_at, v.ended_at, v.channel,"
        " v.entered_late_at, v.paper_number FROM visits_visit v JOIN scheduling_appointment_type"
        " t ON t.id = v.type_id LEFT JOIN scheduling_practitioner p ON p.id = v.practitioner_id"
        " WHERE v.patient_id = :patient ORDER BY v.id",
    ),
    Holding(
        "visits.history",
        "What became of your visits",
        ("visits_event",),
        "SELECT v.on_date, e.at, e.actor_name AS who, e.actor_role AS role, e.channel, e.step,"
        " e.from_status, e.to_status, e.reason FROM visits_event e JOIN visits_visit v ON v.id ="
        " e.visit_id WHERE v.patient_id = :patient ORDER BY e.id",
    ),
    Holding(
        "visits.paper",
        "Forms of visits on paper",
        ("visits_paper_form",),
        "SELECT number, status, outcome, written_by, settled_at FROM visits_paper_form WHERE"
        " patient_id = :patient ORDER BY number",
    ),
)
