"""Many texts as numbers of their words, cut once: a word is stemmed and taken apart once, however many texts hold it.

Texts of one collection repeat their words, and so do the collections of one study: what is worked out of a word is worked out
a word, and a text is only the row of their numbers.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

from explorer.text.normal import plain, stem, words
from explorer.text.stopwords import ALL

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Rows of numbers of different lengths: row i is `values[starts[i]:starts[i + 1]]`."""

    values: Numbers
    starts: Numbers

    def part(self, start: int, end: int) -> Rows:
        """Return some of the rows."""
        own = self.starts[start : end + 1]
        return Rows(self.values[own[0] : own[-1]], own - own[0])

    def take(self, rows: Numbers) -> Rows:
        """Return the rows asked for, in that order."""
        length = np.diff(self.starts)[rows]
        starts = _starts(length)
        at = np.repeat(self.starts[rows] - starts[:-1], length) + np.arange(starts[-1])
        return Rows(self.values[at], starts)

    def __len__(self) -> int:
        return len(self.starts) - 1


@dataclass(frozen=True)
class Cut:
    """Texts cut into words.

    `chunks`: a text's pieces between blanks, as numbers. `stems`: its words as `tokens` gives them, as numbers of `names`.
    `pieces`: of every chunk its pieces of 3 to 5 letters as numbers, in the order in which they stand; `counts` how often.
    """

    chunks: Rows
    stems: Rows
    names: list[str]
    pieces: Rows
    counts: NDArray[np.float32]


def tokens(text: str) -> list[str]:
    """Return the stems of the words of a text that carry a subject; all words where nothing else is left."""
    every = words(text)
    kept = [w for w in every if w not in ALL]
    return [stem(w) for w in kept or every]


def cut(texts: Iterable[str]) -> Cut:
    """Cut texts into words, stems and pieces of words."""
    chunks, split = _numbered(plain(t).split() for t in texts)
    # No word reaches over a blank: the words of a text are those of its chunks.
    of_chunk, written = _numbered(words(c) for c in split)
    said, length = of_chunk.take(chunks.values), np.diff(of_chunk.starts)
    # From words of chunks to words of texts.
    said = Rows(said.values, _starts(length[chunks.values])[chunks.starts])
    number: dict[str, int] = {}
    stems = np.array([number.setdefault(stem(w), len(number)) for w in written], dtype=np.int64)
    kept = np.array([w not in ALL for w in written], dtype=bool)[said.values]
    subject = np.diff(np.concatenate([[0], np.cumsum(kept)])[said.starts])
    kept |= np.repeat(subject == 0, np.diff(said.starts))
    own = Rows(stems[said.values[kept]], np.concatenate([[0], np.cumsum(kept)])[said.starts])
    # Pieces of 3 to 5 letters, none across words.
    apart = CountVectorizer(analyzer="char_wb", ngram_range=(3, 5), lowercase=False).build_analyzer()
    counted = [Counter(apart(c)) for c in split]
    pieces, _ = _numbered(counted)
    counts = np.fromiter(chain.from_iterable(c.values() for c in counted), dtype=np.float32)
    return Cut(chunks, own, list(number), pieces, counts)


def word_counts(rows: Rows) -> Any:
    """Return a matrix [texts, words] of how often a word stands in a text; words in the order in which they first stand."""
    return _matrix(*_renumbered(rows))


def piece_counts(texts: Cut, rows: Rows) -> Any:
    """Return a matrix [texts, pieces] of how often a piece of a word stands in a text.

    Parameters
    ----------
    rows : some of `texts.chunks`.
    """
    local, found = _renumbered(rows)
    if not len(found):
        return sparse.csr_matrix((len(rows), 1), dtype=np.float32)
    pieces, seen = _renumbered(texts.pieces.take(found))
    counts = Rows(np.arange(len(texts.counts)), texts.pieces.starts).take(found)
    values = texts.counts[counts.values]
    taken = sparse.csr_matrix((values, pieces.values, pieces.starts), shape=(len(pieces), max(len(seen), 1)))
    taken.sort_indices()
    return _matrix(local, found) @ taken


def _numbered(split: Iterable[Iterable[str]]) -> tuple[Rows, list[str]]:
    """Words as numbers, and the words by their number: in the order in which they first stand."""
    number: defaultdict[str, int] = defaultdict(lambda: len(number))
    values, ends = array("q"), array("q", [0])
    for found in split:
        values.extend(map(number.__getitem__, found))
        ends.append(len(values))
    return Rows(np.array(values, dtype=np.int64), np.array(ends, dtype=np.int64)), list(number)


def _renumbered(rows: Rows) -> tuple[Rows, Numbers]:
    """The same rows with numbers from 0 on, in the order in which they first stand; and what each of them was."""
    values, found = pd.factorize(rows.values)
    return Rows(values, rows.starts), found


def _matrix(rows: Rows, found: Numbers) -> Any:
    values = np.ones(len(rows.values), dtype=np.float32)
    counts = sparse.csr_matrix((values, rows.values, rows.starts), shape=(len(rows), max(len(found), 1)), copy=True)
    counts.sum_duplicates()
    return counts


def _starts(length: Numbers) -> Numbers:
    return np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
