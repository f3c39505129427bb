"""Requests about somebody's own data: their clock, their log, their end (DPA-02)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.kernel import clock
from app.kernel.errors import Forbidden
from app.privacy import errors, queries, services
from app.privacy.queries import Wanted
from app.privacy.rules import RequestKind, RequestStatus
from app.privacy.services import RequestDraft
from app.privacy.services.forgetting import REMOVED
from app.retention import services as retention
from app.security.models import AuditEvent
from tests.factories.privacy import BECAUSE, WISH, asked, ended, in_work
from tests.factories.retention import (
    LONG_AFTER,
    approved,
    give_birth_dates,
    open_second_officer,
    person,
    visited,
)
from tests.factories.scheduling import SYSTEM
from tests.people import PEOPLE

DAY = timedelta(days=1)
CHANGE, REMOVAL = "UPDATE {} SET {}", "DELETE FROM {}"


def shown(**wanted: object) -> list[int]:
    """The numbers that Pia's list shows."""
    search = str(wanted.pop("text", ""))
    page = services.request_list(PEOPLE.pia.actor, wanted=Wanted(**wanted), text=search)
    return [line.request.id for line in page.lines]


def test_a_request_has_a_clock_that_begins_when_it_was_received(clinic, db):
    """DPA-02: the limit is a setting, 30 days here."""
    received = clock.now() - 3 * DAY

    request_id = asked(received_at=received)

    page = services.request_page(PEOPLE.pia.actor, request_id=request_id)
    assert page.line.clock is not None
    assert page.line.clock.sentence == "27 days left"
    assert page.line.name == "Dela Cruz, Sam"
    assert page.line.request.status is RequestStatus.RECEIVED
    assert [line.words for line in page.log] == ["Entered."]


def test_the_limit_is_a_setting(clinic, app, monkeypatch):
    short = replace(app.config["SETTINGS"], request_answer_days=5)
    monkeypatch.setitem(app.config, "SETTINGS", short)

    page = services.request_page(PEOPLE.pia.actor, request_id=asked())

    assert page.line.clock is not None
    assert page.line.clock.sentence == "5 days left"


def test_a_stranger_may_ask_too(clinic, db):
    request_id = asked(stranger="Ann  Stranger")

    page = services.request_page(PEOPLE.pia.actor, request_id=request_id)

    assert (page.line.name, page.line.university_id) == ("Ann Stranger", "")
    assert shown(text="stranger") == [request_id]


def test_whoever_is_unknown_is_refused_with_a_sentence(clinic, db):
    def draft(**more: object) -> RequestDraft:
        return RequestDraft(kind=RequestKind.ACCESS, wish=WISH, **more)

    pia = PEOPLE.pia.actor
    with pytest.raises(errors.UnknownPerson):
        services.register_request(pia, draft=draft(university_id="20250000"))
    with pytest.raises(errors.NeedsOnePerson):
        services.register_request(pia, draft=draft())
    with pytest.raises(errors.OddValue):
        services.register_request(
            pia, draft=draft(university_id="20259001", received_at=clock.now() + DAY)
        )
    with pytest.raises(errors.UnknownRequest):
        services.request_page(pia, request_id=999)
    with pytest.raises(errors.UnknownRequest):
        services.take_request(pia, request_id=999)


def test_a_request_goes_from_hand_to_hand_and_ends_with_words(clinic, db):
    open_second_officer()
    request_id = in_work()
    with pytest.raises(errors.NotNow):
        services.take_request(PEOPLE.pia.actor, request_id=request_id)
    services.hand_over(PEOPLE.pia.actor, request_id=request_id, to=PEOPLE.ada.user_id)
    services.add_note(PEOPLE.ada.actor, request_id=request_id, words="Asked the registrar.")
    ended(request_id)

    page = services.request_page(PEOPLE.pia.actor, request_id=request_id)
    assert page.line.clock is None
    assert page.line.request.outcome == BECAUSE
    assert [line.words for line in reversed(page.log)] == [
        "Entered.",
        "Pia Go took this request into work.",
        "Handed over to Ada Reyes.",
        "Asked the registrar.",
        f"Answered: {BECAUSE}",
    ]
    with pytest.raises(errors.NotNow):
        ended(request_id, RequestStatus.REFUSED)
    with pytest.raises(errors.NotNow):
        services.hand_over(PEOPLE.pia.actor, request_id=request_id, to=PEOPLE.ada.user_id)
    services.add_note(PEOPLE.pia.actor, request_id=request_id, words="Sent by post.")


