"""Time that is held. What makes a double booking impossible (SCH-01, SCH-02)."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.columns import BigKey, Instant
from app.infra.db import Base

GUARDED = "active AND NOT settled"


def _overlap(name: str, start: str, end: str, where: str) -> ExcludeConstraint:
    """No two active claims of one resource share the time from `start` to `end` (SCH-02).

    Ranges of one number stand in for "equal", which GiST knows only with an extension.
    """
    return ExcludeConstraint(
        (text("int8range(resource_id, resource_id, '[]')"), "&&"),
        (text("int4range(resource_kind, resource_kind, '[]')"), "&&"),
        (text(f"tstzrange({start}, {end}, '[)')"), "&&"),
        using="gist",
        where=text(where),
        name=name,
    )


class Claim(Base):
    """Time that is held of one resource: by a visit, an offer, a group session, a seat in one,
    or a maintenance block (SCH-01).

    Two constraints together keep the larger of both buffers between neighbours (SCH-14): one
    over the visits with the time after them, one over the visits with the time before. They guard
    what is still to come: time that is long over is settled and leaves them (docs/adr/0021).
    """

    __tablename__ = "scheduling_claim"
    __table_args__ = (
        CheckConstraint("resource_kind BETWEEN 1 AND 4", name="resource_kind"),
        CheckConstraint(
            "num_nonnulls(appointment_id, hold_id, session_id, seat_id, block_id) = 1",
            name="one_owner",
        ),
        CheckConstraint("(hold_id IS NOT NULL) = (expires_at IS NOT NULL)", name="holds_expire"),
        CheckConstraint(
            "held_from <= starts_at AND starts_at < ends_at AND ends_at <= held_until",
            name="not_empty",
        ),
        CheckConstraint(
            "resource_kind <> 2 OR (held_from = starts_at AND held_until = ends_at)",
            name="patients_have_no_buffers",
        ),
        _overlap("ex_scheduling_claim_after", "starts_at", "held_until", GUARDED),
        # Without buffers it would say the same again, so patients' claims (2) are left out.
        _overlap(
            "ex_scheduling_claim_before",
            "held_from",
            "ends_at",
            f"{GUARDED} AND resource_kind <> 2",
        ),
        Index("ix_scheduling_claim_appointment_id", "appointment_id"),
        *(
            Index(
                f"ix_scheduling_claim_{owner}",
                owner,
                postgresql_where=text(f"{owner} IS NOT NULL"),
            )
            for owner in ("hold_id", "session_id", "seat_id", "block_id")
        ),
        Index(
            "ix_scheduling_claim_expires_at",
            "expires_at",
            postgresql_where=text("active AND expires_at IS NOT NULL"),
        ),
        Index(
            "ix_scheduling_claim_resource",
            "resource_kind",
            "resource_id",
            "starts_at",
            postgresql_where=text("active"),
        ),
    )

    id: Mapped[BigKey]
    appointment_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("scheduling_appointment.id")
    )
    hold_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("scheduling_hold.id"))
    session_id: Mapped[int | None] = mapped_column(ForeignKey("scheduling_group_session.id"))
    seat_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("scheduling_seat.id"))
    block_id: Mapped[int | None] = mapped_column(ForeignKey("scheduling_resource_block.id"))
    resource_kind: Mapped[int]
    resource_id: Mapped[int] = mapped_column(BigInteger)
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    held_from: Mapped[Instant]
    held_until: Mapped[Instant]
    active: Mapped[bool]
    # Never set for time that is not over; whatever changes is guarded again (a trigger does it).
    settled: Mapped[bool] = mapped_column(server_default=text("false"))
    expires_at: Mapped[Instant | None]
