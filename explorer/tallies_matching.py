"""The seam where words are looked for: which posts say what a query asks, for any number of queries at once.

Like explorer.tallies: expressions that never name an engine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
from ibis import _

from explorer.study import Topic
from explorer.tallies_engine import once
from sources import boolean


def spoken(rest: Any, topics: Sequence[Topic], keep: Callable[[Any], Any]) -> list[Any]:
    """Return expressions with `platform`, `id`, `topic` of the posts that satisfy the query of a topic; together they are all.

    Each post is cut into words once; only where one of the words stands that a query cannot do without (boolean.anchors) is
    its pattern tried, on a text whose signs are marked (boolean.MARKS). A query without such words is tried on every post.

    Parameters
    ----------
    rest : `platform`, `id`, `_words`.
    keep : works an expression out once.
    """
    asked = {t.id: boolean.parse(t.social) for t in topics if t.social}
    named = {topic: boolean.anchors(tree) for topic, tree in asked.items()}
    anchored = {topic: asked[topic] for topic, found in named.items() if found}
    parts = [
        rest.filter(holds(tree)).select("platform", "id", topic=ibis.literal(topic))
        for topic, tree in asked.items()
        if topic not in anchored
    ]
    if anchored:
        rows = [(a.word, len(a.word) if a.opens else 0, t) for t in anchored for a in named[t] or ()]
        near = _near(rest, pd.DataFrame(rows, columns=["_anchor", "_length", "topic"]))
        near = keep(near.mutate(_marked=marked(near._words)))
        tried = ibis.cases(
            *((_.topic == topic, holds(tree, marked=True)) for topic, tree in anchored.items()), else_=False
        )
        parts.append(near.filter(tried).select("platform", "id", "topic"))
    return parts


def holds(tree: boolean.Query, *, marked: bool = False) -> Any:
    """Translate a query into a condition on the column `_words`, and on `_marked` wherever its terms allow if that is there."""
    match tree:
        case boolean.Term():
            return _found([tree], marked=marked and tree.plain)
        case boolean.And(parts):
            return ibis.and_(*(holds(p, marked=marked) for p in parts))
        case boolean.Or(parts):
            terms = [p for p in parts if isinstance(p, boolean.Term)]
            plain = [t for t in terms if marked and t.plain]
            others = [t for t in terms if t not in plain]
            alone = [_found(some, marked=some is plain) for some in (plain, others) if some]
            return ibis.or_(*alone, *(holds(p, marked=marked) for p in parts if p not in terms))
        case boolean.Not(part):
            return ~holds(part, marked=marked)


def _found(terms: list[boolean.Term], *, marked: bool) -> Any:
    return (_._marked if marked else _._words).re_search(boolean.any_of(terms, marked=marked))


def marked(text: Any) -> Any:
    """Return a text whose signs beyond ASCII are marked (boolean.MARKS)."""
    for sign, mark in boolean.MARKS:
        text = text.re_replace(sign, mark) if sign.startswith("[") else text.replace(sign, mark)
    return text


def _near(rest: Any, anchors: pd.DataFrame) -> Any:
    """Posts x topics whose query they may satisfy, with `_words`."""
    table = ibis.memtable(pa.Table.from_pandas(anchors, preserve_index=False))
    cut = rest.select("platform", "id", _anchor=_folded(rest._words).re_split(r"[^\p{L}\p{N}]+"))
    words = cut.mutate(_anchor=_._anchor.unnest())
    met = []
    for length in sorted(set(anchors["_length"])):
        begun = words.mutate(_anchor=_._anchor.substr(0, int(length))) if length else words
        wanted = table.filter(_._length == int(length)).select("_anchor", "topic")
        met.append(begun.inner_join(wanted, "_anchor").select("platform", "id", "topic"))
    every = (ibis.union(*met) if len(met) > 1 else met[0]).pipe(once)
    return every.inner_join(rest, ["platform", "id"])


def _folded(text: Any) -> Any:
    """Fold as `boolean.fold` does."""
    single = {letter: plain for letter, plain in boolean.FOLDED.items() if len(plain) == 1}
    folded = text.lower()
    for letter, plain in boolean.FOLDED.items():
        if letter not in single:
            folded = folded.replace(letter, plain)
    return folded.translate("".join(single), "".join(single.values()))
