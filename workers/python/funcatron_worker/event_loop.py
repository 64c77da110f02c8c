"""The one event loop. It has the main thread, where asyncio likes to be, and is made at first need.

`asyncio` takes longer to import than Python takes to start, so a bundle without coroutines never
pays for it.
"""

from __future__ import annotations

from _thread import allocate_lock, get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from typing import Any


class EventLoop:
    def __init__(self) -> None:
        self._loop: AbstractEventLoop | None = None
        self._lock = allocate_lock()
        self._gate = allocate_lock()
        self._gate.acquire()
        self._main_thread = get_ident()
        self._is_stopped = False

    def get(self) -> AbstractEventLoop:
        """The loop, which runs or soon will. From any thread."""
        if self._loop is None:
            with self._lock:
                if self._loop is None:
                    from asyncio import new_event_loop

                    self._loop = new_event_loop()
                    self._gate.release()
        return self._loop

    def hold_main_thread(self) -> None:
        """Returns after `stop`; runs the loop from when there is one."""
        self._gate.acquire()
        while not self._is_stopped:
            try:
                self.get().run_forever()
            except (SystemExit, KeyboardInterrupt) as error:
                # A task that a Func left behind ended so. Its calls ended before; others go on.
                import sys

                print(f"a background task ended with {error!r}", file=sys.stderr)

    def stop(self) -> None:
        self._is_stopped = True
        with self._lock:
            if self._loop is None:
                self._gate.release()
            else:
                self._loop.call_soon_threadsafe(self._loop.stop)

    def settle(self, value: Any) -> Any:
        """The value, or what it gives when awaited, for which this thread waits."""
        if not hasattr(value, "__await__"):
            return value
        loop = self.get()
        if get_ident() == self._main_thread:
            return loop.run_until_complete(value)
        from asyncio import run_coroutine_threadsafe

        return run_coroutine_threadsafe(_await(value), loop).result()


async def _await(value: Any) -> Any:
    return await value
