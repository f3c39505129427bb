"""Whether the clinic and the provider are there for a group session (SCH-04, SCH-12)."""

from app.kernel.actor import Actor
from app.scheduling import rules
from app.scheduling.errors.sessions import SessionOutsideHours
from app.scheduling.permissions import Permission
from app.scheduling.queries import sessions
from app.scheduling.queries.types import BookableType, Provider
from app.scheduling.rules.explain import why_not_open
from app.scheduling.rules.sessions import SessionDraft
from app.scheduling.services import questions


def override_of_hours(
    actor: Actor,
    draft: SessionDraft,
    wanted: BookableType,
    provider: Provider,
    session_id: int | None,
) -> str:
    """Why hours, closures and time off are set aside, or nothing when the session keeps them.

    A change that leaves time and provider alone is not asked again. The caller holds the
    provider's lock. Raises SessionOutsideHours, and Forbidden for those who may not override.
    """
    present = sessions.group_session(session_id) if session_id else None
    if present and (present.period, present.practitioner_id) == (draft.period, provider.id):
        return ""
    question = questions.question(
        wanted,
        (provider,),
        first=questions.day_of(draft.starts_at),
        last=questions.day_of(draft.ends_at),
    )
    reason = why_not_open(question, provider.id, draft.period)
    if reason is None:
        return ""
    if not draft.override_reason:
        raise SessionOutsideHours(reason.sentence)
    actor.require(Permission.OVERRIDE)
    return rules.check_override_reason(draft.override_reason)
