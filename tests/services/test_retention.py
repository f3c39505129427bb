"""Holds, lists, two approvers, disposal across all domains, certificates (RET-01, RET-02)."""

import json
import re
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select, table, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.infra.outbox import JobName, OutboxJob
from app.integrity.queries import broken_invariants
from app.kernel import clock
from app.kernel.errors import Forbidden
from app.notifications.models import Communication
from app.patients.errors import SearchTooShort, UnknownPatient
from app.patients.queries import patient_card, search_patients
from app.patients.services import deactivate_patient, reactivate_patient
from app.retention import errors, queries, services
from app.retention.models import DisposalItem
from app.retention.rules import DisposalStatus
from app.security.models import AuditEvent
from app.security.queries import user_id_for_login
from tests.factories.patients import create_patient
from tests.factories.retention import (
    REASON,
    SECOND,
    approved,
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


def carried_out() -> queries.DisposalView:
    """The approved list, done."""
    found = approved()
    services.carry_out(SYSTEM, disposal_id=found.id)
    return queries.known_disposal(found.id)


def everything_stored(db) -> str:
    """Every row of every table but the audit trail, as text."""
    names = db.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
    kept = set(names) - {"security_audit_event", "security_audit_seal"}
    rows = [
        str(value)
        for name in sorted(kept)
        for value in db.scalars(select(func.to_jsonb(table(name).table_valued())))
    ]
    return "\n".join(rows)


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


def test_a_list_that_was_changed_after_approval_is_not_carried_out(old_clinic):
    found = approved()
    old_clinic.execute(text("ALTER TABLE retention_item DISABLE TRIGGER USER"))
    old_clinic.execute(text("UPDATE retention_item SET kept_until = '2020-01-01'"))
    old_clinic.commit()

    with pytest.raises(errors.ListChanged):
        services.carry_out(SYSTEM, disposal_id=found.id)


def test_after_the_disposal_nothing_personal_is_stored_anywhere(old_clinic):
    """RET-02: in no table but the sealed audit trail."""
    sam = person("20259001")
    before = everything_stored(old_clinic)
    assert all(word in before for word in ("Sam", "Dela Cruz", "20259001", "cough"))

    done = carried_out()

    after = everything_stored(old_clinic)
    for word in ("Sam", "Dela Cruz", "Eve", "Ñuñez", "20259001", "20259002", "cough"):
        assert not re.search(rf"\b{word}\b", after), word
    assert (done.disposed, done.left_out, done.counts["bookings"]) == (2, 0, 2)
    assert done.counts["visits"] == done.counts["accounts"] == 2
    card = patient_card(sam)
    assert card is not None
    assert (card.is_active, card.university_id[:5], card.email) == (False, "GONE-", "")
    assert user_id_for_login("20259001") is None
    assert broken_invariants(old_clinic.connection()) == []


def test_what_statistics_and_the_trail_need_stays(old_clinic):
    sam = person("20259001")
    carried_out()

    kept = old_clinic.execute(
        text(
            "SELECT a.status, v.status, v.type_id IS NOT NULL FROM scheduling_appointment a"
            " JOIN visits_visit v ON v.appointment_id = a.id WHERE a.patient_id = :sam"
        ),
        {"sam": sam},
    ).one()
    assert tuple(kept) == ("completed", "completed", True)
    told = old_clinic.scalars(select(AuditEvent.action).where(AuditEvent.patient_id == sam)).all()
    assert "retention:person:dispose" in told
    assert "scheduling:appointment:book" in told


def test_a_disposed_person_is_found_nowhere_and_the_id_is_free(old_clinic):
    sam = person("20259001")
    carried_out()
    card = patient_card(sam)
    assert card is not None

    assert search_patients("Dela Cruz") == search_patients("20259001") == []
    assert search_patients(card.university_id) == search_patients(card.full_name[7:]) == []
    for change in (deactivate_patient, reactivate_patient):
        with pytest.raises(UnknownPatient):
            change(PEOPLE.rosa.actor, patient_id=sam)
    with pytest.raises(errors.UnknownPerson):
        services.person_page(PEOPLE.pia.actor, university_id=card.university_id)
    assert create_patient("20259001", "Another", "Student") != sam
    with pytest.raises(SearchTooShort):
        search_patients("x")


def test_messages_to_and_about_them_are_gone(old_clinic):
    assert old_clinic.scalars(select(Communication)).all()

    carried_out()

    assert old_clinic.scalars(select(Communication)).all() == []
    names = old_clinic.scalars(select(OutboxJob.name)).all()
    assert JobName.SEND_MESSAGE not in names


def test_a_hold_that_came_in_between_beats_the_disposal_and_the_certificate_says_so(old_clinic):
    found, sam = approved(), person("20259001")
    services.place_hold(PEOPLE.pia.actor, patient_id=sam, reason=BECAUSE)

    services.carry_out(SYSTEM, disposal_id=found.id)

    done = queries.known_disposal(found.id)
    assert (done.disposed, done.left_out) == (1, 1)
    told = certificate(done)
    assert told["left_out"] == [{"record": sam, "because": "It is under a hold."}]
    assert person("20259001") == sam


def test_somebody_who_came_back_in_between_is_left_out(old_clinic):
    found = approved()
    old_clinic.execute(
        text("UPDATE ab_user SET last_login = '2034-05-31' WHERE username = '20259002'")
    )

    services.carry_out(SYSTEM, disposal_id=found.id)

    told = certificate(queries.known_disposal(found.id))
    assert [line["because"] for line in told["left_out"]] == [
        "Kept until 2041-05-31: outpatient records 7 years after the last activity on 2034-05-31."
    ]


def certificate(done: queries.DisposalView) -> dict:
    """The facts of the signed file."""
    file = services.certificate_file(PEOPLE.pia.actor, disposal_id=done.id, kind="json")
    return services.verified_certificate(file)


def test_the_certificate_tells_what_why_and_who_without_a_name(old_clinic):
    done = carried_out()

    told = certificate(done)

    assert told["people"] == {"listed": 2, "disposed": 2, "left_out": 0}
    assert [one["by"] for one in told["approved"]] == ["Pia Go", "Paz Uy"]
    assert (told["drawn_up"]["by"], told["list_sha256"]) == ("Ada Reyes", done.list_hash)
    assert told["rule"]["years"]["outpatient"] == 7
    words = json.dumps(told)
    assert not [word for word in ("Sam", "Eve", "20259001", "1999") if word in words]
    pdf = services.certificate_file(PEOPLE.pia.actor, disposal_id=done.id, kind="pdf")
    assert pdf.read_bytes()[:4] == b"%PDF"


def test_a_certificate_that_was_changed_is_not_genuine(old_clinic, tmp_path):
    done = carried_out()
    file = services.certificate_file(PEOPLE.pia.actor, disposal_id=done.id, kind="json")
    changed = tmp_path / "changed.json"
    changed.write_text(file.read_text().replace('"disposed": 2', '"disposed": 1'))
    (tmp_path / "other.json").write_text('{"certificate": 1}')

    with pytest.raises(errors.NotACertificate, match="changed"):
        services.verified_certificate(changed)
    with pytest.raises(errors.NotACertificate, match="not a certificate"):
        services.verified_certificate(tmp_path / "other.json")


def test_without_a_list_that_is_done_there_is_no_certificate(old_clinic):
    found = drawn_up(PEOPLE.ada.actor)

    with pytest.raises(errors.NoCertificate):
        services.certificate_file(PEOPLE.pia.actor, disposal_id=found.id, kind="pdf")
    with pytest.raises(errors.UnknownDisposal):
        services.certificate_file(PEOPLE.pia.actor, disposal_id=999, kind="pdf")


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


def test_nobody_comes_back_and_nobody_gone_is_held(old_clinic):
    sam = person("20259001")
    carried_out()

    with pytest.raises(errors.AlreadyDisposed):
        services.place_hold(PEOPLE.pia.actor, patient_id=sam, reason=BECAUSE)
    for statement, sentence in (
        (
            "INSERT INTO retention_hold (patient_id, reason, placed_at, placed_by)"
            " VALUES (:id, 'a reason that is long', now(), 'x')",
            "nothing is left to hold",
        ),
        ("UPDATE patients_patient SET status = 'active' WHERE id = :id", "does not come back"),
    ):
        with pytest.raises(IntegrityError, match=sentence), old_clinic.begin_nested():
            old_clinic.execute(text(statement), {"id": sam})


@pytest.mark.parametrize("name", ["scheduling_appointment_event", "visits_event"])
@pytest.mark.parametrize(
    "change",
    ["reason = ''", "actor_name = 'Somebody else'", "reason = 'rewritten'", "to_status = 'left'"],
)
def test_the_history_of_everybody_else_stays_append_only(old_clinic, name, change):
    """SCH-07: only the words of the disposed may be taken out of it."""
    with pytest.raises(DBAPIError, match="never changed or removed"):
        old_clinic.execute(text(CHANGE.format(name, change)))


@pytest.mark.parametrize("change", ["actor_name = 'Somebody else'", "reason = 'rewritten'"])
def test_not_even_the_history_of_the_disposed_is_rewritten(old_clinic, change):
    carried_out()

    with pytest.raises(DBAPIError, match="never changed or removed"):
        old_clinic.execute(text(CHANGE.format("visits_event", change)))


@pytest.mark.parametrize("name", ["retention_hold", "retention_item", "retention_disposal"])
def test_holds_and_lists_are_never_removed(old_clinic, name):
    with pytest.raises(DBAPIError, match="never changed or removed"):
        old_clinic.execute(text(REMOVAL.format(name)))


def test_a_line_is_settled_once(old_clinic):
    carried_out()
    line = old_clinic.scalars(select(DisposalItem)).first()
    line.pseudonym = "AAAAAAAAAAAA"

    with pytest.raises(DBAPIError, match="is settled"):
        old_clinic.flush()


def test_whoever_is_killed_in_the_middle_goes_on_with_the_others(old_clinic, monkeypatch):
    """JOB-01: whole people or nobody, and nobody twice."""
    monkeypatch.setattr("app.retention.services.disposing.BATCH", 1)
    found = approved()
    real = services.disposing._settle
    calls = []

    def die_at_the_second(*arguments: object) -> None:
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        real(*arguments)

    monkeypatch.setattr("app.retention.services.disposing._settle", die_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        services.carry_out(SYSTEM, disposal_id=found.id)
    half = queries.known_disposal(found.id)
    assert (half.status, half.disposed) == (DisposalStatus.RUNNING, 1)
    assert person("20259002")

    services.carry_out(SYSTEM, disposal_id=found.id)
    services.carry_out(SYSTEM, disposal_id=found.id)

    done = queries.known_disposal(found.id)
    assert (done.status, done.disposed, done.counts["records"]) == (DisposalStatus.DONE, 2, 2)
    disposals = select(AuditEvent).where(AuditEvent.action == "retention:person:dispose")
    assert len(old_clinic.scalars(disposals).all()) == 2


def test_a_restored_backup_is_brought_to_the_same_state(old_clinic):
    """RET-02: the certificates outlive the backup that does not know of the disposal."""
    old_clinic.commit()
    point = old_clinic.get_bind().begin_nested()
    done = carried_out()
    pseudonyms = {line["record"]: line["pseudonym"] for line in certificate(done)["disposed"]}
    old_clinic.rollback()
    point.rollback()
    old_clinic.expire_all()
    sam = person("20259001")

    again = services.reapply_disposals(SYSTEM)

    assert (again.certificates, again.people, again.held, again.unlike) == (1, 2, (), ())
    card = patient_card(sam)
    assert card is not None
    assert card.university_id == f"GONE-{pseudonyms[sam]}"
    assert "Dela Cruz" not in everything_stored(old_clinic)
    assert services.reapply_disposals(SYSTEM).people == 0


def test_a_record_that_is_held_or_somebody_elses_is_left_to_a_person(old_clinic):
    old_clinic.commit()
    point = old_clinic.get_bind().begin_nested()
    carried_out()
    old_clinic.rollback()
    point.rollback()
    old_clinic.expire_all()
    sam, eve = person("20259001"), person("20259002")
    services.place_hold(PEOPLE.pia.actor, patient_id=sam, reason=BECAUSE)
    old_clinic.execute(
        text("UPDATE patients_patient SET created_at = now() WHERE id = :id"), {"id": eve}
    )

    again = services.reapply_disposals(SYSTEM, places=[services.certificates_folder()])

    assert (again.people, again.held, again.unlike) == (0, (sam,), (eve,))


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
