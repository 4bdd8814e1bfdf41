"""The conversation on one topic: how much, what came back, in which tone, from where, and what changed it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from explorer.carried import through_time, words_come_and_gone
from explorer.conversations import echo, explain, shares
from explorer.study import Study, Topic
from explorer.tallies import Binning
from explorer.tallies_texts import TextTallies
from explorer.tallies_ties import Span
from explorer.text.emotions import EMOTIONS, emotions
from explorer.text.labels import Agreement, agreement, prefer_imported
from explorer.text.shares import Array, corrected_shares
from explorer.text.tone import TONES, tone
from explorer.text.trained import Task, best_head

#: Posts whose tone and emotion are read.
SAMPLE = 1000
#: Traits by which a change is split, and those that are followed through time.
PARTS = ("platform", "lang", "country")
FOLLOWED = ("lang", "country")


@dataclass(frozen=True)
class Telling:
    """What is said on one topic in a span.

    `volume` : `when` ('before' | 'now': the first and second half of the span), `posts`, `reposts`, `authors`, `unsigned`.
    `echo` : explorer.conversations.echo. `tone` : `engine`, `label`, `share` (corrected for what the engine confuses where that
    was measured: `corrected`), `lo`, `hi` (90 %), `n`; labels of the source first. `agree` : ours and the source's on the same
    texts. `emotions` : `label`, `share`, `lo`, `hi`, `n`, `reliability`, `corrected`. `traits` : `trait`, `period`, `value`,
    `share`, `coverage`. `change` : `trait`, `part`, `before`, `after`, `change`, `share`, `coverage`. `carried` : hashtags and
    sites by quarter, explorer.carried.through_time. `words` : what people say now and did not before, and the reverse,
    explorer.carried.words_come_and_gone. `read` : posts sampled.
    """

    volume: pd.DataFrame
    echo: pd.DataFrame
    tone: pd.DataFrame
    agree: Agreement
    emotions: pd.DataFrame
    traits: pd.DataFrame
    change: pd.DataFrame
    carried: pd.DataFrame
    words: pd.DataFrame
    read: int


def tell(study: Study, topic: str, span: Span, *, tallies: TextTallies | None = None, sample: int = SAMPLE) -> Telling:
    """Tell the conversation on `topic` over `span`, each number with the share of posts it rests on.

    Tone and emotions are read in a random sample of at most `sample` posts.
    """
    tallies = tallies or TextTallies.of(study)
    topics = [study.topic(topic)]
    middle = span[0] + (span[1] - span[0]) / 2
    halves: dict[str, Span] = {"before": (span[0], middle), "now": (middle, span[1])}
    volume = pd.concat([tallies.spoken(topics, None, part).assign(when=when) for when, part in halves.items()])
    posts = tallies.texts(topics, span, limit=sample)
    ours = _read(posts, study.languages)
    return Telling(
        volume=volume.reset_index(drop=True),
        echo=echo(tallies.echo(topics, None, span)),
        tone=_tone(ours, posts),
        agree=agreement(ours["label"], posts["sentiment_label"]),
        emotions=_emotions(posts, study.languages),
        traits=_through_time(tallies, topics, span),
        change=_change(tallies, topics, halves),
        carried=through_time(tallies, topics, span),
        words=words_come_and_gone(tallies, topics, halves),
        read=len(posts),
    )


def _read(posts: pd.DataFrame, languages: tuple[str, ...]) -> pd.DataFrame:
    """Return the tone of every post, in the order of `posts`."""
    return _by_language(posts, lambda texts, lang: tone(texts, lang=lang, languages=languages))


def _by_language(posts: pd.DataFrame, read: Callable[[list[str], str | None], pd.DataFrame]) -> pd.DataFrame:
    lang = posts["lang"].astype("string").str.split("-").str[0]
    parts = []
    for code, part in posts.groupby(lang.fillna(""), sort=True):
        parts.append(read(part["text"].tolist(), str(code) or None).set_index(part.index))
    return pd.concat(parts).sort_index() if parts else read([], None)


def _tone(ours: pd.DataFrame, posts: pd.DataFrame) -> pd.DataFrame:
    source = posts["sentiment_source"].fillna("source")
    labels = prefer_imported(ours, posts["sentiment_label"], source)
    labels["author_key"] = posts["author_key"].to_numpy()
    labels["theirs"] = posts["sentiment_label"].notna().to_numpy()
    frames = []
    # Two labellers are never averaged: each has its rows, the source before ours, the larger first.
    told = labels[labels["label"].notna()]
    order = told.groupby("engine").agg(theirs=("theirs", "first"), n=("label", "size"))
    for engine in order.sort_values(["theirs", "n"], ascending=False).index:
        part = told[told["engine"] == engine]
        spoken = part["language"].astype(str)
        confusion = {} if part["theirs"].iloc[0] else _confused("tone", TONES, spoken)
        known = corrected_shares(
            part["label"].tolist(), confusion, TONES, readers=spoken.tolist(), groups=part["author_key"].tolist()
        )
        frames.append(known.assign(engine=engine, share=known["corrected"].fillna(known["counted"])))
    columns = ["engine", "label", "share", "lo", "hi", "n", "corrected"]
    if not frames:
        return pd.DataFrame(columns=columns)
    every = pd.concat(frames, ignore_index=True)
    return every.assign(corrected=every["corrected"].notna())[columns]


def _emotions(posts: pd.DataFrame, languages: tuple[str, ...]) -> pd.DataFrame:
    read = _by_language(posts, lambda texts, lang: emotions(texts, lang=lang, languages=languages))
    told = read[read["reliability"] != "none"]
    columns = ["label", "share", "lo", "hi", "n", "reliability", "corrected"]
    if told["label"].notna().sum() == 0:
        return pd.DataFrame(columns=columns)
    groups = posts.loc[told.index, "author_key"].tolist()
    spoken = told["language"].astype(str)
    worst = "weak" if (told["reliability"] == "weak").any() else str(told["reliability"].iloc[0])
    # What a weak reader confuses on its training texts says little of other texts: undoing it was measured to make shares of
    # tweets worse (docs/models.md).
    confusion = {} if worst == "weak" else _confused("emotions", EMOTIONS, spoken)
    known = corrected_shares(told["label"].tolist(), confusion, EMOTIONS, readers=spoken.tolist(), groups=groups)
    whole = known["corrected"].notna().all()
    known = known.assign(share=known["corrected" if whole else "counted"], reliability=worst, corrected=whole)
    return known.sort_values("share", ascending=False, ignore_index=True)[columns]


def _confused(task: Task, labels: tuple[str, ...], spoken: pd.Series) -> dict[str, Array]:
    """Return by language what the head that reads it was measured to confuse; a language without such a measure is left out."""
    heads = {code: best_head(task, code) for code in spoken.unique()}
    return {c: h.confusion for c, h in heads.items() if h is not None and tuple(h.labels) == labels}


def _through_time(tallies: TextTallies, topics: list[Topic], span: Span) -> pd.DataFrame:
    frames = []
    for trait in FOLLOWED:
        counted = tallies.traits(topics, trait, Binning("quarter"), span)
        # One period is one conversation: shares are those of its own posts.
        counted["topic"] = counted["period"]
        frames.append(shares(counted).rename(columns={"topic": "period"}).assign(trait=trait))
    return pd.concat(frames, ignore_index=True)[["trait", "period", "value", "posts", "share", "coverage"]]


def _change(tallies: TextTallies, topics: list[Topic], halves: dict[str, Span]) -> pd.DataFrame:
    frames = []
    for trait in PARTS:
        counted = {w: tallies.traits(topics, trait, span=s) for w, s in halves.items()}
        every = pd.concat(counted.values())
        total = every["posts"].sum()
        coverage = float(every.loc[every["value"].notna(), "posts"].sum() / total) if total else np.nan
        # Posts that do not tell the trait are a part too: without them the parts would not add up to the whole.
        by = {
            w: c.assign(value=c["value"].fillna("")).set_index("value")["posts"].astype(float)
            for w, c in counted.items()
        }
        frames.append(explain(by["before"], by["now"]).assign(trait=trait, coverage=coverage))
    return pd.concat(frames, ignore_index=True)
