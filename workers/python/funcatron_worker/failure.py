"""What is said of an exception: the FAIL frame's payload, with the user's own lines only."""

from __future__ import annotations

import os
from importlib import import_module

from .body import MalformedBody
from .result import BadResult, to_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    import traceback

NOT_THE_USERS = (
    os.path.dirname(os.path.abspath(__file__)) + os.sep,
    import_module.__code__.co_filename,
    "<frozen importlib",
)
MESSAGE_CHARS_MAX = 8 * 1024
STACK_CHARS_MAX = 32 * 1024


class FuncMissing(LookupError):
    """The bundle lacks the Func that was called."""


def fail_payload(error: BaseException, bundle_dir: str) -> bytes:
    """JSON {message, name, code?, status?, stack?}; without a code it is `func_failed`.

    An exception with an integer attribute `status` of 400..599 sets the answer's status. Who
    refuses with a 4xx means it, so that has no stack; the runner logs any other failure's.
    """
    fields: dict[str, object] = {
        "message": message_of(error),
        "name": type(error).__name__,
    }
    code = code_of(error)
    if code is not None:
        fields["code"] = code
    status = status_of(error)
    if status is not None:
        fields["status"] = status
    if (status or 500) >= 500 and not isinstance(error, FuncMissing):
        fields["stack"] = stack_of(error, bundle_dir)
    return to_json(fields)


def code_of(error: BaseException) -> str | None:
    if isinstance(error, BadResult):
        return "func_bad_result"
    if isinstance(error, FuncMissing):
        return "func_missing"
    return "malformed_body" if isinstance(error, MalformedBody) else None


def status_of(error: BaseException) -> int | None:
    if isinstance(error, MalformedBody):
        return 400
    status = getattr(error, "status", None)
    return status if isinstance(status, int) and 400 <= status <= 599 else None


def message_of(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"the Func called sys.exit({'' if error.code is None else repr(error.code)})"
    if isinstance(error, MemoryError):
        return "out of memory: the Func needs more than x-funcatron.memory allows"
    try:
        text = str(error)
    except Exception:  # its own __str__ fails
        text = ""
    return text[:MESSAGE_CHARS_MAX] or type(error).__name__


def stack_of(error: BaseException, bundle_dir: str) -> str:
    """The traceback as Python prints it, without the worker's frames, paths within the bundle."""
    if isinstance(error, BadResult):
        return message_of(error)  # no line of the Func's is at fault, but what it returned
    try:
        import traceback
    except Exception:  # a module of the bundle stands in for one that this needs
        return f"{type(error).__name__}: {message_of(error)}"
    described = traceback.TracebackException.from_exception(error)
    _keep_users(described, set())
    text = "".join(described.format()).rstrip("\n")
    return text.replace(bundle_dir + os.sep, "")[-STACK_CHARS_MAX:]


def _keep_users(described: traceback.TracebackException | None, seen: set[int]) -> None:
    """Causes and contexts too: they began in a worker's frame as well."""
    if described is None or id(described) in seen:
        return
    seen.add(id(described))
    described.stack[:] = [frame for frame in described.stack if not _is_ours(frame.filename)]
    group = getattr(described, "exceptions", None) or ()
    for inner in (described.__cause__, described.__context__, *group):
        _keep_users(inner, seen)


def _is_ours(filename: str) -> bool:
    return filename.startswith(NOT_THE_USERS)
