"""The SQL behind every question about free time, written once and compiled once.

Plain statements, because building expressions anew for each booking cost more than running
them. Every value is a bound parameter (INP-01).
"""

from sqlalchemy import text

# The type and who offers it: one row per provider, or one without a provider.
TYPE_AND_PROVIDERS = text(
    """
    SELECT t.*, p.id AS practitioner_id, p.university_id, p.name AS practitioner_name,
           p.user_id, p.max_per_day AS practitioner_max_per_day,
           p.preferred_room_id AS practitioner_preferred_room_id
    FROM scheduling_appointment_type t
    LEFT JOIN scheduling_practitioner p ON p.kind = ANY (t.provider_kinds) AND p.is_active
         AND NOT EXISTS (SELECT 1 FROM scheduling_not_offered_by n
                         WHERE n.practitioner_id = p.id AND n.type_id = t.id)
    WHERE lower(t.code) = :code AND t.is_active
    ORDER BY p.university_id
    """
)

TYPE_BY_ID = text(
    """
    SELECT t.*, p.id AS practitioner_id, p.university_id, p.name AS practitioner_name,
           p.user_id, p.max_per_day AS practitioner_max_per_day,
           p.preferred_room_id AS practitioner_preferred_room_id
    FROM scheduling_appointment_type t
    LEFT JOIN scheduling_practitioner p ON p.kind = ANY (t.provider_kinds) AND p.is_active
         AND NOT EXISTS (SELECT 1 FROM scheduling_not_offered_by n
                         WHERE n.practitioner_id = p.id AND n.type_id = t.id)
    WHERE t.id = :id
    ORDER BY p.university_id
    """
)

# The rooms and equipment that a type takes, none of a category included.
TYPE_NEEDS = text(
    """
    SELECT n.category, n.quantity, r.id, r.kind, r.code, r.name, r.campus
    FROM scheduling_type_need n
    LEFT JOIN scheduling_resource r ON r.category = n.category AND r.is_active
    WHERE n.type_id = :id
    ORDER BY n.category, r.code
    """
)

# Weekly hours, overrides, time off and closures of a window in one go. Spans may run past
# midnight and visits past the window: the caller asks for one day more on each side.
SCHEDULES = text(
    """
    SELECT 'weekly' AS kind, practitioner_id, weekday, valid_from AS first_on,
           valid_to AS last_on, starts, ends, NULL::timestamptz AS starts_at,
           NULL::timestamptz AS ends_at, campus AS label
    FROM scheduling_weekly_hours
    WHERE practitioner_id = ANY (:ids)
      AND (valid_from IS NULL OR valid_from <= :last) AND (valid_to IS NULL OR valid_to >= :first)
    UNION ALL
    SELECT 'override', practitioner_id, NULL, on_date, NULL, starts, ends, NULL, NULL, campus
    FROM scheduling_date_override
    WHERE practitioner_id = ANY (:ids) AND on_date BETWEEN :first AND :last
    UNION ALL
    SELECT 'time off', practitioner_id, NULL, NULL, NULL, NULL, NULL, starts_at, ends_at, note
    FROM scheduling_time_off
    WHERE practitioner_id = ANY (:ids) AND ends_at > :since AND starts_at < :until
    UNION ALL
    SELECT 'closure', NULL, NULL, NULL, NULL, NULL, NULL, starts_at, ends_at, name
    FROM scheduling_closure
    WHERE is_active AND ends_at > :since AND starts_at < :until
    """
)

STAMP = text("SELECT CAST(value AS text) FROM infra_stamp WHERE name = 'schedules'")

# What may stand in the way: the claims of providers, rooms and equipment (lapsed offers left
# out, and what is kept for the patient while a form is filled), the patient's visits (open ones
# ever, and all that hold time in the weeks around the window), and the patient's seats in group
# sessions. With each row comes the stamp that says whether remembered schedules are still good,
# how many points of missed visits count (SCH-35), and the time that is kept for the patient;
# without any, one row has these three alone.
TAKEN = text(
    """
    SELECT CAST(s.value AS text) AS stamp, t.*,
           (SELECT count(*) FROM scheduling_no_show_point
            WHERE patient_id = :patient_id AND expires_at > :now
              AND status IN ('counted', 'contested', 'upheld')) AS points,
           (SELECT id FROM scheduling_hold
            WHERE patient_id = :patient_id AND status = 'open') AS hold_id
    FROM infra_stamp s
    LEFT JOIN (
      SELECT resource_kind, resource_id, appointment_id, starts_at, ends_at,
             held_from, held_until, NULL::integer AS type_id, NULL::varchar AS status
      FROM scheduling_claim
      WHERE active AND resource_kind = 1 AND resource_id = ANY (CAST(:ids AS bigint[]))
        AND starts_at > :since AND starts_at < :until
        AND (expires_at IS NULL OR expires_at > :now AND NOT EXISTS (
             SELECT 1 FROM scheduling_hold h
             WHERE h.id = hold_id AND h.patient_id = :patient_id))
      UNION ALL
      SELECT resource_kind, resource_id, appointment_id, starts_at, ends_at,
             held_from, held_until, NULL, NULL
      FROM scheduling_claim
      WHERE active AND resource_kind IN (3, 4)
        AND resource_id = ANY (CAST(:resources AS bigint[]))
        AND starts_at > :since AND starts_at < :until
        AND (expires_at IS NULL OR expires_at > :now AND NOT EXISTS (
             SELECT 1 FROM scheduling_hold h
             WHERE h.id = hold_id AND h.patient_id = :patient_id))
      UNION ALL
      SELECT NULL, NULL, NULL, starts_at, ends_at, starts_at, ends_at, NULL, NULL
      FROM scheduling_claim
      WHERE active AND resource_kind = 2 AND resource_id = :patient_id AND seat_id IS NOT NULL
        AND starts_at > :since AND starts_at < :until
      UNION ALL
      SELECT NULL, NULL, id, starts_at, ends_at, starts_at, ends_at, type_id, status
      FROM scheduling_appointment
      WHERE patient_id = :patient_id AND status = ANY (:holding)
        AND ((starts_at >= :weeks_since AND starts_at < :weeks_until)
             OR (status = ANY (:open) AND ends_at > :now))
    ) t ON true
    WHERE s.name = 'schedules'
    """
)

# When each provider was last given a visit, each by one look into an index (SCH-18).
LAST_BOOKED = text(
    """
    SELECT p.id, (SELECT created_at FROM scheduling_appointment a
                  WHERE a.practitioner_id = p.id ORDER BY created_at DESC LIMIT 1) AS booked_at
    FROM scheduling_practitioner p WHERE p.id = ANY (:ids)
    """
)

WAS_AWAY = text(
    """
    SELECT EXISTS (SELECT 1 FROM scheduling_time_off
                   WHERE practitioner_id = :practitioner_id
                     AND starts_at < :until AND ends_at > :since)
        OR EXISTS (SELECT 1 FROM scheduling_closure
                   WHERE is_active AND starts_at < :until AND ends_at > :since)
    """
)
