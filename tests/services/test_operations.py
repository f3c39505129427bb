"""Checks, alerts and who hears of them (BAK-04, NOT-04)."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select, update

from app.infra import error_reports, heartbeat, mail_folder, outbox
from app.infra.db import session, transaction
from app.infra.outbox import JobName
from app.kernel import clock
from app.kernel.actor import system_actor
from app.kernel.errors import Forbidden
from app.notifications import services as notifications
from app.notifications.errors import NothingToRunAgain
from app.notifications.models import Communication
from app.operations import services
from app.operations.errors import AlertIsOver, NothingToPutAway, UnknownAlert
from app.operations.models import Alert
from app.operations.queries import alerts, beats, checks
from app.operations.queries.checks import Check, Look
from app.operations.rules import BeatState, Finding, Severity
from app.security.models import AuditEvent

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def trouble(db, monkeypatch):
    """One check whose findings the test decides, and nothing else that is watched."""
    found = SimpleNamespace(findings=[], breaks=False)

    def look(now):
        if found.breaks:
            raise ZeroDivisionError("a patient's name")
        return Look(list(found.findings))

    monkeypatch.setattr(checks, "CHECKS", [Check("test", look)])
    return found


def bad(key="disk", sentence="Only 3 % of the disk is free.") -> Finding:
    return Finding("test", key, Severity.CRITICAL, sentence)


def check(*, after=timedelta(0)) -> int:
    """Look, some time from now."""
    with clock.pretend(clock.now() + after):
        return services.check_system(system_actor())


def told(event: str) -> list[tuple[str, str]]:
    """To whom went what: (recipient's name, channel), in order."""
    session().expire_all()
    rows = session().execute(
        select(Communication.recipient_name, Communication.channel)
        .where(Communication.event == event)
        .order_by(Communication.recipient_name, Communication.channel)
    )
    return [tuple(row) for row in rows]


ADA = [("Ada Reyes", "email"), ("Ada Reyes", "in-app")]
PIA = [("Pia Go", "email"), ("Pia Go", "in-app")]


def test_an_alert_is_opened_and_told_exactly_once(trouble):
    """BAK-04"""
    trouble.findings = [bad()]

    counts = [check(), check(), check(after=MINUTE)]

    assert counts == [1, 1, 1]
    assert told("alert.opened") == ADA
    assert session().query(Alert).count() == 1


def test_the_e_mail_says_what_is_wrong_and_what_to_do(trouble):
    trouble.findings = [bad()]
    check()
    job = session().query(outbox.OutboxJob).filter_by(name=JobName.SEND_MESSAGE).one()
    before = set(mail_folder.letter_names())  # of other tests, some from a pretended future

    notifications.send_message(system_actor(), **job.payload)

    [name] = set(mail_folder.letter_names()) - before
    letter = mail_folder.read_letter(name)
    assert letter.subject == "The clinic's system needs attention"
    assert "Only 3 % of the disk is free." in letter.text
    assert "press Acknowledge" in " ".join(letter.text.split())
    assert "http://localhost/operations/alerts/" in letter.text


def test_the_sentence_of_an_open_alert_says_how_it_is_now(trouble):
    trouble.findings = [bad()]
    check()
    trouble.findings = [bad(sentence="Only 1 % of the disk is free.")]

    check(after=MINUTE)

    [line] = alerts.alert_lines()
    assert line.sentence == "Only 1 % of the disk is free."
    assert told("alert.opened") == ADA


def test_an_alert_closes_with_a_message_when_the_trouble_stays_away(trouble):
    trouble.findings = [bad()]
    check()
    trouble.findings = []

    soon, later = check(after=MINUTE), check(after=6 * MINUTE)

    assert (soon, later) == (1, 0)
    assert told("alert.resolved") == ADA
    assert alerts.open_counts() == {"warning": 0, "critical": 0}


def test_the_same_trouble_later_is_a_new_alert(trouble):
    trouble.findings = [bad()]
    check()
    trouble.findings = []
    check(after=6 * MINUTE)
    trouble.findings = [bad()]

    check(after=DAY)

    assert told("alert.opened") == sorted(ADA * 2)


def test_an_alert_that_nobody_acknowledges_is_told_to_everybody_who_may_once(trouble):
    """NOT-04: after ALERT_ESCALATION_MINUTES, by a second circle of people."""
    trouble.findings = [bad()]
    check()

    for minutes in (59, 61, 62):
        check(after=minutes * MINUTE)

    assert told("alert.escalated") == ADA + PIA


def test_an_acknowledged_alert_is_not_escalated(trouble, people):
    trouble.findings = [bad()]
    check()
    [line] = alerts.alert_lines()

    services.acknowledge_alert(people.ada.actor, alert_id=line.id)
    services.acknowledge_alert(people.ada.actor, alert_id=line.id)
    check(after=2 * HOUR)

    assert told("alert.escalated") == []
    [line] = alerts.alert_lines(only_open=True)
    assert line.acknowledged_by == "Ada Reyes"
    events = session().query(AuditEvent).filter_by(action="operations:alert:acknowledge")
    assert events.count() == 1


def test_who_was_called_in_the_second_round_hears_the_end_too(trouble):
    trouble.findings = [bad()]
    check()
    check(after=61 * MINUTE)
    trouble.findings = []

    check(after=90 * MINUTE)

    assert told("alert.resolved") == ADA + PIA


def test_a_check_that_breaks_is_told_without_the_words_of_its_error(trouble):
    """EVD-03"""
    trouble.breaks = True

    check()

    [line] = alerts.alert_lines()
    assert line.sentence == "The check “test” could not look: ZeroDivisionError."


def test_a_check_that_cannot_look_closes_nothing(trouble):
    trouble.findings = [bad()]
    check()
    trouble.breaks = True

    check(after=DAY)

    assert {line.sentence for line in alerts.alert_lines(only_open=True)} == {
        bad().sentence,
        "The check “test” could not look: ZeroDivisionError.",
    }


def test_a_check_with_a_pace_of_its_own_looks_no_more_often(trouble, monkeypatch):
    looks = []
    slow = Check("test", lambda now: looks.append(now) or Look(), every=HOUR, is_slow=True)
    monkeypatch.setattr(checks, "CHECKS", [slow])

    for minutes in (0, 30, 61):
        check(after=minutes * MINUTE)
    services.check_system(system_actor(), with_slow=False)

    assert len(looks) == 2


def test_only_admins_look_and_only_those_who_may_acknowledge(trouble, people):
    trouble.findings = [bad()]
    check()
    [line] = alerts.alert_lines()

    with pytest.raises(Forbidden):
        services.check_system(people.rosa.actor)
    with pytest.raises(Forbidden):
        services.acknowledge_alert(people.rosa.actor, alert_id=line.id)
    with pytest.raises(Forbidden):
        services.put_error_away(people.pia.actor, fingerprint="x")
    with pytest.raises(Forbidden):
        services.run_job_again(people.pia.actor, job_id=1)


def test_an_alert_that_is_not_there_or_over_is_refused_in_words(trouble, people):
    trouble.findings = [bad()]
    check()
    [line] = alerts.alert_lines()
    trouble.findings = []
    check(after=HOUR)

    with pytest.raises(UnknownAlert, match="not found"):
        services.acknowledge_alert(people.ada.actor, alert_id=line.id + 1)
    with pytest.raises(AlertIsOver, match="over"):
        services.acknowledge_alert(people.ada.actor, alert_id=line.id)


# -- what is watched


def findings_of(kind: str) -> list[str]:
    """The sentences of one real check."""
    [one] = [check for check in checks.CHECKS if check.kind == kind]
    return [finding.sentence for finding in one.look(clock.now()).findings]


def test_every_check_looks_at_the_real_thing_and_an_idle_clinic_is_well(db):
    findings = {one.kind: one.look(clock.now()).findings for one in checks.CHECKS}

    # The disk of the machine that runs the tests may be full.
    assert {kind: found for kind, found in findings.items() if found and kind != "disk"} == {}
    assert services.check_system(system_actor()) <= 1


def test_a_silent_job_is_told_of_by_name(db):
    heartbeat.enter_checks({"backup.create": (DAY, HOUR)})

    with clock.pretend(clock.now() + 2 * DAY):
        [sentence] = findings_of("job")

    assert sentence == ("The job “create (backup)” has never run since it was planned 2 days ago.")


def test_a_job_reports_its_start_success_failure_and_size(db):
    heartbeat.enter_checks({"backup.create": (DAY, HOUR)})
    states = [_state()]

    for size in (1000, 500):
        with transaction() as tx:
            heartbeat.note_start(tx, "backup.create")
        states.append(_state())
        heartbeat.report_size(size)
        with transaction() as tx:
            heartbeat.note_success(tx, "backup.create", timedelta(seconds=3))
        states.append(_state())
    heartbeat.note_failure("backup.create", MINUTE)
    states.append(_state())

    assert states == [
        BeatState.WAITING,
        BeatState.RUNNING,
        BeatState.FINE,
        BeatState.RUNNING,
        BeatState.SHRUNK,
        BeatState.FAILING,
    ]
    [line] = beats.job_lines(clock.now())
    assert (line.beat.size, line.beat.previous_size, line.beat.duration) == (500, 1000, MINUTE)


def _state() -> BeatState:
    [line] = beats.job_lines(clock.now())
    return line.state


def test_a_job_that_is_planned_no_more_is_not_missed(db):
    heartbeat.enter_checks({"backup.create": (DAY, HOUR)})
    heartbeat.enter_checks({"backup.create": (HOUR, HOUR), "visits.close_queues": (HOUR, HOUR)})
    heartbeat.enter_checks({"visits.close_queues": (HOUR, HOUR)})

    assert [line.beat.name for line in beats.job_lines(clock.now())] == ["visits.close_queues"]


def test_work_that_waits_too_long_and_dead_letters_are_told(db):
    with transaction() as tx:
        outbox.enqueue(tx, JobName.PURGE_OUTBOX, due_at=clock.now() - 2 * HOUR)
        outbox.enqueue(tx, JobName.PURGE_OUTBOX)
    dead = session().query(outbox.OutboxJob).order_by(outbox.OutboxJob.id.desc()).first()
    outbox.postpone_job(dead.id, error="no", due_at=None)

    assert findings_of("outbox") == [
        "Background work has been waiting for 2 hours: messages do not go out."
    ]
    assert findings_of("dead") == [
        "The job “purge finished jobs (upkeep)” was given up and waits for a person."
    ]


def test_a_dead_job_runs_again_and_another_one_does_not(db, people):
    with transaction() as tx:
        outbox.enqueue(tx, JobName.PURGE_OUTBOX)
    job = session().query(outbox.OutboxJob).one()
    outbox.postpone_job(job.id, error="no", due_at=None)
    [dead] = outbox.failed_jobs(5)

    services.run_job_again(people.ada.actor, job_id=dead.id)

    assert dead.is_dead
    assert [job.is_dead for job in outbox.failed_jobs(5)] == [False]
    with pytest.raises(NothingToRunAgain):
        services.run_job_again(people.ada.actor, job_id=dead.id)


def test_mail_that_is_given_up_too_often_is_told(trouble, db):
    """NOT-04"""
    trouble.findings = [bad(str(number)) for number in range(12)]
    check()
    db.execute(
        update(Communication)
        .values(status="dead", sent_at=None)
        .where(Communication.channel == "email")
    )

    day, week = checks.mail_outcomes(clock.now() - DAY, clock.now() - 7 * DAY)
    look = checks._mail(clock.now())

    assert (day.sent, day.given_up, week.given_up) == (0, 12, 12)
    assert [one.sentence for one in look.findings] == [
        "Only 0 % of the e-mails of the last 24 hours were delivered."
    ]


# -- error reports


def fail(value: str) -> None:
    raise ValueError(f"could not read {value}")


def note(value="Sam Dela Cruz", door="patients.show") -> None:
    try:
        fail(value)
    except ValueError as error:
        error_reports.note_error(error, door=door)


def test_errors_of_one_kind_at_one_place_are_one_report(db):
    """EVD-03"""
    note("Sam Dela Cruz")
    note("Eve Nunez", door="jobs")

    [report] = error_reports.open_reports(10)
    assert (report.count, report.kind, report.door) == (2, "builtins.ValueError", "jobs")
    assert report.frames[-1].endswith(":fail")
    facts = vars(report)
    assert "Sam" not in str(facts)
    assert "Eve" not in str(facts)


def test_a_new_error_is_an_alert_and_putting_it_away_ends_it(db, people):
    note()
    [sentence] = findings_of("error")
    [report] = error_reports.open_reports(10)

    services.put_error_away(people.ada.actor, fingerprint=report.fingerprint)

    assert sentence.startswith("An unexpected error happened: ValueError in ")
    assert findings_of("error") == []
    with pytest.raises(NothingToPutAway):
        services.put_error_away(people.ada.actor, fingerprint=report.fingerprint)


def test_an_error_that_was_put_away_comes_back_when_it_happens_again(db, people):
    note()
    [report] = error_reports.open_reports(10)
    services.put_error_away(people.ada.actor, fingerprint=report.fingerprint)

    note()

    [report] = error_reports.open_reports(10)
    assert report.count == 2


def test_an_error_that_cannot_be_noted_breaks_nothing(db, monkeypatch, caplog):
    from sqlalchemy.exc import OperationalError

    def away(*_):
        raise OperationalError("x", {}, Exception("gone"))

    monkeypatch.setattr(error_reports, "_statement", away)

    note()

    assert "could not be counted" in caplog.text
    assert error_reports.open_reports(10) == []


def test_what_was_over_long_ago_is_forgotten_and_what_is_open_stays(trouble, people):
    trouble.findings = [bad("over")]
    check()
    trouble.findings = [bad("open")]
    check(after=HOUR)
    note("Sam")
    [report] = error_reports.open_reports(1)
    services.put_error_away(people.ada.actor, fingerprint=report.fingerprint)

    with clock.pretend(clock.now() + 401 * DAY):
        gone = services.purge_old(system_actor())

    assert gone == 2
    assert services.open_sentences() == [bad().sentence]
    with pytest.raises(Forbidden):
        services.purge_old(people.pia.actor)
