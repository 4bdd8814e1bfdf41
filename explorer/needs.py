"""What people ask and nobody says or answers: queries gathered into needs, ranked as unspoken and as unserved.

Three coverages: *searched* (somebody types it), *said* (a post speaks of it), *served* (a page of the brand answers it).
Whether a text answers a query is never known from words alone: every claim stands with its best match, a chance, an interval.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any, Literal

import numpy as np
import pandas as pd

from explorer.need_matching import Matched, best_matches, match_needs
from explorer.need_table import need_table
from explorer.served import SIGNALS, calibrated, p_answered
from explorer.study import Study
from explorer.tallies import Tallies
from explorer.text.encoders import EncoderName
from explorer.text.normal import as_texts
from sources.store import Receipt, batch_of

#: Rooms of their own that are part of this one's interface; what counts people brings statistics that rankings do not need.
_ELSEWHERE = {"alternatives": "explorer.alternatives", "concerns": "explorer.concerns"}

Side = Literal["served", "said"]
#: Order in which verdicts are ranked: what nothing answers first.
_ORDER = {"unanswered": 0, "cannot tell": 1, "answered": 2}


def __getattr__(name: str) -> Any:
    """Return `concerns` and `alternatives` from their rooms."""
    if name in _ELSEWHERE:
        return getattr(import_module(_ELSEWHERE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@dataclass(frozen=True)
class Needs:
    """The needs of a study and the queries they are made of.

    `table`: one row per need, columns in `find_needs`. `queries`: one row per query: `need`, `query`, `topic`, `volume`,
    `volume_lo`, `volume_hi`, `unit`, and for each side (`served_`, `said_`) match, document, chance, interval and verdict.
    `judged`: confirmations that the chance of each side rests on. `texts`: distinct posts read a topic.
    """

    study: Study
    table: pd.DataFrame
    queries: pd.DataFrame
    level: float
    judged: dict[str, int]
    n_pages: int
    texts: dict[str, int]
    sources: tuple[str, ...]
    fetched_at: pd.Timestamp | None


def unanswered(
    queries: Iterable[object] | pd.DataFrame,
    documents: Iterable[object],
    *,
    judgements: pd.DataFrame | None = None,
    encoder_name: EncoderName | None = None,
    short: bool = False,
    level: float = 0.9,
) -> pd.DataFrame:
    """Rank queries by how surely no document answers them.

    Parameters
    ----------
    queries : texts, or a frame with `query` and, where known, `volume` (searches): more searched comes first within a verdict.
    documents : texts of pages or posts; a page may be its title with its text.
    judgements : the user's own answers (columns of explorer.served.calibrated); they narrow the chance, which without them is
        the default of another collection and has a wide interval.
    encoder_name : "use" or "e5" to match meaning beside words.
    short : documents are short posts.
    level : coverage of the interval of the chance, 0..1.

    Returns
    -------
    One row per query, first what is most surely unanswered: `rank` (1..), `query`, `volume` (null where not given), `match`
    (the best document; null where none shares a piece of a word), `document` (its position, -1 for none), `coverage`, `word`,
    `character` (its signals), `p_answered`, `lo`, `hi` [0..1], `verdict` ("unanswered" | "cannot tell" | "answered"),
    `certainty`, `n_documents`. Without documents nothing is known: chance null, verdict "cannot tell".

    Raises
    ------
    MissingExtra : the encoder is not installed.
    ValueError : a frame of queries without the column `query`.
    """
    asked = _asked(queries)
    chance = calibrated(judgements) if judgements is not None else None
    texts = as_texts(documents)
    found = best_matches(asked["query"].tolist(), texts, encoder_name, short=short)
    sure = p_answered(found, chance, level=level)
    frame = pd.concat([asked.reset_index(drop=True), found, sure], axis=1).assign(n_documents=len(texts))
    # Expected searches that find no answer; without volumes, the chance alone.
    weight = frame["volume"].fillna(frame["volume"].min() if frame["volume"].notna().any() else 1.0)
    frame["lost"] = weight * (1 - frame["p_answered"].fillna(0.5))
    frame["order"] = frame["verdict"].map(_ORDER)
    frame["sure"] = frame["certainty"] != "clearly"
    by, up = ["order", "sure", "lost"], [True, True, False]
    frame = frame.sort_values(by, ascending=up, kind="stable", ignore_index=True)
    frame.insert(0, "rank", np.arange(1, len(frame) + 1))
    return frame.drop(columns=["lost", "order", "sure"])


def find_needs(
    study: Study,
    *,
    topic: str = "",
    tallies: Tallies | None = None,
    judgements: pd.DataFrame | None = None,
    encoder_name: EncoderName | None = None,
    level: float = 0.9,
    seed: int = 0,
) -> Needs:
    """Find the needs of a study: what is searched, whether anybody says it, whether the brand's pages answer it.

    Parameters
    ----------
    topic : id of the one topic whose needs are asked for; all of them if left out.
    judgements : the user's confirmations; those stored in the study if left out.
    level : coverage of the intervals, 0..1.
    seed : of clustering and of the draws behind the intervals.

    Returns
    -------
    Needs. `table` has one row per need: `need` (id), `name`, `topic`, `n_queries`, `intent`, `question` (most frequent type),
    `volume`, `volume_lo`, `volume_hi` in `unit` (null where no source tells), `growth`, `growth_lo`, `growth_of`; season and
    places, each of its own queries or else of its topic (explorer.need_seasons); for each side
    `p_served`, `served_lo`, `served_hi`, `served` ("answered" | "unanswered" | "cannot tell"), `served_sure`, `served_match`,
    `served_page`, `served_why`, and `p_said` ..., `said` ("spoken" | "unspoken" | "cannot tell"), `said_match`,
    `said_why`, `said_warning`;
    `unserved`, `unserved_lo`, `unserved_hi` and `unspoken` ...: searches expected to find no page or post; `unserved_rank`,
    `unspoken_rank` (1..; null where the verdict cannot rest on anything). Chances of a need are those of its queries, weighted
    by volume. A side without documents, or a post sample that is empty, capped or small, never makes a need unspoken.

    Raises
    ------
    BadStudy : no query is stored.
    """
    tallies = tallies or Tallies.of(study)
    judged = tallies.small("judgements") if judgements is None else judgements
    matched = match_needs(study, topic=topic, tallies=tallies, encoder_name=encoder_name, seed=seed)
    return conclude(matched, judged, level=level, seed=seed)


def conclude(matched: Matched, judgements: pd.DataFrame, *, level: float = 0.9, seed: int = 0) -> Needs:
    """Return the needs as the user's answers so far let them be seen; see `find_needs`."""
    chance = {side: calibrated(judgements[judgements["side"] == side]) for side in ("served", "said")}
    queries = matched.queries
    for side, known in chance.items():
        signals = queries[[f"{side}_{s}" for s in SIGNALS]].set_axis(list(SIGNALS), axis=1)
        queries = queries.join(p_answered(signals, known, level=level).add_prefix(f"{side}_"))
    return Needs(
        matched.study,
        need_table(queries, chance, matched.spoken, matched.n_pages, level, seed).join(matched.traits, on="need"),
        queries,
        level,
        {side: c.n for side, c in chance.items()},
        matched.n_pages,
        {t: s.n for t, s in matched.spoken.items()},
        matched.sources,
        matched.fetched_at,
    )


