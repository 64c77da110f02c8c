"""The worker: one connection, one bundle, many calls in flight.

The main thread loads the bundle and then belongs to the event loop. All else is done by a few
threads that take turns at the connection: the one that holds the baton reads, the others run
`def` Funcs or wait. Who has read calls passes the baton on and runs one of them itself, so a
call changes threads only when it has to, and a reader is always left: there is one thread more than
there may be calls at a time. Threads start when they are needed.

Who runs calls sends what they made when there is no more to run; who gets the baton while there is,
because the one before is held up in a Func, sends first. So replies that come together go together,
and none waits for another call.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
from _thread import allocate_lock
from collections import deque
from contextvars import copy_context
from threading import Thread

from . import wire
from .bundle import LoadedBundle
from .call import Call
from .event_loop import EventLoop
from .failure import message_of, stack_of
from .memory import MemoryLimit
from .output import Output
from .result import to_json
from .warm import WarmModules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from typing import Any, NoReturn

    from .wire import Bytes

RUNNER_GONE = 1
OUT_OF_MEMORY = 3
BROKEN = 4


class Worker:
    def __init__(self, connection: socket) -> None:
        self._connection = connection
        self._reader = wire.FrameReader(connection)
        self.writer = wire.FrameWriter(connection)
        self._output = Output(self.writer)
        self.loop = EventLoop()
        self._warm = WarmModules()
        self.bundle: LoadedBundle  # from the assignment on
        self.memory: MemoryLimit

        self._calls: dict[int, Call] = {}
        self._inbox: deque[Call] = deque()
        """Calls read and not yet begun."""
        self._baton = allocate_lock()
        self._idle: deque[None] = deque()
        """One entry for each thread that holds the baton or waits for it."""
        self._threads = 0
        self._threads_max = 1
        self._posted: deque[Call] = deque()
        """Calls on their way to the event loop."""
        self._is_draining = False
        self._flush_is_due = False
        self._context = copy_context()

    def run(self) -> None:
        """Serves until the runner ends it."""
        assignment = self._wait_for_assignment()
        if assignment is None:
            return
        self._output.capture()
        os.register_at_fork(after_in_child=self._leave_in_child)
        self._threads_max = assignment["concurrency"] + 1
        self.memory = MemoryLimit(assignment["memoryBytesMax"])
        self.bundle = LoadedBundle(assignment, self._output)
        self._start_thread()  # answers pings while the bundle loads
        self._load(assignment)
        self.loop.hold_main_thread()
        self.bundle.close(self.loop)
        self.writer.finish()
        atexit._run_exitfuncs()
        os._exit(0)  # does not wait for threads that a Func left behind; nobody would end them

    def _wait_for_assignment(self) -> dict[str, Any] | None:
        self._warm.load_until_readable(self._connection)
        while True:
            for kind, _, payload in self._read_frames():
                if kind == wire.ASSIGN:
                    return json.loads(str(payload, "utf-8"))
                if kind == wire.PING:
                    self._pong(payload)
                elif kind == wire.DRAIN:
                    return None
            self.writer.flush()

    def _load(self, assignment: dict[str, Any]) -> None:
        bundle = self.bundle
        try:
            bundle.load(assignment, self.loop, self._warm)
        except BaseException as error:  # the user's module may even call sys.exit
            refusal = {"message": explain(error), "stack": stack_of(error, bundle.dir)}
            self.writer.put(wire.frame(wire.REFUSED, 0, to_json(refusal)))
        else:
            self._output.capture_logging()
            self._context = copy_context()
            missing = [{"operationId": name, "mend": m} for name, m in bundle.missing.items()]
            self.writer.put(wire.frame(wire.ASSIGNED, 0, to_json({"missing": missing})))
        self.writer.flush()

    def _leave_in_child(self) -> None:
        """A forked child must not speak on its parent's connection."""
        self._output.release()
        self._connection.close()

    # The threads.

    def _start_thread(self) -> None:
        self._threads += 1
        self.memory.admit_thread()
        Thread(target=self._serve, name=f"funcatron-{self._threads}", daemon=True).start()

    def _may_grow(self) -> bool:
        """A cancelled call that goes on keeps its thread; the runner counts it no more."""
        if self._threads < self._threads_max:
            return True
        stuck = sum(call.cancelled for call in list(self._calls.values()))
        return self._threads < self._threads_max + stuck

    def _serve(self) -> None:
        inbox, writer = self._inbox, self.writer
        while True:
            try:
                call = inbox.popleft()
            except IndexError:
                self._take_turn()
                continue
            try:
                self._context.copy().run(call.run)
            except BaseException as error:  # no Func's: those are its call's
                leave(error)
            del call  # while this thread waits it must hold nothing of the Func's
            if not inbox:
                writer.flush()

    def _take_turn(self) -> None:
        """Waits for the baton, then reads until there is a call to run."""
        idle, inbox = self._idle, self._inbox
        idle.append(None)
        with self._baton:
            try:
                self.writer.flush()
                while not inbox:
                    for frame in self._read_frames():
                        self._handle(*frame)
                    self.writer.flush()
                if len(idle) == 1 and self._may_grow():
                    self._start_thread()
            except Exception as error:  # without a reader nothing goes on
                leave(error)
        idle.pop()

    def _read_frames(self) -> list[tuple[int, int, Bytes]]:
        try:
            return self._reader.read()
        except (EOFError, OSError):
            os._exit(RUNNER_GONE)  # nobody is left to work for, and Funcs may hang

    # Frames.

    def _handle(self, kind: int, stream: int, payload: Bytes) -> None:
        if kind == wire.CALL:
            head, body = wire.split_head(payload)
            call = self._open_call(stream, head)
            call.set_body(body)
            self._begin(call)
        elif kind == wire.PING:
            self._pong(payload)
        elif kind == wire.CALL_OPEN:
            head, body = wire.split_head(payload)
            call = self._open_call(stream, head)
            if call.open_body(body):
                self._begin(call)
        elif kind == wire.DRAIN:
            self._is_draining = True
            self._stop_if_done()
        else:
            begun = self._calls.get(stream)  # none: it ended while this frame was under way
            if begun:
                self._handle_of_call(begun, kind, payload)

    def _handle_of_call(self, call: Call, kind: int, payload: Bytes) -> None:
        if kind == wire.DATA:
            call.add_data(payload)
        elif kind == wire.END:
            if call.end_data():
                self._begin(call)
        elif kind == wire.WINDOW:
            call.grant(wire.NUMBER.unpack(payload)[0])
        elif kind == wire.CANCEL:
            call.cancel()

    def _pong(self, payload: Bytes) -> None:
        self.writer.put(wire.frame(wire.PONG, 0, bytes(payload)))

    def _open_call(self, stream: int, head: str) -> Call:
        call = self._calls[stream] = Call(stream, json.loads(head), self)
        return call

    def _begin(self, call: Call) -> None:
        func = call.func
        if func is None or not func.is_async:
            self._inbox.append(call)
            return
        self._posted.append(call)
        if len(self._posted) == 1:
            self.loop.get().call_soon_threadsafe(self._begin_posted, context=self._context)

    # On the event loop.

    def _begin_posted(self) -> None:
        from .async_call import start

        loop, posted = self.loop.get(), self._posted
        while posted:
            start(posted.popleft(), loop)

    def call_ended(self, call: Call) -> None:
        del self._calls[call.stream]
        if call.stop_task and not self._flush_is_due:
            self._flush_is_due = True
            self.loop.get().call_soon(self._flush_soon)
        if self._is_draining:
            self._stop_if_done()

    def _flush_soon(self) -> None:
        """What the tasks of one turn of the loop answered goes in one piece."""
        self._flush_is_due = False
        self.writer.flush()

    def ran_out_of_memory(self) -> None:
        """
        A bundle that keeps what filled the memory would fail every call from now on. The worker
        ends before it answers for this one, its last: after the answer the next may be on its way.
        """
        self.memory.relieve()
        if not self.memory.is_full():
            self.memory.apply()
        elif sum(not call.cancelled for call in list(self._calls.values())) <= 1:
            self.writer.flush()
            leave(MemoryError("the bundle holds on to most of x-funcatron.memory"))

    def _stop_if_done(self) -> None:
        if not self._calls:
            self.loop.stop()


def leave(error: BaseException) -> NoReturn:
    """Ends the process at once; the runner tells its callers, with these last words."""
    print(f"worker ends: {error!r}", file=sys.__stderr__, flush=True)
    os._exit(OUT_OF_MEMORY if isinstance(error, MemoryError) else BROKEN)


def explain(error: BaseException) -> str:
    """What a bundle that does not load is refused with."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.partition(".")[0]
        return f"{error}: add {package} to requirements.txt if it is a package, and build again"
    if isinstance(error, SystemExit):
        return f"the code called sys.exit({error.code!r}) when it was imported"
    return f"{type(error).__name__}: {message_of(error)}"
