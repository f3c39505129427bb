"""Provider is out, killed in the middle: all are moved and told, or called and told (SCH-34)."""

import os
import signal
from collections import Counter

import pytest
from sqlalchemy import select

from app.infra.outbox import JobName, OutboxJob
from app.kernel import clock
from app.kernel.period import Period
from app.notifications.models import Communication
from app.scheduling import services
from app.scheduling.queries import appointments
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services import Wish, outage_plans
from app.scheduling.services import outages as use_cases
from tests.factories.scheduling import SYSTEM, at, create_crowd
from tests.racing import PROCESSES, race
from worker.jobs import scheduling as jobs

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("clinic")]
STARTS = ("08:00", "08:20", "08:40", "09:00", "09:20")
MOVED_BEFORE = 2
ABSENCE = {"starts_at": "08:00", "ends_at": "12:00"}


def die_in_the_middle(url, home, now, deed, facts):
    """In a process of its own: the third move is written, and before its commit comes kill -9."""
    from tests import site

    app = site.build_app(url, home)
    real, calls = use_cases.reschedule_appointment, []

    def deadly(*arguments, **more):
        moved = real(*arguments, **more)
        calls.append(moved)
        if len(calls) > MOVED_BEFORE:
            os.kill(os.getpid(), signal.SIGKILL)
        return moved

    use_cases.reschedule_appointment = deadly
    with app.app_context(), clock.pretend(now):
        deed(**facts)


def go_out(*, provider, accepted):
    """What the button does."""
    period = {name: at(value) for name, value in ABSENCE.items()}
    return use_cases.apply_outage(SYSTEM, provider=provider, accepted=accepted, **period)


def come_back(*, outage_id):
    """What the other button does."""
    use_cases.undo_outage(SYSTEM, outage_id=outage_id)


@pytest.fixture
def accepted(people):
    """Five visits in Dana's morning, and where each could go. Eve and Sam read messages."""
    patients = [*create_crowd(4)[:3], people.eve.id, people.sam.id]
    for patient, starts_at in zip(patients, STARTS, strict=True):
        wish = Wish(
            type="consultation", starts_at=at(starts_at), provider=people.dana.id, patient=patient
        )
        services.book_appointment(SYSTEM, wish=wish)
    period = {name: at(value) for name, value in ABSENCE.items()}
    planned = outage_plans.plan_outage(SYSTEM, provider=people.dana.id, **period)
    return {one.visit.id: (one.slot.starts_at, one.slot.provider) for one in planned.proposals}


@pytest.fixture
def killed(app, template_database, tmp_path, db):
    """Runs a deed in a process that dies in the middle of it."""

    def run(deed, **facts):
        db.rollback()
        url = app.config["SQLALCHEMY_DATABASE_URI"]
        child = PROCESSES.Process(
            target=die_in_the_middle, args=(url, tmp_path, clock.now(), deed, facts)
        )
        child.start()
        child.join(timeout=120)
        assert child.exitcode == -signal.SIGKILL

    return run


@pytest.fixture
def stopped(db, people, killed, accepted):
    """The absence whose moves were cut off after the second."""
    killed(go_out, provider=people.dana.id, accepted=accepted)
    [outage] = use_cases.recent_outages(SYSTEM)
    return outage.id


def lines(outage_id):
    return use_cases.outage_details(SYSTEM, outage_id=outage_id)


def expected_visits():
    """Who comes when and to whom, in the morning of the absence."""
    morning = Period(at(ABSENCE["starts_at"]), at(ABSENCE["ends_at"]))
    visits = appointments.appointments_between(morning, statuses=[AppointmentStatus.CONFIRMED])
    return [(one.starts_at, one.provider) for one in visits]


def told(db, *templates):
    """How often each visit's patient was told one of these."""
    db.rollback()
    rows = db.execute(
        select(Communication.entity).where(
            Communication.template.in_(templates), Communication.channel == "email"
        )
    )
    return Counter(entity for (entity,) in rows)


