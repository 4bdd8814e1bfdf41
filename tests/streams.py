"""A relay on loopback that plays frames of Bluesky's event stream, written as the network writes them (DAG-CBOR, CAR)."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import libipld
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

_LINK = b"\x58\x25\x00\x01\x71\x12\x20"  # bytes of a content id; before it the tag that makes it a link

_TAG = b"\xd8\x2a"
_UNTAGGED = re.compile(b"(?<!" + re.escape(_TAG) + b")" + re.escape(_LINK), re.DOTALL)  # an archive within has its tags


def cid(block: bytes) -> bytes:
    return b"\x01\x71\x12\x20" + hashlib.sha256(block).digest()


def cbor(value: Any) -> bytes:
    """Encode a value; bytes that begin with 0 and a content id become links."""
    return _UNTAGGED.sub(_TAG + _LINK, bytes(libipld.encode_dag_cbor(value)))


def link(block: bytes) -> bytes:
    return b"\x00" + cid(block)


def frame(kind: str, body: dict[str, Any]) -> bytes:
    return cbor({"op": 1, "t": kind}) + cbor(body)


def fault(error: str, message: str) -> bytes:
    return cbor({"op": -1}) + cbor({"error": error, "message": message})


def car(blocks: list[bytes]) -> bytes:
    commit = cbor({"did": "did:plc:commit", "version": 3})
    header = cbor({"roots": [link(commit)], "version": 1})
    parts = [_varint(len(header)) + header]
    parts += [_varint(len(cid(b) + b)) + cid(b) + b for b in (commit, *blocks)]
    return b"".join(parts)


def commit(seq: int, time: str, did: str, *ops: tuple[str, str, dict[str, Any] | None], **more: Any) -> bytes:
    """One commit; `ops` are action, record key and record."""
    blocks = [cbor({"$type": "app.bsky.feed.post", **record}) for _, _, record in ops if record is not None]
    left = iter(blocks)
    told = [
        {
            "action": action,
            "path": f"app.bsky.feed.post/{key}",
            "cid": link(next(left)) if record is not None else None,
        }
        for action, key, record in ops
    ]
    body = {"seq": seq, "time": time, "repo": did, "ops": told, "blocks": car(blocks), "tooBig": False, "blobs": []}
    return frame("#commit", {**body, **more})


def identity(seq: int, time: str) -> bytes:
    return frame("#identity", {"seq": seq, "time": time, "did": "did:plc:somebody"})


class Relay:
    """Holds numbered frames; `breaks` closes the line after that many frames, once each; `refuse` answers instead."""

    def __init__(self) -> None:
        self.held: list[tuple[int, bytes]] = []
        self.cursors: list[int] = []
        self.breaks: list[int] = []
        self.refuse: list[tuple[int, dict[str, str], bytes]] = []
        self.outdated = self.deaf = False
        self.url = ""

    def add(self, seq: int, raw: bytes) -> None:
        self.held.append((seq, raw))

    def play(self, line: ServerConnection) -> None:
        assert line.request is not None
        cursor = int(parse_qs(urlsplit(line.request.path).query)["cursor"][0])
        self.cursors.append(cursor)
        until = self.breaks.pop(0) if self.breaks else None
        try:
            if self.held and cursor > self.held[-1][0]:
                line.send(fault("FutureCursor", "Cursor in the future."))
                return
            if self.outdated and cursor < self.held[0][0] - 1:
                line.send(frame("#info", {"name": "OutdatedCursor", "message": "Requested cursor exceeded limit"}))
            for seq, raw in [one for one in self.held if one[0] > cursor][:until]:
                assert seq
                line.send(raw)
            if until is None:
                for _ in line:
                    pass
        except ConnectionClosed:
            pass

    def judge(self, line: ServerConnection, request: Request) -> Response | None:
        if not self.refuse:
            return None
        status, headers, body = self.refuse.pop(0)
        return Response(status, "Refused", Headers({**headers, "content-length": str(len(body))}), body)


@contextmanager
def relay() -> Iterator[Relay]:
    found = Relay()
    with serve(found.play, "127.0.0.1", 0, process_request=found.judge) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        found.url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        yield found
        server.shutdown()
        thread.join(5)


def at(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _varint(number: int) -> bytes:
    found = b""
    while number > 0x7F:
        found += bytes([number & 0x7F | 0x80])
        number >>= 7
    return found + bytes([number])
