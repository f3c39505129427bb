"""Proofs from the first question to the signed report (BAK-02, AUD-02)."""

import base64
import json
import shutil
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from app.infra.db import session
from app.infra.outbox import JobName, OutboxJob
from app.infra.runtime import settings
from app.infra.snapshot import snapshot
from app.integrity import queries, services
from app.integrity.errors import NoReport, NoReportKey, NotGenuine, ProofUnderWay, UnknownRun
from app.integrity.rules import RunStatus
from app.kernel import clock
from app.kernel.actor import system_actor
from app.kernel.errors import Forbidden
from app.notifications.models import Communication
from app.security.models import AuditEvent, AuditSeal
from app.security.services import verify_chain
from tests import site as sites
from worker.jobs import integrity as jobs

pytestmark = pytest.mark.committed
SYSTEM = system_actor()


@pytest.fixture
def site(app):
    """The site, inside an application context."""
    with app.app_context():
        yield app


def break_something() -> None:
    """A dead job without the time of its end: what a careless repair by hand leaves behind."""
    session().execute(
        text(
            "INSERT INTO infra_outbox_job (name, payload, status, created_at, due_at)"
            " VALUES ('upkeep.purge_finished_jobs', '{}', 'dead', now(), now())"
        )
    )
    session().commit()


def messages(event: str) -> list[Communication]:
    """The messages of one kind, with their e-mails."""
    found = select(Communication).where(Communication.event == event).order_by(Communication.id)
    return list(session().scalars(found))


def test_a_proof_of_a_sound_clinic_passes_and_leaves_a_genuine_report(site, people):
    run = services.run_proof(people.ada.actor)

    assert (run.status, run.broken, run.audit_problems) == (RunStatus.PASSED, [], [])
    assert run.checks_total == len(queries.all_invariants()) == len(run.results)
    assert run.audit_events > 0
    for kind in ("json", "pdf"):
        file = services.report_file(people.pia.actor, run_id=run.id, kind=kind)
        assert services.verify_report(file).audit_head == run.audit_head
    assert file.read_bytes().startswith(b"%PDF")
    assert services.proof_warning(people.ada.actor) == ""


def test_where_the_trail_ends_is_told_to_the_privacy_officer_every_day(site, people):
    """AUD-02: the head is anchored outside of the database."""
    run = services.run_proof(SYSTEM)

    told = messages("integrity.audit_head")
    assert {one.recipient_user_id for one in told} == {people.pia.user_id}
    assert {one.channel for one in told} == {"in-app", "email"}
    assert all(run.audit_head in one.params["sentence"] for one in told)


def test_a_proof_that_fails_says_what(site, people):
    break_something()

    run = services.run_proof(SYSTEM)

    assert run.status is RunStatus.FAILED
    assert [line["id"] for line in run.broken] == ["infra.finished_jobs_say_when"]
    assert run.broken[0]["rows"][0].startswith("job ")
    assert "breaks a rule" in services.proof_warning(people.ada.actor)
    assert services.proof_warning(people.rosa.actor) == ""
    event = (
        session()
        .scalars(select(AuditEvent).where(AuditEvent.action == "integrity:proof:failed"))
        .one()
    )
    assert event.outcome == "failed"


def test_a_broken_chain_fails_the_proof_too(site):
    services.run_proof(SYSTEM)
    session().execute(text("ALTER TABLE security_audit_event DISABLE TRIGGER USER"))
    session().execute(text("UPDATE security_audit_event SET actor_name = 'x' WHERE id = 1"))
    session().execute(text("ALTER TABLE security_audit_event ENABLE TRIGGER USER"))
    session().commit()

    run = services.run_proof(SYSTEM)

    assert run.status is RunStatus.FAILED
    assert run.broken == []
    assert run.audit_problems == ["Event 1 or its seal 1 was changed."]


def test_a_proof_that_was_asked_for_is_made_by_the_worker(site, people):
    run_id = services.request_proof(people.pia.actor)
    assert queries.run_under_way() == run_id

    job = session().scalars(select(OutboxJob).where(OutboxJob.name == JobName.PROVE)).one()
    jobs.prove(SYSTEM, **job.payload)
    jobs.prove(SYSTEM, **job.payload)  # delivered twice

    run = services.proof_details(people.pia.actor, run_id=run_id)
    assert (run.status, run.asked_by) == (RunStatus.PASSED, people.pia.name)
    assert len(queries.latest_runs()) == 1


