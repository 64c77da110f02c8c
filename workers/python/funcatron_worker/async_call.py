"""A call on the event loop: what `Call.run` does in a thread. Imported with the first such Func."""

from __future__ import annotations

import sys
from asyncio import AbstractEventLoop, Future, Task, current_task, ensure_future
from asyncio import get_running_loop, to_thread
from functools import partial

from .call import BODY_BYTES_MAX, split
from .context import Context
from .output import current_call
from .result import Stream, to_chunk, to_reply
from .service import Transactions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, AsyncGenerator

    from .call import Call


def start(call: Call, loop: AbstractEventLoop) -> None:
    """On the loop's thread. From Python 3.12 on, what never waits is done without another turn."""
    if sys.version_info >= (3, 12):
        Task(run(call), loop=loop, eager_start=True)
    else:
        loop.create_task(run(call))


async def run(call: Call) -> None:
    current_call.set(call)
    loop, task = get_running_loop(), current_task()
    assert task is not None
    call.stop_task = partial(loop.call_soon_threadsafe, task.cancel)
    call.transactions = Transactions(call.bundle.services, begin)
    try:
        result = call.require_func().invoke(call.data(), Context(call))
        if hasattr(result, "__await__"):
            result = await result
        head, body = to_reply(result)
        if isinstance(body, Stream) or len(body) > BODY_BYTES_MAX:
            await send_stream(call, head, body)
        else:
            await commit(call)
            call.reply(head, body)
    except BaseException as error:  # whatever a Func raises is the answer of its call
        await rollback(call)
        call.end(error)
    else:
        call.end()


def begin(value: Any) -> Any:
    """What `async def begin` gives is a task: it may be awaited by who asks, and by the commit."""
    return ensure_future(value) if hasattr(value, "__await__") else value


async def settle(value: Any) -> Any:
    return await value if hasattr(value, "__await__") else value


async def commit(call: Call) -> None:
    step = call.transactions.commit_next()
    while step:
        end, begun, undo = step
        transaction = await begun if isinstance(begun, Future) else begun
        try:
            await settle(end(transaction))
        except BaseException:
            await settle(undo(transaction))
            raise
        step = call.transactions.commit_next()


async def rollback(call: Call) -> None:
    step = call.transactions.rollback_next()
    while step:
        end, begun, _ = step
        try:
            transaction = await begun if isinstance(begun, Future) else begun
            await settle(end(transaction))
        except Exception as error:
            call.log_failure("rollback failed", error)
        step = call.transactions.rollback_next()


async def send_stream(call: Call, head: bytes, body: Stream | bytes) -> None:
    chunks = iterate(body)
    window = None
    try:
        async for chunk in chunks:
            content = to_chunk(chunk)
            if window is None:
                window = call.open_reply(head)
            for part in split(content):
                await window.take_async(len(part))
                call.send_data(part)
    finally:
        await chunks.aclose()
    await commit(call)
    if window is None:
        call.reply(head, b"")
    else:
        call.end_stream()


async def iterate(body: Stream | bytes) -> AsyncGenerator[Any, None]:
    """The chunks, and the Func's own iterator closed at the end. A thread runs a sync one."""
    if not isinstance(body, Stream):
        yield body
        return
    chunks = body.chunks
    try:
        if body.is_async:
            async for chunk in chunks:
                yield chunk
            return
        end = object()
        chunk = await to_thread(next, chunks, end)
        while chunk is not end:
            yield chunk
            chunk = await to_thread(next, chunks, end)
    finally:
        if hasattr(chunks, "aclose"):
            await chunks.aclose()
        elif hasattr(chunks, "close"):
            chunks.close()
