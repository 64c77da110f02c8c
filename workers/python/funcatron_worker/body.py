"""What a Func is given as `data`, by the kind of body the contract says the call has."""

from __future__ import annotations

import json

from .wire import NUMBER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from .wire import Bytes

JSON_SPACE = b" \t\r\n"


class MalformedBody(ValueError):
    """The body is not what its kind says. The call fails before the Func runs."""


class File:
    """A file of a multipart body."""

    __slots__ = ("filename", "content_type", "bytes")

    def __init__(self, filename: str | None, content_type: str | None, content: bytes) -> None:
        self.filename = filename
        self.content_type = content_type
        self.bytes = content

    def __repr__(self) -> str:
        return f"File({self.filename!r}, {self.content_type!r}, {len(self.bytes)} bytes)"


def decode(kind: str, body: Bytes) -> Any:
    """`kind` is the call head's: none json text binary form multipart."""
    if kind == "json" or kind == "form":
        return parse_json(body)
    if kind == "none":
        return None
    if kind == "binary":
        return bytes(body)
    if kind == "text":
        return parse_text(body)
    if kind == "multipart":
        return parse_multipart(body)
    raise MalformedBody(f"this worker knows no body of kind {kind!r}")


def parse_text(body: Bytes) -> str:
    try:
        return str(body, "utf-8")
    except UnicodeDecodeError as error:
        raise MalformedBody(f"the request body is no UTF-8 text: {error}") from None


def parse_json(body: Bytes) -> Any:
    """The JSON value; None for an empty body. Numbers that JSON lacks (NaN) are refused."""
    if not body:
        return None
    try:
        return _decode_json(str(body, "utf-8"))
    except (ValueError, RecursionError) as error:
        raise MalformedBody(f"the request body is no JSON: {error}") from None


def parse_multipart(body: Bytes) -> dict[str, Any]:
    """`u32 length | JSON object | the files' bytes`; a file there is {"$file": {...}}."""
    try:
        start = NUMBER.size + NUMBER.unpack_from(body)[0]
        fields = _decode_json(str(body[NUMBER.size : start], "utf-8"))
        content = body[start:]
        return {name: _with_files(value, content) for name, value in fields.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MalformedBody(f"the multipart body cannot be read: {error}") from None


def _with_files(value: Any, content: Bytes) -> Any:
    """Files stand at the top or in a list there, so nothing deeper is searched."""
    if type(value) is list:
        return [_with_files(item, content) for item in value]
    if type(value) is dict and len(value) == 1 and "$file" in value:
        described = value["$file"]
        start = described["offset"]
        part = bytes(content[start : start + described["size"]])
        return File(described.get("filename"), described.get("contentType"), part)
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


_decode_json = json.JSONDecoder(parse_constant=_refuse_constant).decode
