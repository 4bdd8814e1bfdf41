"""Raw answers, kept compressed and without secrets, so that a row can be traced back and read again when a reader improves."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sources.errors import Unavailable
from sources.secrets import without_secrets

FOLDER = "raw"


class Archive:
    """The raw answers of one study, one file each, named by their content: the same answer is kept once."""

    def __init__(self, root: Path | str) -> None:
        self._root = Path(root) / FOLDER

    def keep(self, source: str, content: bytes, *, now: datetime) -> str:
        """Write one answer and return its name below the archive's folder.

        Raises
        ------
        Unavailable : the folder cannot be written.
        """
        cleaned = without_secrets(content)
        name = f"{source}/{now:%Y-%m}/{hashlib.sha256(cleaned).hexdigest()[:32]}.gz"
        file = self._root / name
        if file.exists():
            return name
        draft = file.with_name(f"{file.name}.{os.getpid()}.part")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(gzip.compress(cleaned, mtime=0))
            draft.replace(file)
        except OSError as error:
            raise Unavailable(
                f"the raw answer cannot be kept ({error.strerror})", str(file.parent), "check that the disk has room"
            ) from error
        return name

    def read(self, name: str) -> bytes:
        """Return a kept answer."""
        return gzip.decompress((self._root / name).read_bytes())

    def drop(self, name: str) -> None:
        """Delete a kept answer."""
        (self._root / name).unlink(missing_ok=True)

    def names(self, source: str = "") -> list[str]:
        """Return the names of the kept answers, of one source if given, in order."""
        found = (self._root / source).rglob("*.gz") if self._root.is_dir() else ()
        return sorted(p.relative_to(self._root).as_posix() for p in found)

    def purge_with(self, words: Sequence[str]) -> int:
        """Delete every answer that holds one of `words`, in any letter case and however JSON writes it; return how many.

        A number counts only where no further digit stands beside it.
        """
        forms = {form for word in words for form in (word, json.dumps(word)[1:-1], word.replace("/", "\\/"))}
        if not forms:
            return 0
        one = "|".join(re.escape(f) for f in sorted(forms, key=len, reverse=True))
        pattern = re.compile(rf"(?<![\w])(?:{one})(?![\w])".encode(), re.IGNORECASE)
        gone = 0
        for name in self.names():
            if pattern.search(self.read(name)):
                (self._root / name).unlink()
                gone += 1
        return gone

    def purge(self, source: str, before: datetime) -> int:
        """Delete the answers of `source` written before an instant, and drafts left by a kill; return how many."""
        gone = 0
        for file in sorted((self._root / source).rglob("*")) if (self._root / source).is_dir() else ():
            if file.suffix in (".gz", ".part") and file.stat().st_mtime < before.timestamp():
                file.unlink()
                gone += 1
        return gone
