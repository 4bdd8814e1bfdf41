"""What has been forgotten stays forgotten: marks that keep a post, an address or an author from being stored again.

A mark is a salted hash: it tells that something must not come back, not what it was. The salt stands in the same file, outside
the tables, and is made with the first mark.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import FileLock

from sources.errors import BadFile, Unavailable
from sources.privacy import mask_address

FILE = "forgotten.json"
_SCHEME = re.compile(r"^https?://(?:www\.|m\.|mobile\.)?", re.IGNORECASE)


class Tombstones:
    """The marks of one store. Reading makes nothing; a store without the file has forgotten nothing."""

    def __init__(self, root: Path | str) -> None:
        self._file = Path(root) / FILE
        self._salt, self._marks = self._read()

    def __len__(self) -> int:
        return len(self._marks)

    def add(
        self, *, posts: Iterable[tuple[str, str]] = (), urls: Iterable[str] = (), authors: Iterable[str] = ()
    ) -> int:
        """Add marks for posts (platform, id), addresses, and authors (their pseudonyms); return how many are new.

        Raises
        ------
        Unavailable : the file cannot be written. BadFile : what stands there cannot be read.
        """
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self._file.with_name(f"{FILE}.lock")):
                self._salt, self._marks = self._read()
                self._salt = self._salt or secrets.token_bytes(16)
                before = len(self._marks)
                self._marks |= {self._of("post", platform, post) for platform, post in posts}
                self._marks |= {self._of("url", address(u)) for u in urls}
                self._marks |= {self._of("author", a) for a in authors}
                draft = self._file.with_name(f"{FILE}.{os.getpid()}.part")
                draft.write_text(json.dumps({"salt": self._salt.hex(), "marks": sorted(self._marks)}), encoding="utf-8")
                draft.replace(self._file)
        except OSError as error:
            what = f"what is to be forgotten cannot be noted ({error.strerror})"
            raise Unavailable(what, str(self._file), "check that the folder may be written") from error
        return len(self._marks) - before

    def without(self, posts: pd.DataFrame) -> pd.DataFrame:
        """Return the posts that may be stored: those without a mark on themselves, their address or their author.

        A marked account that others name is taken out of their `mentions`.
        """
        if not self._marks or posts.empty:
            return posts
        named: dict[str, list[str | None]] = {
            "post": [f"{p}\0{i}" for p, i in zip(posts["platform"], posts["id"], strict=True)],
            "url": [address(u) if isinstance(u, str) else None for u in posts.get("url", [])],
            "author": [a if isinstance(a, str) else None for a in posts.get("author_key", [])],
        }
        marks = [[v is not None and self._of(kind, v) in self._marks for v in vs] for kind, vs in named.items() if vs]
        known = np.array(marks).any(axis=0)
        kept = posts[~known].reset_index(drop=True)
        if "mentions" in kept:
            kept["mentions"] = [self._unnamed(m) if isinstance(m, str) else None for m in kept["mentions"]]
        return kept

    def _unnamed(self, mentions: str) -> str | None:
        left = [key for key in json.loads(mentions) if self._of("author", key) not in self._marks]
        return json.dumps(left) if left else None

    def _of(self, *parts: str) -> str:
        return hashlib.blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=16, key=self._salt).hexdigest()

    def _read(self) -> tuple[bytes, set[str]]:
        if not self._file.exists():
            return b"", set()
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
            return bytes.fromhex(found["salt"]), set(found["marks"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            # Going on without it would store again what somebody had asked to forget.
            raise BadFile(
                f"what was forgotten cannot be read ({error})", str(self._file), "restore this file from a backup"
            ) from error


def address(url: str) -> str:
    """Return an address as addresses are compared: as it is stored, without scheme, www, fragment and last slash."""
    plain = _SCHEME.sub("", mask_address(url.strip()).partition("#")[0]).rstrip("/")
    host, slash, path = plain.partition("/")
    return host.casefold().replace("twitter.com", "x.com") + slash + path
