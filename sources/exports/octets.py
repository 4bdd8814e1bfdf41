"""The bytes of a file, in memory or on disk: read from the start as often as needed, on disk never held as a whole."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from sources.errors import BadFile

BLOCK = 1 << 22
HEAD = 1 << 20


class Octets(Protocol):
    """What the readers of text need of a file."""

    @property
    def head(self) -> bytes:
        """The first bytes, at most HEAD."""

    @property
    def size(self) -> int:
        """Bytes of the file, as it lies there."""

    def open(self) -> BinaryIO:
        """Open the file anew at its first byte."""

    def blocks(self) -> Iterator[bytes]:
        """Read the file a block at a time."""


class InMemory:
    """The bytes of a file that is held in memory."""

    def __init__(self, data: bytes) -> None:
        self._data, self.size = data, len(data)

    @property
    def head(self) -> bytes:
        """The first bytes."""
        return self._data[:HEAD]

    def open(self) -> BinaryIO:
        """Open the bytes as a file."""
        return io.BytesIO(self._data)

    def blocks(self) -> Iterator[bytes]:
        """Read the bytes a block at a time."""
        view = memoryview(self._data)
        for start in range(0, len(view), BLOCK):
            yield bytes(view[start : start + BLOCK])


class OnDisk:
    """The bytes of a file on disk, unpacked on the way if it is compressed with gzip."""

    def __init__(self, path: Path, limit: int) -> None:
        self.path, self._limit = path, limit
        self.size = path.stat().st_size
        with path.open("rb") as raw:
            self.packed = raw.read(2) == b"\x1f\x8b"
        self._raw: BinaryIO | None = None

    @cached_property
    def head(self) -> bytes:
        """The first bytes, unpacked."""
        with self.open() as stream:
            try:
                return stream.read(HEAD)
            except (OSError, EOFError, zlib.error) as error:
                raise self._damaged() from error

    def open(self) -> BinaryIO:
        """Open the file anew at its first byte."""
        if not self.packed:
            self._raw = self.path.open("rb")
            return self._raw
        unpacked = gzip.GzipFile(self.path)  # by its path, so that closing it closes the file below
        self._raw = cast(BinaryIO, unpacked.fileobj)
        return cast(BinaryIO, unpacked)

    def blocks(self) -> Iterator[bytes]:
        """Read the file a block at a time.

        Raises
        ------
        BadFile : a damaged archive, or one that unpacks to more than the limit.
        """
        total = 0
        with self.open() as stream:
            while True:
                try:
                    block = stream.read(BLOCK)
                except (OSError, EOFError, zlib.error) as error:
                    raise self._damaged() from error
                if not block:
                    return
                total += len(block)
                if total > self._limit:
                    raise BadFile(
                        f"the file holds more than {self._limit / 1024**3:,.0f} GB", self.path.name, "split it"
                    )
                yield block

    def digest(self) -> str:
        """Return the SHA-256 of the file as it lies on disk."""
        sha = hashlib.sha256()
        with self.path.open("rb") as raw:
            while block := raw.read(BLOCK):
                sha.update(block)
        return sha.hexdigest()

    def done(self) -> int:
        """Return how many bytes on disk the stream that was opened last has read."""
        return self.size if self._raw is None or self._raw.closed else min(self._raw.tell(), self.size)

    def _damaged(self) -> BadFile:
        return BadFile("the gzip archive is damaged or cut off", self.path.name, "download or export it again")


def octets_of(data: bytes | Octets) -> Octets:
    """Return `data` as Octets."""
    return InMemory(data) if isinstance(data, bytes) else data
