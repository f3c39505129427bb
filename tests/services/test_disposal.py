"""Disposal across all domains, its certificate, and restored backups (RET-02)."""

import json
import re

import pytest
from sqlalchemy import func, select, table, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.infra.locks import LockSpace, first_come
from app.infra.outbox import JobName, OutboxJob, RetryLater
from app.integrity.errors import NoReportKey
from app.integrity.queries import broken_invariants
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
    approved,
    drawn_up,
    give_birth_dates,
    long_after,
    open_second_officer,
    person,
    visited,
)
from tests.factories.scheduling import SYSTEM
from tests.people import PEOPLE

CHANGE = "UPDATE {} SET {}"
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
    hold_id = services.place_hold(PEOPLE.pia.actor, patient_id=sam, reason="Sam went to court")
    services.lift_hold(PEOPLE.pia.actor, hold_id=hold_id, reason="Sam lost the case")
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
    about = select(Communication.id).where(Communication.event.not_like("retention.%"))
    jobs = select(OutboxJob).where(OutboxJob.name == JobName.SEND_MESSAGE)
    assert old_clinic.scalars(about).all()

    carried_out()

    assert old_clinic.scalars(about).all() == []
    left = old_clinic.scalars(jobs).all()
    assert {str(job.payload["event"]).split(".")[0] for job in left} == {"retention"}


def test_one_worker_at_a_time(old_clinic):
    found = approved()

    with first_come(LockSpace.RETENTION), pytest.raises(RetryLater):
        services.carry_out(SYSTEM, disposal_id=found.id)


def test_nothing_is_erased_without_the_key_that_certifies_it(old_clinic, monkeypatch):
    def missing() -> str:
        raise NoReportKey("report-signing.pem")

    found = approved()
    monkeypatch.setattr("app.integrity.services.signing.public_key", missing)

    with pytest.raises(NoReportKey):
        services.carry_out(SYSTEM, disposal_id=found.id)

    assert queries.known_disposal(found.id).status is DisposalStatus.APPROVED


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


@pytest.mark.parametrize("change", ["actor_name = 'Somebody else'", "reason = 'rewritten'"])
def test_not_even_the_history_of_the_disposed_is_rewritten(old_clinic, change):
    carried_out()

    with pytest.raises(DBAPIError, match="never changed or removed"):
        old_clinic.execute(text(CHANGE.format("visits_event", change)))


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

    places = [services.certificates_folder() / f"{done.certificate}.json"]
    again = services.reapply_disposals(SYSTEM, places=places)

    assert (again.certificates, again.people, again.held, again.unlike) == (1, 2, (), ())
    card = patient_card(sam)
    assert card is not None
    assert card.university_id == f"GONE-{pseudonyms[sam]}"
    assert "Dela Cruz" not in everything_stored(old_clinic)
    assert services.reapply_disposals(SYSTEM, places=places).people == 0


def test_a_record_that_is_held_or_somebody_elses_is_left_to_a_person(old_clinic):
    old_clinic.commit()
    point = old_clinic.get_bind().begin_nested()
    done = carried_out()
    old_clinic.rollback()
    point.rollback()
    old_clinic.expire_all()
    sam, eve = person("20259001"), person("20259002")
    services.place_hold(PEOPLE.pia.actor, patient_id=sam, reason=BECAUSE)
    old_clinic.execute(
        text("UPDATE patients_patient SET created_at = now() WHERE id = :id"), {"id": eve}
    )

    again = services.reapply_disposals(
        SYSTEM, places=[services.certificates_folder() / f"{done.certificate}.json"]
    )

    assert (again.people, again.held, again.unlike) == (0, (sam,), (eve,))
