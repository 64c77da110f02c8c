"""Services: props objects with a `type` that the bundle's own providers open.

A provider is a dict, module, instance or class with `open(name, props, log)` and, if it likes,
`close(handle)`; and for transactions `begin(handle)`, `commit(tx)`, `rollback(tx)`. Each may be
`async def`. A Func finds its transaction, or without `begin` the handle, at `ctx.services.<name>`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from .context import FuncLog

    Step = tuple[Callable[[Any], Any], Any, Callable[[Any], Any]]


class Service:
    """One open service of the bundle."""

    __slots__ = ("name", "handle", "begin", "commit", "rollback", "close")

    def __init__(self, name: str, handle: Any, provider: Any) -> None:
        self.name = name
        self.handle = handle
        self.begin = step(provider, "begin")
        self.commit = step(provider, "commit")
        self.rollback = step(provider, "rollback")
        self.close = step(provider, "close")


def step(provider: Any, name: str) -> Callable[..., Any] | None:
    found = provider.get(name) if isinstance(provider, dict) else getattr(provider, name, None)
    return found if callable(found) else None


def open_services(
    props: dict[str, Any],
    providers: dict[str, Any],
    log: FuncLog,
    settle: Callable[[Any], Any],
) -> dict[str, Service]:
    """Opens a service for each props object whose `type` a provider has; `settle` awaits."""
    services: dict[str, Service] = {}
    for name, value in props.items():
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in providers:
            continue
        provider = providers[kind]
        if isinstance(provider, type):
            provider = provider()
        opener = step(provider, "open")
        if opener is None:
            raise TypeError(f"services[{kind!r}] has no open(name, props, log)")
        services[name] = Service(name, settle(opener(name, value, log)), provider)
    return services


class Transactions:
    """The services one call has used: `ctx.services`. Begun when first asked for."""

    __slots__ = ("_services", "_settle", "_begun")

    def __init__(self, services: dict[str, Service], settle: Callable[[Any], Any]) -> None:
        self._services = services
        self._settle = settle
        self._begun: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        """In an `async def` Func a provider with `async def begin` gives an awaitable."""
        begun = self._begun
        if name in begun:
            return begun[name]
        service = self._services.get(name)
        if service is None:
            known = ", ".join(self._services) or "none"
            raise AttributeError(
                f"no service {name!r}: props have no object of that name with a `type` that the "
                f"bundle's `services` provide; open now: {known}"
            )
        handle = service.handle
        begun[name] = self._settle(service.begin(handle)) if service.begin else handle
        return begun[name]

    __getitem__ = __getattr__

    def commit_next(self) -> Step | None:
        """The next (function, transaction) to call; the last begun is the first committed."""
        return self._next("commit")

    def rollback_next(self) -> Step | None:
        return self._next("rollback")

    def _next(self, end: str) -> Step | None:
        while self._begun:
            name, transaction = self._begun.popitem()
            service = self._services[name]
            if service.begin:
                return getattr(service, end) or ignore, transaction, service.rollback or ignore
        return None


def ignore(transaction: Any) -> None:
    """What a provider does that has no such function."""
