"""`ctx`: what a Func is told of its call."""

from __future__ import annotations

from time import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .call import Call
    from .output import LogLines


class Bundle:
    """The bundle the Func is in."""

    __slots__ = ("name", "sha", "version")

    def __init__(self, name: str, sha: str, version: str) -> None:
        self.name = name
        self.sha = sha
        self.version = version


class Params:
    """Parameter values by place, coerced to the types the contract declares."""

    __slots__ = ("path", "query", "header", "cookie")

    def __init__(self, params: dict[str, dict[str, Any]]) -> None:
        self.path = params.get("path") or {}
        self.query = params.get("query") or {}
        self.header = params.get("header") or {}
        self.cookie = params.get("cookie") or {}


class Identity:
    """Who calls, as the contract's `security` established it."""

    __slots__ = ("scheme", "subject", "scopes", "claims")

    def __init__(self, auth: dict[str, Any]) -> None:
        self.scheme: str = auth["scheme"]
        self.subject: str | None = auth.get("subject")
        self.scopes: list[str] = auth.get("scopes") or []
        self.claims: dict[str, Any] = auth.get("claims") or {}


class FuncLog:
    """`ctx.log`: lines with a level and, by keyword, fields: `ctx.log.info("sold", count=3)`.

    Further positional arguments are put into the text with `%`, as in `logging`.
    """

    __slots__ = ("_lines", "_call")

    def __init__(self, lines: LogLines, call: Call | None) -> None:
        self._lines = lines
        self._call = call

    def debug(self, text: object, *values: object, **fields: Any) -> None:
        self._send("debug", text, values, fields)

    def info(self, text: object, *values: object, **fields: Any) -> None:
        self._send("info", text, values, fields)

    def warn(self, text: object, *values: object, **fields: Any) -> None:
        self._send("warn", text, values, fields)

    warning = warn

    def error(self, text: object, *values: object, **fields: Any) -> None:
        self._send("error", text, values, fields)

    def _send(
        self, level: str, text: object, values: tuple[object, ...], fields: dict[str, Any]
    ) -> None:
        line = str(text) % values if values else str(text)
        self._lines.send(self._call, level, line, fields)


class Context:
    """One for each call. Values come from the call's head as they are asked for."""

    __slots__ = ("_call", "_head", "_params", "services")

    def __init__(self, call: Call) -> None:
        self._call = call
        self._head = call.head
        self._params: Params | None = None
        self.services = call.transactions
        """The services of the bundle, by the name they have in the props."""

    @property
    def request_id(self) -> str:
        return self._head["id"]

    @property
    def method(self) -> str:
        return self._head["method"]

    @property
    def scheme(self) -> str:
        return self._head["scheme"]

    @property
    def host(self) -> str:
        return self._head["host"]

    @property
    def path(self) -> str:
        """The raw path as asked for, base path included."""
        return self._head["path"]

    @property
    def query(self) -> str:
        """The raw query; the values of declared parameters are in `params.query`."""
        return self._head["query"]

    @property
    def remote(self) -> str:
        """Address of the client."""
        return self._head.get("remote", "")

    @property
    def operation_id(self) -> str:
        return self._head["op"]

    @property
    def params(self) -> Params:
        if self._params is None:
            self._params = Params(self._head.get("params") or {})
        return self._params

    @property
    def headers(self) -> dict[str, str | list[str]]:
        """Names in lower case; a repeated header is a list."""
        return self._head["headers"]

    @property
    def auth(self) -> Identity | None:
        auth = self._head.get("auth")
        return Identity(auth) if auth else None

    @property
    def props(self) -> dict[str, Any]:
        """What the bundle was enabled with."""
        return self._call.bundle.props

    @property
    def bundle(self) -> Bundle:
        return self._call.bundle.about

    @property
    def log(self) -> FuncLog:
        return FuncLog(self._call.bundle.output.lines, self._call)

    @property
    def deadline(self) -> float:
        """When nobody waits any more, in seconds since 1970, like `time.time()`."""
        return self._call.deadline

    def remaining(self) -> float:
        """Seconds to the deadline; never below 0."""
        return max(0.0, self._call.deadline - time())

    def cancelled(self) -> bool:
        """Whether nobody waits for the answer: the deadline passed or the caller left.

        An `async def` Func is cancelled then, the asyncio way. A thread cannot be: a `def` Func
        that takes long asks here now and then, and returns.
        """
        return self._call.cancelled

    def wait(self, seconds: float) -> bool:
        """Sleeps in a `def` Func, no longer than somebody waits. True if the call is cancelled."""
        return self._call.wait_cancelled(seconds)
