"""Mail leaves while something heavy is under way, and no hand of a worker is lost (JOB-01)."""

import os
import signal
from dataclasses import replace
from datetime import timedelta

import pytest

from app.backup import queries
from app.backup import services as backup
from app.infra.db import session
from app.infra.outbox import JobName
from app.infra.queue import HANDS, QUEUES
from app.kernel import clock
from app.operations.queries.system import queue_server
from tests.drills.house import descendants
from tests.people import PEOPLE
from tests.worker.sink import hung_server
from tests.worker.test_queue_failures import all_sent, crew, wait_until  # noqa: F401 - a fixture
from worker import runtime

MINUTES = timedelta(minutes=9)


def test_what_may_take_long_is_not_in_the_way_of_mail():
    jobs = runtime.declared_jobs()

    heavy = {name for name, known in jobs.items() if known.queue in HANDS["heavy"]}

    assert jobs[JobName.SEND_MESSAGE].queue in HANDS["small"]
    assert {JobName.BACK_UP, JobName.BACK_UP_DAILY, JobName.PROVE} <= heavy
    assert heavy == {name for name, known in jobs.items() if known.timeout > MINUTES}


def test_every_queue_is_in_one_hand():
    assert sorted(QUEUES) == sorted({name for names in HANDS.values() for name in names})


def step_of(crew, run_id):  # noqa: F811
    with crew.app.app_context():
        run = queries.known_run(run_id)
        session().rollback()
    return run.step if run.is_under_way else "over"


def hands_at(crew):  # noqa: F811
    """What the operations page says of each queue: who works on it, and how many are busy."""
    with crew.app.app_context():
        found = queue_server(clock.now())
    return {line.name: (line.workers, line.busy) for line in found.queues}


@pytest.mark.committed
def test_mail_leaves_while_a_backup_is_being_proven(crew, monkeypatch):  # noqa: F811
    """The server for the proof takes the connection and says nothing, so the proof lasts."""
    ours = replace(crew.app.config["SETTINGS"], redis_url=crew.redis.url())
    monkeypatch.setitem(crew.app.config, "SETTINGS", ours)
    with crew.app.app_context():
        run_id = backup.request_backup(PEOPLE.ada.actor)
    with hung_server() as port:
        url = f"postgresql://nobody@127.0.0.1:{port}/nothing"
        crew.environment["BACKUP_SCRATCH_DATABASE_URL"] = url
        crew.start_redis()
        crew.start("worker", "worker.relay")
        wait_until(lambda: step_of(crew, run_id) == "proof", "the proof was under way")

        crew.tell()
        wait_until(all_sent(crew), "the mail had left")

        assert step_of(crew, run_id) == "proof"
        assert hands_at(crew)["heavy"] == (1, 1)
        assert hands_at(crew)["mail"][0] == 1


@pytest.mark.committed
def test_a_hand_that_is_killed_is_picked_up_again(crew):  # noqa: F811
    crew.start_redis()
    worker, _ = crew.start("worker", "worker.relay")
    wait_until(lambda: len(descendants(worker.pid)) >= len(HANDS), "both hands were there")
    crew.tell(0)
    wait_until(all_sent(crew, 1), "the first mail had left")

    for hand in descendants(worker.pid):
        os.kill(hand, signal.SIGKILL)
    crew.tell(1)

    wait_until(all_sent(crew, 2), "the second mail had left")
    assert worker.poll() is None


@pytest.mark.committed
def test_no_hand_outlives_its_worker(crew):  # noqa: F811
    crew.start_redis()
    [worker] = crew.start("worker")
    wait_until(lambda: len(descendants(worker.pid)) == len(HANDS), "both hands were there")
    hands = descendants(worker.pid)

    worker.kill()
    worker.wait()

    wait_until(lambda: not any(is_alive(hand) for hand in hands), "the hands had ended")


def is_alive(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
