"""The example world: reproducible, conforming, labelled as simulated, and with every planted fact visible in its tables.

The computations here are independent of the project's analyses on purpose: a planted fact counts only if a few lines of
counting show it.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tomllib
import unicodedata
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from sources.example import EXAMPLE_SOURCE, Example, make, precision_recall
from sources.example.world import MONITOR
from sources.store import Store
from sources.tables import COVERAGE_STATES, KEYS, UNITS, VALUE_KINDS, conform

WINDOW = 52


@pytest.fixture(scope="module")
def study(world: Example) -> dict:
    return tomllib.loads(world.study)


@pytest.fixture(scope="module")
def tagged(world: Example) -> pd.DataFrame:
    """Posts beside what is planted about them, with the number of the week."""
    posts = world.tables["posts"].merge(world.truth.posts.add_prefix("true_"), left_on="id", right_on="true_id")
    start = world.truth.need.index[0]
    return posts.assign(week=(posts["created_at"] - start).dt.days // 7)


def stamped(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(source=EXAMPLE_SOURCE, fetched_at=pd.Timestamp("2026-06-28", tz="UTC"), batch_id="example")


def fingerprint(example: Example) -> str:
    digest = hashlib.sha256(example.study.encode())
    frames = {
        **example.tables,
        "truth": example.truth.posts,
        "gap": example.truth.topics,
        "cascade": example.truth.cascade,
    }
    for name in sorted(frames):
        table = pa.Table.from_pandas(
            frames[name].map(lambda v: list(v) if isinstance(v, tuple) else v), preserve_index=True
        )
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        digest.update(sink.getvalue().to_pybytes())
    return digest.hexdigest()


# ---- the tables ------------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes_in_another_process(world: Example) -> None:
    code = "from test_example_world import *; print(fingerprint(make()))"
    again = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent,
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert again.stdout.strip() == fingerprint(world)


def test_another_seed_gives_another_world_with_the_same_silent_topics_on_top(world: Example) -> None:
    other = make(seed=7)
    assert fingerprint(other) != fingerprint(world)
    assert set(other.truth.gap.nlargest(4).index) == set(world.truth.silent)


def test_every_table_conforms_to_its_schema_and_holds_each_row_once(world: Example) -> None:
    for name, frame in world.tables.items():
        assert conform(stamped(frame), name).num_rows == len(frame) > 0
        assert not stamped(frame).duplicated(list(KEYS[name])).any(), name


def test_the_store_takes_every_table(world: Example, tmp_path) -> None:
    store = Store(tmp_path)
    now = datetime(2026, 6, 28, tzinfo=UTC)
    for name, frame in world.tables.items():
        assert store.append(name, frame, source=EXAMPLE_SOURCE, batch_id="example", now=now).rows == len(frame)


def test_an_end_that_is_no_sunday_is_refused_with_the_sunday_to_use() -> None:
    with pytest.raises(ValueError, match="use 2026-06-28"):
        make(end=date(2026, 7, 2))


def test_everything_says_that_it_is_simulated(world: Example) -> None:
    posts = world.tables["posts"]
    assert "simulated" in EXAMPLE_SOURCE
    assert tomllib.loads(world.study)["study"]["simulated"] is True
    assert posts["platform"].str.startswith("simulated-").all()
    assert posts["author_key"].str.startswith("simulated-").all()
    links = pd.concat([posts["url"], posts["text"], world.tables["content"]["id"]]).str.extractall(
        r"https?://([^/\s]+)"
    )[0]
    assert links.str.endswith(".example.invalid").all()


def test_three_years_of_sunday_weeks_end_where_asked(world: Example) -> None:
    weeks = world.tables["interest"]["period"].drop_duplicates().sort_values()
    assert len(weeks) == 156
    assert (weeks.dt.day_of_week == 6).all()
    assert weeks.iloc[-1] + pd.Timedelta(7, "D") == pd.Timestamp("2026-06-28", tz="UTC")
    created = world.tables["posts"]["created_at"]
    assert created.between(weeks.iloc[0], weeks.iloc[-1] + pd.Timedelta(7, "D"), inclusive="left").all()


def test_the_posts_have_the_announced_size_and_mix(world: Example, tagged: pd.DataFrame) -> None:
    posts = world.tables["posts"]
    assert 55_000 < len(posts) < 68_000
    assert 4_000 < posts["author_key"].nunique() < 9_000
    assert 0.06 < (tagged["true_lang"] == "en").mean() < 0.10
    assert posts["country"].value_counts().index[0] == "FR"
    assert {"BE", "CH", "CA", "LU"} <= set(posts["country"].dropna())
    assert 0.05 < posts["country"].isna().mean() < 0.2
    followers = posts.drop_duplicates("author_key")["author_followers"].dropna()
    assert followers.quantile(0.99) > 50 * followers.median()


def test_unknown_is_null_and_measured_zero_is_zero(world: Example) -> None:
    posts = world.tables["posts"]
    forum = posts["platform"] == "simulated-forum"
    assert posts.loc[forum, ["author_followers", "repost_count", "reach", "sentiment_label"]].isna().all(axis=None)
    assert posts.loc[~forum, "view_count"].isna().all()
    assert (posts["like_count"] == 0).any()
    labelled = posts["sentiment_label"].notna().mean()
    assert 0.3 < labelled < 0.7


def test_counts_are_never_below_what_the_table_itself_shows(world: Example) -> None:
    posts = world.tables["posts"].set_index("id")
    for column, parent in (("repost_count", "repost_of"), ("reply_count", "in_reply_to")):
        seen = posts[parent].dropna().value_counts()
        told = posts[column].reindex(seen.index).dropna()
        assert (told >= seen.loc[told.index]).all()


def test_parents_come_before_their_children_on_the_same_platform_and_topic(
    tagged: pd.DataFrame, world: Example
) -> None:
    parent = tagged["in_reply_to"].fillna(tagged["repost_of"])
    assert (parent.notna() == tagged["kind"].isin(["reply", "repost"])).all()
    children = tagged[parent.notna()].assign(parent=parent)
    pairs = children.merge(tagged, left_on="parent", right_on="id", suffixes=("", "_parent"), how="left")
    missing = pairs["created_at_parent"].isna()
    assert 0 < missing.sum() <= world.truth.capped.missing * 5
    assert (pairs.loc[missing, "true_topic"] == world.truth.capped.topic).all()
    known = pairs[~missing]
    assert (known["created_at"] > known["created_at_parent"]).all()
    assert (known["platform"] == known["platform_parent"]).all()
    assert (known["true_topic"] == known["true_topic_parent"]).all()
    reposts = known[known["kind"] == "repost"]
    assert (reposts["text"] == reposts["text_parent"]).all()


def test_texts_differ_and_hold_no_open_slot(world: Example) -> None:
    posts = world.tables["posts"]
    own = posts[posts["kind"] != "repost"]
    assert not own["text"].str.contains(r"[{}]").any()
    assert own["text"].nunique() > 0.85 * len(own)


# ---- search ----------------------------------------------------------------------------------------------------------


def test_interest_is_an_index_as_google_prints_it(world: Example) -> None:
    interest = world.tables["interest"]
    assert set(interest["kind"]) == {"measured", "below_one", "zero"} <= set(VALUE_KINDS)
    assert set(interest["unit"]) == {"index"} <= set(UNITS)
    assert interest["scale"].nunique() == 1
    assert not interest["partial"].any()
    measured = interest[interest["kind"] == "measured"]
    assert (measured["value"] % 1 == 0).all()
    assert measured["value"].max() == 100
    assert interest["value"].between(interest["lo"], interest["hi"]).all()


def test_most_topics_stand_above_two_and_two_near_the_floor(world: Example, study: dict) -> None:
    mean = weekly_search(world, study).head(104).mean()
    assert (mean < 2).sum() == 2
    assert (mean > 8).sum() >= 11


# ---- the study and its boolean queries -------------------------------------------------------------------------------


def test_the_study_names_fourteen_topics_with_both_labels(study: dict, world: Example) -> None:
    assert study["study"]["geo"] == "FR"
    assert study["study"]["grain"] == "week"
    assert [t["id"] for t in study["topics"]] == list(world.truth.gap.index)
    assert len(study["topics"]) == 14
    for topic in study["topics"]:
        assert all(topic[field] for field in ("label", "label_en", "search", "social"))
    asked = {t for topic in study["topics"] for t in topic["search"]}
    brands = {study["brand"]["name"], *(b["name"] for b in study["brands"])}
    assert asked | brands == set(world.tables["interest"]["term"])
    assert brands == set(world.truth.brands["brand"])


def test_boolean_queries_find_exactly_the_posts_of_their_topic(study: dict, tagged: pd.DataFrame) -> None:
    texts = tagged["text"].sample(15_000, random_state=0).map(spaced)
    distinct = pd.Series(texts.unique())
    for topic in study["topics"]:
        matched = texts.map(dict(zip(distinct, distinct.map(matcher(topic["social"])), strict=True)))
        true = tagged["true_topic"].reindex(texts.index) == topic["id"]
        assert (matched & true).sum() >= 0.99 * true.sum(), topic["id"]
        assert (matched & true).sum() >= 0.99 * matched.sum(), topic["id"]


def test_chatter_uses_the_words_of_the_market_but_belongs_to_no_topic(tagged: pd.DataFrame) -> None:
    chatter = tagged[(tagged["true_topic"] == "") & (tagged["true_role"] != "brand talk")]
    assert len(chatter) > 300
    assert (chatter["query"] == MONITOR).all()
    assert chatter["text"].map(folded).str.contains("batterie|isolation|facture|bruit").mean() > 0.2


# ---- planted facts ---------------------------------------------------------------------------------------------------


def weekly_search(world: Example, study: dict) -> pd.DataFrame:
    topic_of = {term: t["id"] for t in study["topics"] for term in t["search"]}
    interest = world.tables["interest"]
    return interest.assign(topic=interest["term"].map(topic_of)).pivot_table(
        index="period", columns="topic", values="value", aggfunc="sum"
    )


def weekly_voice(tagged: pd.DataFrame, people: bool) -> pd.DataFrame:
    own = tagged[(tagged["kind"] != "repost") & (tagged["true_topic"] != "")]
    counted = own.drop_duplicates(["true_topic", "week", "author_key"]) if people else own
    return counted.pivot_table(index="week", columns="true_topic", values="id", aggfunc="count").fillna(0)


def found_gap(search: pd.DataFrame, voice: pd.DataFrame) -> pd.Series:
    s, v = (x.tail(WINDOW).sum() for x in (search, voice))
    return np.log2((s / s.sum()) / (v / v.sum()))


def test_people_show_the_planted_gaps_and_the_silent_topics_on_top(world, study, tagged) -> None:
    found = found_gap(weekly_search(world, study), weekly_voice(tagged, people=True))
    score = world.truth.compare_gap(found)
    assert score["silent_found"] == 1.0
    assert score["false_silent"] == 0
    assert score["mean_abs_error"] < 0.25
    assert score["rank_correlation"] > 0.9
    assert (world.truth.gap[list(world.truth.silent)].between(1, 2.1)).all()
    assert (world.truth.gap.drop(list(world.truth.silent)) < 0.5).all()


def test_posts_make_the_inflated_topics_look_loud_while_people_do_not(world, study, tagged) -> None:
    inflated = list(world.truth.inflated)
    search = weekly_search(world, study)
    by_posts = found_gap(search, weekly_voice(tagged, people=False))[inflated]
    by_people = found_gap(search, weekly_voice(tagged, people=True))[inflated]
    assert (by_posts < -0.5).all()
    assert (by_people.abs() < 0.35).all()
    assert (world.truth.gap[inflated].abs() < 0.2).all()
    for topic, accounts in world.truth.inflated.items():
        posts = tagged[tagged["author_key"].isin(accounts)]
        assert len(accounts) <= 6
        assert (posts["true_topic"] == topic).all()
        assert 700 < len(posts) / len(accounts) < 1700


def test_distinct_people_over_the_window_agree_too(world, study, tagged) -> None:
    recent = tagged[(tagged["week"] >= 104) & (tagged["kind"] != "repost") & (tagged["true_topic"] != "")]
    voice = recent.groupby("true_topic")["author_key"].nunique()
    search = weekly_search(world, study).tail(WINDOW).sum()
    found = np.log2((search / search.sum()) / (voice / voice.sum()))
    assert world.truth.compare_gap(found)["silent_found"] == 1.0
    assert world.truth.compare_gap(found)["false_silent"] == 0


def detrended(series: pd.Series, dates: pd.DatetimeIndex) -> np.ndarray:
    """Log series without yearly season and trend."""
    year = 2 * np.pi * dates.day_of_year.to_numpy() / 365.25
    design = np.column_stack(
        [np.ones(len(year)), np.arange(len(year)), *(f(k * year) for k in (1, 2) for f in (np.sin, np.cos))]
    )
    logged = np.log(series.to_numpy(dtype=float) + 0.5)
    return logged - design @ np.linalg.lstsq(design, logged, rcond=None)[0]


def test_only_the_leading_topic_is_led_by_two_weeks(world, study, tagged) -> None:
    search, voice = weekly_search(world, study), weekly_voice(tagged, people=True)
    best = {}
    for topic in ("aides", "prix", "factures", "solaire"):
        x, y = (detrended(s[topic], search.index) for s in (search, voice))
        lags = range(-6, 7)  # positive: search first
        r = {
            lag: np.corrcoef(x[max(0, -lag) : len(x) - max(0, lag)], y[max(0, lag) : len(y) + min(0, lag)])[0, 1]
            for lag in lags
        }
        best[topic] = max(r, key=r.get)
        if topic == world.truth.leading.topic:
            assert r[best[topic]] > 0.6
    assert best[world.truth.leading.topic] == world.truth.leading.weeks == 2
    assert all(lag != 2 for topic, lag in best.items() if topic != world.truth.leading.topic)


def test_the_seasonal_topic_swings_most_and_peaks_in_its_month(world, study) -> None:
    search = weekly_search(world, study)
    monthly = search.groupby(search.index.month).mean()
    swing = monthly.max() / monthly.min()
    steady = swing.drop([world.truth.emerging.topic, world.truth.crisis.topic])
    seasonal = world.truth.seasonal
    assert steady.idxmax() == seasonal.topic
    assert abs(int(monthly[seasonal.topic].idxmax()) - seasonal.peak_month) <= 1
    assert steady[seasonal.topic] > 4


def test_searches_of_the_emerging_topic_rise_before_its_posts(world, study, tagged) -> None:
    emerging = world.truth.emerging
    x = weekly_search(world, study)[emerging.topic].to_numpy()
    y = weekly_voice(tagged, people=True)[emerging.topic].reindex(range(156)).fillna(0).to_numpy()

    def onset(series: np.ndarray) -> int:
        """First week from which the four-week mean stays four standard errors above the first two years."""
        limit = series[:104].mean() + 4 * series[:104].std() / np.sqrt(4)
        smooth = pd.Series(series).rolling(4).mean().to_numpy()
        return next(week for week in range(108, 156) if (smooth[week:] > limit).all())

    assert 3 <= onset(y) - onset(x) <= 16
    assert x[-6:].mean() > 4 * x[:104].mean()
    before = (world.truth.need.index < emerging.search_from).sum()
    assert emerging.posts_from - emerging.search_from == pd.Timedelta(8 * 7, "D")
    assert x[before - 12 : before].mean() < 1.6 * x[:104].mean()


def test_the_crisis_starts_small_goes_through_the_press_and_is_answered_on_day_eight(world, tagged) -> None:
    crisis = world.truth.crisis
    posts = tagged[tagged["id"].isin(crisis.ids)]
    assert len(posts) == len(crisis.ids) > 700
    origin = posts.iloc[posts["created_at"].argmin()]
    assert origin["id"] == crisis.origin_id
    assert origin["author_followers"] < 1_000
    assert origin["created_at"] == crisis.start
    daily = posts.set_index("created_at").resample("D")["id"].count()
    assert daily.idxmax() == crisis.peak_day
    assert (posts["created_at"] < crisis.end).all()
    assert crisis.first_answer - crisis.start == pd.Timedelta(8, "D")
    brand = posts[posts["author_key"] == crisis.brand_author]
    assert brand["created_at"].min() == crisis.first_answer
    articles = posts[posts["kind"] == "article"]
    assert len(articles) >= 10
    assert articles["created_at"].min() >= crisis.press_from
    background = tagged[(tagged["true_topic"] == crisis.topic) & ~tagged["id"].isin(crisis.ids)]
    assert daily.max() > 50 * len(background) / (156 * 7)
    assert (posts["true_tone"] == "negative").mean() > 0.7
    assert (tagged["true_tone"] == "negative").mean() < 0.4


def test_the_crisis_spills_into_search(world, study) -> None:
    series = weekly_search(world, study)[world.truth.crisis.topic]
    peak = series.idxmax()
    assert abs(peak - world.truth.crisis.peak_day) < pd.Timedelta(8, "D")
    assert series.max() > 10 * series.median()


def test_the_cascade_is_one_tree_through_small_accounts_and_several_countries(world, tagged) -> None:
    cascade = world.truth.cascade
    parent = dict(zip(cascade["child"], cascade["parent"], strict=True))
    assert len(parent) == len(cascade) > 400
    assert set(parent.values()) - set(parent) == {world.truth.crisis.origin_id}
    depth = {world.truth.crisis.origin_id: 0}
    for child in cascade.sort_values("created_at")["child"]:
        depth[child] = depth[parent[child]] + 1  # a parent that comes later would be a KeyError
    assert max(depth.values()) >= 5
    table = tagged.set_index("id")
    assert (table.loc[list(parent), "repost_of"] == list(parent.values())).all()
    early = cascade[cascade["created_at"] < world.truth.crisis.press_from]
    assert len(early) > 20
    assert (early["followers"] < 1_000).all()
    assert cascade["country"].nunique() >= 4
    assert {"everyday", "nano", "micro", "mid"} <= set(cascade["tier"])


def test_coordinated_posts_share_text_and_link_within_minutes(world, tagged) -> None:
    planted = world.truth.coordinated
    for _, burst in planted.groupby("burst"):
        assert burst["text"].nunique() == burst["link"].nunique() == 1
        assert burst["author_key"].nunique() == len(burst) >= 8
        assert burst["created_at"].max() - burst["created_at"].min() <= pd.Timedelta(8, "min")
    own = tagged[tagged["kind"] != "repost"]
    same = own.groupby(["text", own["created_at"].dt.floor("h")])["author_key"].transform("nunique") >= 4
    precision, recall = precision_recall(own.loc[same, "id"], planted["id"])
    assert precision == 1.0
    assert recall > 0.8


def test_communities_answer_and_repost_mostly_within_themselves(world, tagged) -> None:
    of = world.truth.communities
    author = dict(zip(tagged["id"], tagged["author_key"], strict=True))
    for column, least in (("repost_of", 0.8), ("in_reply_to", 0.6)):
        edges = tagged[tagged[column].isin(author) & (tagged["true_role"] == "regular")]
        source = edges["author_key"].map(of)
        target = edges[column].map(author).map(of)
        sizes = source.value_counts(normalize=True)
        assert (source == target).mean() > least
        assert (source == target).mean() > 2 * (sizes**2).sum()
    assert 4 <= len(set(of.values())) <= 6
    assert set(of) == set(tagged["author_key"])


def test_regions_that_search_most_do_not_speak(world, tagged) -> None:
    term = {t["id"]: t["search"][0] for t in tomllib.loads(world.study)["topics"]}
    regions = world.tables["regions"]
    assert regions["place"].nunique() == 13
    region_of = world.truth.authors.set_index("author_key")["region"]
    for topic, silent in world.truth.regions.items():
        index = regions[regions["term"] == term[topic]].set_index("place")["value"]
        assert set(index.nlargest(len(silent)).index) == set(silent)
        speaking = tagged.loc[tagged["true_topic"] == topic, "author_key"].map(region_of)
        assert not speaking.isin(silent).any()
        assert region_of.isin(silent).sum() > 50
    corsica = regions[(regions["place"] == "Corse") & (regions["kind"] == "no_data")]
    assert len(corsica) > 0
    assert corsica["value"].isna().all()


def test_a_capped_week_is_missing_and_coverage_says_so(world, tagged) -> None:
    coverage, capped = world.tables["coverage"], world.truth.capped
    assert set(coverage["status"]) == {"complete", "capped"} <= set(COVERAGE_STATES)
    row = coverage[coverage["status"] == "capped"].iloc[0]
    assert (row["query"], row["start"], row["end"]) == (capped.query, capped.start, capped.end)
    inside = tagged[(tagged["query"] == capped.query) & tagged["created_at"].between(capped.start, capped.end)]
    assert len(inside) == row["rows"]
    assert (inside["created_at"] >= capped.start + pd.Timedelta(3, "D")).all()
    assert capped.missing > 0
    for query, rows in coverage[coverage["table"] == "posts"].groupby("query"):
        assert (tagged["query"] == query).sum() == rows["rows"].sum()


# ---- queries and pages -----------------------------------------------------------------------------------------------


def test_queries_and_pages_have_the_announced_size(world: Example) -> None:
    known = world.truth.queries
    brands = set(world.truth.brands["brand"])
    listed = world.tables["queries"].query("ranking == 'list'")
    listed = listed[~listed["term"].isin(brands)]
    assert len(known) == len(listed) == 120
    assert len(world.tables["content"]) == 40
    assert set(known["query"]) == set(listed["query"])
    assert set(known["page"].dropna()) <= set(world.tables["content"]["id"])
    assert known.groupby("topic").size().min() >= 8
    assert set(world.truth.unanswered_queries) == set(known.loc[~known["served"], "query"])
    silent = known["topic"].isin(world.truth.silent)
    assert known.loc[silent, "said"].mean() < 0.35 < known.loc[~silent, "said"].mean()


def test_the_words_of_a_need_stand_in_a_page_and_in_posts_exactly_when_planted(world, tagged) -> None:
    pages = {row.id: words(f"{row.title} {row.text}") for row in world.tables["content"].itertuples()}
    spoken = {topic: set().union(*texts.map(words)) for topic, texts in tagged.groupby("true_topic")["text"]}
    everywhere = set().union(*pages.values())
    for query in world.truth.queries.itertuples():
        marker = {folded(m) for m in query.marker}
        assert marker & words(query.query), query.query
        if query.served:
            assert marker & pages[query.page], query.query
        else:
            assert not marker & everywhere, query.query
        assert bool(marker & spoken[query.topic]) == query.said, query.query
        assert (query.said_posts > 0) == query.said or query.topic == "bruit", query.query
    assert "calorene" in everywhere


def test_served_queries_find_their_page_and_unserved_ones_find_less(world: Example) -> None:
    known, pages = world.truth.queries, world.tables["content"]
    documents = (pages["title"] + " " + pages["text"]).map(folded)
    tfidf = TfidfVectorizer(token_pattern=r"\w\w+").fit(pd.concat([documents, known["query"].map(folded)]))
    similarity = (tfidf.transform(known["query"].map(folded)) @ tfidf.transform(documents).T).toarray()
    best = pages["id"].to_numpy()[similarity.argmax(1)]
    served = known["served"].to_numpy()
    assert (best[served] == known.loc[served, "page"]).mean() > 0.85
    score = similarity.max(1)
    auc = (score[served][:, None] > score[~served][None, :]).mean()
    assert auc > 0.85


def test_precision_and_recall_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        precision_recall([], ["a"])


# ---- a small boolean matcher, written for this test only -------------------------------------------------------------


def folded(text: str) -> str:
    """Lower case without accents."""
    return "".join(c for c in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(c) != "Mn")


def spaced(text: str) -> str:
    """Folded words with one space around each, so that a whole word is a plain substring."""
    found = re.findall(r"[^\W_]+", folded(text))
    return f" {' '.join(found)} "


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", folded(text)))


def matcher(query: str):
    """Compile a boolean query (AND, OR, NOT, parentheses, "phrases", suffix *) into a test on spaced text.

    A clause joined by NOT excludes; AND binds more than OR.
    """
    tokens = re.findall(r'"[^"]+"|[()]|[^\s()"]+', query)
    position = 0

    def take() -> str:
        nonlocal position
        position += 1
        return tokens[position - 1]

    def peek() -> str:
        return tokens[position] if position < len(tokens) else ""

    def either():
        parts = [both()]
        while peek() == "OR":
            take()
            parts.append(both())
        return lambda text: any(p(text) for p in parts)

    def both():
        parts = [(single(), True)]
        while peek() in ("AND", "NOT"):
            parts.append((single(), True) if take() == "AND" else (single(), False))
        return lambda text: all(p(text) == wanted for p, wanted in parts)

    def single():
        token = take()
        if token == "(":
            inner = either()
            assert take() == ")"
            return inner
        wanted = spaced(token.strip('"'))
        if token.rstrip('"').endswith("*"):
            wanted = wanted[:-1]  # any ending: the word need not stop there
        return lambda text: wanted in text

    compiled = either()
    assert position == len(tokens)
    return compiled


def test_the_matcher_of_this_test_reads_boolean_queries() -> None:
    match = matcher('("pompe à chaleur" OR pac) AND (bruit* OR fort) NOT (piscine)')
    assert match(spaced("Pompe A CHALEUR très bruyante ? non, bruits"))
    assert match(spaced("PAC : trop fort"))
    assert not match(spaced("pompe à chaleur et bruit de piscine"))
    assert not match(spaced("pompe à chaleur forte"))
    assert not match(spaced("pacte bruit"))