def test_a_new_request_is_handed_over_at_once_but_only_to_those_who_may(clinic, db):
    request_id = asked()

    services.hand_over(PEOPLE.pia.actor, request_id=request_id, to=PEOPLE.ada.user_id)

    assert queries.known_request(request_id).assignee == "Ada Reyes"
    assert shown(filter="mine", mine=PEOPLE.ada.user_id) == [request_id]
    with pytest.raises(errors.OddValue):
        services.hand_over(PEOPLE.pia.actor, request_id=request_id, to=PEOPLE.rosa.user_id)


def test_the_list_has_quick_filters_search_order_and_pages(clinic, db):
    old = asked(RequestKind.OBJECTION, PEOPLE.eve, received_at=clock.now() - 40 * DAY)
    new = asked()
    over = in_work(RequestKind.PORTABILITY, PEOPLE.eve)
    ended(over)

    assert shown() == [old, new]
    assert shown(filter="overdue") == [old]
    assert shown(filter="done") == [over]
    assert set(shown(filter="all")) == {old, new, over}
    assert shown(order="received", descending=True) == [new, old]
    assert shown(order="nonsense", filter="nonsense") == [old, new]
    assert shown(text="Dela Cruz") == [new]
    assert shown(text=str(old)) == [old]
    assert shown(text="%") == []
    page = services.request_list(PEOPLE.pia.actor, wanted=Wanted(), page=1)
    assert (page.lines, page.has_next) == ([], False)
    assert page.counts == {"open": 2, "overdue": 1, "mine": 0, "done": 1, "all": 3}


def test_an_erasure_is_refused_while_a_duty_keeps_the_records_and_says_until_when(clinic, db):
    """DPA-02, RET-01."""
    visited(PEOPLE.sam)
    give_birth_dates()
    request_id = in_work(RequestKind.ERASURE)

    page = services.request_page(PEOPLE.pia.actor, request_id=request_id)
    assert page.verdict is not None
    assert "Kept until 2033-11-23" in page.verdict.sentence
    with pytest.raises(errors.KeepingDuty, match="2033-11-23"):
        ended(request_id)
    ended(request_id, RequestStatus.REFUSED)

    outcome = queries.known_request(request_id).outcome
    assert outcome.startswith(f"{BECAUSE} Kept until 2033-11-23")


def test_an_erasure_under_a_hold_is_refused_too(clinic, db):
    """RET-02: a hold beats disposal."""
    visited(PEOPLE.sam)
    give_birth_dates()
    retention.place_hold(PEOPLE.pia.actor, patient_id=person("20259001"), reason=BECAUSE)
    with clock.pretend(LONG_AFTER):
        request_id = in_work(RequestKind.ERASURE)

        with pytest.raises(errors.KeepingDuty, match="under a hold"):
            ended(request_id)


def test_an_erasure_is_answered_after_the_disposal_with_two_approvers(clinic, db):
    """DPA-02, RET-02."""
    open_second_officer()
    visited(PEOPLE.sam)
    give_birth_dates()
    with clock.pretend(LONG_AFTER):
        request_id = in_work(RequestKind.ERASURE)
        with pytest.raises(errors.NotErasedYet):
            ended(request_id)
        retention.carry_out(SYSTEM, disposal_id=approved().id)

        ended(request_id)

        page = services.request_page(PEOPLE.pia.actor, request_id=request_id)
    assert page.line.request.status is RequestStatus.ANSWERED
    assert "Dela Cruz" not in page.line.name


def test_an_erasure_of_a_stranger_has_nothing_to_wait_for(clinic, db):
    request_id = asked(RequestKind.ERASURE, stranger="Ann Stranger")
    services.take_request(PEOPLE.pia.actor, request_id=request_id)

    ended(request_id)

    assert queries.known_request(request_id).status is RequestStatus.ANSWERED


def test_every_look_and_every_step_is_in_the_trail(clinic, db):
    """AUD-01, AUD-03."""
    request_id = in_work()
    services.request_page(PEOPLE.pia.actor, request_id=request_id)
    services.request_list(PEOPLE.pia.actor, wanted=Wanted())

    actions = db.scalars(
        select(AuditEvent.action)
        .where(AuditEvent.object_type == "RightsRequest")
        .order_by(AuditEvent.id)
    ).all()
    assert actions == [
        "privacy:request:register",
        "privacy:request:take",
        "privacy:request:read",
        "privacy:request:list",
    ]


