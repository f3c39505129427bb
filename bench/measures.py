"""The measurements. Each compares with a control of the same run (bench/control.py)."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import text

from app.infra.db import db
from app.infra.local.testing import Servers
from bench import data, restoring, site
from bench.control_table import CONTROL_TABLE
from bench.load import Load, best_of, http_load, request_bytes
from bench.report import Row

SIZES = (20_000, 200_000, 1_000_000)
QUICK_SIZES = (2_000, 20_000)
MANILA = ZoneInfo("Asia/Manila")
SECONDS = 4
ROUNDS = 5
RACE_ROUNDS = 200
RACERS = 40
Pair = tuple[Load, Load]


def run(servers: Servers, folder: Path, sizes: tuple[int, ...]) -> list[Row]:
    """All measurements, the cheap ones first."""
    rows = [start_up()]
    slots: dict[int, float] = {}
    lists: dict[int, float] = {}
    for size in sizes:
        app = site.build(servers, f"bench_{size}", folder, visits=size)
        client = signed_in(app)
        found, slots[size] = slots_in_process(app, client, size)
        listed, lists[size] = list_in_process(app, client, size)
        rows += [*found, *listed]
        if size == sizes[0]:
            rows += through_http(servers, app, folder)
        if size == sizes[-1]:
            rows += restoring.restore(app, size)
        with app.app_context():
            db.engine.dispose()
    first, last = sizes[0], sizes[-1]
    rows.append(Row(f"slots: {last:,} over {first:,} visits", slots[last] / slots[first], 1.5))
    rows.append(Row(f"list: {last:,} over {first:,} visits", lists[last] / lists[first], 1.5))
    return rows


def signed_in(app: Flask):
    """A test client of the receptionist."""
    client = app.test_client()
    answer = client.post("/login/", data={"username": data.DESK, "password": data.PASSWORD})
    assert answer.status_code == 302, answer.status_code
    return client


def in_process(
    app: Flask, fetch: Callable[[], object], *, times: int = 20
) -> tuple[float, list[str]]:
    """Best time in milliseconds of a page, and the statements of one."""
    fetch()
    with site.counted_queries(app) as statements:
        fetch()

    def once() -> float:
        begin = time.perf_counter()
        fetch()
        return (time.perf_counter() - begin) * 1000

    return best_of(times, once), statements


def slots_in_process(app: Flask, client, size: int) -> tuple[list[Row], float]:
    """31 days of ten providers through the JSON endpoint, sign-in included."""
    first = datetime.now(MANILA).date()
    path = slots_path(first, first + timedelta(days=30))

    def fetch() -> None:
        answer = client.get(path)
        assert answer.status_code == 200, answer.get_data(as_text=True)

    milliseconds, statements = in_process(app, fetch)
    count = len(client.get(path).get_json()["slots"])
    label = f"slots 31 days x 10 providers, {size:,} visits"
    return [
        Row(f"{label}: queries, sign-in included", len(statements), 6),
        Row(f"{label}: in process", milliseconds, 50, "ms", note=f"{count:,} slots"),
    ], milliseconds


def slots_path(first: date, last: date) -> str:
    """The address of the endpoint."""
    return f"/api/appointments/available-slots/?type=consultation&from={first}&to={last}"


def list_in_process(app: Flask, client, size: int) -> tuple[list[Row], float]:
    """The staff list of appointments as the front desk opens it."""

    def fetch() -> None:
        answer = client.get("/appointments/list/")
        assert answer.status_code == 200, answer.status_code

    milliseconds, statements = in_process(app, fetch)
    raw = best_of(20, lambda: _raw_page(app))
    label = f"appointment list, {size:,} visits"
    return [
        Row(f"{label}: queries", len(statements), 8),
        Row(f"{label}: in process", milliseconds, 30, "ms", note=f"raw SQL page {raw:.1f} ms"),
    ], milliseconds


def _raw_page(app: Flask) -> float:
    with app.app_context():
        begin = time.perf_counter()
        db.session.execute(
            text("SELECT * FROM scheduling_appointment ORDER BY starts_at DESC, id LIMIT 25")
        ).all()
        return (time.perf_counter() - begin) * 1000


def start_up() -> Row:
    """Importing and building the whole site, over importing Flask and SQLAlchemy alone."""

    def seconds(code: str) -> float:
        begin = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            env={"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "PATH": ""},
        )
        return time.perf_counter() - begin

    product = best_of(3, lambda: seconds("import wsgi"))
    control = best_of(3, lambda: seconds("import flask, sqlalchemy.orm; flask.Flask('x')"))
    note = f"{product:.2f} s over {control:.2f} s"
    return Row("start-up over bare Flask and SQLAlchemy", product / control, 10, note=note)


def through_http(servers: Servers, app: Flask, folder: Path) -> list[Row]:
    """16 clients against two web processes, in turn with the control; then the races."""
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    with app.app_context():
        db.session.execute(text(CONTROL_TABLE))
        db.session.commit()
    token = bearer(app)
    environ = site.environment(servers, url, folder)
    control_environ = {"BENCH_CONTROL_URL": site.plain_url(url)}
    with (
        site.served("wsgi:app", environ, ready_path="/healthz") as port,
        site.served("bench.control:app", control_environ, ready_path="/json") as control,
    ):
        slots, bookings = rounds(port, control, token)
        races = race_rounds(port, token)
    return [
        ratio("slots of a day over HTTP", slots, "one SQL query"),
        ratio("durable bookings over HTTP", bookings, "one constrained insert"),
        *races,
    ]


def rounds(port: int, control: int, token: str) -> tuple[list[Pair], list[Pair]]:
    """Product and control in turn, several times: the machine's moods hit both."""
    slot_calls, booking_calls = slot_requests(token), booking_requests(token)
    query = [request_bytes("GET", "/query")]
    insert = [request_bytes("POST", "/insert", body=b"{}")]
    slots: list[Pair] = []
    bookings: list[Pair] = []
    share = len(booking_calls) // ROUNDS
    for number in range(ROUNDS):
        mine = booking_calls[number * share : (number + 1) * share]
        measured = http_load(port, slot_calls, repeat=True, seconds=SECONDS)
        slots.append((measured, http_load(control, query, repeat=True, seconds=SECONDS)))
        measured = http_load(port, mine, seconds=SECONDS)
        bookings.append((measured, http_load(control, insert, repeat=True, seconds=SECONDS)))
    assert {status for one, _ in slots for status in one.statuses} == {200}
    assert {status for one, _ in bookings for status in one.statuses} == {201}
    return slots, bookings


