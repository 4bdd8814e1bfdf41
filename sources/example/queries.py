"""What people type and what the fictitious brand answers, with what is planted about both."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sources.example.market import EMERGING, GEO, IDS, TOPICS, WINDOW
from sources.example.phrases import table

SITE = "https://calorene.example.invalid/aide"
_GROWTH = {
    "batterie domestique rentable": 4.2,
    "batterie virtuelle avis": 2.6,
    "quelle capacité batterie domestique": None,
}


def planted() -> pd.DataFrame:
    """Return one row per query: `topic`, `query`, `term`, `volume`, `served`, `said`, `page` (address or None), `marker`."""
    rows = []
    for query in table("queries")["query"]:
        page = query.get("page")
        rows.append(
            {
                "topic": query["topic"],
                "query": query["text"],
                "term": TOPICS[IDS.index(query["topic"])].search[0],
                "volume": query["volume"],
                "served": page is not None,
                "said": "said" in query,
                "page": address(page) if page else None,
                "marker": tuple(query["marker"]),
            }
        )
    return pd.DataFrame(rows)


def queries(rng: np.random.Generator, window: str) -> pd.DataFrame:
    """Return the queries table: a list with monthly volumes, and what rises in the emerging topic."""
    known = planted()
    volume = np.rint(known["volume"] * np.exp(rng.normal(0, 0.05, len(known))) / 10) * 10
    listed = pd.DataFrame(
        {
            "term": known["term"],
            "query": known["query"],
            "item": "query",
            "ranking": "list",
            "value": volume,
            "lo": volume,
            "hi": volume,
            "kind": "measured",
            "unit": "searches",
            "raw": [f"{v:.0f}" for v in volume],
            "window": window,
        }
    )
    term = TOPICS[IDS.index(EMERGING)].search[0]
    rising = pd.DataFrame(
        [
            {
                "term": term,
                "query": query,
                "item": "query",
                "ranking": "rising",
                "value": np.nan if growth is None else growth,
                "lo": 50.0 if growth is None else growth,  # a breakout is printed above +5,000 %
                "hi": np.nan if growth is None else growth,
                "kind": "breakout" if growth is None else "measured",
                "unit": "growth",
                "raw": "Breakout" if growth is None else f"+{growth:.0%}",
                "window": window,
            }
            for query, growth in _GROWTH.items()
        ]
    )
    return pd.concat([listed, rising], ignore_index=True)


def content() -> pd.DataFrame:
    """Return the content table: the brand's help pages."""
    return pd.DataFrame(
        [
            {"id": address(key), "title": p["title"], "text": p["text"], "lang": "fr"}
            for key, p in table("pages").items()
        ]
    )


def said_by_sentence() -> dict[str, str]:
    """Return, for each sentence that speaks a searched need, the query it speaks of."""
    return {sentence: q["text"] for q in table("queries")["query"] for sentence in q.get("said", [])}


def window_text(weeks: pd.DatetimeIndex) -> str:
    """Return the time range and place as the service prints them."""
    return f"{weeks[-WINDOW].date()} {(weeks[-1] + pd.Timedelta(6, 'D')).date()}, {GEO}"


def address(page: str) -> str:
    """Return the address of a page of the fictitious brand."""
    return f"{SITE}/{page}"
