"""The network cable between a station and the database: a TCP proxy that can be cut, go silent, or be slow."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Final, Literal, Self, TypeAlias

State: TypeAlias = Literal["well", "cut", "silent", "slow"]

_RESET: Final = struct.pack("ii", 1, 0)
_CHUNK: Final = 65_536
_CHECK_SECONDS: Final = 0.05


class Cable:
    """Forwards a free loopback port to `target`, in a thread of its own.

    cut: every connection is reset and no new one is taken. silent: nothing passes, nothing is told, and what is
    connected stays so. slow: each piece waits `delay_seconds`.
    """

    def __init__(self, target: int, delay_seconds: float = 0.4) -> None:
        self.port = 0
        self._target = target
        self._delay_seconds = delay_seconds
        self._state: State = "well"
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="cable", daemon=True)
        self._is_ready = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._is_ready.wait(10):
            raise RuntimeError("the proxy does not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def become(self, state: State) -> None:
        self._state = state
        if state == "cut":
            self._loop.call_soon_threadsafe(self._reset_all)

    def _reset_all(self) -> None:
        for writer in list(self._writers):
            _reset(writer)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._connected, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._is_ready.set()
        self._loop.run_forever()
        server.close()
        self._reset_all()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Cancelled at the end of a run: asyncio's streams of Python 3.11 would print that as an error.
        with self._known(writer), contextlib.suppress(asyncio.CancelledError):
            await self._until(lambda: self._state != "silent")
            if self._state == "cut":
                _reset(writer)
                return
            try:
                to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self._target)
            except OSError:  # the server is down: so looks the station's own connection
                _reset(writer)
                return
            with self._known(to_writer):
                await asyncio.gather(self._pump(reader, to_writer), self._pump(to_reader, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                if self._state == "slow":
                    await asyncio.sleep(self._delay_seconds)
                await self._until(lambda: self._state != "silent")
                writer.write(chunk)
                await writer.drain()
        writer.close()

    @contextlib.contextmanager
    def _known(self, writer: asyncio.StreamWriter) -> Iterator[None]:
        self._writers.add(writer)
        try:
            yield
        finally:
            self._writers.discard(writer)
            writer.close()

    @staticmethod
    async def _until(is_so: Callable[[], bool]) -> None:
        while not is_so():  # noqa: ASYNC110  # the state is set by another thread
            await asyncio.sleep(_CHECK_SECONDS)


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST, as a cable that is pulled out and put in again looks to a connection."""
    raw = writer.get_extra_info("socket")
    with contextlib.suppress(OSError, AttributeError):
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
