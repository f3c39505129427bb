"""Claims of time that is long over leave the two constraints, which then stay small.

Rules: additive first; works with the previous release; imports nothing from the app. The data is
changed here and not in a revision of its own, so that claims are never without their constraints;
a booking waits meanwhile, some seconds for each 100,000 visits of the past.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# What the previous release changes is guarded again without its doing.
GUARD = """
CREATE FUNCTION scheduling_guard_settled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.settled
     AND (OLD.active, OLD.resource_kind, OLD.resource_id,
          OLD.starts_at, OLD.ends_at, OLD.held_from, OLD.held_until)
     IS DISTINCT FROM
         (NEW.active, NEW.resource_kind, NEW.resource_id,
          NEW.starts_at, NEW.ends_at, NEW.held_from, NEW.held_until) THEN
    NEW.settled := false;
  ELSIF NEW.held_until > now() THEN
    RAISE EXCEPTION 'Time that is not over cannot be settled' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER scheduling_claim_settled BEFORE INSERT OR UPDATE ON scheduling_claim
FOR EACH ROW WHEN (NEW.settled) EXECUTE FUNCTION scheduling_guard_settled()
"""
SETTLE = """
UPDATE scheduling_claim SET settled = true
WHERE NOT settled AND held_until < now() - interval '14 days'
"""
APART = """
ALTER TABLE scheduling_claim ADD CONSTRAINT {name} EXCLUDE USING gist (
  int8range(resource_id, resource_id, '[]') WITH &&,
  int4range(resource_kind, resource_kind, '[]') WITH &&,
  tstzrange({start}, {end}, '[)') WITH &&) WHERE ({where})
"""
AFTER = {"name": "ex_scheduling_claim_after", "start": "starts_at", "end": "held_until"}
BEFORE = {"name": "ex_scheduling_claim_before", "start": "held_from", "end": "ends_at"}


def upgrade() -> None:
    """The constraints are away only inside this transaction."""
    op.add_column(
        "scheduling_claim",
        sa.Column("settled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    _drop_constraints()
    op.execute(SETTLE)
    op.execute(GUARD)
    _keep_apart("active AND NOT settled")


def downgrade() -> None:
    """All claims are guarded again; with a million visits that takes minutes."""
    _drop_constraints()
    _keep_apart("active")
    op.execute("DROP TRIGGER scheduling_claim_settled ON scheduling_claim")
    op.execute("DROP FUNCTION scheduling_guard_settled()")
    op.drop_column("scheduling_claim", "settled")


def _drop_constraints() -> None:
    for one in (AFTER, BEFORE):
        op.drop_constraint(one["name"], "scheduling_claim")


def _keep_apart(where: str) -> None:
    op.execute(APART.format(**AFTER, where=where))
    op.execute(APART.format(**BEFORE, where=f"{where} AND resource_kind <> 2"))
