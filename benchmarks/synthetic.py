"""Studies of any size for the benchmarks of scale: posts, searches and pages by chance, written through the product's store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from explorer.study import Study, read_study

NOW = datetime(2026, 1, 5, tzinfo=UTC)
START, WEEKS = pd.Timestamp("2023-01-02", tz="UTC"), 156
#: Posts that are written at once at most: one batch of an import.
CHUNK = 250_000
PLATFORMS = np.array(["mastodon", "bluesky", "forum"])
COUNTRIES = np.array(["FR", "BE", "CH", "CA", "DE"])
WORDS = 4000


def study_of(folder: Path, posts: int, topics: int, *, seed: int = 0, named: float = 0.8) -> Study:
    """Write a study with `posts` rows of posts into `folder` and return it.

    About 3 % of the rows are newer versions of an earlier post, 15 % are reposts, an eighth as many people as posts write,
    a few of them much. `named` of the posts carry the name of their topic, the others are told apart by their words.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ids = [f"t{i:03d}" for i in range(topics)]
    lines = ["[study]", 'name = "Synthetic"', 'grain = "week"', "simulated = true", 'languages = ["fr"]', ""]
    for i, topic in enumerate(ids):
        a, b, c = (_word(w) for w in _own_words(i))
        lines += ["[[topics]]", f'id = "{topic}"', f'label = "Topic {i}"', f'search = ["{a} {b}"]']
        lines += [f"social = '{a} AND ({b} OR {c})'", ""]
    lines += ["[[content]]", 'path = "pages.csv"']
    (folder / "study.toml").write_text("\n".join(lines), encoding="utf-8")
    (folder / "pages.csv").write_text(_pages(ids), encoding="utf-8")
    study = read_study(folder)
    rng = np.random.default_rng(seed)
    _searches(study, ids, rng)
    for n, chunk in enumerate(chunks(posts, topics, rng, named)):
        study.store.append("posts", chunk, source="synthetic", batch_id=f"posts-{n}", now=NOW + pd.Timedelta(n, "min"))
    return study


