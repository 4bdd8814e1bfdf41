"""Which posts speak of which queries: the texts of a topic that can match at all, and how far their absence can be trusted.

A word that all queries of a topic share tells none of them from another. A text that holds none of the words that do tell can
match on filler only, so those texts are read as a small sample and the others whole, up to READ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from explorer.coverage import WHOLE
from explorer.study import Study, fold
from explorer.tallies import Tallies
from explorer.text.cutting import tokens

#: Texts of one topic that hold a telling word and are read, and others beside them.
READ, OTHERS = 5_000, 200
#: Distinct texts below which silence says nothing: what 1 in 20 people would say is missed once in 20 times (3/n, Hanley 1983).
FEW = 60
#: Below so many the silence stands, with a warning: what 1 in 100 would say may be missed.
MANY = 300
#: A stem shared by more than this part of a topic's queries does not tell them apart.
_COMMON = 0.3


@dataclass(frozen=True)
class Spoken:
    """Texts that were read for one topic.

    `texts`: `text`, `posts`. `n`: distinct texts there are. `doubt`: why their silence proves nothing ("no posts", "capped",
    "few posts", "too many posts"), "" where it does. `warning`: "small sample" or "".
    """

    texts: pd.DataFrame
    n: int
    doubt: str = ""
    warning: str = ""


def read_posts(
    study: Study, tallies: Tallies, queries: Mapping[str, Sequence[str]], coverage: pd.DataFrame
) -> dict[str, Spoken]:
    """Return the posts of every topic that may speak of its queries, with what keeps their silence from being one.

    Parameters
    ----------
    queries : id of a topic -> its queries; for "" (queries of no topic) nothing is read, and the doubt says so.
    coverage : the stored coverage table.

    References
    ----------
    Hanley & Lippman-Hand (1983), "If nothing goes wrong, is everything all right?", JAMA 249: the rule of three.
    """
    stems = {topic: telling(own) for topic, own in queries.items() if topic}
    texts = tallies.distinct_texts(study.topics, stems, limit=READ, others=OTHERS)
    nothing = Spoken(pd.DataFrame(columns=["text", "posts"]), 0, "no topic")
    found = dict(iter(texts.groupby("topic")))
    return {
        topic: _spoken(study, topic, found.get(topic, texts.iloc[:0]), coverage) if topic else nothing
        for topic in queries
    }


def _spoken(study: Study, topic: str, texts: pd.DataFrame, coverage: pd.DataFrame) -> Spoken:
    n = int(texts["every"].iloc[0]) if len(texts) else 0
    texts = texts.reset_index(drop=True)
    if n == 0:
        return Spoken(texts, 0, "no posts")
    if cut_off(study, topic, coverage):
        return Spoken(texts, n, "capped")
    if n < FEW:
        return Spoken(texts, n, "few posts")
    if int(texts["holds"].sum()) >= READ:
        return Spoken(texts, n, "too many posts")
    return Spoken(texts, n, "", "small sample" if n < MANY else "")


def telling(queries: Sequence[str]) -> list[str]:
    """Return the stems that tell the queries of a topic apart: those that few of them share, in no other form of the word."""
    held = [set(tokens(q)) for q in queries]
    shared = Counter(s for stems in held for s in stems)
    common = {s for s, n in shared.items() if n > max(1.0, _COMMON * len(held))}
    found: set[str] = set()
    for stems in held:
        rare = {s for s in stems - common if len(s) > 1}
        # "isoler" beside "isolation": looking for words that begin with "isol" would find every post of the topic.
        found |= {s for s in rare if not any(c.startswith(s[:4]) for c in common)} or rare
    return sorted(found)


def cut_off(study: Study, topic: str, coverage: pd.DataFrame) -> bool:
    """Whether any part of the posts of this topic was not collected whole."""
    posts = coverage[coverage["table"] == "posts"]
    if posts.empty:
        return False
    names = study.topic(topic).names() | {fold(t) for t in study.topic(topic).search} | {""}
    own = posts[posts["query"].map(fold).isin(names)]
    for row in own[~own["status"].isin(WHOLE)].itertuples():
        again = own[(own["status"] == "complete") & (own["query"] == row.query) & (own["fetched_at"] >= row.fetched_at)]
        if not ((again["start"] <= row.start) & (again["end"] >= row.end)).any():
            return True
    return False
