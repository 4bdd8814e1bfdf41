"""What people ask and nobody says or answers: queries gathered into needs, ranked as unspoken and as unserved.

Three coverages: *searched* (somebody types it), *said* (a post speaks of it), *served* (a page of the brand answers it).
Whether a text answers a query is never known from words alone: every claim stands with its best match, a chance, an interval.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
import pandas as pd

from explorer.fact import certainty
from explorer.need_clusters import cluster, name_of
from explorer.need_posts import Spoken, read_posts
from explorer.need_queries import clean_queries
from explorer.served import SIGNALS, Chance, calibrated, draws, p_answered
from explorer.study import BadStudy, Study
from explorer.tallies import Tallies
from explorer.text import intent, match, question_type
from explorer.text.encoders import EncoderName
from explorer.text.normal import as_texts
from sources.store import Receipt, batch_of

Side = Literal["served", "said"]
#: Order in which verdicts are ranked: what nothing answers first.
_ORDER = {"unanswered": 0, "cannot tell": 1, "answered": 2}
_SPOKEN = {"answered": "spoken", "unanswered": "unspoken", "cannot tell": "cannot tell"}
_DRAWS = 400
_ANSWER = ["match", "document", *SIGNALS, "p_answered", "lo", "hi", "verdict", "certainty"]


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
    found = _answers(asked["query"].tolist(), as_texts(documents), chance, encoder_name, short=short, level=level)
    frame = pd.concat([asked.reset_index(drop=True), found], axis=1)
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
    tallies: Tallies | None = None,
    judgements: pd.DataFrame | None = None,
    encoder_name: EncoderName | None = None,
    level: float = 0.9,
    seed: int = 0,
) -> Needs:
    """Find the needs of a study: what is searched, whether anybody says it, whether the brand's pages answer it.

    Parameters
    ----------
    judgements : the user's confirmations; those stored in the study if left out.
    level : coverage of the intervals, 0..1.
    seed : of clustering and of the draws behind the intervals.

    Returns
    -------
    Needs. `table` has one row per need: `need` (id), `name`, `topic`, `n_queries`, `intent`, `question` (most frequent type),
    `volume`, `volume_lo`, `volume_hi` in `unit` (null where no source tells), `growth`, `growth_lo`, `growth_of`; for each side
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
    tallies = tallies or Tallies(study.store)
    rows = tallies.small("queries")
    queries = clean_queries(rows, study)
    if queries.empty:
        raise BadStudy(
            "no queries are stored yet",
            study.path.name,
            "import related queries, Search Console or a keyword tool's list, or collect suggestions",
        )
    judged = tallies.small("judgements") if judgements is None else judgements
    chance = {side: calibrated(judged[judged["side"] == side]) for side in ("served", "said")}
    pages = tallies.small("content")
    queries = _gathered(queries, study, encoder_name, seed)
    queries = _served(queries, pages, chance["served"], encoder_name, level)
    queries, spoken = _said(queries, study, tallies, chance["said"], encoder_name, level)
    queries["question"] = question_type(queries["query"])["label"].array
    queries["intent"] = intent(queries["query"])["label"].array
    return Needs(
        study,
        _table(queries, chance, spoken, len(pages), level, seed),
        queries,
        level,
        {side: c.n for side, c in chance.items()},
        len(pages),
        {topic: s.n for topic, s in spoken.items()},
        tuple(sorted(rows["source"].unique())),
        rows["fetched_at"].max(),
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


def _answers(
    asked: list[str],
    documents: list[str],
    chance: Chance | None,
    encoder_name: EncoderName | None,
    *,
    short: bool,
    level: float,
) -> pd.DataFrame:
    """`match`, `document`, signals, chance, interval and verdict of the best match of each query."""
    best = match(asked, documents, encoder_name=encoder_name, short=short, k=1).best
    best["match"] = [documents[d] if d >= 0 else None for d in best["document"]]
    found = pd.concat([best, p_answered(best, chance, level=level)], axis=1)
    return found[_ANSWER].assign(n_documents=len(documents))


def _gathered(queries: pd.DataFrame, study: Study, encoder_name: EncoderName | None, seed: int) -> pd.DataFrame:
    """Add `need` (id) and `central`; needs are gathered topic by topic."""
    parts = []
    for topic, own in queries.groupby("topic", sort=True):
        common = study.topic(str(topic)).search if topic else ()
        groups = cluster(own["query"].tolist(), common=common, encoder_name=encoder_name, seed=seed)
        found = own.reset_index(drop=True).join(groups)
        found["need"] = f"{topic}/" + found["need"].astype(str)
        parts.append(found)
    return pd.concat(parts, ignore_index=True)


def _served(
    queries: pd.DataFrame, pages: pd.DataFrame, chance: Chance, encoder_name: EncoderName | None, level: float
) -> pd.DataFrame:
    texts = (pages["title"].fillna("") + " " + pages["text"].fillna("")).str.strip().tolist()
    found = _answers(queries["query"].tolist(), texts, chance, encoder_name, short=False, level=level)
    found["page"] = [pages["id"].iloc[d] if d >= 0 else None for d in found["document"]]
    return queries.join(found.add_prefix("served_"))


def _said(
    queries: pd.DataFrame,
    study: Study,
    tallies: Tallies,
    chance: Chance,
    encoder_name: EncoderName | None,
    level: float,
) -> tuple[pd.DataFrame, dict[str, Spoken]]:
    coverage, parts, spoken = tallies.small("coverage"), [], {}
    for topic, own in queries.groupby("topic", sort=True):
        read = read_posts(study, tallies, str(topic), own["query"].tolist(), coverage)
        texts = read.texts["text"].tolist()
        found = _answers(own["query"].tolist(), texts, chance, encoder_name, short=True, level=level)
        found.index = own.index
        spoken[str(topic)] = read
        parts.append(found.add_prefix("said_"))
    return queries.join(pd.concat(parts)), spoken


def _table(
    queries: pd.DataFrame, chance: dict[str, Chance], spoken: dict[str, Spoken], n_pages: int, level: float, seed: int
) -> pd.DataFrame:
    drawn = {
        side: draws(queries[[f"{side}_{s}" for s in SIGNALS]].set_axis(list(SIGNALS), axis=1), c, n=_DRAWS, seed=seed)
        for side, c in chance.items()
    }
    rows = []
    for _, own in queries.groupby("need", sort=False):
        read = spoken[str(own["topic"].iloc[0])]
        row = _about(own)
        weight = own["volume"].fillna(own["volume"].mean()).fillna(1.0).to_numpy()
        weight = np.maximum(weight, 1e-9) / np.maximum(weight, 1e-9).sum()
        for side in ("served", "said"):
            row |= _side(own, side, drawn[side][:, own.index], weight, level)
        doubt = "no pages" if n_pages == 0 else ""
        row["served_why"] = doubt
        row["said_why"], row["said_warning"], row["n_texts"] = read.doubt, read.warning, read.n
        row["said"] = _SPOKEN[str(row["said"])]
        if read.doubt and row["said"] == "unspoken":
            row["said"] = row["said_sure"] = "cannot tell"
        rows.append(row)
    table = pd.DataFrame(rows)
    for side, lost, verdict in (("served", "unserved", "unanswered"), ("said", "unspoken", "unspoken")):
        order = pd.DataFrame({"v": (table[side] != verdict).astype(int), "d": table[f"{side}_why"] != ""})
        order["done"] = table[side].isin(["answered", "spoken"])
        order["sure"] = (table[f"{side}_sure"] != "clearly").astype(int)
        order["lost"], order["p"] = -table[lost].fillna(0.0), table[f"p_{side}"].fillna(0.5)
        place = order.sort_values(["done", "v", "d", "sure", "lost", "p"], kind="stable").index
        ranks = pd.Series(np.arange(1.0, len(table) + 1), index=place)
        table[f"{lost}_rank"] = ranks.reindex(table.index).where(table[f"p_{side}"].notna())
    return table.sort_values(["unserved_rank", "unspoken_rank"], na_position="last", ignore_index=True)


def _about(own: pd.DataFrame) -> dict[str, object]:
    """What is searched: name, volume, growth, question and intent of one need."""
    known = own.dropna(subset=["volume"])
    unit = known["unit"].mode().iloc[0] if len(known) else None
    known = known[known["unit"] == unit]
    rising = own[own["growth_lo"].notna()].sort_values("growth_lo", ascending=False)
    top = rising.iloc[0] if len(rising) else None
    asked = own.loc[own["question"] != "none", "question"]
    return {
        "need": own["need"].iloc[0],
        "name": name_of(own),
        "topic": own["topic"].iloc[0],
        "n_queries": len(own),
        "intent": own["intent"].mode().iloc[0],
        "question": asked.mode().iloc[0] if len(asked) else "none",
        "lang": own["lang"].dropna().mode().iloc[0] if own["lang"].notna().any() else None,
        "volume": known["volume"].sum(min_count=1),
        "volume_lo": known["volume_lo"].sum(min_count=1),
        "volume_hi": known["volume_hi"].sum(min_count=1),
        "unit": unit,
        "growth": None if top is None else top["growth"],
        "growth_lo": None if top is None else top["growth_lo"],
        "growth_of": None if top is None else top["query"],
    }


def _side(own: pd.DataFrame, side: str, drawn: np.ndarray, weight: np.ndarray, level: float) -> dict[str, object]:
    """Chance, interval, verdict and match of one need on one side, and the searches that are expected to find nothing."""
    lost = {"served": "unserved", "said": "unspoken"}[side]
    best = own.sort_values(f"{side}_p_answered", ascending=False).iloc[0]
    share = drawn @ weight
    p = float((own[f"{side}_p_answered"] * weight).sum(skipna=False))
    known = np.isfinite(p)
    edges = [(1 - level) / 2, (1 + level) / 2]
    lo, hi = np.quantile(share, edges) if known else (np.nan, np.nan)
    lo80, hi80, lo95, hi95 = np.quantile(share, [0.1, 0.9, 0.025, 0.975]) - 0.5 if known else (-0.5, 0.5, -0.5, 0.5)
    sure = certainty(lo80, hi80, lo95, hi95)
    volume = own["volume"].sum(min_count=1)
    # The printing leaves the volume open between its ends, whatever the chance: both are drawn together.
    low, high = (np.log(max(float(own[c].sum(min_count=1)), 1.0)) for c in ("volume_lo", "volume_hi"))
    sizes = np.exp(np.linspace(low, high, len(share))) if np.isfinite(volume) else np.full(len(share), np.nan)
    miss = np.quantile(sizes * (1 - np.random.default_rng(0).permutation(share)), edges) if known else [np.nan] * 2
    return {
        f"p_{side}": p if known else None,
        f"{side}_lo": lo,
        f"{side}_hi": hi,
        side: "cannot tell" if sure == "cannot tell" else "answered" if p > 0.5 else "unanswered",
        f"{side}_sure": sure,
        f"{side}_match": best[f"{side}_match"],
        f"{side}_query": best["query"],
        **({"served_page": best["served_page"]} if side == "served" else {}),
        lost: volume * (1 - p) if known else np.nan,
        f"{lost}_lo": miss[0],
        f"{lost}_hi": miss[1],
    }
