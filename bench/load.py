"""Clients that keep their connections open, in processes of their own so that their work does not
slow the measured site more than the control."""

import multiprocessing
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

CLIENT_PROCESSES = 2


@dataclass(frozen=True, slots=True)
class Load:
    """What came of a load: requests per second, statuses, and times in milliseconds."""

    per_second: float
    statuses: dict[int, int]
    median_ms: float
    p99_ms: float


def http_load(
    port: int, requests: Sequence[bytes], *, clients: int = 16, repeat: bool = False, seconds: float
) -> Load:
    """Send requests from `clients` connections until they, or the seconds, are used up.

    With `repeat` each client sends its requests again and again; without, every request is
    sent once by somebody.
    """
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    share = clients // CLIENT_PROCESSES
    processes = [
        context.Process(
            target=_process,
            args=(port, list(requests), number, share, clients, repeat, seconds, results),
        )
        for number in range(CLIENT_PROCESSES)
    ]
    begin = time.perf_counter()
    for process in processes:
        process.start()
    gathered = [results.get(timeout=seconds + 60) for _ in processes]
    for process in processes:
        process.join()
    return _summary([row for rows in gathered for row in rows], begin)


def _process(port, requests, number, share, clients, repeat, seconds, results) -> None:
    rows: list[tuple[int, float, float]] = []
    threads = []
    for index in range(share):
        place = number * share + index
        mine = requests if repeat else requests[place::clients]
        threads.append(threading.Thread(target=_client, args=(port, mine, repeat, seconds, rows)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put(rows)


def _client(port, requests, repeat, seconds, rows) -> None:
    until = time.perf_counter() + seconds
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while True:
        for request in requests:
            begin = time.perf_counter()
            if begin > until:
                return
            connection.sendall(request)
            status, is_open = _answer(connection)
            rows.append((status, begin, time.perf_counter()))
            if not is_open:
                connection = socket.create_connection(("127.0.0.1", port))
        if not repeat:
            return


def _answer(connection: socket.socket) -> tuple[int, bool]:
    """Status, and whether the server keeps the connection open; reads the body to its end."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    lowered = head.lower()
    length = int(lowered.split(b"content-length:")[1].split(b"\r\n")[0])
    missing = length - len(body)
    while missing > 0:
        missing -= len(connection.recv(65536))
    return int(head[9:12]), b"connection: close" not in lowered


def _summary(rows: list[tuple[int, float, float]], begin: float) -> Load:
    statuses: dict[int, int] = {}
    for status, _, _ in rows:
        statuses[status] = statuses.get(status, 0) + 1
    times = sorted((end - start) * 1000 for _, start, end in rows)
    lasted = max(end for *_, end in rows) - min(start for _, start, _ in rows)
    return Load(
        per_second=len(rows) / lasted,
        statuses=statuses,
        median_ms=times[len(times) // 2],
        p99_ms=times[int(len(times) * 0.99)],
    )


def request_bytes(
    method: str, path: str, *, body: bytes = b"", headers: dict[str, str] | None = None
) -> bytes:
    """A whole HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def best_of(times: int, measure: Callable[[], float]) -> float:
    """The smallest of several measurements: other work on the machine only adds."""
    return min(measure() for _ in range(times))
