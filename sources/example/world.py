"""Makes the example world: the tables of a study as connectors would fill them, and the truth planted in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pandas as pd

from sources.example import brands, crisis, engagement, market, people, phrases, places, queries, study, voices
from sources.example.market import CAPPED_TOPIC, CHATTER, IDS, TOPICS, WEEKS
from sources.example.planted import record
from sources.example.truth import Truth

#: `source` to stamp on every row of the example.
EXAMPLE_SOURCE = "example (simulated)"
#: `query` of posts that came with a broad monitor and belong to no topic.
MONITOR = "broad monitor (simulated)"
CAPPED_WEEK = 60
CAPPED_DAYS = 3  # newest posts come first, so that a ceiling cuts the oldest days of a window
LANG_UNDECLARED = 0.06  # share of posts without a declared language


@dataclass(frozen=True)
class Example:
    """The example: `tables` without the stamp columns (the store adds them), `truth`, and `study`, the text of study.toml."""

    tables: dict[str, pd.DataFrame] = field(repr=False)
    truth: Truth
    study: str = field(repr=False)


def make(seed: int = 0, *, end: date = date(2026, 6, 28)) -> Example:
    """Return the example world: a simulated French home energy market over three years.

    The same seed and end give the same bytes. Everything is made up; nothing is downloaded.

    Parameters
    ----------
    seed : of all randomness.
    end : the first day no longer covered, a Sunday, because weeks start on Sunday as those of Google Trends do.

    Returns
    -------
    Tables `interest`, `regions`, `queries`, `posts`, `coverage` and `content` with the columns of sources.tables; the planted
    truth; the study file.

    Raises
    ------
    ValueError : `end` is not a Sunday.
    """
    if end.weekday() != 6:
        sunday = end - timedelta(days=(end.weekday() + 1) % 7)
        raise ValueError(f"end {end} is not a Sunday, and weeks start on Sunday; use {sunday}")
    stream = [np.random.default_rng([seed, part]) for part in range(14)]
    weeks = pd.date_range(end=pd.Timestamp(end) - pd.Timedelta(7, "D"), periods=WEEKS, freq="7D")
    latent = market.latent(stream[0], weeks)
    crowd = people.populate(stream[1], latent)
    drafts = voices.join(
        [
            voices.regulars(stream[2], latent, crowd),
            voices.loud(stream[3], latent, crowd),
            voices.coordinated(stream[4], latent, crowd),
            voices.chatter(stream[5], latent, crowd),
            crisis.hoax(stream[6], latent, crowd),
        ]
    )
    full = _write(stream[7], drafts, crowd, weeks)
    full["id"] = [f"sim-{number:06d}" for number in range(len(full))]
    posts = _posts(stream[8], full, weeks)
    named = brands.posts(stream[12], crowd, latent, MONITOR, len(full))
    cut = _cut(full, weeks)
    year = queries.window_text(weeks)
    tables = {
        "interest": pd.concat(
            [market.interest(stream[9], latent), brands.interest(stream[13], latent)], ignore_index=True
        ),
        "regions": places.regions(stream[10], year),
        "queries": pd.concat([queries.queries(stream[11], year), brands.queries(year)], ignore_index=True),
        "posts": _with(posts[~cut], named),
        "content": queries.content(),
    }
    tables["coverage"] = _coverage(tables, weeks)
    return Example(
        tables,
        record(latent, crowd, full, cut, _capped_window(weeks), named),
        study.text(weeks[0].date(), crisis.BRAND, _own_account(crowd), tuple(b.name for b in brands.BRANDS[1:])),
    )


def _with(posts: pd.DataFrame, named: pd.DataFrame) -> pd.DataFrame:
    """The posts on topics and chatter, and those that name a brand; what the latter do not carry is unknown."""
    more = named.reindex(columns=posts.columns).astype(posts.dtypes.to_dict())
    return pd.concat([posts, more], ignore_index=True)


def _own_account(crowd: people.People) -> str:
    return str(crowd.frame["author_key"].iloc[crowd.numbers("brand")[0]])


def _write(
    rng: np.random.Generator, drafts: pd.DataFrame, crowd: people.People, weeks: pd.DatetimeIndex
) -> pd.DataFrame:
    """Give every draft its author's traits, its words, tone and need; a repost has those of the post passed on."""
    author = crowd.frame.assign(town=people.town_of(crowd.frame)).drop(columns=["role", "topic"])
    full = pd.concat([drafts, author.iloc[drafts["author"]].reset_index(drop=True)], axis=1)
    own = (full["kind"] != "repost").to_numpy()
    texts, cores, titles = phrases.compose(rng, full[own])
    for column, values in (("text", texts), ("core", cores), ("title", titles)):
        cells = np.full(len(full), None, dtype=object)
        cells[own] = values
        full[column] = cells
    tone = phrases.TONE | crisis.FORMS
    full["tone"] = [tone[form] for form in full["form"]]
    needs = queries.said_by_sentence()
    full["need"] = [needs.get(core, "") for core in full["core"]]
    source = _first_of_chain(full["parent"].to_numpy(), own)
    for column in ("text", "core", "tone", "need", "form", "lang"):
        full[column] = full[column].to_numpy()[source]
    return full