def ratio(what: str, pairs: list[Pair], name: str) -> Row:
    """The product's requests per second over the control's, the median of the rounds."""
    ordered = sorted(pairs, key=lambda pair: pair[0].per_second / pair[1].per_second)
    measured, control = ordered[len(ordered) // 2]
    note = (
        f"{measured.per_second:.0f}/s (median {measured.median_ms:.0f} ms,"
        f" p99 {measured.p99_ms:.0f} ms) over {control.per_second:.0f}/s bare Flask + {name}"
    )
    value = measured.per_second / control.per_second
    return Row(f"{what} over the control", value, 0.2, at_least=True, note=note)


def bearer(app: Flask) -> str:
    """The receptionist's token, over the address that programs use."""
    answer = app.test_client().post(
        "/api/v1/security/login",
        json={"username": data.DESK, "password": data.PASSWORD, "provider": "db"},
    )
    return answer.get_json()["access_token"]


def slot_requests(token: str) -> list[bytes]:
    """A day of one provider, as a page asks for it."""
    tomorrow = datetime.now(MANILA).date() + timedelta(days=1)
    headers = {"Authorization": f"Bearer {token}"}
    return [
        request_bytes("GET", slots_path(tomorrow, tomorrow) + f"&provider={who}", headers=headers)
        for who in data.PROVIDERS
    ]


def booking_requests(token: str, count: int = 8_000) -> list[bytes]:
    """Bookings of different times for different patients, each with an Idempotency-Key."""
    first = datetime.now(MANILA).date() + timedelta(days=40)
    requests = []
    for number in range(count):
        slot, provider = divmod(number, len(data.PROVIDERS))
        day, place = divmod(slot, data.SLOTS_A_DAY)
        starts_at = datetime.combine(first + timedelta(days=day), _time_of(place), MANILA)
        requests.append(
            _booking(token, starts_at, data.PROVIDERS[provider], 20200001 + number, f"b{number}")
        )
    return requests


def _time_of(place: int):
    minutes = 8 * 60 + place * 20 + (60 if place >= 12 else 0)
    return clock_time(minutes // 60, minutes % 60)


def _booking(token: str, starts_at: datetime, provider: str, patient: int, key: str) -> bytes:
    body = {
        "type": "consultation",
        "starts_at": starts_at.isoformat(),
        "provider": provider,
        "patient": str(patient),
    }
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    return request_bytes(
        "POST", "/api/appointments/book/", body=json.dumps(body).encode(), headers=headers
    )


def race_rounds(port: int, token: str) -> list[Row]:
    """40 people at once want the same time, again and again."""
    first = datetime.now(MANILA).date() + timedelta(days=200)
    winners_off, slowest, odd = 0, 0.0, 0
    for number in range(RACE_ROUNDS):
        day, place = divmod(number, data.SLOTS_A_DAY)
        starts_at = datetime.combine(first + timedelta(days=day), _time_of(place), MANILA)
        requests = [
            _booking(token, starts_at, data.PROVIDERS[0], 20210000 + racer, f"r{number}-{racer}")
            for racer in range(RACERS)
        ]
        load = http_load(port, requests, clients=RACERS, seconds=30)
        winners_off += load.statuses.get(201, 0) != 1
        odd += sum(count for status, count in load.statuses.items() if status not in (201, 409))
        slowest = max(slowest, load.p99_ms)
    label = f"race of {RACERS}, {RACE_ROUNDS} rounds"
    return [
        Row(f"{label}: rounds without exactly one winner", winners_off, 0),
        Row(f"{label}: answers other than booked or taken", odd, 0),
        Row(f"{label}: slowest answer", slowest, 1000, "ms"),
    ]
