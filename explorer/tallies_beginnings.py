"""The seam where beginnings of words are looked for: which texts hold a word that begins like one of hundreds asked for.

Like explorer.tallies: expressions that never name an engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
from ibis import _

from explorer.tallies_engine import once
from sources import boolean

#: Letters that are folded one for one, and what they become.
_FROM, _TO = ("".join(side) for side in zip(*(p for p in boolean.FOLDED.items() if len(p[1]) == 1), strict=True))


def holding(texts: Any, stems: Mapping[str, Sequence[str]], keep: Callable[[Any], Any]) -> Any:
    """Return an expression with `topic`, `mark` of the texts that hold a word which begins like a stem of their topic.

    They are those in which the pattern of a `boolean.Term` with an open end is found. Of a text only the blanks are looked for,
    which is cheap; the words of a piece between them are worked out once, however many texts hold the piece.

    Parameters
    ----------
    texts : `topic`, `mark` (tells the texts of a topic apart), `text`.
    stems : per topic, beginnings of words: letters and digits, ligatures written out. At least one in all.
    keep : works an expression out once.
    """
    asked = [(boolean.fold_letters(stem), topic) for topic, own in stems.items() for stem in own]
    pieces = texts.select("topic", "mark", _piece=texts.text.split(" ")).mutate(_piece=_._piece.unnest())
    words = pieces.select("_piece").pipe(once).mutate(_word=_._piece.lower().re_split(r"[^\p{L}\p{N}]+"))
    words = words.mutate(_word=_._word.unnest()).mutate(_word=_._word.translate(_FROM, _TO))
    met = []
    for length in sorted({len(stem) for stem, topic in asked}):
        own = pd.DataFrame([a for a in asked if len(a[0]) == length], columns=["_begun", "topic"])
        begun = words.select("_piece", _begun=_._word.substr(0, length))
        met.append(begun.inner_join(ibis.memtable(pa.Table.from_pandas(own, preserve_index=False)), "_begun"))
    near = keep(ibis.union(*(m.select("topic", "_piece") for m in met)) if len(met) > 1 else met[0])
    return pieces.semi_join(near, ["topic", "_piece"]).select("topic", "mark").pipe(once)
