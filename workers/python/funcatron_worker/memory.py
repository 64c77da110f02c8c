"""The memory limit, so that a Func that asks for too much gets a MemoryError and the worker lives.

The runner ends a worker whose resident memory is over the limit. RLIMIT_DATA makes allocations
fail shortly before: it counts writable private memory, as resident memory mostly is, and not
address space merely reserved, as RLIMIT_AS does. Where a system does not enforce it, the runner's
watch remains.
"""

from __future__ import annotations

import os

SHARE_NUMERATOR, SHARE_DENOMINATOR = 15, 16
"""The part of the limit for data; the rest is left to what RLIMIT_DATA does not count: code."""
THREAD_STACK_BYTES = 8 * 1024 * 1024
"""Counts as data as soon as a thread starts, though little of it ever becomes resident."""
FULL_NUMERATOR, FULL_DENOMINATOR = 3, 4


def limit_memory(bytes_max: int, threads: int) -> None:
    try:
        from resource import RLIM_INFINITY, RLIMIT_DATA, getrlimit, setrlimit

        _, hard = getrlimit(RLIMIT_DATA)
        wanted = bytes_max * SHARE_NUMERATOR // SHARE_DENOMINATOR + threads * THREAD_STACK_BYTES
        setrlimit(RLIMIT_DATA, (wanted if hard == RLIM_INFINITY else min(wanted, hard), hard))
    except (ImportError, ValueError, OSError):
        pass


def is_full(bytes_max: int) -> bool:
    """Whether most of the memory is still taken once all that nobody holds is gone."""
    import gc

    gc.collect()
    try:
        with open("/proc/self/statm", "rb") as statm:
            resident_pages = int(statm.read().split()[1])
    except OSError:
        return False
    resident = resident_pages * os.sysconf("SC_PAGE_SIZE")
    return resident * FULL_DENOMINATOR > bytes_max * FULL_NUMERATOR