def chunks(posts: int, topics: int, rng: np.random.Generator, named: float) -> Iterator[pd.DataFrame]:
    """Yield the posts, batch by batch in order of time; no post twice in one batch."""
    weight = 1 / np.arange(1, topics + 1) ** 0.7
    weight /= weight.sum()
    common = np.cumsum(1 / np.arange(1, WORDS + 1) ** 0.9)
    common /= common[-1]
    vocabulary = pa.array([_word(w) for w in range(WORDS + 3 * topics)])
    people = max(1000, posts // 8)
    followers = np.minimum(rng.lognormal(5.2, 1.9, people), 5e7).astype(np.int64)
    country = rng.choice(len(COUNTRIES), people, p=[0.6, 0.15, 0.1, 0.1, 0.05])
    span = WEEKS * 7 * 86_400 * 1_000_000
    chunk = min(CHUNK, -(-posts // 4))
    before: tuple[np.ndarray, ...] | None = None
    for first in range(0, posts, chunk):
        n = min(chunk, posts - first)
        author = (people * rng.random(n) ** 2.6).astype(np.int64) * 2_654_435_761 % people
        topic = rng.choice(topics, n, p=weight)
        created = START.value // 1000 + np.sort((first + np.arange(n) + rng.random(n)) * (span / posts)).astype(
            np.int64
        )
        number = first + np.arange(n)
        again = rng.random(n) < 0.03
        if before is not None:  # met again: a newer version of a post of the batch before
            source = rng.permutation(len(before[0]))[: again.sum()]
            again[np.flatnonzero(again)[len(source) :]] = False
            for column, old in zip((number, author, topic, created), before, strict=True):
                column[again] = old[source]
        before = number, author, topic, created
        length = rng.integers(10, 21, n)
        ends = np.concatenate([[0], np.cumsum(length)])
        words = np.searchsorted(common, rng.random(ends[-1])).astype(np.int32)
        # Every third post holds the words of its topic, wherever it was found.
        tells = rng.random(n) < 0.34
        for place, own in ((0, 0), (3, 1)):
            words[ends[:-1][tells] + place] = WORDS + 3 * topic[tells] + own
        text = pc.binary_join(
            pa.ListArray.from_arrays(pa.array(ends.astype(np.int32)), vocabulary.take(pa.array(words))), " "
        )
        # Now and then five accounts write the same words within minutes.
        source = np.arange(n)
        for place in rng.integers(0, n - 5, n // 1000):
            source[place : place + 5] = place
        text = text.take(pa.array(source))
        created = np.maximum(created, created[source])
        kind = np.where(rng.random(n) < 0.15, "repost", np.where(rng.random(n) < 0.2, "reply", "post"))
        parent = _text("p", np.maximum(number - rng.integers(1, 5000, n), 0))
        link = _text("https://example.org/", rng.integers(0, max(50, posts // 10), n))
        counts = rng.poisson(np.minimum(followers[author] * 0.002, 1e5))
        label = rng.choice(["negative", "neutral", "positive"], n, p=[0.25, 0.45, 0.3])
        columns = {
            "platform": pa.array(PLATFORMS[number % 3]),
            "id": _text("p", number),
            "kind": pa.array(kind),
            "created_at": pa.array(created, pa.timestamp("us", "UTC")),
            "time_quality": pa.array(np.full(n, "ok")),
            "text": text,
            "lang": pa.array(np.where(rng.random(n) < 0.8, "fr", "en")),
            "country": pa.array(COUNTRIES[country[author]], mask=rng.random(n) < 0.3),
            "author_key": _text("u", author),
            "author_followers": pa.array(followers[author]),
            "in_reply_to": pc.if_else(pa.array(kind == "reply"), parent, None),
            "repost_of": pc.if_else(pa.array(kind == "repost"), parent, None),
            "like_count": pa.array(counts, pa.int64(), mask=rng.random(n) < 0.1),
            "sentiment_label": pa.array(label, mask=rng.random(n) < 0.3),
            "links": pc.if_else(pa.array(rng.random(n) < 0.1), link, None),
            "query": pa.array(np.where(rng.random(n) < named, np.char.add("topic ", topic.astype(str)), "")),
        }
        yield pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype)


def _searches(study: Study, ids: list[str], rng: np.random.Generator) -> None:
    periods = pd.date_range(START, periods=WEEKS, freq="7D")
    season = 1 + 0.3 * np.sin(2 * np.pi * np.arange(WEEKS) / 52 + rng.uniform(0, 6, (len(ids), 1)))
    level = 60 * np.exp(0.1 * np.cumsum(rng.normal(0, 0.3, (len(ids), WEEKS)), axis=1)) * season
    value = np.minimum(np.round(rng.poisson(level * 4) / 4), 100).ravel()
    terms = [f"{_word(a)} {_word(b)}" for a, b, _ in (_own_words(i) for i in range(len(ids)))]
    interest = pd.DataFrame(
        {
            "scale": "one", "term": np.repeat(terms, WEEKS), "geo": "FR", "period": np.tile(periods, len(ids)),
            "grain": "week", "value": value, "lo": value, "hi": value, "kind": "measured", "partial": False, "unit": "index",
        }
    )  # fmt: skip
    study.store.append("interest", interest, source="synthetic", batch_id="interest", now=NOW)
    asked = [
        {"term": term, "query": f"{how} {term} {_word(int(w))}", "value": float(v)}
        for term in terms
        for how, w, v in zip(
            rng.choice(["comment", "pourquoi", "prix", "avis", "quand"], 25),
            rng.integers(0, 300, 25),
            np.sort(rng.integers(1, 101, 25))[::-1],
            strict=True,
        )
    ]
    queries = pd.DataFrame(asked).drop_duplicates(["term", "query"])
    queries = queries.assign(item="query", ranking="top", lo=queries["value"], hi=queries["value"])
    queries = queries.assign(kind="measured", unit="index", window="")
    study.store.append("queries", queries, source="synthetic", batch_id="queries", now=NOW)


def _pages(ids: list[str]) -> str:
    rows = ["title,text"]
    for i, _ in enumerate(ids):
        a, b, c = (_word(w) for w in _own_words(i))
        rows += [f"prix {a} {b},{a} {b} {_word(i)} {_word(i + 7)}", f"comment {a} {c},{a} {c} {_word(i + 40)}"]
    return "\n".join(rows)


def _own_words(topic: int) -> tuple[int, int, int]:
    return WORDS + 3 * topic, WORDS + 3 * topic + 1, WORDS + 3 * topic + 2


def _word(number: int) -> str:
    """Return the word of a number: syllables, no two numbers alike."""
    made, rest = "", number + 60
    while rest:
        rest, digit = divmod(rest, 60)
        made += "bcdfglmnprst"[digit // 5] + "aeiou"[digit % 5]
    return made


def _text(prefix: str, numbers: np.ndarray) -> pa.Array:
    return pc.binary_join_element_wise(pa.scalar(prefix), pc.cast(pa.array(numbers), pa.string()), "")
