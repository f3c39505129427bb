"""Rooms and equipment, what a type of visit needs of them, and when they cannot be used."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.infra.columns import Instant, Key
from app.infra.db import Base


class Resource(Base):
    """A room (kind 3) or a piece of equipment (kind 4) that a visit may claim (SCH-01).

    `category` is what types of visits ask for, such as "dental chair"; resources of one
    category stand in for each other. An empty `campus` means that it goes anywhere.
    """

    __tablename__ = "scheduling_resource"
    __table_args__ = (
        CheckConstraint("kind IN (3, 4)", name="kind"),
        CheckConstraint("category <> '' AND code <> '' AND name <> ''", name="named"),
        Index("uq_scheduling_resource_code", text("lower(code)"), unique=True),
        Index("ix_scheduling_resource_category", "category"),
    )

    id: Mapped[Key]
    kind: Mapped[int] = mapped_column(SmallInteger)
    category: Mapped[str] = mapped_column(String(40))
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(80))
    campus: Mapped[str] = mapped_column(String(60), server_default="")
    is_active: Mapped[bool] = mapped_column(server_default="true")

    def __repr__(self) -> str:
        return self.name


class TypeNeed(Base):
    """How many resources of one category a type of visit needs (SCH-13)."""

    __tablename__ = "scheduling_type_need"
    __table_args__ = (CheckConstraint("quantity BETWEEN 1 AND 20", name="quantity"),)

    type_id: Mapped[int] = mapped_column(
        ForeignKey("scheduling_appointment_type.id"), primary_key=True
    )
    category: Mapped[str] = mapped_column(String(40), primary_key=True)
    quantity: Mapped[int] = mapped_column(server_default="1")


class ResourceBlock(Base):
    """A time when a resource is repaired, cleaned or lent; it claims the resource itself."""

    __tablename__ = "scheduling_resource_block"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="not_empty"),
        Index("ix_scheduling_resource_block_resource_id", "resource_id", "starts_at"),
    )

    id: Mapped[Key]
    resource_id: Mapped[int] = mapped_column(ForeignKey("scheduling_resource.id"))
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    note: Mapped[str] = mapped_column(String(200), server_default="")
    is_active: Mapped[bool] = mapped_column(server_default="true")

    resource: Mapped[Resource] = relationship()