def run_the_job(db, deed):
    """What the worker does a minute later with the promise that the crash left."""
    db.rollback()
    [job] = db.scalars(
        select(OutboxJob).where(
            OutboxJob.name == JobName.CONTINUE_OUTAGE, OutboxJob.dedupe_key.endswith(f"/{deed}")
        )
    )
    assert job.due_at > job.created_at
    payload = dict(job.payload)
    db.rollback()
    jobs.continue_outage(SYSTEM, **payload)
    jobs.continue_outage(SYSTEM, **payload)  # delivered twice


def test_after_a_kill_the_others_are_known_to_be_on_their_way(stopped):
    details = lines(stopped)

    outcomes = [item.outcome for item in details.items]
    assert outcomes == ["moved"] * MOVED_BEFORE + ["to-call"] * 3
    assert [item.planned_at for item in details.on_the_way] == [at(one) for one in STARTS[2:]]
    assert details.call_list == []


def test_the_job_moves_the_rest_and_nobody_twice(db, people, stopped):
    run_the_job(db, "apply")

    details = lines(stopped)
    assert [item.outcome for item in details.items] == ["moved"] * 5
    assert {item.successor.provider for item in details.items} == {people.dino.id}
    assert details.on_the_way == []
    assert expected_visits() == [(at(one), people.dino.id) for one in STARTS]
    by_visit = told(db, "changed")
    assert [by_visit[f"appointment/{item.visit.uid}"] for item in details.items[3:]] == [1, 1]
    assert told(db, "please_rebook") == {}


def test_a_time_taken_meanwhile_is_called_and_told(db, people, stopped):
    [last] = [item for item in lines(stopped).on_the_way if item.planned_at == at(STARTS[4])]
    wish = Wish(
        type="consultation",
        starts_at=at(STARTS[4]),
        provider=people.dino.id,
        patient="20240003",
    )
    services.book_appointment(SYSTEM, wish=wish)

    run_the_job(db, "apply")

    details = lines(stopped)
    assert [item.visit.id for item in details.call_list] == [last.visit.id]
    assert told(db, "please_rebook") == {f"appointment/{last.visit.uid}": 1}
    assert Counter(item.outcome for item in details.items) == {"moved": 4, "to-call": 1}


def test_an_undo_that_is_killed_is_finished_too(db, people, killed, accepted):
    outage_id = go_out(provider=people.dana.id, accepted=accepted)

    killed(come_back, outage_id=outage_id)
    halfway = lines(outage_id)
    run_the_job(db, "undo")

    assert len(halfway.on_the_way) == 3
    details = lines(outage_id)
    assert [item.note for item in details.items] == ["Moved back"] * 5
    assert expected_visits() == [(at(one), people.dana.id) for one in STARTS]


def test_who_undoes_after_a_kill_leaves_everybody_at_their_time(db, people, stopped):
    come_back(outage_id=stopped)
    run_the_job(db, "apply")

    assert [item.outcome for item in lines(stopped).items] == ["moved"] * 2 + ["to-call"] * 3
    assert [item.visit.status for item in lines(stopped).items[2:]] == ["confirmed"] * 3
    assert lines(stopped).on_the_way == []


def go_on(number, *, outage_id):
    """The job is delivered to several workers while the button is pressed again."""
    return use_cases.continue_outage(SYSTEM, outage_id=outage_id)


def test_whoever_goes_on_at_once_moves_each_visit_once(
    app, template_database, tmp_path, db, people, stopped
):
    url = app.config["SQLALCHEMY_DATABASE_URI"]

    answers = race(url, tmp_path, go_on, runners=4, processes=2, outage_id=stopped)

    db.rollback()
    assert sum(int(answer) for _, answer, _ in answers) == 3
    assert [item.outcome for item in lines(stopped).items] == ["moved"] * 5
    assert expected_visits() == [(at(one), people.dino.id) for one in STARTS]