def _first_of_chain(parent: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return, for every row, the row whose words it carries: itself, or the start of its chain of reposts."""
    source = np.where(own, np.arange(len(parent)), parent)
    while (~own[source]).any():
        source = source[source]
    return source


def _posts(rng: np.random.Generator, full: pd.DataFrame, weeks: pd.DatetimeIndex) -> pd.DataFrame:
    """Return the posts table of all drafts."""
    ids = full["id"].to_numpy(dtype=object)
    parent, kind = full["parent"].to_numpy(), full["kind"].to_numpy()
    years = (full["time"].to_numpy() - weeks.as_unit("s").asi8[0]) / (365.25 * voices.DAY)
    asked = np.array([t.social for t in TOPICS] + [MONITOR], dtype=object)
    topic = np.where(full["topic"] == CHATTER, len(TOPICS), full["topic"])
    declared = rng.random(len(full)) >= LANG_UNDECLARED
    posts = pd.DataFrame(
        {
            "platform": full["platform"],
            "id": ids,
            "url": "https://" + full["platform"] + ".example.invalid/p/" + full["id"],
            "kind": kind,
            "created_at": pd.to_datetime(full["time"], unit="s", utc=True),
            "time_quality": "ok",
            "text": full["text"],
            "title": full["title"],
            "lang": full["lang"].where(declared),
            "country": full["country"].where(full["country_known"]),
            "region": full["region"].where(full["country_known"] & (full["region"] != "")),
            "author_key": full["author_key"],
            "in_reply_to": np.where(kind == "reply", ids[parent], None),
            "repost_of": np.where(kind == "repost", ids[parent], None),
            "query": asked[topic],
        }
    )
    return pd.concat([posts, engagement.engage(rng, full, years)], axis=1)


def _capped_window(weeks: pd.DatetimeIndex) -> tuple[pd.Timestamp, pd.Timestamp]:
    start = weeks[CAPPED_WEEK].tz_localize("UTC")
    return start, start + pd.Timedelta(7, "D")


def _cut(full: pd.DataFrame, weeks: pd.DatetimeIndex) -> np.ndarray:
    """Return which posts a ceiling kept from being fetched."""
    start = weeks.as_unit("s").asi8[CAPPED_WEEK]
    time = full["time"].to_numpy()
    return (
        (full["topic"] == IDS.index(CAPPED_TOPIC)).to_numpy()
        & (time >= start)
        & (time < start + CAPPED_DAYS * voices.DAY)
    )


def _coverage(tables: dict[str, pd.DataFrame], weeks: pd.DatetimeIndex) -> pd.DataFrame:
    """Return what was covered: everything, but for one week of one topic that a ceiling cut."""
    first, last = weeks[0].tz_localize("UTC"), (weeks[-1] + pd.Timedelta(7, "D")).tz_localize("UTC")
    asked = [*(term for topic in TOPICS for term in topic.search), *(brand.name for brand in brands.BRANDS)]
    rows: list[tuple[object, ...]] = [("interest", term, first, last, "complete", WEEKS, None) for term in asked]
    rows.append(
        ("queries", "", last - pd.Timedelta(7 * market.WINDOW, "D"), last, "complete", len(tables["queries"]), None)
    )
    posts = tables["posts"]
    cut_from, cut_to = _capped_window(weeks)
    for query in [*(t.social for t in TOPICS), MONITOR]:
        created = posts.loc[posts["query"] == query, "created_at"]
        windows: list[tuple[pd.Timestamp, pd.Timestamp, str, str | None]] = [(first, last, "complete", None)]
        if query == TOPICS[IDS.index(CAPPED_TOPIC)].social:
            note = "the service stopped at its ceiling; the oldest posts of the window are missing (simulated)"
            windows = [
                (first, cut_from, "complete", None),
                (cut_from, cut_to, "capped", note),
                (cut_to, last, "complete", None),
            ]
        for start, stop, status, why in windows:
            count = int(((created >= start) & (created < stop)).sum())
            rows.append(("posts", query, start, stop, status, count, why))
    columns = ["table", "query", "start", "end", "status", "rows", "note"]
    return pd.DataFrame(rows, columns=columns).assign(rejected=0)
