"""Who sees a patient that chose no provider (SCH-18)."""

from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from app.kernel.clock import local_date
from app.scheduling.rules.facts import ProviderFacts, Slot

LONG_AGO = datetime.min.replace(tzinfo=UTC)


def choose_provider(
    slots: Iterable[Slot], providers: Iterable[ProviderFacts], *, zone: ZoneInfo
) -> list[int]:
    """The practitioner ids of slots at one start, best first, to be tried in turn.

    Least booked that clinic day, then least recently booked (never booked comes first), then
    by key. A slot whose provider is not among `providers` is left out.
    """
    facts = {provider.practitioner_id: provider for provider in providers}

    def burden(slot: Slot) -> tuple[int, datetime, str]:
        provider = facts[slot.practitioner_id]
        booked = provider.booked_by_day.get(local_date(slot.starts_at, zone), 0)
        return booked, provider.last_booked_at or LONG_AGO, provider.key

    known = (slot for slot in slots if slot.practitioner_id in facts)
    return [slot.practitioner_id for slot in sorted(known, key=burden)]
