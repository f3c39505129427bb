"""Limits per patient, type and provider (SCH-17): one code for listing and for refusing."""

from datetime import date

from app.scheduling.rules.facts import PatientFacts, ProviderFacts, Question


def limit_of_patient(question: Question, day: date) -> str | None:
    """Which limit keeps the patient from another visit that day, as a sentence, or None."""
    patient = question.patient
    if patient is None:
        return None
    of_type, of_all = question.policy, question.patient_limits
    if _is_used_up(patient.open_of_type, of_type.max_open_per_patient):
        return _sentence(of_type.max_open_per_patient, "open of this kind")
    if _is_used_up(patient.open_total, of_all.max_open):
        return _sentence(of_all.max_open, "open at the same time")
    return _limit_of_day(question, patient, day) or _limit_of_week(question, patient, day)


def limit_of_provider(provider: ProviderFacts, day: date) -> str | None:
    """Whether the provider's day is full, as a sentence, or None."""
    if _is_used_up(provider.booked_by_day.get(day, 0), provider.max_per_day):
        return f"{provider.key} takes no more visits that day."
    return None


def week_of(day: date) -> tuple[int, int]:
    """The ISO year and week, the key of counts per week."""
    year, week, _ = day.isocalendar()
    return year, week


def _limit_of_day(question: Question, patient: PatientFacts, day: date) -> str | None:
    of_type, of_all = question.policy.max_per_patient_per_day, question.patient_limits.max_per_day
    if _is_used_up(patient.by_day_of_type.get(day, 0), of_type):
        return _sentence(of_type, "of this kind on one day")
    if _is_used_up(patient.by_day.get(day, 0), of_all):
        return _sentence(of_all, "on one day")
    return None


def _limit_of_week(question: Question, patient: PatientFacts, day: date) -> str | None:
    week = week_of(day)
    of_type, of_all = question.policy.max_per_patient_per_week, question.patient_limits.max_per_week
    if _is_used_up(patient.by_week_of_type.get(week, 0), of_type):
        return _sentence(of_type, "of this kind in one week")
    if _is_used_up(patient.by_week.get(week, 0), of_all):
        return _sentence(of_all, "in one week")
    return None


def _is_used_up(count: int, limit: int | None) -> bool:
    return limit is not None and count >= limit


def _sentence(limit: int | None, which: str) -> str:
    return f"A patient may have at most {limit} {'visit' if limit == 1 else 'visits'} {which}."
