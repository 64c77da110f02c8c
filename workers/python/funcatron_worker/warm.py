"""What a worker does while it waits for a bundle: it imports what bundles often import.

Each takes milliseconds, `asyncio` tens of them, which a first call is spared.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket

MODULES = ("traceback", "typing", "dataclasses", "datetime", "logging", "asyncio")
PATIENCE_SECONDS = 0.05
"""An assignment that comes within this is for a worker that nobody kept warm."""


class WarmModules:
    def __init__(self) -> None:
        self._imported: set[str] = set()

    def load_until_readable(self, connection: socket) -> None:
        from select import select

        before = set(sys.modules)
        seconds = PATIENCE_SECONDS
        for name in MODULES:
            if select([connection], [], [], seconds)[0]:
                break
            import_module(name)
            seconds = 0
        self._imported = set(sys.modules) - before

    def give_way(self, folders: list[str]) -> None:
        """Where the bundle has a module of such a name, it is the one that is imported, as in a
        worker that was not kept warm.
        """
        names = {entry.partition(".")[0] for folder in folders for entry in os.listdir(folder)}
        for module in self._imported:
            if module.partition(".")[0] in names:
                sys.modules.pop(module, None)
