"""The control's table: one exclusion constraint of the kind that the product uses."""

CONTROL_TABLE = """
CREATE TABLE IF NOT EXISTS bench_claim (
  id bigserial PRIMARY KEY, resource_id bigint NOT NULL,
  starts_at timestamptz NOT NULL, ends_at timestamptz NOT NULL,
  EXCLUDE USING gist (int8range(resource_id, resource_id, '[]') WITH &&,
                      tstzrange(starts_at, ends_at, '[)') WITH &&))
"""
