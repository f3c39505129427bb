"""One house for all drills of a file: starting it takes longer than a drill."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.drills.house import PROGRAMS, House
from tests.drills.load import Ledger
from tests.worker.sink import Sink, free_port, mail_server


class MoodySink(Sink):
    """A mail server that refuses, hangs or breaks off, as long as its mood says so."""

    mood = "fine"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if self.mood == "refuse":
            return "451 Not now"
        if self.mood == "hang":
            await asyncio.sleep(8)  # longer than the programs wait
            return "451 Too late"
        if self.mood == "break off":
            server.transport.abort()
            return "451 Gone"
        return await super().handle_DATA(server, session, envelope)


@pytest.fixture(scope="module")
def sink() -> MoodySink:
    """What the mail server took."""
    return MoodySink()


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    """What people were promised in all drills of the file."""
    return Ledger()


@pytest.fixture(scope="module")
def house(template_database, tmp_path_factory, sink) -> Iterator[House]:
    """Everything runs, and nothing has happened yet."""
    port = free_port()
    made = House(tmp_path_factory.mktemp("house"), mail_port=port)
    try:
        with mail_server(sink, port=port):
            made.open(template_database, patients=900)
            made.start(*PROGRAMS)
            yield made
    finally:
        made.close()