@pytest.mark.parametrize("name", ["privacy_request", "privacy_breach", "privacy_entry"])
def test_nothing_is_removed_from_the_register(clinic, db, name):
    with pytest.raises(DBAPIError, match="never changed or removed"):
        db.execute(text(REMOVAL.format(name)))


def test_the_log_is_append_only(clinic, db):
    asked()

    with pytest.raises(DBAPIError, match="never changed or removed"):
        db.execute(text(CHANGE.format("privacy_entry", "words = 'rewritten'")))


def test_the_database_itself_wants_an_outcome(clinic, db):
    request_id = asked()

    with pytest.raises(IntegrityError, match="ended"):
        db.execute(
            text("UPDATE privacy_request SET status = 'withdrawn' WHERE id = :id"),
            {"id": request_id},
        )


@pytest.mark.parametrize("who", [PEOPLE.rosa, PEOPLE.dana, PEOPLE.sam], ids=lambda one: one.role)
def test_nobody_else_has_a_say(clinic, db, who):
    draft = RequestDraft(kind=RequestKind.ACCESS, wish=WISH, stranger_name="Ann")
    end = {"status": RequestStatus.REFUSED, "outcome": BECAUSE}
    for use_case in (
        lambda actor: services.register_request(actor, draft=draft),
        lambda actor: services.take_request(actor, request_id=1),
        lambda actor: services.hand_over(actor, request_id=1, to=actor.user_id),
        lambda actor: services.add_note(actor, request_id=1, words=BECAUSE),
        lambda actor: services.end_request(actor, request_id=1, **end),
        lambda actor: services.request_list(actor, wanted=Wanted()),
        lambda actor: services.request_page(actor, request_id=1),
    ):
        with pytest.raises(Forbidden):
            use_case(who.actor)


def test_a_long_time_ago_is_another_age(clinic, db):
    with pytest.raises(errors.OddValue):
        asked(received_at=datetime(2020, 1, 1, tzinfo=UTC))


def test_the_words_go_with_the_record_and_the_log_lets_out_no_others(clinic, db):
    """RET-02."""
    open_second_officer()
    visited(PEOPLE.sam)
    give_birth_dates()
    eves = in_work(RequestKind.OBJECTION, PEOPLE.eve)
    retention.place_hold(PEOPLE.pia.actor, patient_id=person("20259002"), reason=BECAUSE)
    with clock.pretend(LONG_AFTER):
        request_id = in_work(RequestKind.ERASURE)
        services.add_note(PEOPLE.pia.actor, request_id=request_id, words="Sam telephoned.")
        assert services.forget_words(SYSTEM) == 0
        retention.carry_out(SYSTEM, disposal_id=approved().id)
        ended(request_id)

        assert services.forget_words(SYSTEM) == 1
        assert services.forget_words(SYSTEM) == 0

    found = queries.known_request(request_id)
    assert (found.wish, found.outcome, found.contact) == (REMOVED, REMOVED, "")
    assert found.status is RequestStatus.ANSWERED
    assert {line.words for line in queries.entries(request_id=request_id)} == {REMOVED}
    assert REMOVED not in {line.words for line in queries.entries(request_id=eves)}
    with pytest.raises(DBAPIError, match="never changed or removed"):
        db.execute(text(CHANGE.format("privacy_entry", f"words = '{REMOVED}'")))


def test_no_name_of_somebody_who_was_disposed_of_stays_in_the_register(clinic, db):
    """RET-02: nor of one who asked in the portal."""
    open_second_officer()
    visited(PEOPLE.sam)
    give_birth_dates()
    request_id = services.ask_for_own_copy(PEOPLE.sam.actor)
    services.take_request(PEOPLE.pia.actor, request_id=request_id)
    services.end_request(
        PEOPLE.pia.actor,
        request_id=request_id,
        status=RequestStatus.ANSWERED,
        outcome="Sam Dela Cruz has the copy.",
    )
    with clock.pretend(LONG_AFTER):
        retention.carry_out(SYSTEM, disposal_id=approved().id)
        services.forget_words(SYSTEM)

    for name in ("privacy_request", "privacy_entry", "privacy_copy"):
        rows = db.scalars(text(f"SELECT CAST(t AS text) FROM {name} t")).all()  # noqa: S608
        assert not [row for row in rows if "Sam" in row or "Dela Cruz" in row], name
