"""The frames of the worker wire: `u32 length | u8 type | u32 stream | payload`, big-endian.

`docs/worker-protocol.md` says what each type means. This module imports nothing slow: hello is
sent through it before anything else is loaded.
"""

from __future__ import annotations

from _thread import allocate_lock
from collections import deque
from struct import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from typing import Union

    Bytes = Union[bytes, memoryview]

HELLO, ASSIGN, ASSIGNED, REFUSED, CALL, CALL_OPEN, REPLY, REPLY_OPEN, DATA = range(1, 10)
END, FAIL, CANCEL, WINDOW, LOG, PING, PONG, DRAIN = range(10, 18)

PROTOCOL = 1
FRAME_BYTES_MAX = 16 * 1024 * 1024 + 64 * 1024
CHUNK_BYTES_MAX = 256 * 1024
WINDOW_BYTES = 1024 * 1024
"""Bytes of DATA per stream and direction that may be under way unconsumed."""

READ_BYTES = 64 * 1024
BATCH_BYTES = 256 * 1024
COPY_BYTES_MAX = 32 * 1024
"""A body above this is sent on its own; below it, joining it to its neighbours is cheaper."""

HEADER = Struct(">IBI")
HEADER_WITH_HEAD = Struct(">IBII")
NUMBER = Struct(">I")
LENGTH_BYTES = 4
AFTER_LENGTH_BYTES = HEADER.size - LENGTH_BYTES


class WireError(Exception):
    """The other side does not speak the protocol; nothing after this can be understood."""


def frame(kind: int, stream: int, payload: bytes = b"") -> bytes:
    return HEADER.pack(AFTER_LENGTH_BYTES + len(payload), kind, stream) + payload


def number_frame(kind: int, stream: int, value: int) -> bytes:
    return frame(kind, stream, NUMBER.pack(value))


def hello(version: str, pid: int) -> bytes:
    """The first frame, its JSON written by hand because `json` is not loaded yet."""
    text = '{"protocol":%d,"runtime":"python","version":"%s","pid":%d}' % (PROTOCOL, version, pid)
    return frame(HELLO, 0, text.encode())


def split_head(payload: Bytes) -> tuple[str, Bytes]:
    """The head's JSON text and the body of a head+body payload."""
    if len(payload) < LENGTH_BYTES:
        raise WireError("a frame ends before its head")
    end = LENGTH_BYTES + NUMBER.unpack_from(payload)[0]
    if end > len(payload):
        raise WireError("a head is longer than its frame")
    return str(payload[LENGTH_BYTES:end], "utf-8"), payload[end:]


class FrameReader:
    """Finds the frames in chunks split anywhere. Not for two threads at once."""

    def __init__(self, connection: socket) -> None:
        self._connection = connection
        self._rest = b""

    def read(self) -> list[tuple[int, int, Bytes]]:
        """Waits for bytes; the whole frames among them as (type, stream, payload), maybe none.

        Raises EOFError when the runner has gone.
        """
        data = self._connection.recv(READ_BYTES)
        if not data:
            raise EOFError
        if self._rest:
            data = self._rest + data
        frames: list[tuple[int, int, Bytes]] = []
        unpack = HEADER.unpack_from
        start, end = 0, len(data)
        while end - start >= HEADER.size:
            length, kind, stream = unpack(data, start)
            after = start + LENGTH_BYTES + length
            if after > end or length < AFTER_LENGTH_BYTES:
                if length < AFTER_LENGTH_BYTES or length > FRAME_BYTES_MAX:
                    raise WireError(f"a frame's length is {length}")
                if after - start > READ_BYTES:
                    frames.append(self._read_large(data[start:], length, kind, stream))
                    start = end
                break
            frames.append((kind, stream, data[start + HEADER.size : after]))
            start = after
        self._rest = data[start:]
        return frames

    def _read_large(
        self, begun: bytes, length: int, kind: int, stream: int
    ) -> tuple[int, int, Bytes]:
        """The rest of a frame too large for one read, received where it will stay."""
        whole = memoryview(bytearray(LENGTH_BYTES + length))
        filled = len(begun)
        whole[:filled] = begun
        while filled < len(whole):
            received = self._connection.recv_into(whole[filled:])
            if received == 0:
                raise EOFError
            filled += received
        return kind, stream, whole[HEADER.size :].toreadonly()


class FrameWriter:
    """Gathers frames of all threads and sends what has gathered in one go.

    `put` never blocks. `flush` sends, unless another thread is sending: that one takes these
    frames along before it stops. So frames keep their order and threads do not queue up.
    """

    def __init__(self, connection: socket) -> None:
        self._connection = connection
        self._pieces: deque[Bytes] = deque()
        self._sending = allocate_lock()
        self.put = self._pieces.append

    def put_body(self, kind: int, stream: int, head: bytes, body: Bytes) -> None:
        """A frame of `u32 head length | head | body`."""
        size = AFTER_LENGTH_BYTES + LENGTH_BYTES + len(head) + len(body)
        start = HEADER_WITH_HEAD.pack(size, kind, stream, len(head)) + head
        if len(body) <= COPY_BYTES_MAX:
            self._pieces.append(start + body)
        else:
            self._pieces.extend((start, body))  # one step, so nothing comes between them

    def put_data(self, stream: int, chunk: Bytes) -> None:
        if len(chunk) <= COPY_BYTES_MAX:
            self._pieces.append(frame(DATA, stream, bytes(chunk)))
        else:
            start = HEADER.pack(AFTER_LENGTH_BYTES + len(chunk), DATA, stream)
            self._pieces.extend((start, chunk))

    @property
    def backlog(self) -> int:
        """How many pieces wait to be sent; grows only while the runner does not read."""
        return len(self._pieces)

    def flush(self) -> None:
        pieces = self._pieces
        while pieces:
            if not self._sending.acquire(False):
                return
            try:
                self._send(pieces)
            finally:
                self._sending.release()

    def finish(self) -> None:
        """Sends the last frames, and waits for who is sending now."""
        with self._sending:
            while self._pieces:
                self._send(self._pieces)

    def _send(self, pieces: deque[Bytes]) -> None:
        batch: list[Bytes] = []
        size = 0
        while pieces and size < BATCH_BYTES:
            piece = pieces.popleft()
            if len(piece) > COPY_BYTES_MAX:
                if batch:
                    self._connection.sendall(b"".join(batch))
                    batch, size = [], 0
                self._connection.sendall(piece)
            else:
                batch.append(piece)
                size += len(piece)
        if batch:
            self._connection.sendall(batch[0] if len(batch) == 1 else b"".join(batch))
