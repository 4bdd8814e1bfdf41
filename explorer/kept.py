"""Answers kept between starts of the app: read again while neither the data, nor the study, nor the program have changed."""

from __future__ import annotations

import functools
import hashlib
import shutil
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import joblib
import platformdirs

Answer = TypeVar("Answer")

#: How long an answer is kept that nobody has asked for again.
KEEP = timedelta(days=14)
#: Most that is kept for a study.
BYTES = 256 * 2**20
_MARK = "of.txt"


def kept(work_out: Callable[..., Answer]) -> Callable[..., Answer]:
    """Keep what `work_out(path, version, study_text, **options)` returns in this user's cache.

    Answers go when something is forgotten (`forget_answers`), when the program changes, when nobody has asked for them for two
    weeks, and when a study has too many. Studies in the temporary folder go with their session and keep nothing.
    What is kept is read by unpickling, which is safe because nobody but this user can write there.
    """

    @functools.wraps(work_out)
    def answer(path: str, version: str, study_text: str, **options: Any) -> Answer:
        memory = None if _passing(path) else _memory(path, _program())
        if memory is None:
            return work_out(path, version, study_text, **options)
        found: Answer = memory.cache(work_out)(path, version, study_text, **options)
        return found

    return answer


def keeps(path: str) -> bool:
    """Return whether answers of the study file at `path` are kept here."""
    return not _passing(path) and _memory(path, _program()) is not None


def forget_answers(path: Path | str) -> None:
    """Delete whatever is kept for the study file at `path`."""
    _memory.cache_clear()
    shutil.rmtree(_folder(str(path)), ignore_errors=True)


def _passing(path: str) -> bool:
    return Path(path).resolve().is_relative_to(Path(tempfile.gettempdir()).resolve())


def _folder(path: str) -> Path:
    name = hashlib.sha256(str(Path(path).resolve()).encode()).hexdigest()[:16]
    return Path(platformdirs.user_cache_path("undersaid")) / "answers" / name


@functools.lru_cache(maxsize=64)
def _memory(path: str, program: str) -> joblib.Memory | None:
    """Return where the answers of a study are kept, emptied when another program gave them; None where none can be written."""
    folder = _folder(path)
    try:
        if not (folder / _MARK).exists() or (folder / _MARK).read_text() != program:
            shutil.rmtree(folder, ignore_errors=True)
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700)
            (folder / _MARK).write_text(program)
    except OSError:
        return None
    memory = joblib.Memory(folder, verbose=0)
    memory.reduce_size(bytes_limit=BYTES, age_limit=KEEP)
    return memory


@functools.cache
def _program() -> str:
    """Return a name that changes with the program: the sizes and times of its files."""
    root = Path(__file__).resolve().parent.parent
    files = sorted(f for package in ("explorer", "forecasting", "sources") for f in (root / package).rglob("*.py"))
    told = "\n".join(f"{f.relative_to(root)} {f.stat().st_size} {f.stat().st_mtime_ns}" for f in files)
    return hashlib.sha256(told.encode()).hexdigest()
