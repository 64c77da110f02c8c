"""What a Func returned, as the status, headers and body of a reply."""

from __future__ import annotations

import json
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, Union

    Body = Union[bytes, "Stream"]

JSON_TYPE = "application/json"
TEXT_TYPE = "text/plain; charset=utf-8"
BYTES_TYPE = "application/octet-stream"
RESPONSE_KEYS = frozenset(("status", "headers", "body"))

PLAIN_HEAD = b'{"status":200,"headers":{"content-type":"application/json"}}'
EMPTY_HEAD = b'{"status":204,"headers":{}}'


class BadResult(TypeError):
    """The Func returned something that is no response."""


class Stream:
    """A body that comes in chunks: an iterator or an async iterator of bytes and str."""

    __slots__ = ("chunks", "is_async")

    def __init__(self, chunks: Any, is_async: bool) -> None:
        self.chunks = chunks
        self.is_async = is_async


def to_reply(result: Any) -> tuple[bytes, Body]:
    """The reply's head, as JSON, and its body. Raises BadResult, naming the type and the place.

    A dict of only `status`, `headers` and `body` with a number as status, and a tuple
    `(body, status)` or `(body, status, headers)`, are taken as a response; all else is a body.
    """
    if result is None:
        return EMPTY_HEAD, b""
    kind = type(result)
    if kind is dict:
        if "status" in result and is_response(result):
            return to_response(result.get("body"), result["status"], result.get("headers"))
        return PLAIN_HEAD, to_json(result)
    if kind is tuple and 2 <= len(result) <= 3 and is_status(result[1]):
        return to_response(*result)
    if kind is str or kind is list or kind is int or kind is bool:
        return PLAIN_HEAD, to_json(result)
    if isinstance(result, (bytes, bytearray, memoryview)) or as_stream(result):
        return to_response(result, 200)
    return PLAIN_HEAD, to_json(result)


def to_response(body: Any, status: int, headers: Any = None) -> tuple[bytes, Body]:
    """Header names become lower case; the content type is the body's own unless one is given."""
    if not is_status(status):
        raise BadResult(f"the Func answered with status {status}; use an integer of 200 to 599")
    fields = to_headers(headers)
    if body is None:
        content: Body = b""
        content_type = None
    elif isinstance(body, str):
        content, content_type = body.encode("utf-8", "replace"), TEXT_TYPE
    elif isinstance(body, (bytes, bytearray, memoryview)):
        content, content_type = bytes(body), BYTES_TYPE
    else:
        stream = as_stream(body)
        if stream:
            content, content_type = stream, BYTES_TYPE
        else:
            content, content_type = to_json(body), JSON_TYPE
    if content_type and "content-type" not in fields:
        fields["content-type"] = content_type
    return to_json({"status": int(status), "headers": fields}), content


def is_response(result: dict[Any, Any]) -> bool:
    """Data may have a number called `status` too; with a body or headers beside it, it has not."""
    status = result["status"]
    if isinstance(status, bool) or not isinstance(status, (int, float)):
        return False
    return result.keys() <= RESPONSE_KEYS and (len(result) > 1 or is_status(status))


def is_status(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 200 <= value <= 599


def to_headers(headers: Any) -> dict[str, Any]:
    """Values are text, numbers, or lists of them, for a header that is repeated."""
    if not headers:
        return {}
    try:
        pairs = headers.items() if hasattr(headers, "items") else headers
        return {str(name).lower(): _header_value(name, value) for name, value in pairs}
    except (TypeError, ValueError) as error:
        raise BadResult(f"the response's headers are no dict of names and text: {error}") from None


def _header_value(name: Any, value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_header_value(name, item) for item in value]
    if isinstance(value, (str, int, float)):
        text = str(value)
        if "\r" in text or "\n" in text or "\0" in text:
            raise ValueError(f"{name!r} holds a line break")
        return text
    raise TypeError(f"{name!r} is a {_name(value)}")


def as_stream(value: Any) -> Stream | None:
    """Generators, iterators and files stream; lists and other collections do not."""
    if hasattr(value, "__anext__"):
        return Stream(value, True)
    if hasattr(value, "__aiter__"):
        return Stream(value.__aiter__(), True)
    if hasattr(value, "__next__"):
        return Stream(iter(value), False)
    return None


def to_chunk(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    raise BadResult(f"the Func yielded a {_name(value)}; a stream is made of bytes and str")


def to_json(value: Any) -> bytes:
    try:
        text = _encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadResult(_explain(value, error)) from None
    try:
        return text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: JSON can escape it, UTF-8 cannot hold it
        return json.dumps(value, default=plain, separators=(",", ":")).encode()


def plain(value: Any) -> Any:
    """What a value is in JSON when the encoder does not know it. Raises TypeError if nothing.

    The modules that define such types are not imported here: whoever has the value has them.
    """
    if hasattr(type(value), "__dataclass_fields__"):
        return {name: getattr(value, name) for name in type(value).__dataclass_fields__}
    if _is_a(value, "datetime", "date", "time"):
        return value.isoformat()
    if _is_a(value, "decimal", "Decimal"):
        return float(value)
    if _is_a(value, "uuid", "UUID"):
        return str(value)
    if _is_a(value, "enum", "Enum"):
        return value.value
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    raise TypeError


def _is_a(value: Any, module: str, *names: str) -> bool:
    loaded = sys.modules.get(module)
    return loaded is not None and any(isinstance(value, getattr(loaded, name)) for name in names)


_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=plain
).encode


def _explain(value: Any, error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "the Func's result is nested too deeply for JSON"
    for path, part in _walk(value, "", []):
        what = _fault(part)
        if what:
            return f"the Func returned {what} at {path or 'the top'}, which JSON cannot hold"
    return f"the Func's result cannot be written as JSON: {error}"


def _fault(part: Any) -> str | None:
    if isinstance(part, float) and (part != part or part in (float("inf"), float("-inf"))):
        return f"the number {part}"
    if part is None or isinstance(part, (str, int, float, list, tuple, dict)):
        keys = part if isinstance(part, dict) else ()
        odd = [key for key in keys if not isinstance(key, (str, int, float, type(None)))]
        return f"a dict with a key of type {_name(odd[0])}" if odd else None
    try:
        plain(part)
    except TypeError:
        return f"a {_name(part)}"
    return None


def _walk(value: Any, path: str, above: list[int]) -> Iterator[tuple[str, Any]]:
    """Every part of a result with its JSON pointer; a part within itself once."""
    yield path, value
    if id(value) in above:
        return
    if isinstance(value, dict):
        parts = list(value.items())
    elif isinstance(value, (list, tuple)):
        parts = list(enumerate(value))
    elif hasattr(type(value), "__dataclass_fields__"):
        parts = list(plain(value).items())
    else:
        return
    for key, part in parts:
        yield from _walk(part, f"{path}/{key}", [*above, id(value)])


def _name(value: Any) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