def test_one_proof_at_a_time(site, people):
    services.request_proof(people.ada.actor)

    with pytest.raises(ProofUnderWay):
        services.request_proof(people.pia.actor)
    with pytest.raises(ProofUnderWay):
        services.run_proof(SYSTEM)


def test_a_proof_that_was_interrupted_gives_way_after_an_hour(site, people):
    lost = services.request_proof(people.ada.actor)

    with clock.pretend(clock.now() + timedelta(minutes=61)):
        services.request_proof(people.ada.actor)

    run = queries.known_run(lost)
    assert (run.status, run.error) == (RunStatus.BROKEN, "It was interrupted.")


def test_a_proof_without_its_key_is_broken_and_says_why(site, monkeypatch):
    monkeypatch.setattr(type(settings()), "is_production", property(lambda _: True))
    services.create_report_key()

    with pytest.raises(Exception, match="keys create"):
        services.run_proof(SYSTEM)

    run = queries.latest_runs()[0]
    assert run.status is RunStatus.BROKEN
    assert "audit.json" in run.error


def test_the_night_proof_runs_once_a_night(site):
    night = (clock.now() + timedelta(days=2)).replace(hour=18, minute=30)  # 2:30 AM in Manila
    with clock.pretend(night):
        assert services.prove_nightly(SYSTEM) is True
    with clock.pretend(night + timedelta(hours=1)):
        assert services.prove_nightly(SYSTEM) is False
    with clock.pretend(night + timedelta(hours=12)):
        assert services.prove_nightly(SYSTEM) is False
    with clock.pretend(night + timedelta(hours=23)):
        jobs.prove_nightly(SYSTEM)

    assert len(queries.latest_runs()) == 2


def test_a_clinic_that_is_being_set_up_is_not_proven_yet(site):
    assert services.prove_nightly(SYSTEM) is False


def test_two_workers_make_one_night_proof(site, monkeypatch):
    """Both saw that it was due; the database lets only one of them begin (JOB-01)."""
    services.request_proof(SYSTEM)
    monkeypatch.setattr("app.integrity.services.proof.is_due", lambda *_args, **_more: True)

    assert services.prove_nightly(SYSTEM) is False
    assert len(queries.latest_runs()) == 1


def test_the_job_seals_what_was_written_since(site):
    jobs.seal_audit(SYSTEM)

    with snapshot() as connection:
        found = verify_chain(connection)
    assert (found.holds, found.waiting) == (True, 0)


def test_without_its_key_nothing_is_sealed_and_the_admins_hear_of_it(site, people, monkeypatch):
    """AUD-02: loudly, but not with a dead letter every minute."""
    monkeypatch.setattr(type(settings()), "is_production", property(lambda _: True))

    jobs.seal_audit(SYSTEM)
    jobs.seal_audit(SYSTEM)

    told = messages("audit.unsealed")
    assert [one.recipient_user_id for one in told] == [people.ada.user_id]
    assert session().scalar(select(func.count()).select_from(AuditSeal)) == 0


def test_an_old_proof_is_worth_a_warning(site, people):
    services.run_proof(SYSTEM)

    with clock.pretend(clock.now() + timedelta(days=3)):
        assert services.proof_warning(people.ada.actor) == "The last proof is 3 days old."


@pytest.fixture(scope="module")
def proven_site(template_database, worker_name, tmp_path_factory):
    """A site with one proof, for all tests that only look at its report."""
    url = sites.copy_database(template_database, f"{worker_name}_proven")
    app = sites.build_app(url, tmp_path_factory.mktemp("proven"))
    with app.app_context():
        services.run_proof(SYSTEM)
    yield app
    sites.drop_database(app, url)


@pytest.fixture
def proven(proven_site):
    """The same, inside an application context."""
    with proven_site.app_context():
        yield proven_site


@pytest.fixture
def report(proven, tmp_path):
    """A copy of the report's two files; its JSON."""
    run = queries.latest_runs()[0]
    for kind in ("json", "pdf"):
        shutil.copy(services.report_file(SYSTEM, run_id=run.id, kind=kind), tmp_path)
    return tmp_path / f"{run.report}.json"


def test_an_untouched_report_is_genuine_with_and_without_its_pdf(report):
    assert services.verify_report(report.with_suffix(".pdf")).has_pdf
    report.with_suffix(".pdf").unlink()
    assert not services.verify_report(report).has_pdf


