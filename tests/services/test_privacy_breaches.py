"""The register of breaches: countdown, decision, notices, people concerned (DPA-01, DPA-03)."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from app.kernel import clock
from app.kernel.errors import Forbidden
from app.notifications.models import Communication
from app.privacy import errors, queries, services
from app.privacy.rules import Addressee, BreachKind, BreachStatus
from app.privacy.services import Facts, ScopeDraft, register
from app.security.models import AuditEvent
from tests.factories.privacy import BECAUSE, GRAVE, HARMLESS, NATURE, asked, leaked
from tests.factories.retention import visited
from tests.factories.scheduling import SYSTEM
from tests.people import PEOPLE

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def told(breach_id: int, *to: Addressee) -> BreachStatus:
    """Notices leave; the state after them."""
    for one in to:
        services.record_notice(PEOPLE.pia.actor, breach_id=breach_id, to=one)
    return queries.known_breach(breach_id).status


def test_the_countdown_begins_with_the_detection(clinic, db):
    """DPA-03."""
    breach_id = leaked(detected_at=clock.now() - 10 * HOUR)

    page = services.breach_page(PEOPLE.pia.actor, breach_id=breach_id)

    assert page.line.left is not None
    assert page.line.left.sentence == "62 h 00 min left"
    assert [line.words for line in page.log] == ["Entered; the 72 hours are running."]


def test_a_breach_is_notified_when_both_were_told(clinic, db):
    """DPA-01."""
    breach_id = leaked(GRAVE)

    assert told(breach_id, Addressee.COMMISSION) is BreachStatus.OPEN
    assert told(breach_id, Addressee.PERSONS) is BreachStatus.NOTIFIED
    with pytest.raises(errors.NotNow):
        told(breach_id, Addressee.PERSONS)
    services.close_breach(PEOPLE.pia.actor, breach_id=breach_id, lessons=BECAUSE)

    page = services.breach_page(PEOPLE.pia.actor, breach_id=breach_id)
    assert page.line.left is None
    assert page.line.breach.lessons == BECAUSE
    assert page.log[0].words == f"Closed: {BECAUSE}"
    with pytest.raises(errors.NotNow):
        services.close_breach(PEOPLE.pia.actor, breach_id=breach_id, lessons=BECAUSE)


def test_a_notice_left_after_the_detection_and_not_in_the_future(clinic, db):
    breach_id = leaked()
    for odd in (clock.now() - HOUR, clock.now() + HOUR):
        with pytest.raises(errors.OddValue):
            services.record_notice(
                PEOPLE.pia.actor, breach_id=breach_id, to=Addressee.PERSONS, told_at=odd
            )


def test_a_breach_that_must_be_notified_is_not_kept_quiet(clinic, db):
    """DPA-01."""
    pia = PEOPLE.pia.actor
    with pytest.raises(errors.MustNotify):
        services.keep_quiet(pia, breach_id=leaked(GRAVE), reason=BECAUSE)
    with pytest.raises(errors.NotJudged):
        services.keep_quiet(pia, breach_id=leaked(), reason=BECAUSE)
    harmless = leaked(HARMLESS)
    with pytest.raises(errors.NotNow, match="before you close"):
        services.close_breach(pia, breach_id=harmless, lessons=BECAUSE)

    services.keep_quiet(pia, breach_id=harmless, reason=BECAUSE)

    found = queries.known_breach(harmless)
    assert (found.status, found.decision) == (BreachStatus.NOT_NOTIFIABLE, BECAUSE)


def test_a_decision_is_open_again_when_more_is_known(clinic, db):
    """DPA-01: what is known now asks for a notice."""
    pia, breach_id = PEOPLE.pia.actor, leaked(HARMLESS)
    services.keep_quiet(pia, breach_id=breach_id, reason=BECAUSE)

    services.change_facts(
        pia, breach_id=breach_id, facts=Facts(nature=NATURE, persons=5, judgement=GRAVE)
    )

    assert queries.known_breach(breach_id).status is BreachStatus.OPEN
    words = queries.entries(breach_id=breach_id)[0].words
    assert words == (
        "Changed: the number of people, whether somebody got it, whether there is a real risk."
    )


def test_what_makes_no_sense_is_refused(clinic, db):
    pia = PEOPLE.pia.actor
    with pytest.raises(errors.OddValue):
        leaked(detected_at=clock.now() + HOUR)
    breach_id = leaked(HARMLESS)
    for facts in (Facts(nature="short"), Facts(nature=NATURE, persons=-1)):
        with pytest.raises(errors.OddValue):
            services.change_facts(pia, breach_id=breach_id, facts=facts)
    for use_case in (
        lambda: services.breach_page(pia, breach_id=999),
        lambda: services.close_breach(pia, breach_id=999, lessons=BECAUSE),
    ):
        with pytest.raises(errors.UnknownBreach):
            use_case()
    services.keep_quiet(pia, breach_id=breach_id, reason=BECAUSE)
    services.close_breach(pia, breach_id=breach_id, lessons=BECAUSE)
    with pytest.raises(errors.NotNow):
        services.change_facts(pia, breach_id=breach_id, facts=Facts(nature=NATURE))
    services.add_breach_note(pia, breach_id=breach_id, words="The list was found again.")


def test_the_people_concerned_are_found_in_the_trail_by_account_and_time(clinic, db):
    """DPA-03: the affected list is computed from the audit trail."""
    visited(PEOPLE.sam)
    visited(PEOPLE.eve, "09:20")
    breach_id = leaked()
    with pytest.raises(errors.NoScope):
        services.affected_page(PEOPLE.pia.actor, breach_id=breach_id)

    services.set_scope(
        PEOPLE.pia.actor, breach_id=breach_id, draft=ScopeDraft(account=PEOPLE.rosa.email)
    )

    page = services.affected_page(PEOPLE.pia.actor, breach_id=breach_id)
    assert [line.university_id for line in page.lines] == ["20259001", "20259002"]
    assert page.count.people == 2
    assert any(action.startswith("visits:") for action in page.lines[0].touched.actions)
    shown = services.breach_page(PEOPLE.pia.actor, breach_id=breach_id)
    assert shown.account == "Rosa Peñaflor (STAFF901)"
    assert shown.found == page.count
    since = clock.now() + 2 * HOUR + timedelta(minutes=10)  # between the two arrivals
    draft = ScopeDraft(account="STAFF901", since=since, until=since + DAY)
    services.set_scope(PEOPLE.pia.actor, breach_id=breach_id, draft=draft)
    page = services.affected_page(PEOPLE.pia.actor, breach_id=breach_id)
    assert [line.university_id for line in page.lines] == ["20259002"]
    assert services.affected_page(PEOPLE.pia.actor, breach_id=breach_id, page=1).lines == []


def test_the_people_concerned_are_found_by_one_record(clinic, db):
    visited(PEOPLE.eve)
    number = visited(PEOPLE.sam, "09:20")
    line = db.scalars(
        select(AuditEvent).where(
            AuditEvent.object_type == "Appointment", AuditEvent.object_id == str(number)
        )
    ).first()
    assert line is not None
    breach_id = leaked()

    services.set_scope(
        PEOPLE.pia.actor,
        breach_id=breach_id,
        draft=ScopeDraft(object_type="Appointment", object_id=str(number)),
    )

    found = services.export_affected(PEOPLE.pia.actor, breach_id=breach_id)
    assert [one.university_id for one in found] == ["20259001"]
    exported = db.scalars(
        select(AuditEvent).where(AuditEvent.action == "privacy:breach:export")
    ).one()
    assert exported.details == {"people": 1}


def test_a_search_needs_something_to_look_for(clinic, db, monkeypatch):
    pia, breach_id = PEOPLE.pia.actor, leaked()
    for draft in (ScopeDraft(), ScopeDraft(object_type="Appointment")):
        with pytest.raises(errors.NoScope):
            services.set_scope(pia, breach_id=breach_id, draft=draft)
    with pytest.raises(errors.OddValue):
        services.set_scope(pia, breach_id=breach_id, draft=ScopeDraft(account="nobody"))
    turned = ScopeDraft(account="STAFF901", since=clock.now(), until=clock.now() - DAY)
    with pytest.raises(errors.OddValue):
        services.set_scope(pia, breach_id=breach_id, draft=turned)
    visited(PEOPLE.sam)
    services.set_scope(pia, breach_id=breach_id, draft=ScopeDraft(account="STAFF901"))
    monkeypatch.setattr(register, "MOST_EXPORTED", 0)
    with pytest.raises(errors.RegisterIsFull):
        services.export_affected(pia, breach_id=breach_id)


def test_the_drafts_have_nature_data_measures_and_contact(clinic, db):
    """DPA-01."""
    breach_id = leaked(GRAVE)
    services.change_facts(
        PEOPLE.pia.actor,
        breach_id=breach_id,
        facts=Facts(
            nature=NATURE,
            data_involved="Names & telephone numbers",
            measures="The list was taken back.",
            contact="Pia Go, 032 253 1000",
            judgement=GRAVE,
        ),
    )

    for to in Addressee:
        text_ = services.notice(PEOPLE.pia.actor, breach_id=breach_id, to=to)
        for words in (NATURE, "Names & telephone", "was taken back", "Pia Go, 032"):
            assert words in text_, to
    draft = services.notice(PEOPLE.pia.actor, breach_id=breach_id, to=Addressee.COMMISSION)
    assert "National Privacy Commission" in draft
    assert "Real risk of serious harm: yes" in draft


def test_an_exercise_says_so_in_its_drafts(clinic, db):
    breach_id = leaked(is_exercise=True)

    for to in Addressee:
        assert "EXERCISE" in services.notice(PEOPLE.pia.actor, breach_id=breach_id, to=to)


def test_the_year_is_summarised(clinic, db):
    """DPA-01."""
    told(leaked(GRAVE, detected_at=clock.now() - 80 * HOUR), *Addressee)
    told(leaked(GRAVE), *Addressee)
    leaked(kind=BreachKind.INTEGRITY)
    leaked(is_exercise=True)
    leaked(detected_at=clock.now() - 400 * DAY)

    page = services.year_page(PEOPLE.pia.actor)

    assert (page.year, page.exercises, page.still_open) == (2026, 1, 1)
    taken, changed, lost = page.lines
    assert (taken.breaches, taken.notified, taken.in_time, taken.persons) == (2, 2, 1, 8)
    assert (changed.breaches, changed.notified, lost.breaches) == (1, 0, 0)
    assert services.year_page(PEOPLE.pia.actor, year=2025).lines[0].breaches == 1
    assert services.year_page(PEOPLE.pia.actor, year=99999).year == 2026


def test_those_who_must_act_are_told_once_when_a_day_is_left_and_when_it_is_over(clinic, db):
    """DPA-03, NOT-01, NOT-02."""
    start = clock.now()
    breach_id = leaked(GRAVE)

    def after(hours: int) -> list[tuple[str, str]]:
        with clock.pretend(start + hours * HOUR):
            services.watch_clocks(SYSTEM)
            services.watch_clocks(SYSTEM)
        rows = db.execute(
            select(Communication.event, Communication.channel)
            .where(
                Communication.entity == f"breach/{breach_id}",
                Communication.recipient_name == "Pia Go",
            )
            .order_by(Communication.id)
        )
        return [(event, channel) for event, channel in rows]

    short = [("privacy.breach_short", "in-app"), ("privacy.breach_short", "email")]
    over = [("privacy.breach_over", "in-app"), ("privacy.breach_over", "email")]
    assert after(47) == []
    assert after(48) == short
    assert after(71) == short
    assert after(72) == short + over
    told(breach_id, *Addressee)
    assert after(200) == short + over
    subjects = db.scalars(
        select(Communication.subject).where(Communication.channel == "email")
    ).all()
    assert set(subjects) == {"Something needs your attention"}


def test_a_late_answer_is_told_of_too(clinic, db):
    """DPA-02."""
    request_id = asked()
    with clock.pretend(clock.now() + 31 * DAY):
        assert services.watch_clocks(SYSTEM) == 1

    told_of = db.scalars(
        select(Communication.entity).where(Communication.event == "privacy.request_late")
    ).all()
    assert set(told_of) == {f"request/{request_id}"}


def test_a_banner_stands_on_every_page_while_a_countdown_runs(clinic, db):
    """DPA-03."""
    pia = PEOPLE.pia.actor
    assert services.breach_warning(pia) == ""
    breach_id = leaked(GRAVE, detected_at=clock.now() - 60 * HOUR)
    assert services.breach_warning(pia) == (
        f"Breach {breach_id} must be decided on: 12 hours are left to notify it."
    )
    leaked(detected_at=clock.now() - 80 * HOUR)
    assert services.breach_warning(pia) == "2 breaches must be decided on: the 72 hours are over."
    assert services.breach_warning(PEOPLE.rosa.actor) == ""


def test_the_register_has_quick_filters_and_pages(clinic, db):
    open_one, over = leaked(), leaked(HARMLESS, detected_at=clock.now() - DAY)
    services.keep_quiet(PEOPLE.pia.actor, breach_id=over, reason=BECAUSE)

    def shown(which: str) -> list[int]:
        page = services.breach_list(PEOPLE.pia.actor, which=which)
        assert page.counts == {"open": 2, "undecided": 1, "all": 2}
        return [line.breach.id for line in page.lines]

    assert shown("open") == shown("nonsense") == [open_one, over]
    assert shown("undecided") == [open_one]
    assert services.breach_list(PEOPLE.pia.actor, which="all", page=1).lines == []


def test_the_database_itself_wants_both_notices(clinic, db):
    breach_id = leaked(GRAVE)

    with pytest.raises(IntegrityError, match="notified"):
        db.execute(
            text("UPDATE privacy_breach SET status = 'notified' WHERE id = :id"), {"id": breach_id}
        )


@pytest.mark.parametrize("who", [PEOPLE.rosa, PEOPLE.dana, PEOPLE.sam], ids=lambda one: one.role)
def test_nobody_else_has_a_say(clinic, db, who):
    new = {"title": "A list", "kind": BreachKind.INTEGRITY, "facts": Facts(nature=NATURE)}
    for use_case in (
        lambda actor: services.register_breach(actor, **new),
        lambda actor: services.change_facts(actor, breach_id=1, facts=Facts(nature=NATURE)),
        lambda actor: services.set_scope(actor, breach_id=1, draft=ScopeDraft(account="x")),
        lambda actor: services.record_notice(actor, breach_id=1, to=Addressee.PERSONS),
        lambda actor: services.keep_quiet(actor, breach_id=1, reason=BECAUSE),
        lambda actor: services.close_breach(actor, breach_id=1, lessons=BECAUSE),
        lambda actor: services.add_breach_note(actor, breach_id=1, words=BECAUSE),
        lambda actor: services.breach_list(actor),
        lambda actor: services.breach_page(actor, breach_id=1),
        lambda actor: services.affected_page(actor, breach_id=1),
        lambda actor: services.export_affected(actor, breach_id=1),
        lambda actor: services.notice(actor, breach_id=1, to=Addressee.PERSONS),
        lambda actor: services.year_page(actor),
        lambda actor: services.watch_clocks(actor),
    ):
        with pytest.raises(Forbidden):
            use_case(who.actor)
