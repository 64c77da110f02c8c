"""The bundle a worker serves: its modules imported, its Funcs found, its services opened."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from time import tzset

from .context import Bundle, FuncLog
from .func import Func
from .service import open_services

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable

    from .event_loop import EventLoop
    from .output import Output
    from .service import Service
    from .warm import WarmModules


class LoadedBundle:
    """What the calls of one assignment share."""

    def __init__(self, assignment: dict[str, Any], output: Output) -> None:
        self.about = Bundle(assignment["name"], assignment["sha"], assignment["version"])
        self.dir: str = os.path.abspath(assignment["dir"])
        self.props: dict[str, Any] = assignment.get("props") or {}
        self.output = output
        self.funcs: dict[str, Func] = {}
        self.missing: dict[str, str] = {}
        """operationId to what would mend it."""
        self.services: dict[str, Service] = {}

    def load(self, assignment: dict[str, Any], loop: EventLoop, warm: WarmModules) -> None:
        """Imports what the operations name. Whatever the user's code raises goes through."""
        os.environ.update(assignment.get("env") or {})
        tzset()
        os.chdir(self.dir)
        handler_file = assignment.get("handler")
        folder, handler_name = locate_handler(self.dir, handler_file)
        folders = [*folder, *import_folders(self.dir)]
        sys.path[:0] = folders
        warm.give_way(folders)
        handler = import_if_there(handler_name) if handler_name else None
        providers: dict[str, Any] = dict(getattr(handler, "services", None) or {})
        for spec in assignment["funcs"]:
            operation_id = spec["operationId"]
            try:
                module, function = find_func(operation_id, handler, handler_file)
            except Lacking as lacking:
                self.missing[operation_id] = str(lacking)
                continue
            steps = middleware_of(handler) if handler else []
            if module is not handler:
                steps += middleware_of(module)
                providers = {**(getattr(module, "services", None) or {}), **providers}
            try:
                self.funcs[operation_id] = Func(operation_id, function, steps)
            except TypeError as error:
                self.missing[operation_id] = f"change {operation_id}: {error}"
        log = FuncLog(self.output.lines, None)
        self.services = open_services(self.props, providers, log, loop.settle)

    def close(self, loop: EventLoop) -> None:
        for service in reversed(self.services.values()):
            if service.close:
                loop.settle(service.close(service.handle))


class Lacking(LookupError):
    """The code has no such Func; the message says what to define and where."""


def locate_handler(bundle_dir: str, handler: str | None) -> tuple[list[str], str | None]:
    """The folder to import from, if it is not the bundle's own, and the name of the module.

    `src/app.py` is `src.app` when `src` is a package, else `app` in the folder `src`, as when
    Python runs the file.
    """
    if not handler:
        return [], None
    path = handler[:-3] if handler.endswith(".py") else handler.replace(".", "/")
    folder, name = os.path.split(os.path.normpath(path))
    if not folder:
        return [], name
    full = os.path.join(bundle_dir, folder)
    if os.path.isfile(os.path.join(full, "__init__.py")) or not os.path.isdir(full):
        return [], f"{folder.replace(os.sep, '.')}.{name}"
    return [full], name


def import_folders(bundle_dir: str) -> list[str]:
    """The bundle, what its build vendored, and the unpacked wheels of a PEX."""
    folders = [bundle_dir, os.path.join(bundle_dir, "vendor")]
    wheels = os.path.join(bundle_dir, ".deps")
    if os.path.isdir(wheels):
        folders += [os.path.join(wheels, name) for name in sorted(os.listdir(wheels))]
    return [folder for folder in folders if os.path.isdir(folder)]


def find_func(
    operation_id: str, handler: ModuleType | None, handler_file: str | None
) -> tuple[ModuleType, Callable[..., Any]]:
    """`module.function` in that module; else the name, or its snake_case, in the handler."""
    module_name, _, name = operation_id.rpartition(".")
    module = import_if_there(module_name) if module_name else None
    for place, wanted in ((module, name), (handler, operation_id)):
        for candidate in (wanted, snake_case(wanted)):
            found = getattr(place, candidate, None)
            if place and callable(found):
                return place, found
    file, known = handler_file, handler
    if module_name and not handler_file:
        file, known = module_name.replace(".", "/") + ".py", module
    else:
        name = operation_id
    if file is None:
        raise Lacking(
            f"operationId {operation_id} names no module: call it module.{snake_case(name)}, "
            "or set x-funcatron.handler to the file that defines it"
        )
    there = "" if known else ", a file that is not there"
    raise Lacking(f"define `def {snake_case(name)}(data, ctx):` in {file}{there}")


def import_if_there(name: str) -> ModuleType | None:
    """The module; None if there is none of that name. What it fails to import is an error."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(error.name + ".")):
            return None
        raise


def middleware_of(module: ModuleType) -> list[Callable[..., Any]]:
    """`middleware` of a module: a function, or a list whose first is the outermost."""
    steps = getattr(module, "middleware", None)
    if steps is None:
        return []
    return [steps] if callable(steps) else list(steps)


def snake_case(name: str) -> str:
    """`getPet`, `get-pet` and `GetPet` are `get_pet`."""
    letters: list[str] = []
    for before, letter in zip(" " + name, name):
        if letter.isupper() and (before.islower() or before.isdigit()):
            letters.append("_")
        letters.append(letter.lower() if letter.isalnum() else "_")
    return "".join(letters)
