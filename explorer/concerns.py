"""What keeps coming back on a subject: recurrent questions and complaints, by stakeholder, and how an announcement moves them.

A concern is a group of sentences that ask or complain about the same thing, said by at least k people. People are counted, not
posts: what one account repeats is one voice. Quotes carry no name and are cut short (explorer.quotes).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from explorer.known import own_events
from explorer.need_clusters import cluster
from explorer.quotes import masked
from explorer.study import Study, fold
from explorer.tallies_texts import TextTallies
from explorer.terms import distinctive
from explorer.text import question_type
from explorer.text.cutting import tokens
from explorer.text.normal import bare, words
from explorer.text.normal import fold as bare_fold
from explorer.text.tone import tone
from explorer.voices import TIERS
from sources.disclosure import ALL, UNKNOWN, people_in_groups

#: Smallest group of people that is shown.
K = 10
#: Posts of the topic that are read, posts of other topics they are compared with, and different sentences that are grouped.
POSTS, OTHERS, SENTENCES = 3_000, 1_500, 500
#: Length of the two windows beside an announcement.
WINDOW = pd.Timedelta(56, "D")
#: Kinds of stakeholders that a source may tell apart, in the order in which one is chosen.
KINDS = ("author_kind", "community", "platform", "size", "brand")
#: Words that are typical of the topic: used twice as much as elsewhere at least, the clearest of them.
TYPICAL = 60
_WRITTEN = re.compile(r"[^\W\d_]+")
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
_NAMES = re.compile(r"(?<=[\s'’])[A-ZÀ-ÖØ-Þ][\w’'-]*")
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class Concerns:
    """The concerns of one topic.

    `table` : one row a concern, most people first: `concern` (number), `name` (its words), `quote` (masked, or null), `kind`
    ("question" | "complaint", what most of its sentences are), `people`, `share` (of the people who speak of the topic in the
    sample, 0..1), `lo`, `hi` (of `level`, Wilson), `months` (share of the months with posts in which somebody says it, 0..1).
    `stakeholders` : `concern`, `stakeholder`, `people` (null = fewer than k, or what would give such a group away).
    `moves` : `concern`, `event`, `ds`, `before`, `after` (share of the people who speak in the windows), `n_before`, `n_after`
    (those people), `change` (difference of shares), `lo`, `hi`, `verdict` ("more" | "less" | "cannot tell").
    `by` : what tells stakeholders apart ("" = nothing does). `people`, `posts` : read. `skipped` : events too near an edge.
    """

    topic: str
    table: pd.DataFrame
    stakeholders: pd.DataFrame
    moves: pd.DataFrame
    by: str
    level: float
    people: int
    posts: int
    skipped: tuple[str, ...]


def concerns(
    study: Study,
    topic: str,
    *,
    tallies: TextTallies | None = None,
    by: str = "",
    events: pd.DataFrame | None = None,
    window: pd.Timedelta = WINDOW,
    k: int = K,
    level: float = 0.9,
    seed: int = 0,
) -> Concerns:
    """Return what people keep asking and complaining about on a topic.

    Parameters
    ----------
    topic : id of a topic of the study.
    by : one of KINDS to tell stakeholders apart; the first that the data tell if left out. "brand" sets posts that name the
        brand of the study beside those that do not. The brand's own accounts are never read.
    events : `event`, `ds`, the announcements; those of the study file if left out.
    window : before and after an announcement that are compared.
    k : smallest group of people, 10 at least.
    level : coverage of the intervals; those of the moves hold together for all concerns and events (Bonferroni).

    Raises
    ------
    BadStudy : there is no such topic.
    ValueError : `by` is no kind, or k is below 10.

    References
    ----------
    Wilson (1927) for the interval of a share; Newcombe (1998), method 10, for that of a difference of shares.
    """
    if k < K:
        raise ValueError(f"k is {k}: groups of fewer than {K} people are not shown")
    if by and by not in KINDS:
        raise ValueError(f"by is {by!r}: choose one of {', '.join(KINDS)}")
    about = study.topic(topic)
    tallies = tallies or TextTallies(study.store)
    own = [str(a) for a in study.brand.get("accounts", ())]
    posts = tallies.utterances([about], limit=POSTS, without=own) if tallies.n_posts() else _no_posts()
    elsewhere = _elsewhere(study, topic, tallies, own)
    voiced = _voiced(posts, _typical(posts, elsewhere), _stock(elsewhere))
    grouped = _grouped(voiced, about.search, k, seed)
    people = int(posts["author_key"].nunique())
    table = _table(grouped, posts, study, people, k, level)
    kind = by or _telling_kind(posts, study, k)
    beside = _stakeholders(grouped, posts, kind, study, k)
    known = own_events(study) if events is None else events
    moves, skipped = _moves(grouped, posts, known, window, k, level)
    return Concerns(topic, table, beside, moves, kind, level, people, len(posts), skipped)


def _no_posts() -> pd.DataFrame:
    columns = ["topic", "author_key", "text", "lang", "created_at", "platform", "author_kind", "community"]
    return pd.DataFrame(columns=[*columns, "sentiment_label", "followers"])


def _elsewhere(study: Study, topic: str, tallies: TextTallies, own: list[str]) -> pd.DataFrame:
    others = [t for t in study.topics if t.id != topic]
    return tallies.utterances(others, limit=OTHERS, without=own) if others and tallies.n_posts() else _no_posts()


def _typical(posts: pd.DataFrame, elsewhere: pd.DataFrame) -> set[str] | None:
    """Stems that people of this topic use more than those of others; None where there is nothing to compare with."""
    if elsewhere.empty or posts.empty:
        return None
    counted = {"here": _people_a_stem(posts), "there": _people_a_stem(elsewhere)}
    rows = [(group, stem, n) for group, stems in counted.items() for stem, n in stems.items() if not stem.isdigit()]
    apart = distinctive(pd.DataFrame(rows, columns=["group", "word", "authors"]), n=TYPICAL, doublings=1.0)
    return set(apart.loc[apart["group"] == "here", "word"])


def _people_a_stem(posts: pd.DataFrame) -> Counter[str]:
    pairs = {(a, s) for a, t in zip(posts["author_key"], posts["text"], strict=True) for s in set(tokens(bare(t)))}
    return Counter(s for _, s in pairs)


def _stock(elsewhere: pd.DataFrame) -> set[str]:
    """Sentences that people of other topics write too: greetings and circumstances, which are nothing about this one."""
    said = _sentences(elsewhere)
    people = said.groupby("key")["author_key"].nunique()
    return set(people.index[people >= 2])


def _sentences(posts: pd.DataFrame) -> pd.DataFrame:
    """`post` (its place), `sentence`, `key` (its words), `author_key`, `created_at`. What differs in a number or a name says
    the same: both are left out of the key.
    """
    rows = []
    for i, text in enumerate(posts["text"]):
        for sentence in _SENTENCE.split(str(text)):
            held = words(_NAMES.sub(" ", bare(sentence)))
            if len(held) >= 3:
                rows.append((i, sentence.strip(), " ".join(_DIGITS.sub("0", w) for w in held)))
    frame = pd.DataFrame(rows, columns=["post", "sentence", "key"])
    at = frame["post"].to_numpy(dtype=int)
    return frame.assign(author_key=posts["author_key"].to_numpy()[at], created_at=posts["created_at"].array[at])


def _voiced(posts: pd.DataFrame, typical: set[str] | None, stock: set[str]) -> pd.DataFrame:
    """Sentences that ask or complain: those of `_sentences` with their `kind`."""
    frame = _sentences(posts)
    frame = frame[~frame["key"].isin(stock)].reset_index(drop=True)
    # One sentence may stand in a hundred posts: each is looked at once.
    distinct = frame.drop_duplicates("key")
    held = {k: set(tokens(k)) for k in distinct["key"]}
    asks = dict(zip(distinct["key"], question_type(distinct["sentence"])["is_question"], strict=True))
    tones = dict(zip(distinct["key"], tone(distinct["sentence"])["label"], strict=True)) if len(distinct) else {}
    label = posts["sentiment_label"].to_numpy(dtype=object)[frame["post"].to_numpy(dtype=int)]
    own = frame["key"].map(tones)
    # What the listening tool says of the post comes before what a lexicon says of the sentence.
    complains = np.where(pd.isna(label), own == "negative", (label == "negative") & (own != "positive").to_numpy())
    frame["kind"] = np.select(
        [frame["key"].map(asks).fillna(False).astype(bool), complains], ["question", "complaint"], ""
    )
    kept = frame[frame["kind"] != ""]
    if typical is not None:
        kept = kept[np.array([bool(held[key] & typical) for key in kept["key"]], dtype=bool)]
    return kept.reset_index(drop=True)


def _grouped(voiced: pd.DataFrame, common: Sequence[str], k: int, seed: int) -> pd.DataFrame:
    """Add `concern` and `central`; groups of fewer than k people are left out."""
    if voiced.empty:
        return voiced.assign(concern=pd.Series(dtype=int), central=pd.Series(dtype=float))
    said = voiced.groupby("key").agg(people=("author_key", "nunique"), sentence=("sentence", "first")).reset_index()
    chosen = said.sort_values(["people", "key"], ascending=[False, True]).head(SENTENCES).reset_index(drop=True)
    groups = cluster(chosen["key"].tolist(), common=common, seed=seed)
    found = voiced.merge(chosen[["key"]].assign(concern=groups["need"], central=groups["central"]), on="key")
    people = found.groupby("concern")["author_key"].nunique()
    return found[found["concern"].isin(people.index[people >= k])].reset_index(drop=True)


def _table(grouped: pd.DataFrame, posts: pd.DataFrame, study: Study, people: int, k: int, level: float) -> pd.DataFrame:
    months = max(_months(posts["created_at"]).nunique(), 1)
    known = [
        *(n for t in study.topics for n in (*t.search, *t.labels.values(), t.label)),
        str(study.brand.get("name", "")),
    ]
    everywhere = Counter(s for key in grouped["key"].unique() for s in set(tokens(key)))
    rows = []
    for number, own in grouped.groupby("concern"):
        n = own["author_key"].nunique()
        lo, hi = proportion_confint(n, people, alpha=1 - level, method="wilson")
        told = _telling(own, everywhere, grouped["key"].nunique(), k)
        holds = [len(set(told) & set(tokens(key))) for key in own["key"]]
        near = own.assign(holds=holds).sort_values(["holds", "central", "key"], ascending=[False, False, True])
        # Who writes without capitals writes names so: there a name cannot be seen, and nothing is quoted.
        near = near[np.array([s != s.lower() for s in near["sentence"]], dtype=bool)]
        rows.append(
            {
                "concern": number,
                "name": " · ".join(told.values()),
                "quote": masked(near["sentence"].iloc[0], known=known) if len(near) else None,
                "kind": own["kind"].mode().iloc[0],
                "people": n,
                "share": n / people,
                "lo": lo,
                "hi": hi,
                "months": _months(own["created_at"]).nunique() / months,
            }
        )
    columns = ["concern", "name", "quote", "kind", "people", "share", "lo", "hi", "months"]
    return pd.DataFrame(rows, columns=columns).sort_values(
        ["people", "name"], ascending=[False, True], ignore_index=True
    )


def _months(instants: pd.Series) -> pd.Series:
    return pd.to_datetime(instants, utc=True).dt.strftime("%Y-%m")


def _telling(own: pd.DataFrame, everywhere: Counter[str], n: int, k: int) -> dict[str, str]:
    """The three stems that tell the group from the others, each with the form most used; none of fewer than k people, as a
    name written without a capital would be.
    """
    keys = own["key"]
    people = Counter(
        s for _, s in {(a, s) for a, key in zip(own["author_key"], keys, strict=True) for s in tokens(key)}
    )
    forms: dict[str, Counter[str]] = {}
    for key in keys:
        for word in key.split():
            for stemmed in tokens(word):
                forms.setdefault(stemmed, Counter())[word] += 1
    held = Counter(s for key in keys.unique() for s in set(tokens(key)))
    weight = {s: c * np.log((n + 1) / (everywhere[s] + 0.5)) for s, c in held.items() if len(s) > 2 and people[s] >= k}
    best = sorted(weight, key=lambda s: (-weight[s], s))[:3]
    chosen = {s: forms[s].most_common(1)[0][0] for s in best}
    # As it is written: keys have lost their accents.
    written: dict[str, Counter[str]] = {word: Counter() for word in chosen.values()}
    for sentence in own["sentence"].unique():
        for word in _WRITTEN.findall(sentence.lower()):
            if bare_fold(word) in written:
                written[bare_fold(word)][word] += 1
    return {s: (written[w].most_common(1) or [(w, 0)])[0][0] for s, w in chosen.items()}


def _telling_kind(posts: pd.DataFrame, study: Study, k: int) -> str:
    for kind in KINDS:
        people = pd.Series(_stakeholder(posts, kind, study)).groupby(posts["author_key"].to_numpy()).first()
        if (people[people != UNKNOWN].value_counts() >= k).sum() >= 2:
            return kind
    return ""


def _stakeholder(posts: pd.DataFrame, kind: str, study: Study) -> list[str]:
    if kind == "size":
        most = posts.groupby("author_key")["followers"].transform("max")
        return [_tier(f) for f in most]
    if kind == "brand":
        name = fold(str(study.brand.get("name", "")))
        return ["names it" if name and name in fold(t) else "does not" for t in posts["text"]]
    return posts[kind].fillna(UNKNOWN).astype(str).tolist()


def _tier(followers: Any) -> str:
    if pd.isna(followers):
        return UNKNOWN
    return next(name for name, least in reversed(list(TIERS.items())) if followers >= least)


def _stakeholders(grouped: pd.DataFrame, posts: pd.DataFrame, kind: str, study: Study, k: int) -> pd.DataFrame:
    columns = ["concern", "stakeholder", "people"]
    if not kind or grouped.empty:
        return pd.DataFrame(columns=columns)
    who = np.array(_stakeholder(posts, kind, study), dtype=object)[grouped["post"].to_numpy(dtype=int)]
    parts = []
    # People raise several concerns, so these do not add up to anything: each is a table of its own with its own sum.
    for number, own in grouped.assign(stakeholder=who).groupby("concern"):
        counted = people_in_groups(own, ["stakeholder"], k=k)
        parts.append(counted[counted["stakeholder"] != ALL].assign(concern=number))
    return pd.concat(parts, ignore_index=True)[columns]


def _moves(
    grouped: pd.DataFrame, posts: pd.DataFrame, events: pd.DataFrame | None, window: pd.Timedelta, k: int, level: float
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    columns = ["concern", "event", "ds", "before", "after", "n_before", "n_after", "change", "lo", "hi", "verdict"]
    if events is None or grouped.empty:
        return pd.DataFrame(columns=columns), ()
    first, last = posts["created_at"].min(), posts["created_at"].max()
    rows, skipped = [], []
    numbers = sorted(grouped["concern"].unique())
    alpha = (1 - level) / max(len(numbers) * len(events), 1)
    for event in events.itertuples():
        start = pd.Timestamp(event.ds)
        start = start.tz_localize("UTC") if start.tzinfo is None else start.tz_convert("UTC")
        if start - window < first or start + window > last:
            skipped.append(str(event.event))
            continue
        speak = {s: _inside(posts, start, window, s)["author_key"].nunique() for s in ("before", "after")}
        if min(speak.values()) < k:
            skipped.append(str(event.event))
            continue
        for number in numbers:
            own = grouped[grouped["concern"] == number]
            count = {s: _inside(own, start, window, s)["author_key"].nunique() for s in ("before", "after")}
            if sum(count.values()) < k:
                continue  # a change of so few would be a change of persons
            lo, hi = confint_proportions_2indep(
                count["after"], speak["after"], count["before"], speak["before"],
                method="newcomb", compare="diff", alpha=alpha,
            )  # fmt: skip
            before, after = (count[s] / speak[s] for s in ("before", "after"))
            verdict = "more" if lo > 0 else "less" if hi < 0 else "cannot tell"
            n = (speak["before"], speak["after"])
            rows.append((number, event.event, start, before, after, *n, after - before, lo, hi, verdict))
    return pd.DataFrame(rows, columns=columns), tuple(skipped)


def _inside(frame: pd.DataFrame, start: pd.Timestamp, window: pd.Timedelta, side: str) -> pd.DataFrame:
    first, last = (start - window, start) if side == "before" else (start, start + window)
    return frame[(frame["created_at"] >= first) & (frame["created_at"] < last)]
