"""The SQL of the scheduling report. Each statement reads the days asked for by an index.

Statuses are counted the way `rules.Outcomes` defines them; visits that were moved or entered in
error are left out everywhere.
"""

from sqlalchemy import text

_OUTCOMES = """
    count(*) FILTER (WHERE status IN ('checked-in', 'in-progress', 'completed')) AS kept,
    count(*) FILTER (WHERE status = 'no-show') AS missed,
    count(*) FILTER (WHERE status = 'left') AS "left",
    count(*) FILTER (WHERE status IN ('cancelled', 'declined')) AS cancelled,
    count(*) FILTER (WHERE is_late_cancellation) AS late,
    count(*) FILTER (WHERE status IN ('pending', 'confirmed')) AS ahead
"""

# One scan for all groups: by type, provider, weekday, lead time in days, and the whole.
OUTCOMES = text(
    f"""
    SELECT t.name AS type, p.name AS provider, weekday, lead, {_OUTCOMES}
    FROM (
      SELECT type_id, practitioner_id, status, is_late_cancellation,
             CAST(extract(isodow FROM starts_at AT TIME ZONE :zone) AS integer) - 1 AS weekday,
             CASE WHEN lead_days < 1 THEN 0 WHEN lead_days < 3 THEN 1 WHEN lead_days < 7 THEN 3
                  WHEN lead_days < 14 THEN 7 WHEN lead_days < 28 THEN 14 ELSE 28 END AS lead
      FROM (
        SELECT *, floor(extract(epoch FROM starts_at - created_at) / 86400) AS lead_days
        FROM scheduling_appointment
        WHERE starts_at >= :since AND starts_at < :until
          AND status NOT IN ('rescheduled', 'entered-in-error')
      ) visit
    ) visit
    JOIN scheduling_appointment_type t ON t.id = visit.type_id
    JOIN scheduling_practitioner p ON p.id = visit.practitioner_id
    GROUP BY GROUPING SETS ((t.name), (p.name), (weekday), (lead), ())
    ORDER BY t.name, p.name, weekday, lead
    """  # noqa: S608 - only the constant above is put in
)

HEAT = text(
    """
    SELECT CAST(extract(isodow FROM starts_at AT TIME ZONE :zone) AS integer) - 1 AS weekday,
           CAST(extract(hour FROM starts_at AT TIME ZONE :zone) AS integer) AS hour,
           count(*) AS visits
    FROM scheduling_appointment
    WHERE starts_at >= :since AND starts_at < :until
      AND status NOT IN ('rescheduled', 'entered-in-error', 'cancelled', 'declined')
    GROUP BY 1, 2
    """
)

# Held time of providers, rooms and equipment, cut at the edges of the range.
HELD = text(
    """
    SELECT resource_kind, resource_id,
           sum(extract(epoch FROM least(ends_at, :until) - greatest(starts_at, :since))) / 60
             AS minutes
    FROM scheduling_claim
    WHERE active AND resource_kind <> 2 AND block_id IS NULL AND hold_id IS NULL
      AND starts_at > :reach AND starts_at < :until AND ends_at > :since
    GROUP BY resource_kind, resource_id
    """
)

RESOURCES = text("SELECT id, kind, name FROM scheduling_resource WHERE is_active ORDER BY name, id")

# How long people waited from their arrival until they were seen, and how long they were seen.
# Visits that were entered late from paper count, but their rounded times are left out.
WAITS = text(
    """
    SELECT t.name AS type, count(*) AS visits,
           count(*) FILTER (WHERE v.appointment_id IS NULL) AS walk_ins,
           count(*) FILTER (WHERE v.entered_late_at IS NOT NULL) AS late_entries,
           percentile_cont(0.5) WITHIN GROUP (
             ORDER BY extract(epoch FROM v.started_at - greatest(v.arrived_at, v.due_at)) / 60
           ) FILTER (WHERE v.entered_late_at IS NULL) AS median_wait,
           percentile_cont(0.9) WITHIN GROUP (
             ORDER BY extract(epoch FROM v.started_at - greatest(v.arrived_at, v.due_at)) / 60
           ) FILTER (WHERE v.entered_late_at IS NULL) AS long_wait,
           percentile_cont(0.5) WITHIN GROUP (
             ORDER BY extract(epoch FROM v.ended_at - v.started_at) / 60
           ) FILTER (WHERE v.ended_at IS NOT NULL AND v.entered_late_at IS NULL)
             AS median_length
    FROM visits_visit v
    JOIN scheduling_appointment_type t ON t.id = v.type_id
    WHERE v.on_date BETWEEN :first AND :last AND v.started_at IS NOT NULL AND v.status <> 'void'
    GROUP BY t.name
    ORDER BY t.name
    """
)
