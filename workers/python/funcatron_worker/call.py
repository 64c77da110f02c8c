"""One call: its request as it comes in, and its answer. `run` runs a `def` Func in a thread.

`async_call.py` has what differs for a Func on the event loop.
"""

from __future__ import annotations

from time import time

from . import wire
from .body import decode
from .context import Context
from .failure import FuncMissing, fail_payload, stack_of
from .output import current_call
from .result import Stream, to_chunk, to_reply
from .service import Transactions
from .waiting import AsyncBodyStream, BodyStream, CallCancelled, ReplyWindow, Waiter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator

    from .func import Func
    from .wire import Bytes
    from .worker import Worker

BODY_BYTES_MAX = 16 * 1024 * 1024
"""A larger answer does not fit a frame and goes in chunks."""

NEVER = 1e12
PLAIN = frozenset((dict, list, str, int, float, bool, bytes, type(None), tuple))


class Call:
    """Made by the connection's reader; used by one thread, or task, at a time."""

    __slots__ = (
        "stream", "head", "bundle", "deadline", "cancelled", "ended", "transactions",
        "_body", "_worker", "_writer", "_parts", "_window", "_waiter", "stop_task",
    )  # fmt: skip

    def __init__(self, stream: int, head: dict[str, Any], worker: Worker) -> None:
        self.stream = stream
        self.head = head
        self.bundle = worker.bundle
        time_left = head.get("timeoutMs")
        self.deadline = NEVER if time_left is None else time() + time_left / 1000
        self.cancelled = False
        self.ended = False
        self.stop_task: Callable[[], object] | None = None
        """How the task of a call on the event loop is cancelled."""
        self._worker = worker
        self._writer = worker.writer
        self._body: Bytes | BodyStream = b""
        self._parts: list[Bytes] | None = None
        self._window: ReplyWindow | None = None
        self._waiter: Waiter | None = None

    # What the connection's reader does.

    @property
    def func(self) -> Func | None:
        return self.bundle.funcs.get(self.head["op"])

    def set_body(self, body: Bytes) -> None:
        self._body = body
        if self.head.get("stream"):
            self._open_stream(body).end()

    def open_body(self, first: Bytes) -> bool:
        """The body comes in DATA frames. True if the Func starts now and takes it as it comes."""
        if not self.head.get("stream"):
            self._parts = [first]
            return False
        self._open_stream(first)
        return True

    def _open_stream(self, first: Bytes) -> BodyStream:
        func = self.func
        kind = AsyncBodyStream if func and func.is_async else BodyStream
        body = self._body = kind(self.stream, self._writer)
        if first:
            body.push(first)
        return body

    def add_data(self, chunk: Bytes) -> None:
        if isinstance(self._body, BodyStream):
            self._body.push(chunk)
        elif self._parts is not None:
            self._parts.append(chunk)
            self._writer.put(wire.number_frame(wire.WINDOW, self.stream, len(chunk)))
            self._writer.flush()

    def end_data(self) -> bool:
        """True if the Func starts now, its body whole."""
        if isinstance(self._body, BodyStream):
            self._body.end()
        elif self._parts is not None:
            self._body, self._parts = b"".join(self._parts), None
            return True
        return False

    def grant(self, size: int) -> None:
        if self._window:
            self._window.grant(size)

    def cancel(self) -> None:
        self.cancelled = True
        if self._parts is not None:
            self.end(CallCancelled("the request never came whole"))
            return
        for waiting in (self._body, self._window):
            if isinstance(waiting, (BodyStream, ReplyWindow)):
                waiting.cancel()
        if self._waiter:
            self._waiter.wake()
        if self.stop_task:
            self.stop_task()

    # What the Func asks.

    def wait_cancelled(self, seconds: float) -> bool:
        if self._waiter is None:
            self._waiter = Waiter()
        self._waiter.wait(lambda: self.cancelled, max(0.0, seconds))
        return self.cancelled

    # Running in a thread.

    def run(self) -> None:
        """Runs the Func in this thread and sends what becomes of it."""
        current_call.set(self)
        self.transactions = Transactions(self.bundle.services, self._worker.loop.settle)
        try:
            result = self.require_func().invoke(self.data(), Context(self))
            if type(result) not in PLAIN:
                result = self._worker.loop.settle(result)
            head, body = to_reply(result)
            if isinstance(body, Stream) or len(body) > BODY_BYTES_MAX:
                self._send_stream(head, body)
            else:
                self._commit()
                self.reply(head, body)
        except BaseException as error:  # whatever a Func raises is the answer of its call
            self._rollback()
            self.end(error)
        else:
            self.end()

    def require_func(self) -> Func:
        if self.cancelled:
            raise CallCancelled("nobody waited any more when it was to begin")
        func = self.func
        if func is None:
            name = self.head["op"]
            mend = self.bundle.missing.get(name, "the contract of this bundle does not name it")
            raise FuncMissing(f"the bundle has no Func {name}: {mend}")
        return func

    def data(self) -> Any:
        body = self._body
        return body if isinstance(body, BodyStream) else decode(self.head["kind"], body)

    def end(self, error: BaseException | None = None) -> None:
        """Sends the failure, if it failed, and lets the call go."""
        if error is not None:
            self.bundle.output.end_call(self)
            if isinstance(error, MemoryError):
                forget_frames(error)
                self._worker.ran_out_of_memory()
            try:
                payload = fail_payload(error, self.bundle.dir)
            except BaseException:  # no memory left to describe it, or its own code fails
                payload = b'{"message":"the Func failed, and so did describing how"}'
            self._writer.put(wire.frame(wire.FAIL, self.stream, payload))
        self.ended = True
        self._worker.call_ended(self)

    def _commit(self) -> None:
        step = self.transactions.commit_next()
        while step:
            commit, transaction, rollback = step
            try:
                self._worker.loop.settle(commit(transaction))
            except BaseException:
                self._worker.loop.settle(rollback(transaction))
                raise
            step = self.transactions.commit_next()

    def _rollback(self) -> None:
        step = self.transactions.rollback_next()
        while step:
            rollback, transaction, _ = step
            try:
                self._worker.loop.settle(rollback(transaction))
            except Exception as error:
                self.log_failure("rollback failed", error)
            step = self.transactions.rollback_next()

    def log_failure(self, what: str, error: BaseException) -> None:
        text = f"{what}: {stack_of(error, self.bundle.dir)}"
        self.bundle.output.lines.send(self, "error", text)

    # Answering.

    def reply(self, head: bytes, body: Bytes) -> None:
        self.bundle.output.end_call(self)
        self._writer.put_body(wire.REPLY, self.stream, head, body)

    def open_reply(self, head: bytes) -> ReplyWindow:
        """Goes with the first chunk, so that a Func may fail with a status before it."""
        self._window = ReplyWindow()
        if self.cancelled:
            raise CallCancelled("nobody waits for the answer")
        self._writer.put_body(wire.REPLY_OPEN, self.stream, head, b"")
        self._writer.flush()
        return self._window

    def send_data(self, part: Bytes) -> None:
        self._writer.put_data(self.stream, part)
        self._writer.flush()

    def end_stream(self) -> None:
        self.bundle.output.end_call(self)
        self._writer.put(wire.frame(wire.END, self.stream))

    def _send_stream(self, head: bytes, body: Stream | bytes) -> None:
        window = None
        chunks = self._iterate(body)
        try:
            for chunk in chunks:
                content = to_chunk(chunk)
                if window is None:
                    window = self.open_reply(head)
                for part in split(content):
                    window.take(len(part))
                    self.send_data(part)
        finally:
            close = getattr(chunks, "close", None)
            if close:
                close()
        self._commit()
        if window is None:
            self.reply(head, b"")
        else:
            self.end_stream()

    def _iterate(self, body: Stream | bytes) -> Iterator[Any]:
        if not isinstance(body, Stream):
            return iter((body,))
        return self._from_loop(body.chunks) if body.is_async else body.chunks

    def _from_loop(self, chunks: Any) -> Iterator[Any]:
        """An async iterator that a `def` Func returned."""
        try:
            while True:
                try:
                    yield self._worker.loop.settle(chunks.__anext__())
                except StopAsyncIteration:
                    return
        finally:
            if hasattr(chunks, "aclose"):
                self._worker.loop.settle(chunks.aclose())


def split(chunk: bytes) -> Iterator[Bytes]:
    """A chunk in pieces that fit a DATA frame; none of an empty one."""
    if 0 < len(chunk) <= wire.CHUNK_BYTES_MAX:
        yield chunk
        return
    view = memoryview(chunk)
    for start in range(0, len(chunk), wire.CHUNK_BYTES_MAX):
        yield view[start : start + wire.CHUNK_BYTES_MAX]


def forget_frames(error: BaseException) -> None:
    """Lets go of what the failed frames held: without memory nothing can be said of the failure."""
    traceback = error.__traceback__
    while traceback:
        try:
            traceback.tb_frame.clear()
        except RuntimeError:
            pass  # still runs: ours
        traceback = traceback.tb_next
