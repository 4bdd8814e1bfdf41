"""What the page of needs shows, in the reader's words: frames and sentences, no widgets."""

from __future__ import annotations

from typing import Literal

import pandas as pd
from babel.dates import get_month_names

from explorer.fact import Fact
from explorer.need_phrases import DOUBTS, INTENTS, NEED_VERDICTS, QUESTIONS
from explorer.needs import Needs
from explorer.phrases import CERTAINTIES
from explorer.words import Words

By = Literal["unserved", "unspoken"]
#: Rank -> the side it is about, and the verdict that nothing answers.
SIDES: dict[By, tuple[Literal["served", "said"], str]] = {
    "unserved": ("served", "unanswered"),
    "unspoken": ("said", "unspoken"),
}


def ranked(answer: Needs, by: By, words: Words, *, topic: str = "") -> pd.DataFrame:
    """Return needs in rank order for chart and table.

    `need`, `name`, `label`, `p`, `lo`, `hi`, `verdict`, `verdict_words`, `sure_words`, `volume_words`, `match`, `page`, `about`
    (intent and question in words), `warning` (why it proves nothing, or little; "" where it does).
    """
    side, _ = SIDES[by]
    labels = {t.id: t.label_in(words.language) for t in answer.study.topics}
    table = answer.table[answer.table["topic"] == topic] if topic else answer.table
    table = table[table[f"{by}_rank"].notna()].sort_values(f"{by}_rank")
    warned = table["said_why"].where(table["said_why"] != "", table["said_warning"])
    codes = table["served_why"] if side == "served" else warned
    return pd.DataFrame(
        {
            "need": table["need"],
            "name": table["name"],
            "label": table["topic"].map(labels).fillna(""),
            "p": table[f"p_{side}"].astype(float),
            "lo": table[f"{side}_lo"].astype(float),
            "hi": table[f"{side}_hi"].astype(float),
            "verdict": table[side],
            "verdict_words": [words(NEED_VERDICTS[v]) for v in table[side]],
            "sure_words": [words(CERTAINTIES[c]) for c in table[f"{side}_sure"]],
            "volume_words": [volume(row, words) for _, row in table.iterrows()],
            "when": [season(row, words) for _, row in table.iterrows()],
            "where": [where(row, words) for _, row in table.iterrows()],
            "match": table[f"{side}_match"],
            "query": table[f"{side}_query"],
            "page": table["served_page"] if side == "served" else None,
            "about": [
                f"{words(INTENTS[i])} · {words(QUESTIONS[q])}"
                for i, q in zip(table["intent"], table["question"], strict=True)
            ],
            "warning": [words(DOUBTS[c]) if c else "" for c in codes],
        }
    ).reset_index(drop=True)


