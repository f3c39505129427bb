"""A stretch of network between the programs and PostgreSQL that can be cut or slowed down."""

import asyncio
import contextlib
import threading
from pathlib import Path


class Proxy:
    """Listens on a port and passes everything on to PostgreSQL's socket, while it may."""

    def __init__(self, socket: Path) -> None:
        self.socket, self.port = socket, 0
        self.delay, self.is_open = 0.0, True
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()
        self.port = self._do(self._listen())

    def cut(self) -> None:
        """Break every connection; new ones are taken."""
        self._do(self._break_all())

    def stop(self) -> None:
        """End for good."""
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _listen(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._server.close()
        await self._break_all()
        await asyncio.sleep(0.1)  # connections end in their own time

    async def _break_all(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader, writer) -> None:
        if not self.is_open:
            writer.transport.abort()
            return
        try:
            there, back = await asyncio.open_unix_connection(str(self.socket))
        except OSError:  # the server is down
            writer.transport.abort()
            return
        self._writers |= {writer, back}
        await asyncio.gather(self._pass_on(reader, back), self._pass_on(there, writer))
        self._writers -= {writer, back}

    async def _pass_on(self, reader, writer) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(65536):
                await asyncio.sleep(self.delay)
                writer.write(chunk)
                await writer.drain()
        writer.close()