def test_a_report_that_was_changed_is_not_genuine(report):
    told = json.loads(report.read_text())
    told["report"]["breaches"] = 1
    report.write_text(json.dumps(told))

    with pytest.raises(NotGenuine, match="changed"):
        services.verify_report(report)


def test_a_report_with_another_pdf_is_not_genuine(report):
    report.with_suffix(".pdf").write_bytes(b"%PDF-1.4 another")

    with pytest.raises(NotGenuine, match=r"\.pdf was changed"):
        services.verify_report(report)


@pytest.mark.parametrize("key", [base64.b64encode(b"k" * 32).decode(), "nonsense"])
def test_a_report_signed_by_somebody_else_is_not_genuine(report, key):
    with pytest.raises(NotGenuine):
        services.verify_report(report, by=key)
    assert services.verify_report(report, by=services.public_key()).has_pdf


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"report": 1, "signature": 2}', "[" * 5000, "\udcff"]
)
def test_what_is_no_report_is_not_genuine(proven, tmp_path, content):
    file = tmp_path / "proof.json"
    file.write_text(content, errors="surrogateescape")

    with pytest.raises(NotGenuine):
        services.verify_report(file)


def test_a_pdf_alone_cannot_be_checked(report):
    report.unlink()

    with pytest.raises(NotGenuine, match="cannot be read"):
        services.verify_report(report.with_suffix(".pdf"))


def test_a_damaged_signing_key_is_refused(site):
    (settings().keys_folder).mkdir(parents=True, exist_ok=True)
    (settings().keys_folder / "report-signing.pem").write_text("nonsense")

    with pytest.raises(NoReportKey):
        services.public_key()


def test_a_report_that_is_gone_is_said(proven):
    run_id = queries.latest_runs()[0].id

    with pytest.raises(NoReport):
        services.report_file(SYSTEM, run_id=run_id, kind="exe")
    with pytest.raises(UnknownRun):
        services.report_file(SYSTEM, run_id=999, kind="json")


def test_only_those_who_may_see_and_start_proofs(proven, people):
    for deed in (
        lambda: services.proof_page(people.rosa.actor),
        lambda: services.proof_details(people.dana.actor, run_id=1),
        lambda: services.request_proof(people.sam.actor),
        lambda: services.run_proof(people.neil.actor),
        lambda: services.resume_proof(people.neil.actor, run_id=1),
    ):
        with pytest.raises(Forbidden):
            deed()


def test_the_commands_prove_and_verify(app):
    runner = app.test_cli_runner()

    proof = runner.invoke(args=["clinic", "prove"])
    assert proof.exit_code == 0, proof.output
    assert "rules hold" in proof.output
    report = next((app.config["SETTINGS"].home / "reports").glob("*.json"))
    genuine = runner.invoke(args=["clinic", "verify-report", str(report)])
    assert (genuine.exit_code, "Genuine" in genuine.output) == (0, True)
    trail = runner.invoke(args=["clinic", "verify-audit"])
    assert (trail.exit_code, "is whole" in trail.output) == (0, True)
    keys = runner.invoke(args=["clinic", "keys", "create"])
    assert keys.output.count("is there already") == 2


def test_the_commands_say_what_is_wrong(app):
    runner = app.test_cli_runner()
    with app.app_context():
        break_something()

    proof = runner.invoke(args=["clinic", "prove"])
    assert proof.exit_code == 1
    assert "BROKEN infra.finished_jobs_say_when (JOB-01)" in proof.output
    cut = runner.invoke(args=["clinic", "verify-audit", "--head", f"99999:{'ab' * 32}"])
    assert (cut.exit_code, "was cut off" in cut.output) == (1, True)
    assert runner.invoke(args=["clinic", "verify-audit", "--head", "x"]).exit_code == 2
    report = next((app.config["SETTINGS"].home / "reports").glob("*.json"))
    report.write_text("{}")
    assert runner.invoke(args=["clinic", "verify-report", str(report)]).exit_code == 1
    accepted = runner.invoke(args=["clinic", "accept-audit", "--reason", "We looked into it."])
    assert "measured against" in accepted.output


def test_a_proof_under_way_stops_the_command_with_two(app, people):
    with app.app_context():
        services.request_proof(people.ada.actor)

    stopped = app.test_cli_runner().invoke(args=["clinic", "prove"])

    assert (stopped.exit_code, "under way" in stopped.output) == (2, True)
