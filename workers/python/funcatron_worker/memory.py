"""The memory limit, so that a Func that asks for too much gets a MemoryError and the worker lives.

The runner ends a worker whose resident memory is over the limit, a moment later. RLIMIT_DATA makes
an allocation fail at once: it counts writable private memory, touched or not, and not address
space merely reserved, as RLIMIT_AS does. Where a system does not enforce it, the runner's watch
remains.
"""

from __future__ import annotations

import os

MEBIBYTE = 1024 * 1024
CORE_BYTES = 48 * MEBIBYTE
"""What numeric libraries set aside for each core, and hardly touch: a stack and a buffer."""
THREAD_BYTES = 8 * MEBIBYTE
"""A thread's stack counts whole from the start."""
RELIEF_BYTES = 16 * MEBIBYTE
FULL_NUMERATOR, FULL_DENOMINATOR = 7, 8


class MemoryLimit:
    def __init__(self, bytes_max: int) -> None:
        self._data_bytes_max = bytes_max + CORE_BYTES * (os.cpu_count() or 1)

    def admit_thread(self) -> None:
        """Applies the limit, with room for one thread more."""
        self._data_bytes_max += THREAD_BYTES
        self.apply()

    def apply(self) -> None:
        self._set(self._data_bytes_max)

    def relieve(self) -> None:
        """Gives the worker itself room to say what happened, after a MemoryError."""
        self._set(self._data_bytes_max + RELIEF_BYTES)

    def is_full(self) -> bool:
        """Whether most of the memory is still taken once all that nobody holds is gone."""
        import gc

        gc.collect()
        try:
            with open("/proc/self/statm", "rb") as statm:
                data_pages = int(statm.read().split()[5])
        except OSError:
            return False
        data_bytes = data_pages * os.sysconf("SC_PAGE_SIZE")
        return data_bytes * FULL_DENOMINATOR > self._data_bytes_max * FULL_NUMERATOR

    def _set(self, wanted: int) -> None:
        try:
            from resource import RLIM_INFINITY, RLIMIT_DATA, getrlimit, setrlimit

            _, hard = getrlimit(RLIMIT_DATA)
            setrlimit(RLIMIT_DATA, (wanted if hard == RLIM_INFINITY else min(wanted, hard), hard))
        except (ImportError, ValueError, OSError):
            pass
