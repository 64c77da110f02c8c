"""How a Func waits for the connection: as a thread or as a task, and is woken by another thread.

One waits and one wakes, and each value is written by one side only, so there is no lock: the one
who waits looks once more after it has said how it is to be woken.
"""

from __future__ import annotations

from _thread import allocate_lock
from collections import deque

from . import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Future
    from typing import Callable

    from .wire import Bytes, FrameWriter

FOREVER = -1


class CallCancelled(Exception):
    """Nobody waits for the answer any more: the deadline passed or the caller left."""


class Waiter:
    __slots__ = ("_wake",)

    def __init__(self) -> None:
        self._wake: Callable[[], object] | None = None

    def wake(self) -> None:
        wake, self._wake = self._wake, None
        if wake:
            wake()

    def wait(self, ready: Callable[[], bool], seconds: float = FOREVER) -> None:
        """Blocks this thread until `ready()`, or once for so many seconds."""
        while not ready():
            gate = allocate_lock()
            gate.acquire()
            self._wake = gate.release
            if ready():
                return
            if not gate.acquire(True, seconds):
                self._wake = None
                return

    async def wait_async(self, ready: Callable[[], bool]) -> None:
        from asyncio import get_running_loop

        loop = get_running_loop()
        while not ready():
            woken = loop.create_future()
            self._wake = lambda woken=woken: loop.call_soon_threadsafe(_settle, woken)
            if ready():
                return
            await woken


def _settle(future: Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class BodyStream:
    """A request body as it comes: iterate with `for` or `async for`, or `read` it like a file.

    The runner sends no more than the window ahead of what the Func has taken.
    """

    def __init__(self, stream: int, writer: FrameWriter) -> None:
        self._stream = stream
        self._writer = writer
        self._chunks: deque[Bytes] = deque()
        self._ended = False
        self._broken = False
        self._waiter = Waiter()
        self._taken = 0

    def push(self, chunk: Bytes) -> None:
        self._chunks.append(chunk)
        self._waiter.wake()

    def end(self) -> None:
        self._ended = True
        self._waiter.wake()

    def cancel(self) -> None:
        self._broken = True
        self._waiter.wake()

    def __iter__(self) -> BodyStream:
        return self

    def __next__(self) -> bytes:
        self._waiter.wait(self._is_ready)
        if not self._has_chunk():
            raise StopIteration
        return self._take()

    def read(self, size: int = -1) -> bytes:
        """So many bytes, fewer at the end only; all there is without a size."""
        parts: list[bytes] = []
        left = size
        while left:
            self._waiter.wait(self._is_ready)
            if not self._has_chunk():
                break
            parts.append(self._take(left))
            left = -1 if left < 0 else left - len(parts[-1])
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def __aiter__(self) -> BodyStream:
        return self

    async def __anext__(self) -> bytes:
        await self._waiter.wait_async(self._is_ready)
        if not self._has_chunk():
            raise StopAsyncIteration
        return self._take()

    def _is_ready(self) -> bool:
        return bool(self._chunks) or self._ended or self._broken

    def _has_chunk(self) -> bool:
        if self._broken:
            raise CallCancelled("the caller went away before the request was whole")
        return bool(self._chunks)

    def _take(self, most: int = -1) -> bytes:
        chunk = self._chunks.popleft()
        if 0 <= most < len(chunk):
            self._chunks.appendleft(memoryview(chunk)[most:])
            chunk = chunk[:most]
        self._taken += len(chunk)
        if not self._ended and (self._taken >= wire.WINDOW_BYTES // 4 or not self._chunks):
            taken, self._taken = self._taken, 0
            self._writer.put(wire.number_frame(wire.WINDOW, self._stream, taken))
            self._writer.flush()
        return bytes(chunk)


class AsyncBodyStream(BodyStream):
    """For an `async def` Func, which must not block its thread."""

    async def read(self, size: int = -1) -> bytes:  # type: ignore[override]
        parts: list[bytes] = []
        left = size
        while left:
            await self._waiter.wait_async(self._is_ready)
            if not self._has_chunk():
                break
            parts.append(self._take(left))
            left = -1 if left < 0 else left - len(parts[-1])
        return parts[0] if len(parts) == 1 else b"".join(parts)


class ReplyWindow:
    """How much of a reply's body may be under way unconsumed."""

    def __init__(self) -> None:
        self._granted = wire.WINDOW_BYTES
        self._sent = 0
        self._open = True
        self._waiter = Waiter()

    def grant(self, size: int) -> None:
        self._granted += size
        self._waiter.wake()

    def cancel(self) -> None:
        self._open = False
        self._waiter.wake()

    def take(self, size: int) -> None:
        """Waits for room in this thread. Raises CallCancelled when nobody reads any more."""
        self._waiter.wait(lambda: not self._open or self._granted - self._sent >= size)
        self._use(size)

    async def take_async(self, size: int) -> None:
        await self._waiter.wait_async(lambda: not self._open or self._granted - self._sent >= size)
        self._use(size)

    def _use(self, size: int) -> None:
        if not self._open:
            raise CallCancelled("the reader went away")
        self._sent += size
