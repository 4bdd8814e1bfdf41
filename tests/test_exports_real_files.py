"""Real files of the evidence folder, with rows and totals checked by eye; skipped where the folder is absent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from sources import read_export
from sources.errors import BadFile
from sources.exports import Reading
from sources.privacy import mask_handles
from sources.tables import conform

Shared = Callable[..., Path]
SECRET = bytes(range(32))


def read(path: Path, **mapping: object) -> Reading:
    reading = read_export(path, mapping=mapping, secret=SECRET)
    stamped = reading.table.assign(source=reading.source, fetched_at=pd.Timestamp("2026-01-01", tz="UTC"), batch_id="b")
    assert conform(stamped, reading.kind).num_rows == len(reading.table)
    return reading


# file: rows, grain, then (term, place, first day, value, last day, value) of one series
TIMELINES = {
    "multiTimeline.en.hourly.2kw.csv": (82, "hour", "Rafael Nadal", "US", "2019-02-04T14", 57, "2019-02-11T13", 39),
    "multiTimeline.en.monthly.csv": (73, "month", "PM MODI", "IN", "2014-08-01T00", 16, "2020-08-01T00", 29),
    "multiTimeline.en.operators.csv": (
        24,
        "week",
        "vuejs + vue.js + vue javascript",
        "",
        "2016-11-06T00",
        44,
        "2017-10-29T00",
        56,
    ),
    "multiTimeline.excel.trailingcommas.csv": (13, "week", "chess", "US", "2020-03-15T00", 32, "2021-02-28T00", 53),
    "multiTimeline.excel.usdates.lt1.csv": (28, "day", "Amber Heard", "", "2022-04-01T00", 0.5, "2022-06-15T00", 4),
    "multiTimeline.excel.usdates.nopreamble.csv": (
        14,
        "week",
        "Pencurian",
        "ID",
        "2019-12-29T00",
        37,
        "2020-12-20T00",
        47,
    ),
    "multiTimeline.id.daily.csv": (20, "day", "kabur aja dulu", "ID", "2024-12-26T00", 0, "2025-03-26T00", 4),
    "multiTimeline.ko.weekly.csv": (12, "week", "BTS", "KR", "2016-12-11T00", 14, "2021-12-05T00", 43),
    "multiTimeline.mixed.zh-fr.edited.crlf.csv": (
        20,
        "week",
        "COVID Delta",
        "",
        "2020-02-09T00",
        0.5,
        "2022-04-10T00",
        0,
    ),
    "multiTimeline.nopreamble.blankfirst.vi.csv": (13, "month", "Vn-Index", "", "2004-01-01T00", 0, "2025-11-01T00", 9),
    "multiTimeline.zh.monthly.csv": (12, "month", "Wildlife Trade", "US", "2004-01-01T00", 0, "2024-01-01T00", 24),
    "time_series_2026.new-ui.csv": (18, "month", "与星共舞", "", "2004-01-01T00", 0, "2026-01-01T00", 6),
}


@pytest.mark.parametrize("name", TIMELINES)
def test_timelines_of_the_website_are_recognised_and_read(shared: Shared, name: str) -> None:
    rows, grain, term, geo, first, start, last, end = TIMELINES[name]
    reading = read(shared("fixtures", "search", "trends", name))
    assert (reading.kind, reading.source, len(reading.table)) == ("interest", "google_trends_export", rows)
    assert set(reading.table["grain"]) == {grain}
    assert reading.rejected.empty
    series = reading.table[reading.table["term"] == term]
    got = [(series["geo"].iloc[i], f"{series['period'].iloc[i]:%Y-%m-%dT%H}", series["value"].iloc[i]) for i in (0, -1)]
    assert got == [(geo, first, start), (geo, last, end)]


def test_below_one_and_zero_of_the_real_files_are_told_apart(shared: Shared) -> None:
    folder = shared("fixtures", "search", "trends")
    heard = read(folder / "multiTimeline.excel.usdates.lt1.csv").table.query("term == 'Amber Heard'")
    assert heard["kind"].tolist() == ["below_one"] * 10 + ["measured"] * 4
    mixed = read(folder / "multiTimeline.mixed.zh-fr.edited.crlf.csv").table
    assert mixed["kind"].value_counts().to_dict() == {"measured": 15, "below_one": 4, "zero": 1}


# file: rows, measure, level, (term, place, value or None) of some cells
MAPS = {
    "geoMap.en.country.lt1.csv": (
        60,
        "index",
        "country",
        [("PM MODI", "India", 100), ("PM MODI", "Bhutan", None), ("PM MODI", "Canada", 2)],
    ),
    "geoMap.es.country.2kw.csv": (
        40,
        "share",
        "country",
        [("startlink", "Perú", 0.005), ("hughesnet", "Taiwán", 0.69), ("startlink", "Chile", 0.08)],
    ),
    "geoMap.fr.city.4kw.csv": (
        80,
        "share",
        "city",
        [("le covid", "Le Mans", 0.75), ("une covid", "Le Mans", 0.03), ("la covid", "Arnage", None)],
    ),
    "geoMap.fr.country.csv": (
        20,
        "index",
        "country",
        [("bitcoin", "Salvador", 90), ("bitcoin", "Bénin", None), ("bitcoin", "Slovénie", 44)],
    ),
    "geoMap.fr.region.2kw.percent.csv": (
        40,
        "share",
        "region",
        [("la covid", "Vendée", 0.52), ("le covid", "Sarthe", 0.70)],
    ),
}


@pytest.mark.parametrize("name", MAPS)
def test_maps_of_the_website_keep_index_and_share_apart(shared: Shared, name: str) -> None:
    rows, measure, level, cells = MAPS[name]
    reading = read(shared("fixtures", "search", "trends", name))
    assert (reading.kind, len(reading.table)) == ("regions", rows)
    assert (set(reading.table["measure"]), set(reading.table["level"])) == ({measure}, {level})
    values = reading.table.set_index(["term", "place"])["value"]
    for term, place, value in cells:
        got = values[term, place]
        assert pd.isna(got) if value is None else got == pytest.approx(value)


@pytest.mark.parametrize(
    ("name", "item", "top", "rising", "breakouts", "term"),
    [
        ("relatedEntities.en.csv", "topic", 18, 15, 9, "PM MODI"),
        ("relatedQueries.en.csv", "query", 25, 25, 25, "PM MODI"),
        ("relatedQueries.en.hourlyrange.nnbsp.csv", "query", 25, 17, 4, "Insurgency: Sandstorm"),
    ],
)
def test_related_files_of_the_website_are_read_whole(
    shared: Shared, name: str, item: str, top: int, rising: int, breakouts: int, term: str
) -> None:
    table = read(shared("fixtures", "search", "trends", name)).table
    assert (set(table["term"]), set(table["item"])) == ({term}, {item})
    assert table["ranking"].value_counts().to_dict() == {"top": top, "rising": rising}
    assert (table["kind"] == "breakout").sum() == breakouts


def test_growth_of_a_real_file_is_a_ratio(shared: Shared) -> None:
    table = read(shared("fixtures", "search", "trends", "relatedEntities.en.csv")).table
    growth = table[table["ranking"] == "rising"].set_index("query")["value"]
    assert growth["Nation"] == 16.0
    assert growth["Narendra Modi"] == 1.4
    assert table.query("query == 'August 15' and ranking == 'top'")["kind"].tolist() == ["below_one"]


def test_hurricanes_search_and_news_give_the_known_totals(shared: Shared) -> None:
    search = read(shared("data", "pair_hurricanes_2017", "538_google_trends.csv"))
    assert (search.kind, set(search.table["geo"]), search.table["scale"].nunique()) == ("interest", {"US"}, 1)
    totals = search.table.groupby("term")["value"].sum()
    assert [totals[f'"Hurricane {n}"'] for n in ("Harvey", "Irma", "Maria")] == [202, 707, 85]
    news = read(shared("data", "pair_hurricanes_2017", "538_mediacloud_hurricanes.csv"))
    assert (news.kind, set(news.table["unit"]), set(news.table["grain"])) == ("counts", {"count"}, {"day"})
    said = news.table.groupby("query")["posts"].sum()
    assert [said[n] for n in ("Harvey", "Irma", "Maria")] == [21_560, 19_568, 2_354]
    assert news.covered == (pd.Timestamp("2017-08-20", tz="UTC"), pd.Timestamp("2017-09-27", tz="UTC"))


def test_hurricanes_of_the_website_and_of_television(shared: Shared) -> None:
    folder = shared("data", "pair_hurricanes_2017")
    website = read(folder / "mj_google_trends_hurricanes_multiTimeline.csv")
    assert (website.kind, len(website.table), set(website.table["grain"])) == ("interest", 399, {"day"})
    with pytest.raises(
        BadFile, match=r"row 6 of the column 'Harvey' holds the fraction 0\.1259.*--as search or --as counts"
    ):
        read(folder / "538_tv_hurricanes.csv")
    television = read(folder / "538_tv_hurricanes.csv", kind="counts", unit="percent")
    assert television.table.groupby("query")["posts"].sum().mul(100).round(2)[["Harvey", "Irma", "Maria"]].tolist() == [
        6.31,
        6.68,
        1.74,
    ]


def test_dates_written_twice_without_a_space_are_read_as_their_first_day(shared: Shared) -> None:
    reading = read(shared("data", "pair_hurricanes_2017", "mj_results-Harvey.csv"), kind="counts")
    assert (len(reading.table), set(reading.table["grain"])) == (135, {"day"})
    assert reading.table["posts"].sum() == pytest.approx(7.3398)
    assert reading.table["period"].iloc[0] == pd.Timestamp("2017-07-01", tz="UTC")
    assert any("2017070120170701 are two days written one after the other" in note for note in reading.notes)


def test_rows_three_days_apart_are_asked_about(shared: Shared) -> None:
    path = shared("data", "pair_hurricanes_2017", "mj_mediacloud-sentence-counts-Maria.csv")
    with pytest.raises(BadFile, match="rows are 3 days apart"):
        read(path)
    assert len(read(path, grain="day").table) == 45


def test_causes_of_death_give_the_known_shares_on_both_sides(shared: Shared) -> None:
    folder = shared("data", "pair_causes_of_death")
    search = read(folder / "google_trends.csv", kind="interest")
    assert (search.kind, len(search.table), set(search.table["grain"]), set(search.table["unit"])) == (
        "interest",
        13 * 13,
        {"year"},
        {"share"},
    )
    shares = search.table.groupby("term")["value"].mean().round(3)
    assert [shares[n] for n in ("Cancer", "Suicide", "Diabetes")] == [0.376, 0.124, 0.101]
    news = read(folder / "nyt.csv", kind="counts")
    assert (len(news.table), set(news.table["unit"])) == (18 * 13, {"share"})
    terrorism = news.table[news.table["query"] == "Terrorism"].set_index("period")["posts"]
    assert terrorism[pd.Timestamp("2001-01-01", tz="UTC")] == pytest.approx(0.478455512)
    for reading, row in ((search, 16), (news, 21)):
        assert reading.rejected[["row", "column", "value"]].to_numpy().tolist() == [[row, "Words", "Average"]]


def test_candidates_asked_alone_have_a_scale_each_and_stories_are_counts(shared: Shared) -> None:
    folder = shared("data", "pair_dem2020_primary")
    search = read(folder / "search_daily.csv.gz")
    assert (search.kind, len(search.table), search.table["term"].nunique()) == ("interest", 6350, 26)
    assert search.table["scale"].nunique() == 26
    assert set(search.table["geo"]) == {""}
    stories = read(
        folder / "online_news_weekly.csv", kind="counts", columns={"topic": "name", "count": "matched_stories"}
    )
    assert (len(stories.table), set(stories.table["grain"]), stories.table["posts"].sum()) == (1008, {"week"}, 190_272)


def test_a_table_with_one_month_twice_and_different_is_refused(shared: Shared) -> None:
    path = shared("data", "pair_programming_languages", "pypl_search_share_monthly.csv.gz")
    with pytest.raises(BadFile, match="row 34 and row 35 give different values for the period 2007-01-01"):
        read(path)


def test_months_written_with_two_digit_years_are_read(shared: Shared) -> None:
    reading = read(shared("data", "pair_programming_languages", "stackoverflow_ml_tools_monthly_82tags.csv"))
    assert (reading.kind, set(reading.table["grain"]), reading.table["query"].nunique()) == ("counts", {"month"}, 81)
    assert reading.covered == (pd.Timestamp("2009-01-01", tz="UTC"), pd.Timestamp("2020-01-01", tz="UTC"))


# file: rows, platform, authors, sums, and the mapping it needs
POSTS = {
    ("posts_vaccine_pfizer_2020_21", "tweets.csv.gz"): (
        9214,
        "x",
        6122,
        {"repost_count": 13_176, "like_count": 76_698},
    ),
    ("posts_french_media_2022", "tweets.csv.gz"): (3975, "x", 28, {"repost_count": 270_185, "like_count": 2_069_612}),
    ("posts_french_debate_2017", "candidate_tweets_2017-03-20.csv.gz"): (345, "x", 5, {"repost_count": 172_693}),
    ("posts_french_debate_2017", "candidate_tweets_2017-04-04.csv.gz"): (423, "x", 11, {}),
    ("posts_hackernews_2016", "posts.csv.gz"): (21_348, "hackernews", 9_033, {"like_count": 3_166_437}),
    ("posts_mayweather_mcgregor_2017", "tweets.csv.gz"): (12_118, "x", 11_037, {}),
    ("posts_twitter_ratio_538", "BarackObama.csv.gz"): (3207, "x", 1, {"like_count": 44_275_398}),
    ("posts_dubois_challenge_2021", "tweets.csv.gz"): (444, "x", None, {}),
    ("posts_fortune100_blm_2020", "tweets_with_engagement.csv.gz"): (2019, "x", 29, {}),
    ("posts_brazil_delivery_strike_2020", "perguntacorona_questions.csv.gz"): (13_665, "x", None, {}),
    ("pair_kaburajadulu_2025", "tweets.csv.gz"): (236, "x", 167, {"repost_count": 185_090}),
}


@pytest.mark.parametrize("name", POSTS, ids="/".join)
def test_real_posts_give_the_known_figures(shared: Shared, name: tuple[str, str]) -> None:
    rows, platform, authors, sums = POSTS[name]
    reading = read(shared("data", *name), **({"platform": platform} if platform == "hackernews" else {}))
    table = reading.table
    assert (reading.kind, len(table), set(table["platform"])) == ("posts", rows, {platform})
    assert table["id"].is_unique
    if authors is not None:
        assert table["author_key"].nunique() == authors
    for column, total in sums.items():
        assert table[column].sum() == total
    assert all(mask_handles(text) == text for text in table["text"].dropna())  # nothing is left to mask


def test_copies_inside_real_collections_are_met_once(shared: Shared) -> None:
    airline = read(shared("data", "posts_airline_2015", "tweets.csv.gz"))
    assert (len(airline.table), len(airline.rejected)) == (14_485, 155)
    strike = read(shared("data", "posts_brazil_delivery_strike_2020", "tweets.csv.gz"))
    assert (len(strike.table), strike.table["author_key"].nunique()) == (1_062, 738)
    assert strike.table["like_count"].sum() == 19_135


def test_texts_of_nobody_on_one_day_are_all_kept(shared: Shared) -> None:
    reading = read(shared("data", "pair_bitcoin_tweets_2017_2018", "tweets_2018-06-03.csv.gz"))
    assert (len(reading.table), (reading.table["kind"] == "repost").mean()) == (10_000, pytest.approx(0.714))


def test_labelled_crisis_tweets_and_their_hours(shared: Shared) -> None:
    tweets = read(shared("data", "crisislex_t26", "tweets_labeled.csv.gz"))
    assert (tweets.kind, len(tweets.table), len(tweets.rejected)) == ("posts", 27_932, 1)
    hours = read(shared("data", "crisislex_t26", "tweets_per_hour.csv.gz"))
    assert (hours.kind, set(hours.table["grain"]), hours.table["posts"].sum(), hours.table["query"].nunique()) == (
        "counts",
        {"hour"},
        128_460,
        25,
    )


def test_tables_of_research_tools_are_read(shared: Shared) -> None:
    bluesky = read(shared("fixtures", "social", "bluesky", "minet_bluesky_posts_export.csv"))
    assert bluesky.table["kind"].value_counts().to_dict() == {"post": 15, "reply": 5, "quote": 4}
    assert (bluesky.table["like_count"].sum(), set(bluesky.table["platform"])) == (1789, {"bluesky"})
    assert bluesky.table["created_at"].iloc[0] == pd.Timestamp("2025-03-16 09:22:08", tz="UTC")
    tweets = read(shared("fixtures", "social", "twitter", "minet_tweets_export.csv"))
    assert tweets.table["kind"].value_counts().to_dict() == {"reply": 2, "quote": 1, "repost": 1}
    raw = read(shared("fixtures", "social", "bluesky", "raw_post_views.json"))
    assert (len(raw.table), raw.table["lang"].value_counts().to_dict()) == (25, {"fr": 15, "en": 9, "pt": 1})
    twarc = read(shared("fixtures", "social", "twitter", "twarc_two_tweets.jsonl"))
    assert (twarc.table["id"].tolist(), twarc.table["kind"].tolist(), twarc.table["lang"].isna().all()) == (
        ["1394735776701816833"],
        ["repost"],
        True,
    )


def test_a_crowdtangle_row_keeps_its_named_zone(shared: Shared) -> None:
    table = read(shared("fixtures", "social", "crowdtangle", "crowdtangle_facebook_1row.csv")).table
    row = table.iloc[0]
    assert row["created_at"] == pd.Timestamp("2020-04-16 13:48:29", tz="UTC")
    assert (row["platform"], row["time_quality"], row["like_count"], row["reply_count"], row["repost_count"]) == (
        "facebook",
        "ok",
        1_264_351,
        8_700,
        25_716,
    )
    assert row["author_followers"] == 460_935
    assert "DadPatrol" not in table.to_csv()
