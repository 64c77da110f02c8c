"""The bundle a worker serves: its modules imported, its Funcs found, its services opened."""

from __future__ import annotations

import os
import sys
from importlib import import_module

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

    def load(self, assignment: dict[str, Any], loop: EventLoop) -> None:
        """Imports what the operations name. Whatever the user's code raises goes through."""
        os.environ.update(assignment.get("env") or {})
        os.chdir(self.dir)
        sys.path[:0] = import_folders(self.dir)
        handler = self._import_handler(assignment.get("handler"))
        providers: dict[str, Any] = dict(getattr(handler, "services", None) or {})
        for spec in assignment["funcs"]:
            operation_id = spec["operationId"]
            try:
                module, function = find_func(operation_id, handler)
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

    def _import_handler(self, handler: str | None) -> ModuleType | None:
        if not handler:
            return None
        path = os.path.join(self.dir, handler if handler.endswith(".py") else handler + ".py")
        if not os.path.isfile(path):
            return import_if_there(handler.replace("/", "."))
        folder, file = os.path.split(os.path.relpath(path, self.dir))
        name = file[:-3]
        if folder and os.path.isfile(os.path.join(self.dir, folder, "__init__.py")):
            name = f"{folder.replace(os.sep, '.')}.{name}"
        elif folder:
            sys.path.insert(0, os.path.join(self.dir, folder))
        return import_module(name)


class Lacking(LookupError):
    """The code has no such Func; the message says what to define and where."""


def import_folders(bundle_dir: str) -> list[str]:
    """The bundle, what its build vendored, and the unpacked wheels of a PEX."""
    folders = [bundle_dir, os.path.join(bundle_dir, "vendor")]
    wheels = os.path.join(bundle_dir, ".deps")
    if os.path.isdir(wheels):
        folders += [os.path.join(wheels, name) for name in sorted(os.listdir(wheels))]
    return [folder for folder in folders if os.path.isdir(folder)]


def find_func(
    operation_id: str, handler: ModuleType | None
) -> tuple[ModuleType, Callable[..., Any]]:
    """`module.function` in that module; else the name, or its snake_case, in the handler."""
    module_name, _, name = operation_id.rpartition(".")
    module = import_if_there(module_name) if module_name else None
    if module is None:
        if handler is None:
            raise Lacking(where_to_define(operation_id, module_name, name))
        module, name = handler, operation_id
    for candidate in (name, snake_case(name)):
        found = getattr(module, candidate, None)
        if callable(found):
            return module, found
    file = os.path.basename(getattr(module, "__file__", None) or module.__name__)
    raise Lacking(f"define `def {snake_case(name)}(data, ctx):` in {file}")


def where_to_define(operation_id: str, module_name: str, name: str) -> str:
    if module_name:
        file = module_name.replace(".", "/") + ".py"
        return f"define `def {snake_case(name)}(data, ctx):` in {file}, which is not there"
    return (
        f"operationId {operation_id} names no module: write module.{snake_case(name)}, "
        "or set x-funcatron.handler to the file that defines it"
    )


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
