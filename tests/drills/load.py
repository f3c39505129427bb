"""People who book, cancel and walk in over HTTP, and write down every answer that they got."""

import http.client
import itertools
import json
import threading
import time
from dataclasses import dataclass, field
from uuid import uuid4

from tests.drills.house import WEBS, House
from tests.people import PASSWORD, PEOPLE

PAUSE = 0.8  # seconds between two deeds of one client
PATIENCE = 90.0  # seconds until somebody gives up on a request
TRY_AGAIN = frozenset({429, 502, 503, 504})
TAKEN = frozenset({"slot_taken", "scheduling.slot_taken"})


@dataclass
class Ledger:
    """What was promised to people."""

    booked: dict[int, dict] = field(default_factory=dict)  # answers by the number of the visit
    cancelled: set[int] = field(default_factory=set)
    walk_ins: dict[str, dict] = field(default_factory=dict)  # answers by patient
    refused: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)  # answers that nobody should ever get
    lost: int = 0  # requests whose answer never came
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def promises(self) -> int:
        """How many answers said yes."""
        return len(self.booked) + len(self.cancelled) + len(self.walk_ins)


class Client(threading.Thread):
    """One program at the front desk. It repeats a request until it knows what became of it."""

    def __init__(self, load: "Load", number: int) -> None:
        super().__init__(daemon=True)
        self.load, self.number = load, number
        self.web = itertools.cycle(WEBS if number % 2 else reversed(WEBS))
        self.at = next(self.web)
        self.mine: list[int] = []

    def run(self) -> None:
        """Book twice, receive a walk-in, cancel one; until it is enough."""
        deeds = itertools.cycle((self.book, self.walk_in, self.book, self.cancel))
        while not self.load.enough.is_set():
            next(deeds)()
            time.sleep(PAUSE)

    def book(self) -> None:
        """One booking under a key of its own."""
        wanted = self.load.next_booking()
        if wanted is None:
            return self.load.enough.set()
        status, answer, _ = self.ask("POST", "/api/appointments/book/", wanted, key=str(uuid4()))
        ledger = self.load.ledger
        with ledger.lock:
            if status == 201:
                if answer["id"] in ledger.booked:
                    ledger.odd.append(f"two answers named visit {answer['id']}")
                ledger.booked[answer["id"]] = answer
                self.mine.append(answer["id"])
            elif status == 409 and answer["code"] in TAKEN:
                ledger.refused.append(answer["code"])
            else:
                ledger.odd.append(f"book: {status} {answer}")
        return None

    def cancel(self) -> None:
        """Take one of the own bookings back."""
        if len(self.mine) < 2:
            return
        number = self.mine.pop(0)
        body = {"status": "cancelled", "reason": "Cannot come"}
        status, answer, lost = self.ask("PUT", f"/api/appointments/{number}/status/", body)
        ledger = self.load.ledger
        with ledger.lock:
            # After a lost answer it may be done already, which the second try is told.
            if status == 200 or (status == 409 and lost):
                ledger.cancelled.add(number)
            else:
                ledger.odd.append(f"cancel: {status} {answer}")

    def walk_in(self) -> None:
        """Give somebody without appointment a number."""
        patient = self.load.next_patient()
        if patient is None:
            return
        body = {"patient": patient, "type": "vaccination"}
        status, answer, _ = self.ask("POST", "/api/visits/walk-in/", body)
        ledger = self.load.ledger
        with ledger.lock:
            if status == 201:
                ledger.walk_ins[patient] = answer
            else:
                ledger.odd.append(f"walk-in: {status} {answer}")

    def ask(self, method: str, path: str, body: dict, key: str = "") -> tuple[int, dict, bool]:
        """Status, answer, and whether an earlier answer was lost."""
        deadline, lost = time.monotonic() + PATIENCE, False
        while time.monotonic() < deadline:
            try:
                status, answer = self._send(method, path, body, key)
            except (OSError, http.client.HTTPException, ValueError):
                lost = True
            else:
                if status not in TRY_AGAIN:
                    return status, answer, lost
                lost = lost or status != 429
            with self.load.ledger.lock:
                self.load.ledger.lost += 1
            self.at = next(self.web)
            time.sleep(0.2)
        return 0, {"code": "nobody answered"}, lost

    def _send(self, method: str, path: str, body: dict, key: str) -> tuple[int, dict]:
        headers = {"Content-Type": "application/json"}
        if self.load.token:
            headers["Authorization"] = f"Bearer {self.load.token}"
        if key:
            headers["Idempotency-Key"] = key
        port = self.load.house.ports[self.at]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
        try:
            connection.request(method, path, json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()


class Load:
    """Several clients at once on the house, until they are told to stop."""

    def __init__(self, house: House, ledger: Ledger, *, clients: int = 4) -> None:
        self.house, self.ledger = house, ledger
        self.enough, self.token = threading.Event(), ""
        self._lock = threading.Lock()
        self.clients = [Client(self, number) for number in range(clients)]
        self._times: list[dict] = []
        self._count = 0

    def begin(self) -> None:
        """Sign in, look at the free times, and let everybody start."""
        first = self.clients[0]
        credentials = {"username": PEOPLE.rosa.id, "password": PASSWORD, "provider": "db"}
        status, answer, _ = first.ask("POST", "/api/v1/security/login", credentials)
        assert status == 200, answer
        self.token = answer["access_token"]
        path = "/api/appointments/available-slots/?type=consultation"
        status, answer, _ = first.ask("GET", path, {})
        assert status == 200, answer
        self._times = answer["slots"]
        for client in self.clients:
            client.start()

    def end(self) -> Ledger:
        """Let everybody finish what they began; what they wrote down."""
        self.enough.set()
        for client in self.clients:
            client.join(PATIENCE + 30)
            assert not client.is_alive(), "somebody still waits for an answer"
        return self.ledger

    def next_patient(self) -> str | None:
        """Somebody who was not here yet."""
        with self._lock:
            return self.house.crowd.pop() if self.house.crowd else None

    def next_booking(self) -> dict | None:
        """A wish; every fifth time somebody else wants the same."""
        patient = self.next_patient()
        with self._lock:
            place = self._count - self._count // 5
            self._count += 1
            if patient is None or place >= len(self._times):
                return None
            time_ = self._times[place]
        wish = {name: time_[name] for name in ("type", "provider", "starts_at")}
        return wish | {"patient": patient}
