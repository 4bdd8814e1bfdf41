"""Concerns, alternatives, rising topics and the silent audience as tables and sentences to read; no widgets."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from explorer.alternatives import Alternatives
from explorer.concerns import Concerns
from explorer.emerging import Emerging
from explorer.further_phrases import KINDS, MOVES, PLACES, RISES, SILENCES, SWITCH_REASONS, SWITCHES, TOGETHER
from explorer.needs import Needs
from explorer.silent import Silent
from explorer.study import Study
from explorer.words import Words


def labels(study: Study, words: Words) -> dict[str, str]:
    """Return the label of every topic in the language."""
    return {t.id: t.label_in(words.language) for t in study.topics}


def concerns(answer: Concerns, words: Words) -> pd.DataFrame:
    """Return the concerns as a table, with what the first announcement changed where one is known."""
    table = answer.table
    frame = pd.DataFrame(
        {
            words("Concern"): table["name"],
            words("Kind"): [words(KINDS[k]) for k in table["kind"]],
            words("People"): table["people"].astype(int) if len(table) else table["people"],
            words("Share of those who speak"): _spans(table, "share", "lo", "hi", words),
            words("Months it came back in"): [words.percent(m, 0) for m in table["months"]],
            words("Quote, masked"): table["quote"],
        }
    )
    for event in answer.moves["event"].unique():
        own = answer.moves[answer.moves["event"] == event].set_index("concern")
        frame[words("After {event}", event=event)] = [_move(own, c, words) for c in table["concern"]]
    return frame


def stakeholders(answer: Concerns, words: Words) -> pd.DataFrame:
    """Return people by concern and stakeholder; "<10" where the number would tell on somebody."""
    if answer.stakeholders.empty:
        return pd.DataFrame()
    names = answer.table.set_index("concern")["name"]
    wide = answer.stakeholders.pivot(index="concern", columns="stakeholder", values="people").reindex(names.index)
    shown = {c: ["<10" if pd.isna(v) else words.number(float(v), 0) for v in wide[c]] for c in wide.columns}
    return pd.DataFrame({words("Concern"): names.to_numpy(), **shown})


def shares(answer: Alternatives, words: Words) -> pd.DataFrame:
    """Return share of search beside share of voice of every brand."""
    table = answer.shares
    return pd.DataFrame(
        {
            words("Brand"): table["brand"],
            words("Share of search"): [words.percent(v, 0) for v in table["share_of_search"]],
            words("Share of voice"): [words.percent(v, 0) for v in table["share_of_voice"]],
            words("Search against voice"): _factors(table, "gap", "lo", "hi", words),
            words("People"): [words.number(v, 0) for v in table["n_authors"]],
        }
    )


def switches(answer: Alternatives, words: Words) -> pd.DataFrame:
    """Return who is left, in search beside posts."""
    table = answer.leaving
    told = [
        words(SWITCHES[v]) + (f" ({words(SWITCH_REASONS[r])})" if r else "")
        for v, r in zip(table["verdict"], table["reason"], strict=True)
    ]
    return pd.DataFrame(
        {
            words("Brand"): table["brand"],
            words("The switch is"): told,
            words("Of its searches, how to leave"): _spans(table, "searched", "searched_lo", "searched_hi", words),
            words("Of those who speak of it, leaving"): _spans(table, "said", "said_lo", "said_hi", words),
            words("Searches a month"): [words.number(v, 0) for v in table["searches"]],
            words("People"): [words.number(float(v), 0) for v in table["people"]],
        }
    )


def together(answer: Alternatives, words: Words) -> pd.DataFrame:
    """Return what brands are typed together, and who is left for whom."""
    table = answer.together
    return pd.DataFrame(
        {
            words("Brand"): table["brand"],
            words("With"): table["other"].replace("", "–"),
            words("The query"): [words(TOGETHER[k]) for k in table["kind"]],
            words("Searches a month"): [words.number(v, 0) for v in table["searches"]],
            words("Example"): table["example"],
        }
    )


def rising(answer: Emerging, names: Mapping[str, str], words: Words) -> pd.DataFrame:
    """Return the topics of which one side rises, with growth of both and the lead."""
    table = answer.table[answer.table["status"].isin(["ahead", "unproven", "both", "posts first"])]
    lead = [
        words("{n} periods ({lo} … {hi})", n=words.number(a, 0), lo=words.number(b, 0), hi=words.number(c, 0))
        if pd.notna(a) else words("not shown by the past") if led is not None else "–"
        for a, b, c, led in zip(table["lead"], table["lead_lo"], table["lead_hi"], table["led"], strict=True)
    ]  # fmt: skip
    return pd.DataFrame(
        {
            words("Topic"): table["topic"].map(names),
            words("What rises"): [words(RISES[s]) for s in table["status"]],
            words("Periods since"): [words.number(v, 0) for v in table["periods"]],
            words("Searches against a year ago"): _factors(table, "growth", "growth_lo", "growth_hi", words),
            words("People against a year ago"): _factors(table, "said_growth", "said_lo", "said_hi", words),
            words("Lead in the past"): lead,
        }
    )


def false_alarms(answer: Emerging, words: Words) -> str:
    """Return how often the same alarm was false in the past of this study, in one sentence."""
    b = answer.backtest
    if not b["alarms"]:
        return words("In the past of this study the alarm never rang with enough time behind it to judge it.")
    return words(
        "Alarms in the past of this study that can be judged: {n}, of which false {share} ({lo} … {hi}): posts did not rise "
        "within {h} periods. After any other period posts rose as soon in {base} of cases.",
        n=words.number(b["alarms"], 0), share=words.percent(b["false_share"], 0), lo=words.percent(b["lo"], 0),
        hi=words.percent(b["hi"], 0), h=answer.follow_up, base=words.percent(b["base"], 0),
    )  # fmt: skip


def rising_needs(answer: Needs, words: Words, n: int = 8) -> pd.DataFrame:
    """Return needs whose searches grow and of which no post surely speaks, fastest first."""
    table = answer.table[(answer.table["growth_lo"] > 0) & (answer.table["said"] != "spoken")]
    table = table.sort_values("growth_lo", ascending=False).head(n)
    growth = [
        words("breakout, at least +{x}", x=words.percent(lo, 0)) if pd.isna(g) else "+" + words.percent(g, 0)
        for g, lo in zip(table["growth"].astype(float), table["growth_lo"].astype(float), strict=True)
    ]
    match = [m if isinstance(m, str) else "–" for m in table["said_match"]]
    return pd.DataFrame(
        {words("Need"): table["name"], words("Growth of searches"): growth, words("Closest post"): match}
    ).reset_index(drop=True)


def silence(answer: Silent, needs: Needs | None, names: Mapping[str, str], words: Words) -> pd.DataFrame:
    """Return the share of interest that never speaks a topic, its first open question, and what would reach it."""
    table = answer.table.sort_values("silent", ascending=False, na_position="last")
    asked = {} if needs is None else _first_open(needs)
    places = answer.places[answer.places["verdict"] == "silent"].groupby("topic")["place"].agg(list).to_dict()
    reach = []
    for topic in table["topic"]:
        where = ", ".join(places.get(topic, [])[:3])
        page = words("a page that answers: {query}", query=asked[topic]) if topic in asked else ""
        reach.append(
            " · ".join(p for p in (page, words("first in {places}", places=where) if where else "") if p) or "–"
        )
    share = [
        words(SILENCES[w]) if w else f"{words.percent(s, 1)} ({words.percent(a, 0)} … {words.percent(b, 1)})"
        for w, s, a, b in zip(table["why"], table["silent"], table["lo"], table["hi"], strict=True)
    ]
    return pd.DataFrame(
        {
            words("Topic"): table["topic"].map(names),
            words("Never speaks"): share,
            words("Searches a month"): [words.number(v, 0) for v in table["searches"]],
            words("People who write a month"): [
                "<10" if pd.isna(n) and m > 0 else words.number(n, 0)
                for n, m in zip(table["people"], table["months"], strict=True)
            ],
            words("What would reach it"): reach,
        }
    ).reset_index(drop=True)


def places(answer: Silent, topic: str, words: Words) -> pd.DataFrame:
    """Return the places of one topic for chart and table: `place`, `gap`, `lo`, `hi`, `verdict`, `verdict_words`, `people`."""
    own = answer.places[answer.places["topic"] == topic]
    people = ["<10" if pd.isna(p) else words.number(float(p), 0) for p in own["people"]]
    return own.assign(verdict_words=[words(PLACES[v]) for v in own["verdict"]], people=people).reset_index(drop=True)


def _first_open(needs: Needs) -> dict[str, str]:
    table = needs.table[needs.table["served"] == "unanswered"].sort_values("unserved_rank")
    return dict(table.drop_duplicates("topic").set_index("topic")["name"])


def _move(own: pd.DataFrame, concern: object, words: Words) -> str:
    if concern not in own.index:
        return "–"
    row = own.loc[concern]
    told = words(MOVES[row["verdict"]])
    return f"{told} ({words.percent(row['before'], 0)} → {words.percent(row['after'], 0)})"


def _spans(table: pd.DataFrame, value: str, lo: str, hi: str, words: Words) -> list[str]:
    return [
        f"{words.percent(v, 0)} ({words.percent(a, 0)} … {words.percent(b, 0)})" if pd.notna(v) else "–"
        for v, a, b in zip(table[value], table[lo], table[hi], strict=True)
    ]


def _factors(table: pd.DataFrame, value: str, lo: str, hi: str, words: Words) -> list[str]:
    # A fall is written as a part of what was there: ×0.5, not ×2.
    def factor(v: float) -> str:
        return "×" + words.number(2**v, 1 if 2**v < 10 else 0)

    return [
        f"{factor(v)} ({factor(a)} … {factor(b)})" if pd.notna(v) else "–"
        for v, a, b in zip(table[value], table[lo], table[hi], strict=True)
    ]
