"""The door before an embedded broker with a journal: nobody hears of a record before it is kept.

A relay on the broker's public port. While it is shut it lets nobody in but the
journal itself. Open, it passes everything on; an answer that tells of records of
the journaled topics, to who published them or to who reads them, waits until
these are on the disk. So what anybody has seen is there after any kill.
"""

import asyncio
import struct
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self

from signal_tracker.broker import HOST
from signal_tracker.door_answers import FETCH, PRODUCE, UNKNOWN, Request, ends_told, request_of
from signal_tracker.errors import BrokerError

Ends = Mapping[tuple[str, int], int]

# Beyond it the client is cut off unanswered, and asks again.
HOLD_S = 20.0

_LENGTH = struct.Struct(">i")
_CORRELATION = struct.Struct(">i")
_MAX_FRAME = 1 << 28
_BUFFER = 1 << 20
_START_S = 10.0
# More than any client has under way; requests without acknowledgement never leave by an answer.
_MAX_WAITING = 1_000


class Door:
    """The relay of one broker, in a thread of its own; a context manager.

    `is_kept` says whether all before some offsets is on the disk; `moved` is to be called when
    that has changed; `ends_of` says where a topic ends. `inside` marks the client ids of the
    journal, `names` are the journaled topics by id, and `inner_port` is the broker's.
    """

    def __init__(
        self,
        port: int,
        *,
        inside: str,
        is_kept: Callable[[Ends], bool],
        ends_of: Callable[[str], Ends],
    ) -> None:
        self.port = port
        self.inner_port = 0
        self.names: Mapping[str, str] = {}
        self._inside = inside
        self._is_kept = is_kept
        self._ends_of = ends_of
        self._loop = asyncio.new_event_loop()
        self._open = asyncio.Event()
        self._moved = asyncio.Event()
        self._outside: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._ready = threading.Event()
        self._trouble: OSError | None = None
        self._thread = threading.Thread(target=self._run, name="door", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(_START_S)
        if self._trouble is not None:
            msg = f"port {self.port} of {HOST} cannot be taken: {self._trouble}"
            raise BrokerError(msg) from self._trouble
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._thread.is_alive():
            self._call(self._loop.stop)
            self._thread.join(_START_S)

    def open(self) -> None:
        """Let everybody in."""
        self._call(self._open.set)

    def shut(self) -> None:
        """Send everybody away but the journal; return when nobody of them is left."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._send_away(), self._loop).result(_START_S)

    def moved(self) -> None:
        """Look again at who waits: more is on the disk."""
        self._call(self._moved.set)

    def _call(self, what: Callable[[], None]) -> None:
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(what)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._server = self._loop.run_until_complete(
                asyncio.start_server(self._serve, HOST, self.port, limit=_BUFFER)
            )
            self.port = self._server.sockets[0].getsockname()[1]
        except OSError as error:
            self._trouble = error
            self._ready.set()
            return
        self._ready.set()
        try:
            self._loop.run_forever()
        finally:
            self._server.close()
            left = asyncio.all_tasks(self._loop)
            for task in left:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            self._loop.close()

    async def _send_away(self) -> None:
        self._open.clear()
        for task in self._outside:
            task.cancel()
        if self._outside:
            await asyncio.wait(self._outside, timeout=_START_S)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        try:
            first = await _frame(reader)
            if not request_of(first).client_id.startswith(self._inside):
                if task is not None:
                    self._outside.add(task)
                await self._open.wait()
                await self._relay(first, reader, writer, gated=True)
            else:
                await self._relay(first, reader, writer, gated=False)
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.CancelledError):
            # Whoever is cut off asks again; what was not answered was not promised.
            pass
        finally:
            if task is not None:
                self._outside.discard(task)
            writer.close()

    async def _relay(
        self,
        first: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        gated: bool,
    ) -> None:
        inner = await asyncio.open_connection(HOST, self.inner_port, limit=_BUFFER)
        waiting: deque[Request] = deque(maxlen=_MAX_WAITING)
        both = [
            asyncio.ensure_future(self._ask(first, reader, inner[1], waiting if gated else None)),
            asyncio.ensure_future(self._answer(inner[0], writer, waiting)),
        ]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in both:
                each.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            inner[1].close()

    async def _ask(
        self,
        first: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        waiting: deque[Request] | None,
    ) -> None:
        content = first
        while True:
            if waiting is not None:
                request = request_of(content)
                if request.api_key in {PRODUCE, FETCH}:
                    waiting.append(request)
            await _send(writer, content)
            content = await _frame(reader)

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, waiting: deque[Request]
    ) -> None:
        while True:
            content = await _frame(reader)
            request = _asked(waiting, content)
            if request is not None:
                ends = ends_told(request, content, self.names)
                if ends:
                    await asyncio.wait_for(self._until_kept(ends), HOLD_S)
            await _send(writer, content)

    async def _until_kept(self, ends: dict[tuple[str, int], int]) -> None:
        for tp in [tp for tp, end in ends.items() if end == UNKNOWN]:
            ends[tp] = (await self._loop.run_in_executor(None, self._ends_of, tp[0]))[tp]
        while not self._is_kept(ends):
            self._moved.clear()
            if not self._is_kept(ends):
                await self._moved.wait()


def _asked(waiting: deque[Request], answer: bytes) -> Request | None:
    # Answers come in the order of the requests; a request without acknowledgement has none.
    (correlation,) = _CORRELATION.unpack_from(answer)
    if all(each.correlation != correlation for each in waiting):
        return None
    while waiting:
        request = waiting.popleft()
        if request.correlation == correlation:
            return request
    return None


async def _frame(reader: asyncio.StreamReader) -> bytes:
    (size,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    if not _CORRELATION.size <= size <= _MAX_FRAME:
        msg = f"expected a frame of at most {_MAX_FRAME} bytes, was {size}"
        raise ValueError(msg)
    return await reader.readexactly(size)


async def _send(writer: asyncio.StreamWriter, content: bytes) -> None:
    writer.write(_LENGTH.pack(len(content)))
    writer.write(content)
    await writer.drain()