def shown(table: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Return the ranking as a table to read."""
    span = [f"{words.percent(a, 0)} … {words.percent(b, 0)}" for a, b in zip(table["lo"], table["hi"], strict=True)]
    return pd.DataFrame(
        {
            words("Need"): table["name"],
            words("Topic"): table["label"],
            words("Verdict"): table["verdict_words"],
            words("Searches a month"): table["volume_words"],
            words("Chance of an answer"): [words.percent(p, 0) for p in table["p"]],
            words("Interval"): span,
            words("Intent and question"): table["about"],
            words("Season"): table["when"],
            words("Places"): table["where"],
            words("Best match"): table["match"],
        }
    )


def open_questions(answer: Needs, words: Words, n: int = 8) -> pd.DataFrame:
    """Return the needs that nothing answers on one side or the other, most searches lost first, with both verdicts."""
    table = answer.table[(answer.table["served"] == "unanswered") | (answer.table["said"] == "unspoken")]
    lost = table[["unserved", "unspoken"]].max(axis=1).fillna(0)
    table = table.loc[lost.sort_values(ascending=False, kind="stable").index].head(n)
    sides = (("served", words("On our pages")), ("said", words("In posts")))
    return pd.DataFrame(
        {
            words("Need"): table["name"],
            words("Searches a month"): [volume(row, words) for _, row in table.iterrows()],
            **{title: [verdict(row, side, words) for _, row in table.iterrows()] for side, title in sides},
        }
    ).reset_index(drop=True)


def verdict(row: pd.Series, side: str, words: Words) -> str:
    """Return the verdict of one side with how sure it is and the chance behind it."""
    told = words(NEED_VERDICTS[row[side]])
    sure = f", {words(CERTAINTIES[row[f'{side}_sure']])}" if row[side] != "cannot tell" else ""
    return f"{told}{sure} ({words.percent(row[f'p_{side}'], 0)})"


def volume(row: pd.Series, words: Words) -> str:
    """Return the searches of a need with what their printing leaves open; a dash where no source tells."""
    if row["unit"] != "searches" or pd.isna(row["volume"]):
        return "–"
    told = words.number(row["volume"], 0)
    if pd.isna(row["volume_lo"]) or row["volume_lo"] == row["volume_hi"]:
        return told
    return f"{told} ({words.number(row['volume_lo'], 0)} … {words.number(row['volume_hi'], 0)})"


def season(row: pd.Series, words: Words) -> str:
    """Return when a need is searched most, with what that is read from."""
    if row["season"] != "seasonal":
        told = {"none": words("no season"), "cannot tell": words("cannot tell")}[row["season"]]
        return words("{told} (its topic)", told=told) if row["season_of"] == "topic" else told
    month = get_month_names("wide", locale=words.locale)[int(row["season_peak"])]
    told = words(
        "{month}: ×{x} ({lo} … {hi} over {n} years)",
        month=month, n=words.number(row["season_years"], 0),
        **{k: words.number(row[f"season_{c}"], 1) for k, c in (("x", "times"), ("lo", "lo"), ("hi", "hi"))},
    )  # fmt: skip
    return words("{told} (its topic)", told=told) if row["season_of"] == "topic" else told


def where(row: pd.Series, words: Words) -> str:
    """Return the places that search a need more than others, with what that is read from."""
    if not isinstance(row["places"], str):
        return words("cannot tell")
    told = row["places"] or words("no place stands out")
    return words("{told} (its topic)", told=told) if row["places_of"] == "topic" else told


def headline(answer: Needs, by: By, words: Words) -> str:
    """Return what was found in one sentence."""
    side, verdict = SIDES[by]
    n, found = len(answer.table), int((answer.table[side] == verdict).sum())
    told = {"n": words.number(found, 0), "all": words.number(n, 0)}
    if by == "unserved":
        return words("{n} of {all} needs find no answer on your pages", **told)
    return words("{n} of {all} needs are searched and not spoken of", **told)


def lost(answer: Needs, by: By) -> Fact:
    """Return the searches a month that are expected to find nothing, over the needs whose volume is known."""
    side, _ = SIDES[by]
    table = answer.table[(answer.table["unit"] == "searches") & (answer.table[f"{side}_why"] == "")]
    known = table.dropna(subset=[by])
    # One chance errs for all needs together, so the ends are added, not averaged out.
    total = {c: float(known[c].sum()) if len(known) else None for c in (by, f"{by}_lo", f"{by}_hi")}
    return Fact(
        value=total[by],
        unit="searches a month",
        method="needs",
        lo=total[f"{by}_lo"],
        hi=total[f"{by}_hi"],
        level=answer.level,
        n=len(known),
        n_of="needs",
        sources=answer.sources,
        fetched_at=answer.fetched_at,
        params={"judged": answer.judged[side]},
        simulated=answer.study.simulated,
    )


def sure(answer: Needs, by: By) -> Fact:
    """Return the share of needs that are expected to have no answer: the mean of their chances, which err together."""
    side, _ = SIDES[by]
    known = answer.table[answer.table[f"{side}_why"] == ""]
    # The chance of a need and its ends, by name: the more surely answered, the smaller the share without.
    share = {c: float((1 - known[name].astype(float)).mean()) if len(known) else None
             for c, name in (("value", f"p_{side}"), ("lo", f"{side}_hi"), ("hi", f"{side}_lo"))}  # fmt: skip
    return Fact(
        value=share["value"],
        unit="share",
        method="needs",
        lo=share["lo"],
        hi=share["hi"],
        level=answer.level,
        n=len(known),
        n_of="needs",
        sources=answer.sources,
        fetched_at=answer.fetched_at,
        simulated=answer.study.simulated,
    )


def of_query(answer: Needs, query: str) -> pd.Series:
    """Return the row of one query of the needs."""
    return answer.queries[answer.queries["query"] == query].iloc[0]
