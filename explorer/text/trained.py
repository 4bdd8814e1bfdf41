"""Where trained heads live and which one speaks: shipped with the package, or trained by the user on files they hold."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

import platformdirs

from explorer.text.encoders import installed
from explorer.text.heads import Head, load_head
from sources.errors import BadFile

Task = Literal["tone", "emotions"]
Engine = Literal["auto", "lexicon", "light", "use", "e5"]

SHIPPED = Path(__file__).with_name("models")

#: Strongest first. "e5" reads about twenty posts a second: it speaks only when it is named.
_AUTOMATIC: tuple[Engine, ...] = ("use", "light")


def heads_folder() -> Path:
    """Return the folder of the heads that the user trained: UNDERSAID_MODELS, or the user's data folder."""
    given = os.environ.get("UNDERSAID_MODELS")
    return Path(given) if given else platformdirs.user_data_path("undersaid") / "models"


def head_file(task: Task, lang: str, engine: Engine) -> str:
    """Return the name under which a head is stored."""
    return f"{task}-{lang}-{engine}.npz"


def best_head(task: Task, lang: str, engine: Engine = "auto") -> Head | None:
    """Return the head to use, the user's own before a shipped one; None where a lexicon is to speak.

    Raises
    ------
    BadFile : `engine` names a head that was never trained.
    """
    if engine == "lexicon":
        return None
    if engine != "auto":
        head = _find(task, lang, engine)
        if head is None:
            name = head_file(task, lang, engine)
            encoder = "" if engine == "light" else f" --encoder {engine}"
            remedy = f"train one with: undersaid train-tone FILE --task {task} --lang {lang}{encoder}"
            raise BadFile("this head was not trained yet", str(heads_folder() / name), remedy)
        return head
    ready = ("light", *installed())
    return next((h for name in _AUTOMATIC if name in ready and (h := _find(task, lang, name)) is not None), None)


def _find(task: Task, lang: str, engine: Engine) -> Head | None:
    for folder in (heads_folder(), SHIPPED):
        file = folder / head_file(task, lang, engine)
        if file.exists():
            return _read(str(file), file.stat().st_mtime_ns)
    return None


@lru_cache(maxsize=16)
def _read(path: str, changed: int) -> Head:
    return load_head(path)
