"""Who is due, holds, lists and their two approvers (RET-01, RET-02)."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.infra.outbox import JobName, OutboxJob
from app.kernel import clock
from app.kernel.errors import Forbidden
from app.notifications.models import Communication
from app.retention import errors, queries, services
from app.retention.rules import DisposalStatus
from tests.factories.patients import create_patient
from tests.factories.retention import (
    REASON,
    SECOND,
    drawn_up,
    give_birth_dates,
    long_after,
    open_second_officer,
    person,
    visited,
)
from tests.factories.scheduling import SYSTEM
from tests.people import PEOPLE, Person

CHANGE, REMOVAL = "UPDATE {} SET {}", "DELETE FROM {}"
BECAUSE = "The court asked us to keep it"


@pytest.fixture
def old_clinic(clinic, db):
    """Sam and Eve had a consultation; seven years and more go by."""
    open_second_officer()
    visited(PEOPLE.sam)
    visited(PEOPLE.eve, "09:20")
    give_birth_dates()
    with long_after():
        yield db


def test_the_list_has_everybody_who_is_due_and_says_why(old_clinic):
    create_patient("20259003", "Newly", "Arrived")

    found = drawn_up(PEOPLE.ada.actor)

    page = services.list_page(PEOPLE.pia.actor, disposal_id=found.id)
    assert found.status is DisposalStatus.PROPOSED
    assert [line.name for line in page.lines] == [
        "Dela Cruz, Sam (20259001)",
        "Ñuñez, Eve (20259002)",
    ]
    assert page.lines[0].item.why == (
        "Kept until 2033-11-23: outpatient records 7 years after the last consultation"
        " on 2026-11-23."
    )
    assert services.overview(PEOPLE.ada.actor).under_way == found


def test_a_list_is_searched_and_shown_page_by_page(old_clinic):
    found = drawn_up(PEOPLE.ada.actor)

    def names(words: str) -> list[str]:
        page = services.list_page(PEOPLE.ada.actor, disposal_id=found.id, text=words)
        return [line.name for line in page.lines]

    assert names("nune") == ["Ñuñez, Eve (20259002)"]
    assert names("20259001") == ["Dela Cruz, Sam (20259001)"]
    assert names("xx") == []
    assert services.list_page(PEOPLE.ada.actor, disposal_id=found.id, page=1).lines == []


def test_minors_people_under_hold_staff_and_those_with_open_matters_are_not_on_it(old_clinic):
    with clock.pretend(datetime(2026, 12, 1, tzinfo=UTC)):
        minor = create_patient("20259004", "Young", "One", born_on=date(2012, 1, 1))
        create_patient("20259005", "No", "Birthday")
        staff = create_patient("DOC902", "Dino", "Cabahug", born_on=date(1980, 1, 1))
    services.place_hold(PEOPLE.pia.actor, patient_id=person("20259001"), reason=BECAUSE)
    old_clinic.execute(
        text("UPDATE scheduling_appointment SET status = 'confirmed' WHERE patient_id = :eve"),
        {"eve": person("20259002")},
    )

    found = drawn_up(PEOPLE.ada.actor)

    assert found.people == 0
    for key, why in (
        ("20259001", "under a hold"),
        ("20259002", "An appointment is not over"),
        ("20259004", "after coming of age"),
        ("20259005", "no birth date is known"),
        ("DOC902", "works for the clinic"),
    ):
        page = services.person_page(PEOPLE.pia.actor, university_id=key)
        assert why in page.verdict.sentence
        assert not page.verdict.is_due
    assert minor != staff


def test_an_empty_list_is_not_approved_and_can_be_withdrawn(old_clinic):
    services.place_hold(PEOPLE.pia.actor, patient_id=person("20259001"), reason=BECAUSE)
    services.place_hold(PEOPLE.pia.actor, patient_id=person("20259002"), reason=BECAUSE)
    found = drawn_up(PEOPLE.ada.actor)

    with pytest.raises(errors.NothingToDispose):
        services.approve_list(PEOPLE.pia.actor, disposal_id=found.id, list_hash=found.list_hash)
    services.withdraw_list(PEOPLE.pia.actor, disposal_id=found.id, reason=BECAUSE)

    assert drawn_up(PEOPLE.pia.actor).id > found.id


def test_one_list_at_a_time(old_clinic):
    drawn_up(PEOPLE.ada.actor)

    with pytest.raises(errors.ListUnderWay):
        services.request_list(PEOPLE.pia.actor, reason=REASON)


def test_two_others_approve_and_then_a_worker_is_told(old_clinic):
    """RET-02."""
    found = drawn_up(PEOPLE.ada.actor)

    def approve(who: Person) -> DisposalStatus:
        return services.approve_list(who.actor, disposal_id=found.id, list_hash=found.list_hash)

    with pytest.raises(errors.NeedsOtherPerson, match="You drew up"):
        approve(PEOPLE.ada)
    with pytest.raises(errors.NeedsOtherPerson, match="Only people"):
        services.approve_list(SYSTEM, disposal_id=found.id, list_hash=found.list_hash)
    assert approve(PEOPLE.pia) is DisposalStatus.PROPOSED
    with pytest.raises(errors.NeedsOtherPerson, match="already"):
        approve(PEOPLE.pia)
    assert approve(SECOND) is DisposalStatus.APPROVED
    with pytest.raises(errors.NotNow):
        approve(SECOND)

    job = old_clinic.scalars(
        select(OutboxJob).where(OutboxJob.name == JobName.CARRY_OUT_DISPOSAL)
    ).one()
    assert job.payload == {"disposal_id": found.id}


def test_another_list_than_the_one_looked_at_is_not_approved(old_clinic):
    found = drawn_up(PEOPLE.ada.actor)

    with pytest.raises(errors.ListChanged):
        services.approve_list(PEOPLE.pia.actor, disposal_id=found.id, list_hash="0" * 64)


def test_the_database_itself_wants_two_others(old_clinic):
    found = drawn_up(PEOPLE.ada.actor)

    with pytest.raises(IntegrityError, match="approved_by_two"):
        old_clinic.execute(
            text("UPDATE retention_disposal SET status = 'approved' WHERE id = :id"),
            {"id": found.id},
        )
    old_clinic.rollback()
    with pytest.raises(IntegrityError, match="two_others_approve"):
        old_clinic.execute(text("UPDATE retention_disposal SET first_approver_id = drafted_by_id"))


def test_nobody_is_added_to_a_list_that_was_proposed(old_clinic):
    found = drawn_up(PEOPLE.ada.actor)

    with pytest.raises(DBAPIError, match="is closed"):
        old_clinic.execute(
            text(
                "INSERT INTO retention_item (disposal_id, patient_id, kept_until, why)"
                " VALUES (:id, 1, '2020-01-01', '')"
            ),
            {"id": found.id},
        )


def test_a_list_without_approval_is_not_carried_out(old_clinic):
    found = drawn_up(PEOPLE.ada.actor)

    with pytest.raises(errors.NotNow):
        services.carry_out(SYSTEM, disposal_id=found.id)


def test_a_hold_keeps_its_history(old_clinic):
    sam = person("20259001")
    hold_id = services.place_hold(PEOPLE.pia.actor, patient_id=sam, reason=BECAUSE)

    services.lift_hold(PEOPLE.ada.actor, hold_id=hold_id, reason="The case was closed")

    page = services.person_page(PEOPLE.pia.actor, university_id="20259001")
    assert page.open_holds == []
    past = page.past_holds[0]
    assert (past.placed_by, past.lifted_by) == ("Pia Go", "Ada Reyes")
    assert services.held_people(PEOPLE.ada.actor, is_open=False)[0].university_id == "20259001"
    with pytest.raises(errors.HoldIsOver):
        services.lift_hold(PEOPLE.ada.actor, hold_id=hold_id, reason="The case was closed")
    with pytest.raises(errors.UnknownHold):
        services.lift_hold(PEOPLE.ada.actor, hold_id=999, reason="The case was closed")
    with pytest.raises(errors.ReasonTooShort):
        services.place_hold(PEOPLE.pia.actor, patient_id=sam, reason="because")


def test_the_database_refuses_to_dispose_of_somebody_under_a_hold(old_clinic):
    """RET-02: whoever asks."""
    sam = person("20259001")
    services.place_hold(PEOPLE.pia.actor, patient_id=sam, reason=BECAUSE)

    with pytest.raises(IntegrityError, match="is under a hold"):
        old_clinic.execute(
            text("UPDATE patients_patient SET status = 'disposed' WHERE id = :id"), {"id": sam}
        )


@pytest.mark.parametrize("name", ["scheduling_appointment_event", "visits_event"])
@pytest.mark.parametrize(
    "change",
    ["reason = ''", "actor_name = 'Somebody else'", "reason = 'rewritten'", "to_status = 'left'"],
)
def test_the_history_of_everybody_else_stays_append_only(old_clinic, name, change):
    """SCH-07: only the words of the disposed may be taken out of it."""
    with pytest.raises(DBAPIError, match="never changed or removed"):
        old_clinic.execute(text(CHANGE.format(name, change)))


@pytest.mark.parametrize("name", ["retention_hold", "retention_item", "retention_disposal"])
def test_holds_and_lists_are_never_removed(old_clinic, name):
    with pytest.raises(DBAPIError, match="never changed or removed"):
        old_clinic.execute(text(REMOVAL.format(name)))


@pytest.mark.parametrize("who", [PEOPLE.rosa, PEOPLE.dana, PEOPLE.sam], ids=lambda one: one.role)
def test_nobody_else_has_a_say(old_clinic, who):
    for use_case in (
        lambda actor: services.overview(actor),
        lambda actor: services.request_list(actor, reason=REASON),
        lambda actor: services.list_page(actor, disposal_id=1),
        lambda actor: services.disposal_state(actor, disposal_id=1),
        lambda actor: services.approve_list(actor, disposal_id=1, list_hash=""),
        lambda actor: services.withdraw_list(actor, disposal_id=1, reason=REASON),
        lambda actor: services.carry_out(actor, disposal_id=1),
        lambda actor: services.draw_up(actor, disposal_id=1),
        lambda actor: services.certificate_file(actor, disposal_id=1, kind="pdf"),
        lambda actor: services.reapply_disposals(actor),
        lambda actor: services.place_hold(actor, patient_id=1, reason=BECAUSE),
        lambda actor: services.lift_hold(actor, hold_id=1, reason=BECAUSE),
        lambda actor: services.held_people(actor),
        lambda actor: services.person_page(actor, university_id="20259001"),
    ):
        with pytest.raises(Forbidden):
            use_case(who.actor)


def test_a_machine_draws_up_nothing(old_clinic):
    with pytest.raises(errors.NeedsOtherPerson):
        services.request_list(SYSTEM, reason=REASON)


def test_those_who_may_approve_are_told_but_not_the_one_who_drew_it_up(old_clinic):
    found = drawn_up(PEOPLE.ada.actor)

    told = select(Communication).where(Communication.event == "retention.proposed")
    rows = old_clinic.scalars(told).all()

    assert {row.recipient_name for row in rows} == {"Pia Go", "Paz Uy"}
    assert {row.link for row in rows} == {f"/retention/{found.id}/"}
    assert not [row for row in rows if "Dela Cruz" in str(row.params) + row.subject]  # NOT-02


def test_a_list_that_is_too_long_is_cut_and_says_so(old_clinic, monkeypatch):
    monkeypatch.setattr("app.retention.rules.LONGEST_LIST", 1)

    found = drawn_up(PEOPLE.ada.actor)

    assert (found.people, found.is_cut) == (1, True)


def test_a_list_that_was_withdrawn_meanwhile_stays_so(old_clinic):
    disposal_id = services.request_list(PEOPLE.ada.actor, reason=REASON)
    services.withdraw_list(PEOPLE.ada.actor, disposal_id=disposal_id, reason=BECAUSE)

    services.draw_up(SYSTEM, disposal_id=disposal_id)

    assert queries.known_disposal(disposal_id).status is DisposalStatus.WITHDRAWN
    with pytest.raises(errors.NotNow):
        services.withdraw_list(PEOPLE.ada.actor, disposal_id=disposal_id, reason=BECAUSE)
