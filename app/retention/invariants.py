"""What must always be true of records that were disposed of, of holds and of lists."""

from app.kernel.holding import Holding
from app.kernel.invariant import FileArea, Invariant

FILES: tuple[FileArea, ...] = (
    FileArea(
        "retention.certificates",
        "certificates",
        "The certificates of disposals.",
        "SELECT certificate || '.json', json_sha256 FROM retention_disposal WHERE certificate <> ''"
        " UNION ALL"
        " SELECT certificate || '.pdf', pdf_sha256 FROM retention_disposal WHERE certificate <> ''",
    ),
)

INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "retention.disposed_have_no_name",
        "RET-02",
        "Nothing personal is left in a record that was disposed of.",
        "SELECT 'patient ' || id FROM patients_patient p WHERE status = 'disposed' AND ("
        " university_id !~ '^GONE-[0-9A-F]{12}$' OR first_name <> 'Person'"
        " OR last_name !~ '^[0-9A-F]{12}$' OR user_id IS NOT NULL OR born_on IS NOT NULL"
        " OR concat(middle_name, suffix, honorific, preferred_name, civil_status, blood_type,"
        " philhealth_number, hmo_name, hmo_number, address_line, barangay, city, province,"
        " postal_code) <> ''"
        " OR EXISTS (SELECT FROM patients_contact_point c WHERE c.patient_id = p.id)"
        " OR EXISTS (SELECT FROM patients_emergency_contact e WHERE e.patient_id = p.id))",
    ),
    Invariant(
        "retention.disposed_have_no_words",
        "RET-02",
        "No reason, answer or objection is left of somebody whose record was disposed of.",
        "SELECT 'appointment ' || a.id FROM scheduling_appointment a"
        " JOIN patients_patient p ON p.id = a.patient_id AND p.status = 'disposed'"
        " WHERE concat(a.reason, a.ended_reason, a.override_reason) <> '' OR EXISTS (SELECT FROM"
        " scheduling_booking_answers b WHERE b.appointment_id = a.id) OR EXISTS (SELECT FROM"
        " scheduling_appointment_event e WHERE e.appointment_id = a.id AND e.reason <> '')"
        " UNION ALL SELECT 'visit ' || v.id FROM visits_visit v"
        " JOIN patients_patient p ON p.id = v.patient_id AND p.status = 'disposed'"
        " WHERE concat(v.reason, v.ended_reason) <> '' OR EXISTS (SELECT FROM"
        " visits_event e WHERE e.visit_id = v.id AND e.reason <> '')",
    ),
    Invariant(
        "retention.disposed_do_not_come_back",
        "RET-02",
        "Nobody who was disposed of has an open booking or visit.",
        "SELECT 'appointment ' || a.id FROM scheduling_appointment a"
        " JOIN patients_patient p ON p.id = a.patient_id AND p.status = 'disposed'"
        " WHERE a.status IN ('pending', 'confirmed', 'checked-in', 'in-progress')"
        " UNION ALL SELECT 'visit ' || v.id FROM visits_visit v"
        " JOIN patients_patient p ON p.id = v.patient_id AND p.status = 'disposed'"
        " WHERE v.ended_at IS NULL",
    ),
    Invariant(
        "retention.holds_beat_disposal",
        "RET-02",
        "Nobody who was disposed of is under a hold.",
        "SELECT 'hold ' || h.id FROM retention_hold h"
        " JOIN patients_patient p ON p.id = h.patient_id AND p.status = 'disposed'"
        " WHERE h.lifted_at IS NULL",
    ),
    Invariant(
        "retention.lists_have_two_approvers",
        "RET-02",
        "Every list that is carried out was approved by two people, neither of whom drew it up.",
        "SELECT 'list ' || id FROM retention_disposal WHERE status IN"
        " ('approved', 'running', 'done') AND (first_approver_id IS NULL"
        " OR second_approver_id IS NULL OR first_approver_id = second_approver_id"
        " OR drafted_by_id IN (first_approver_id, second_approver_id))",
    ),
    Invariant(
        "retention.lists_add_up",
        "RET-02",
        "The numbers of a list that is done are those of its lines, and nobody is left to do.",
        "SELECT 'list ' || d.id FROM retention_disposal d LEFT JOIN (SELECT disposal_id,"
        " count(*) FILTER (WHERE outcome = 'disposed') AS disposed,"
        " count(*) FILTER (WHERE outcome = 'left-out') AS left_out, count(*) AS people"
        " FROM retention_item GROUP BY disposal_id) i ON i.disposal_id = d.id"
        " WHERE d.status = 'done' AND (d.disposed, d.left_out, d.people) IS DISTINCT FROM"
        " (coalesce(i.disposed, 0), coalesce(i.left_out, 0), coalesce(i.people, 0))"
        " OR d.status = 'done' AND d.disposed + d.left_out <> d.people",
    ),
    Invariant(
        "retention.disposed_lines_have_disposed_records",
        "RET-02",
        "The record of every line that was disposed of is without a name.",
        "SELECT 'line ' || i.id FROM retention_item i JOIN patients_patient p"
        " ON p.id = i.patient_id WHERE i.outcome = 'disposed' AND p.status <> 'disposed'",
    ),
)

# What is held about a person (DPA-02).
HOLDINGS: tuple[Holding, ...] = (
    Holding(
        "retention.holds",
        "Orders to keep your records",
        ("retention_hold",),
        "SELECT placed_at, lifted_at FROM retention_hold WHERE patient_id = :patient ORDER BY id",
    ),
    Holding(
        "retention.lists",
        "Lists of old records with yours on them",
        ("retention_item",),
        "SELECT kept_until, why, outcome, settled_at FROM retention_item WHERE patient_id ="
        " :patient ORDER BY id",
    ),
)
