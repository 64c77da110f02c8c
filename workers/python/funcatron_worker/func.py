"""How a Func is called: with as many arguments as it takes, within its middleware."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    Handler = Callable[[Any, Any], Any]

# Flags of code objects, as in the `inspect` module, which is slow to import.
VARARGS, COROUTINE, ASYNC_GENERATOR = 0x4, 0x80, 0x200


class Func:
    """A Func bound to an operationId."""

    __slots__ = ("operation_id", "invoke", "is_async")

    def __init__(
        self, operation_id: str, function: Callable[..., Any], middleware: list[Callable[..., Any]]
    ) -> None:
        self.operation_id = operation_id
        self.is_async = any(is_async(step) for step in (function, *middleware))
        """Whether it belongs on the event loop; else it runs in a thread."""
        invoke = adapt(function)
        if self.is_async and not is_async(function):
            invoke = in_thread(invoke)
        for step in reversed(middleware):
            invoke = wrap(step, awaitable(invoke) if self.is_async else invoke)
        self.invoke = invoke


def adapt(function: Callable[..., Any]) -> Handler:
    """`f(data, ctx)` for one that may take fewer. Raises TypeError for one that needs more."""
    required, most = positional(function)
    if required > 2:
        raise TypeError(f"it needs {required} positional arguments; a Func is given (data, ctx)")
    if most >= 2:
        return function
    if most == 1:
        return lambda data, ctx: function(data)
    return lambda data, ctx: function()


def positional(function: Any) -> tuple[int, int]:
    """How many positional arguments a callable needs, and how many it takes."""
    code_of, bound = function, 0
    if isinstance(function, type):
        code_of, bound = function.__init__, 1
    elif not hasattr(function, "__code__") and not hasattr(function, "__func__"):
        code_of = function.__call__
    if hasattr(code_of, "__func__"):
        code_of, bound = code_of.__func__, 1
    code = getattr(code_of, "__code__", None)
    if code is None or (hasattr(code_of, "__wrapped__") and code.co_flags & VARARGS):
        return _by_signature(function)
    if code.co_flags & VARARGS:
        return 0, 2
    count = code.co_argcount - bound
    return count - len(code_of.__defaults__ or ()), count


def _by_signature(function: Callable[..., Any]) -> tuple[int, int]:
    """For partials, decorators with `functools.wraps`, and what is written in C."""
    from inspect import Parameter, signature

    try:
        parameters = signature(function).parameters.values()
    except ValueError:
        return 2, 2
    if any(parameter.kind is Parameter.VAR_POSITIONAL for parameter in parameters):
        return 0, 2
    kinds = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    taken = [parameter for parameter in parameters if parameter.kind in kinds]
    return sum(parameter.default is Parameter.empty for parameter in taken), len(taken)


def is_async(function: Any) -> bool:
    """Whether calling it gives a coroutine or an async generator, as its code says.

    Something else may return an awaitable too; its thread then waits for the event loop.
    """
    while hasattr(function, "func") and not hasattr(function, "__code__"):
        function = function.func  # functools.partial
    if isinstance(function, type):
        return False
    if not hasattr(function, "__code__"):
        function = getattr(function, "__func__", None) or getattr(function, "__call__", None)
    code = getattr(function, "__code__", None)
    return code is not None and bool(code.co_flags & (COROUTINE | ASYNC_GENERATOR))


def in_thread(invoke: Handler) -> Handler:
    """A `def` Func within `async def` middleware must not hold up the event loop."""

    async def run(data: Any, ctx: Any) -> Any:
        from asyncio import to_thread

        return await to_thread(invoke, data, ctx)

    return run


def awaitable(invoke: Handler) -> Handler:
    """What `async def` middleware may await whatever is inside: async generators are not."""

    async def run(data: Any, ctx: Any) -> Any:
        result = invoke(data, ctx)
        return await result if hasattr(result, "__await__") else result

    return run


def wrap(step: Callable[..., Any], inner: Handler) -> Handler:
    """`middleware(data, ctx, next)`; `next()` goes on with the same data, or with `next(other)`."""

    def run(data: Any, ctx: Any) -> Any:
        def go_on(given: Any = data, context: Any = ctx) -> Any:
            return inner(given, context)

        return step(data, ctx, go_on)

    return run