def judge(study: Study, row: pd.Series, side: Side, *, answers: bool, now: datetime) -> Receipt:
    """Store that the user says whether the best match of a query answers it; the chance learns from it.

    Parameters
    ----------
    row : a row of `Needs.queries`.
    answers : True when the match does answer the query.
    """
    return study.store.append(
        "judgements",
        judgement(row, side, answers=answers),
        source="user",
        batch_id=batch_of(f"{row['query']}|{side}", str(now)),
        now=now,
    )


def judgement(row: pd.Series, side: Side, *, answers: bool) -> pd.DataFrame:
    """Return one answer of the user as a row of the judgements table, with the signals of the match it is about."""
    match_text = row[f"{side}_match"]
    return pd.DataFrame(
        {
            "query": [row["query"]],
            "side": [side],
            "document": ["" if pd.isna(match_text) else hashlib.sha256(match_text.encode()).hexdigest()[:16]],
            "answers": [answers],
            **{s: [float(row[f"{side}_{s}"])] for s in SIGNALS},
        }
    )


def _asked(queries: Iterable[object] | pd.DataFrame) -> pd.DataFrame:
    if not isinstance(queries, pd.DataFrame):
        return pd.DataFrame({"query": as_texts(queries), "volume": np.nan})
    if "query" not in queries:
        raise ValueError(f"the queries have no column 'query' but {', '.join(map(repr, queries.columns))}")
    return queries[["query"]].assign(volume=queries.get("volume", np.nan))
