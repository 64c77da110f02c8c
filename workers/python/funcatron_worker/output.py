"""What a Func prints and logs, as LOG frames of its call.

`sys.stdout`, `sys.stderr` and the root logger write here. Which call a line belongs to is a context
variable, so it follows tasks and `asyncio.to_thread`; a thread the Func starts by itself belongs to
the bundle. What C code writes past Python is the process's own output, which the runner reads.
"""

from __future__ import annotations

import io
import sys
from _thread import RLock  # a finalizer that prints may run while a line is being written
from contextvars import ContextVar
from time import monotonic

from . import wire
from .result import BadResult, to_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging
    from typing import Any

    from .call import Call

LINE_BYTES_MAX = 64 * 1024
LINES_PER_SECOND_MAX = 1000
BACKLOG_MAX = 10_000
"""Pieces waiting to be sent above which lines are dropped: the runner does not read."""

current_call: ContextVar[Call | None] = ContextVar("funcatron_call", default=None)


class LogLines:
    """Sends lines, at most so many a second; what is over is counted, and the count is sent."""

    def __init__(self, writer: wire.FrameWriter) -> None:
        self._writer = writer
        self._lock = RLock()
        self._second = 0.0
        self._count = 0
        self._dropped = 0

    def send(
        self, call: Call | None, level: str, text: str, fields: dict[str, Any] | None = None
    ) -> None:
        if not self._admits():
            return
        line: dict[str, Any] = {"level": level, "text": cut(text)}
        if fields:
            line["fields"] = fields
        stream = 0
        if call and call.ended:
            line["id"] = call.head["id"]  # its stream may be another call's by now
        elif call:
            stream = call.stream
        self._put(stream, line)

    def _put(self, stream: int, line: dict[str, Any]) -> None:
        try:
            payload = to_json(line)
        except BadResult:  # a line is written whatever its fields are
            line["fields"] = {name: repr(value) for name, value in line["fields"].items()}
            payload = to_json(line)
        self._writer.put(wire.frame(wire.LOG, stream, payload))
        self._writer.flush()

    def _admits(self) -> bool:
        with self._lock:
            now = monotonic()
            if now - self._second >= 1:
                self._second, self._count = now, 0
            self._count += 1
            crowded = self._count > LINES_PER_SECOND_MAX or self._writer.backlog > BACKLOG_MAX
            if not crowded:
                return True
            self._dropped += 1
            first = self._dropped == 1
        if first:
            self._report_later(self._second + 1 - now)
        return False

    def _report_later(self, seconds: float) -> None:
        """The flood may end at any time, so the count is sent from outside it."""
        from threading import Timer

        timer = Timer(max(0.0, seconds), self._report)
        timer.daemon = True
        timer.start()

    def _report(self) -> None:
        with self._lock:
            dropped, self._dropped = self._dropped, 0
        text = f"dropped {dropped} lines: over {LINES_PER_SECOND_MAX} a second"
        self._put(0, {"level": "warn", "text": text})


def cut(text: str) -> str:
    """The line within the limit; one that is cut says so."""
    if len(text) * 4 <= LINE_BYTES_MAX:
        return text
    raw = text.encode("utf-8", "replace")
    if len(raw) <= LINE_BYTES_MAX:
        return text
    kept = raw[:LINE_BYTES_MAX].decode("utf-8", "ignore")
    return f"{kept} [cut: the line has {len(raw)} bytes, the limit is {LINE_BYTES_MAX}]"


class LineStream(io.TextIOBase):
    """A `sys.stdout` or `sys.stderr` whose lines become LOG frames.

    A line is sent when it ends, and what is left of one when its call ends.
    """

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, lines: LogLines, level: str, original: Any) -> None:
        self._lines = lines
        self._level = level
        self._original = original
        self._lock = RLock()
        self._begun: dict[Call | None, str] = {}

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        """The real one: what a child process writes there is the process's output."""
        return self._original.fileno()

    @property
    def buffer(self) -> ByteStream:
        return ByteStream(self)

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() takes a str, not {type(text).__name__}")
        call = current_call.get()
        with self._lock:
            whole = self._begun.pop(call, "") + text
            *lines, rest = whole.split("\n")
            if len(rest) > LINE_BYTES_MAX:
                lines, rest = [*lines, rest], ""
            if rest:
                self._begun[call] = rest
        for line in lines:
            self._lines.send(call, self._level, line)
        return len(text)

    def end(self, call: Call) -> None:
        """Sends the line that the call began and did not end."""
        if self._begun:
            with self._lock:
                rest = self._begun.pop(call, "")
            if rest:
                self._lines.send(call, self._level, rest)


class ByteStream(io.RawIOBase):
    """`sys.stdout.buffer`, for who writes bytes."""

    def __init__(self, stream: LineStream) -> None:
        self._stream = stream

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._stream.write(bytes(data).decode("utf-8", "replace"))
        return len(data)


class Output:
    """The output of the process, once captured."""

    def __init__(self, writer: wire.FrameWriter) -> None:
        self.lines = LogLines(writer)
        self._stdout = LineStream(self.lines, "info", sys.__stdout__)
        self._stderr = LineStream(self.lines, "warn", sys.__stderr__)
        self._handlers: list[logging.Handler] | None = None
        """Those of the root logger when it was looked at last."""

    def capture(self) -> None:
        sys.stdout, sys.stderr = self._stdout, self._stderr

    def release(self) -> None:
        """In a forked child, whose frames would break into the parent's."""
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__

    def end_call(self, call: Call) -> None:
        self._stdout.end(call)
        self._stderr.end(call)
        logging = sys.modules.get("logging")
        if logging and logging.root.handlers != self._handlers:
            self.capture_logging()

    def capture_logging(self) -> None:
        """Records keep their level, whenever and however the bundle sets `logging` up.

        Unless it does, the root logger lets INFO through and has no handler, so that a later
        `basicConfig` still works; `lastResort` is what `logging` uses then.
        """
        if "logging" not in sys.modules:
            return
        import logging

        from .log_handler import LineHandler

        root = logging.root
        if not isinstance(logging.lastResort, LineHandler):
            logging.lastResort = LineHandler(self.lines)
            if not root.handlers and root.level == logging.WARNING:
                root.setLevel(logging.INFO)
        for handler in list(root.handlers):
            if getattr(handler, "stream", None) in (self._stdout, self._stderr):
                root.removeHandler(handler)
                root.addHandler(LineHandler(self.lines, handler))
        self._handlers = list(root.handlers)
