"""kill -9, cut networks and moody mail servers while people book: nothing is lost or doubled.

SCH-03, SCH-06, NOT-01, NOT-04 and JOB-01 under fire. What each failure costs is told in
docs/operations/failure-drills.md. The drills share one house and one ledger.
"""

import time

from tests.drills.house import WEBS, while_working
from tests.drills.load import Load
from tests.drills.verdict import faults, mail_faults

CRASHES = 3  # that can hit a mail under way: the worker, the database and the queue, once each
CUTS = 3  # of the network to the database, which the worker's note of a mail takes too


def test_every_part_may_be_killed_while_people_book(house, ledger, sink):
    load = Load(house, ledger)

    def again(name):
        house.kill(name)
        house.start(name)

    def redis_dies():
        house.kill("redis")
        house.start_redis()

    while_working(
        load.begin,
        lambda: again("worker"),
        lambda: house.kill("web-a"),
        redis_dies,
        lambda: house.start("web-a"),
        house.kill_postgres,
        lambda: again("relay"),
        house.forget_queue,
        lambda: house.kill("web-b"),
        pause=1.0,
    )
    load.end()
    house.start("web-b")
    house.drain()

    assert faults(house, ledger) == []
    assert mail_faults(house, sink, crashes=CRASHES) == []
    assert len(ledger.booked) > 10  # it was a load,
    assert len(ledger.walk_ins) > 5
    assert ledger.lost > 0  # and answers were lost
    assert house.complaints() == ""


def test_the_network_to_the_database_may_be_slow_cut_and_closed(house, ledger):
    load, network = Load(house, ledger), house.network
    before = ledger.promises

    def slow():
        network.delay = 0.3

    def close():
        network.delay, network.is_open = 0.0, False
        network.cut()

    def open_again():
        network.is_open = True

    while_working(load.begin, network.cut, slow, network.cut, close, open_again, pause=1.0)
    load.end()

    assert faults(house, ledger) == []
    assert ledger.promises > before
    assert all(house.is_well(name) for name in WEBS)


def test_the_mail_server_may_refuse_hang_and_break_off(house, ledger, sink):  # NOT-04
    load = Load(house, ledger)

    def mood(what):
        def change():
            sink.mood = what

        return change

    moods = [mood(what) for what in ("refuse", "hang", "break off", "fine")]
    while_working(load.begin, *moods, pause=1.5)
    load.end()
    house.drain()

    assert faults(house, ledger) == []
    assert mail_faults(house, sink, crashes=CRASHES + CUTS) == []


def test_after_all_drills_the_house_is_well(house):
    time.sleep(0.5)

    assert all(house.is_well(name) for name in WEBS)
    assert all(child.exit_code() is None for child in house.running.values())
