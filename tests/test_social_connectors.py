"""What each service gives becomes rows of the tables: nothing invented, nothing cut in silence, nobody named."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources import boolean
from sources.boolean import And, Not, Or, Term
from sources.collect import Report, collect
from sources.connector import Ask, Brief, Query, Subject, Window, connectors
from sources.errors import BadQuery, NeedsKey, NotAllowed, Throttled
from sources.privacy import author_key
from sources.social import hackernews, stackexchange, youtube
from sources.social.clauses import Clause, all_of, any_of, union_size
from sources.social.counting import periods
from sources.social.gdelt import Gdelt
from sources.social.hackernews import HackerNews
from sources.social.rows import count, instant, plain
from sources.social.stackexchange import StackExchange
from sources.social.x import X, asked
from sources.social.youtube import YouTube, midnight_pacific
from sources.store import Store
from sources.transport import Wire
from tests.faults import HASTY, FakeClock, Reply, Server, a_clock, a_server, fenced, utc  # noqa: F401
from tests.social_services import (
    JANUARY,
    KEYS,
    HackerNewsServer,
    Service,
    gdelt_timeline,
    hn_hit,
    reddit_item,
    se_item,
    spread,
    x_post,
    yt_video,
)

SECRET = bytes(range(32))


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


def gather(source, store: Store, clock: FakeClock, text: str, table: str = "posts", window: Window = JANUARY) -> Report:
    return collect([Ask(source, Query(table, text=text), window)], store, clock=clock, secret=SECRET)


def cover(store: Store) -> pd.DataFrame:
    return store.read("coverage").to_pandas().sort_values("start", ignore_index=True)


# --- The query, as each service can be asked ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "clauses"),
    [
        ("bruit", [Clause(("bruit",))]),
        ('"pompe à sel" AND (bruit OR jus)', [Clause(("pompe à sel", "bruit")), Clause(("pompe à sel", "jus"))]),
        ("bruit NOT (fruit OR jus)", [Clause(("bruit",), ("fruit", "jus"))]),
        ("bruit OR (bruit AND pompe)", [Clause(("bruit",))]),
        ("(a OR b) AND NOT (c AND d)", [Clause((w,), (n,)) for w in "ab" for n in "cd"]),
    ],
)  # fmt: skip
def test_a_query_as_clauses_of_which_one_must_hold(query: str, clauses: list[Clause]) -> None:
    assert list(any_of(query, service="s")) == clauses


def test_a_query_as_choices_of_which_all_must_hold() -> None:
    assert all_of('"pompe à chaleur" AND (bruit OR bruyante) NOT jus', service="s") == (
        (("pompe à chaleur",), ("bruit", "bruyante")),
        ("jus",),
    )
    assert all_of("(a AND b) OR c", service="s") == ((("a", "c"), ("b", "c")), ())


@pytest.mark.parametrize("query", ["NOT bruit", "bruy*", "a OR NOT b", " OR ".join(f"w{i}" for i in range(20))])
@pytest.mark.parametrize("form", [any_of, all_of])
def test_what_a_service_cannot_be_asked_is_refused_with_a_reason(query: str, form: Callable[..., object]) -> None:
    if form is all_of and query.startswith("w"):
        assert len(all_of(query, service="s")[0]) == 1  # one choice of twenty
        return
    with pytest.raises(BadQuery):
        form(query, service="s")


WORDS = "abcd"
trees = st.recursive(
    st.sampled_from(WORDS).map(Term),
    lambda part: st.one_of(
        st.lists(part, min_size=2, max_size=3).map(lambda p: And(tuple(p))),
        st.lists(part, min_size=2, max_size=3).map(lambda p: Or(tuple(p))),
        part.map(Not),
    ),
    max_leaves=6,
)


def written(tree: boolean.Query) -> str:
    match tree:
        case Term(text):
            return text
        case Not(part):
            return f"NOT ({written(part)})"
        case And(parts):
            return "(" + " AND ".join(map(written, parts)) + ")"
        case Or(parts):
            return "(" + " OR ".join(map(written, parts)) + ")"


@settings(max_examples=150, deadline=None)
@given(trees, st.sets(st.sampled_from(WORDS)))
def test_both_forms_mean_what_the_query_means(tree: boolean.Query, present: set[str]) -> None:
    query, text = written(tree), " ".join(present)
    truth = boolean.matches(query, text)
    try:
        clauses = any_of(query, service="s")
        assert truth == any(set(c.wanted) <= present and not set(c.unwanted) & present for c in clauses)
    except BadQuery:
        pass
    try:
        choices, unwanted = all_of(query, service="s")
        assert truth == (all(set(c) & present for c in choices) and not set(unwanted) & present)
    except BadQuery:
        pass


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.frozensets(st.sampled_from(WORDS), min_size=1), max_size=12),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4, unique=True),
)
def test_the_size_of_a_union_counts_nobody_twice(texts: list[frozenset[str]], words: list[str]) -> None:  # fmt: skip
    clauses = [Clause((w,)) for w in words]
    size = union_size(clauses, lambda c: sum(set(c.wanted) <= t and not set(c.unwanted) & t for t in texts))
    assert size == sum(bool(t & set(words)) for t in texts)


def test_whole_periods_only() -> None:
    window = Window(utc(2026, 1, 1), utc(2026, 1, 31))  # a Thursday, to a Saturday
    weeks = periods(window, "week")
    assert [w.start.day for w in weeks] == [5, 12, 19]
    assert periods(window, "month") == []
    assert len(periods(window, "day")) == 30
    assert [p.start.month for p in periods(Window(utc(2025, 1, 1), utc(2026, 1, 1)), "quarter")] == [1, 4, 7, 10]


# --- Values ------------------------------------------------------------------------------------------------------------


def test_html_becomes_text() -> None:
    assert plain("a<p>b&amp;c<br>d <script>x()</script><a href='h'>e</a></p>") == "a\nb&c\nd e"
    assert plain(None) is None
    assert plain("") == ""


def test_numbers_and_times_that_are_none_are_not_made_up() -> None:
    assert [count(v) for v in (None, "", "12", 0, -3, True)] == [None, None, 12, 0, -3, None]
    assert instant("2026-01-01T01:00:00+01:00") == utc(2026, 1, 1)
    for bad in ("2026-01-01", "0001-01-01T00:00:00Z", -1, None, "yesterday"):
        with pytest.raises((ValueError, TypeError)):
            instant(bad)
    with pytest.raises(ValueError, match="whole"):
        count(1.5)


# --- Hacker News --------------------------------------------------------------------------------------------------------


def hn(server: Server, clock: FakeClock, options: dict | None = None) -> HackerNews:
    return HackerNews(options or {}, Wire(clock=clock), api=f"{server.url}/api/v1", manners=HASTY)


def test_a_query_of_more_items_than_hacker_news_gives_is_walked_by_windows(
    server: Server, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hackernews, "CEILING", 20)
    HackerNewsServer(server, n=60, ceiling=20)
    store = Store(tmp_path)
    gather(hn(server, clock), store, clock, "noise OR price")
    posts = store.read("posts").to_pandas()
    assert len(posts) == posts["id"].nunique() == 60
    assert cover(store)["status"].tolist() == ["complete"]
    assert cover(store)["rows"].tolist() == [60]


def test_an_instant_with_more_items_than_hacker_news_gives_is_capped_and_says_so(
    server: Server, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hackernews, "CEILING", 20)
    world = HackerNewsServer(server, n=60, ceiling=20)
    for hit in world.hits[:50]:
        hit["created_at_i"] = int(utc(2026, 1, 5, 3).timestamp())
    store = Store(tmp_path)
    gather(hn(server, clock), store, clock, "noise OR price")
    capped = cover(store).query("status == 'capped'")
    assert len(capped) == 1
    assert capped["end"].iloc[0] - capped["start"].iloc[0] < pd.Timedelta(minutes=2)
    crowd = [h["objectID"] for h in reversed(world.hits[:50])]
    noisy = [h["objectID"] for h in reversed(world.hits[:50]) if "noise" in h["comment_text"]]
    priced = [h["objectID"] for h in reversed(world.hits[:50]) if "price" in h["comment_text"]]
    rest = [h["objectID"] for h in world.hits[50:]]
    stored = set(store.read("posts").to_pandas()["id"])
    assert stored == {*rest, *noisy[:20], *priced[:20]}, "the twenty that each question gives"
    assert len(stored) < len(crowd) + len(rest)


def test_hacker_news_items_carry_what_is_known_and_nobodys_name(
    server: Server, clock: FakeClock, tmp_path: Path
) -> None:
    HackerNewsServer(server, n=4)
    store = Store(tmp_path)
    gather(hn(server, clock), store, clock, "price")
    post = store.read("posts").to_pandas().sort_values("created_at").iloc[0]
    assert post["text"] == "price 0 of @user's pump\nboth noise"
    assert post["author_key"] == author_key("hackernews", "writer0", SECRET)
    assert (post["kind"], post["thread_id"], post["in_reply_to"]) == ("comment", "10527428", "10541683")
    assert pd.isna(post["like_count"])  # comments show no points: unknown, not 0
    assert "writer" not in json.dumps(store.read("posts").to_pylist(), default=str)


def test_counts_of_hacker_news_are_the_union_of_the_clauses(server: Server, clock: FakeClock, tmp_path: Path) -> None:
    HackerNewsServer(server, n=120)
    store = Store(tmp_path)
    gather(hn(server, clock, {"counts": True}), store, clock, "noise OR both", "counts")
    counts = store.read("counts").to_pandas().set_index("period")["posts"]
    truth = [at for i, at in enumerate(spread(120)) if i % 2 or i % 4 == 0]
    weeks = pd.Series(1, pd.DatetimeIndex(truth)).resample("W-MON", closed="left", label="left").sum()
    assert counts.to_dict() == {w: float(n) for w, n in weeks.items() if w in counts.index}
    assert len(counts) == 3


def test_recorded_hits_are_read(shared: Callable[..., Path]) -> None:
    hits = json.loads(shared("fixtures", "social", "headers", "hn_algolia_two_hits.json").read_text())["hits"]
    story, comment = (hackernews._post(h, "q") for h in hits)
    assert (story["kind"], story["like_count"], story["reply_count"]) == ("post", 1, 1)
    assert json.loads(story["links"]) == ["https://github.com/notifme/notifme-sdk?"]
    assert comment["like_count"] is None
    assert "<" not in comment["text"]


def test_deleted_items_of_hacker_news_are_told(server: Server, clock: FakeClock) -> None:
    world = HackerNewsServer(server, n=4)
    world.hits.pop(1)
    posts = pd.DataFrame({"platform": "hackernews", "id": ["10000", "10001"], "url": ""})
    assert hn(server, clock).gone(posts) == ["10001"]


# --- Stack Exchange ------------------------------------------------------------------------------------------------------


def se(server: Server, clock: FakeClock, **options) -> StackExchange:
    return StackExchange({"sites": ["diy"], **options}, Wire(clock=clock), api=server.url, manners=HASTY)


def test_stack_exchange_waits_as_long_as_backoff_says(server: Server, clock: FakeClock, tmp_path: Path) -> None:
    pages = [
        {"items": [se_item(0, spread(2)[0])], "has_more": True, "backoff": 10},
        {"items": [se_item(1, spread(2)[1])], "has_more": False},
    ]
    server.route("/search/advanced", lambda a: Reply(pages[int(a.params["page"]) - 1]))
    store = Store(tmp_path)
    gather(se(server, clock), store, clock, "noise")
    assert clock.slept >= 10
    post = store.read("posts").to_pandas().sort_values("id").iloc[0]
    assert (post["platform"], post["like_count"], post["view_count"], post["reply_count"]) == (
        "stackexchange.diy",
        -3,
        10,
        0,
    )
    assert post["text"] == "It is a pump & it hums.\na < b"
    assert json.loads(post["tags"]) == ["heating", "noise"]
    assert post["author_key"] == author_key("stackexchange.diy", "100", SECRET)


def test_a_used_up_quota_of_stack_exchange_is_left_alone_by_every_process(
    server: Server, clock: FakeClock, tmp_path: Path
) -> None:
    told = "too many requests from this IP, more requests available in 82216 seconds"
    server.route("/search", Reply({"error_id": 502, "error_name": "throttle_violation", "error_message": told}, 400))
    report = gather(se(server, clock), Store(tmp_path), clock, "noise")
    assert report.retry_at is not None
    assert report.retry_at >= clock.now() + timedelta(seconds=82000)
    asked_before = len(server.log)
    with pytest.raises(Throttled):
        list(se(server, clock).posts(Query("posts", text="noise"), JANUARY, None))
    assert len(server.log) == asked_before


def test_questions_beyond_the_last_page_without_a_key_are_walked_by_windows(
    server: Server, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stackexchange, "PAGES", 2)
    monkeypatch.setattr(stackexchange, "PAGE", 10)
    items = [se_item(i, at) for i, at in enumerate(spread(50))]

    def answer(a):
        since, until = int(a.params["fromdate"]), int(a.params["todate"])
        found = [i for i in reversed(items) if since <= i["creation_date"] <= until]
        first = (int(a.params["page"]) - 1) * 10
        return Reply({"items": found[first : first + 10], "has_more": len(found) > first + 10})

    server.route("/search/advanced", answer)
    store = Store(tmp_path)
    gather(se(server, clock), store, clock, "noise")
    assert len(store.read("posts")) == 50
    assert cover(store)["status"].tolist() == ["complete"]
    assert max(int(a.params["page"]) for a in server.log) == 2


def test_what_the_query_excludes_is_left_out_whatever_the_site_did(
    server: Server, clock: FakeClock, tmp_path: Path
) -> None:
    server.route("/search/advanced", Reply({"items": [se_item(0, spread(1)[0])], "has_more": False}))
    store = Store(tmp_path)
    gather(se(server, clock), store, clock, "noise NOT pump")
    assert len(store.read("posts")) == 0


def test_counts_of_all_sites_are_added(server: Server, clock: FakeClock, tmp_path: Path) -> None:
    server.route("/search/advanced", lambda a: Reply({"total": 4 if a.params["site"] == "diy" else 1}))
    store = Store(tmp_path)
    gather(se(server, clock, sites=["diy", "ham"]), store, clock, "noise", "counts")
    assert store.read("counts").to_pandas()["posts"].tolist() == [5.0, 5.0, 5.0]


def test_without_sites_stack_exchange_is_not_asked(clock: FakeClock) -> None:
    assert "sites" in StackExchange({}, Wire(clock=clock)).check().why


# --- GDELT ---------------------------------------------------------------------------------------------------------------


def gdelt(server: Server, clock: FakeClock, **options) -> Gdelt:
    return Gdelt(options, Wire(clock=clock), api=server.url + "/doc", manners=HASTY)


def test_gdelt_gives_articles_of_how_many_and_their_tone_a_day(
    server: Server, clock: FakeClock, tmp_path: Path
) -> None:
    def answer(a):
        tone = a.params["mode"] == "timelinetone"
        return Reply(gdelt_timeline(utc(2026, 1, 1), 30, (lambda i: -1.5) if tone else (lambda i: float(i % 3))))

    server.route("/doc", answer)
    store = Store(tmp_path)
    gather(
        gdelt(server, clock, country="france"),
        store,
        clock,
        '"pompe à chaleur" AND (bruit OR "trop fort") NOT jus',
        "counts",
    )
    rows = store.read("counts").to_pandas().sort_values("period")
    assert rows["posts"].tolist() == [float(i % 3) for i in range(30)]
    assert rows["whole"].iloc[0] == 1200
    assert rows["tone"].isna().tolist() == [i % 3 == 0 for i in range(30)], "the tone of no article is unknown, not 0"
    assert rows["tone"].dropna().eq(-1.5).all()
    assert server.log[0].params["query"] == '"pompe à chaleur" (bruit OR "trop fort") -jus sourcecountry:france'


def test_hours_of_a_short_span_are_added_up_to_days(server: Server, clock: FakeClock, tmp_path: Path) -> None:
    def answer(a):
        hours = [f"2026010{1 + h // 24}T{h % 24:02d}0000Z" for h in range(48)]
        value = (lambda h: 2.0) if a.params["mode"] == "timelinetone" else (lambda h: 1.0)
        data = [{"date": at, "value": value(h), "norm": 50} for h, at in enumerate(hours)]
        return Reply({"timeline": [{"series": "x", "data": data}]})

    server.route("/doc", answer)
    store = Store(tmp_path)
    gather(gdelt(server, clock), store, clock, "bruit", "counts", Window(utc(2026, 1, 1), utc(2026, 1, 3)))
    rows = store.read("counts").to_pandas().sort_values("period")
    assert (rows["posts"].tolist(), rows["whole"].tolist(), rows["tone"].tolist()) == ([24, 24], [1200, 1200], [2, 2])


def test_no_article_at_all_is_empty_and_a_missing_day_is_unknown(
    server: Server, clock: FakeClock, tmp_path: Path
) -> None:
    server.route("/doc", Reply({}))
    store = Store(tmp_path / "a")
    gather(gdelt(server, clock), store, clock, "bruit", "counts")
    assert cover(store)["status"].tolist() == ["empty"]
    server.route("/doc", Reply(gdelt_timeline(utc(2026, 1, 1), 28)))
    store = Store(tmp_path / "b")
    report = gather(gdelt(server, clock), store, clock, "bruit", "counts")
    assert len(store.read("counts")) == 28
    assert "GDELT told nothing of 2 of 30 days" in report.notes


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("Your query was too short or too long.", "refused"),
        ("Please limit requests to one every 5 seconds", "unavailable"),
    ],
)
def test_gdelts_refusals_in_plain_words_are_understood(
    said: str, status: str, server: Server, clock: FakeClock, tmp_path: Path
) -> None:
    server.route("/doc", Reply(said, type="text/plain"))
    store = Store(tmp_path)
    gather(gdelt(server, clock), store, clock, "bruit", "counts")
    assert cover(store)["status"].tolist() == [status]
    assert said.split()[0] in cover(store)["note"][0]


# --- YouTube -------------------------------------------------------------------------------------------------------------


def test_the_day_of_youtube_ends_at_midnight_pacific_in_winter_and_summer() -> None:
    assert midnight_pacific(utc(2026, 1, 5, 7, 59)) == utc(2026, 1, 5, 8)
    assert midnight_pacific(utc(2026, 1, 5, 8)) == utc(2026, 1, 6, 8)
    assert midnight_pacific(utc(2026, 7, 5, 8)) == utc(2026, 7, 6, 7)


def test_a_hundred_searches_a_day_and_the_next_day_goes_on(
    server: Server, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(youtube, "SEARCHES", 3)
    videos = [yt_video(i, at) for i, at in enumerate(spread(5))]
    server.route("/videos", lambda a: Reply({"items": [v for v in videos if v["id"] in a.params["id"].split(",")]}))

    def search(a):
        n = int(a.params.get("pageToken") or 0)
        return Reply({"items": [{"id": {"videoId": f"vid{n}"}}], **({"nextPageToken": str(n + 1)} if n < 4 else {})})

    server.route("/search", search)
    store = Store(tmp_path)

    def again() -> Report:
        return gather(YouTube({}, Wire(clock=clock), api=server.url, manners=HASTY), store, clock, "noise")

    report = again()
    assert len(server.asked("/search")) == 3
    assert report.retry_at == utc(2026, 3, 5, 8)
    assert cover(store)["status"].tolist() == ["partial"]
    assert len(store.read("posts")) == 3
    assert again().unfinished == 1
    assert len(server.asked("/search")) == 3, "nobody is asked before the new day"
    clock.sleep((utc(2026, 3, 5, 8, 1) - clock.now()).total_seconds())
    assert again().unfinished == 0
    assert len(store.read("posts")) == 5
    assert len(server.asked("/search")) == 5, "the walk goes on where it stood"


def test_videos_carry_their_figures_and_what_the_channel_hides_is_unknown(
    server: Server, clock: FakeClock, tmp_path: Path
) -> None:
    one = Service("youtube", server, clock, tmp_path / "g")
    one.serve()
    store = Store(tmp_path / "s")
    gather(one.source, store, clock, "noise")
    post = store.read("posts").to_pandas().iloc[0]
    assert (post["view_count"], post["reply_count"], post["kind"], post["lang"]) == (1200, 0, "video", "fr")
    assert pd.isna(post["like_count"])
    assert post["text"] == "from @user"
    assert all("key" not in a.params for a in server.log), "the key stands in no address"
    assert {a.headers.get("x-goog-api-key") for a in server.log} == {KEYS["UNDERSAID_YOUTUBE_KEY"]}


def test_a_search_that_ends_near_five_hundred_is_walked_by_windows_or_capped(
    server: Server, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(youtube, "CEILING", 10)
    videos = {v["id"]: v for v in (yt_video(i, at) for i, at in enumerate(spread(16)))}
    server.route("/videos", lambda a: Reply({"items": [videos[v] for v in a.params["id"].split(",")]}))

    def search(a):
        since, until = a.params["publishedAfter"], a.params["publishedBefore"]
        found = [v for v, d in videos.items() if since <= d["snippet"]["publishedAt"] < until][::-1]
        return Reply({"items": [{"id": {"videoId": v}} for v in found[:10]]})

    server.route("/search", search)
    store = Store(tmp_path)
    gather(YouTube({}, Wire(clock=clock), api=server.url, manners=HASTY), store, clock, "noise")
    assert len(store.read("posts")) == 16
    assert cover(store)["status"].tolist() == ["complete"]


def test_videos_that_do_not_hold_the_words_are_flagged(server: Server, clock: FakeClock, tmp_path: Path) -> None:
    one = Service("youtube", server, clock, tmp_path / "g")
    one.serve()
    store = Store(tmp_path / "s")
    gather(one.source, store, clock, "hum OR quiet")
    assert set(store.read("posts").to_pandas()["flags"]) == {"not_matched"}


# --- X --------------------------------------------------------------------------------------------------------------------


def test_x_is_asked_in_its_own_operators() -> None:
    query = Query("counts", text='"pompe à chaleur" AND (bruit OR bruyante) NOT jus', language="fr-FR")
    assert asked(query) == '"pompe à chaleur" (bruit OR bruyante) -jus lang:fr -is:retweet'
    with pytest.raises(BadQuery, match="512"):
        asked(Query("counts", text=" OR ".join(f"word{i:040d}" for i in range(12))))


def test_counts_of_x_keep_whole_days_and_what_is_too_old_is_refused_and_not_zero(
    server: Server, clock: FakeClock, tmp_path: Path
) -> None:
    def answer(a):
        days = pd.date_range(a.params["start_time"], a.params["end_time"], freq="D")
        bins = [{"start": f"{d:%Y-%m-%dT%H:%M:%S.000Z}", "end": f"{e:%Y-%m-%dT%H:%M:%S.000Z}", "tweet_count": 7}
                for d, e in pairwise(days)]  # fmt: skip
        cut = {"start": "2026-02-25T00:00:00.000Z", "end": "2026-02-25T12:00:00.000Z", "tweet_count": 1}
        return Reply({"data": [*bins, cut], "meta": {"total_tweet_count": 43}})

    server.route("/tweets/counts/recent", answer)
    source = X({}, Wire(clock=clock), api=server.url, manners=HASTY)
    brief = Brief((Subject("noise", social="bruit"),), Window(utc(2026, 2, 1), utc(2026, 3, 4)))
    store = Store(tmp_path)
    collect(source.asks(brief), store, clock=clock, secret=SECRET)
    counts = store.read("counts").to_pandas()
    assert counts["posts"].tolist() == [7.0] * 6
    assert counts["period"].min() == pd.Timestamp("2026-02-26", tz="UTC")
    assert cover(store)["status"].tolist() == ["refused", "complete"]
    assert "archive" in cover(store)["note"][0]
    assert {a.headers["authorization"] for a in server.log} == {f"Bearer {KEYS['UNDERSAID_X_TOKEN']}"}


def test_posts_of_x_stop_at_the_budget_of_the_study(server: Server, clock: FakeClock, tmp_path: Path) -> None:
    posts = [x_post(i, at) for i, at in enumerate(reversed(spread(500)))]

    def answer(a):
        n = int(a.params.get("next_token") or 0)
        return Reply({"data": posts[n : n + 100], "meta": {"result_count": 100, "next_token": str(n + 100)}})

    server.route("/tweets/search/all", answer)
    source = X({"archive": True, "posts": 250}, Wire(clock=clock), api=server.url, manners=HASTY)
    store = Store(tmp_path)
    gather(source, store, clock, "noise")
    assert len(server.log) == 2, "a third page could cost more than the budget"
    assert len(store.read("posts")) == 200
    assert cover(store)["status"].tolist() == ["partial"]
    assert "budget of 250" in cover(store)["note"][0]
    with pytest.raises(NotAllowed, match="budget"):
        list(source.posts(Query("posts", text="noise"), JANUARY, None))


def test_an_empty_page_of_x_must_say_so_itself(server: Server, clock: FakeClock, tmp_path: Path) -> None:
    server.route("/tweets/search/all", Reply({"meta": {"result_count": 0}}))
    source = X({"archive": True, "posts": 100}, Wire(clock=clock), api=server.url, manners=HASTY)
    store = Store(tmp_path)
    gather(source, store, clock, "noise")
    assert cover(store)["status"].tolist() == ["empty"]


def test_without_a_budget_only_counts_are_asked_of_x(clock: FakeClock) -> None:
    brief = Brief((Subject("noise", social="bruit"),), JANUARY)
    tables = {a.query.table for a in X({"archive": True}, Wire(clock=clock)).asks(brief)}
    assert tables == {"counts"}
    tables = {a.query.table for a in X({"archive": True, "posts": 100}, Wire(clock=clock)).asks(brief)}
    assert tables == {"counts", "posts"}


# --- Reddit ---------------------------------------------------------------------------------------------------------------


def reddit(server: Server, clock: FakeClock, folder: Path, answer) -> Service:
    pytest.importorskip("praw", reason="praw is not installed (extra social)")
    one = Service("reddit", server, clock, folder)
    server.route("/search", answer)
    return one


def test_a_search_of_reddit_that_ends_early_leaves_what_is_older_capped(
    server: Server, clock: FakeClock, tmp_path: Path
) -> None:
    """250 posts of the last 15 days, then nothing: the first half of the month is not silent, it is not known."""
    half = Window(utc(2026, 1, 16), utc(2026, 1, 31))
    items = [reddit_item(i, at) for i, at in enumerate(reversed(spread(250, half)))]

    def answer(a):
        n = int(a.params.get("count") or 0)
        after = items[n + 99]["data"]["id"] if n + 100 < 250 else None
        return Reply({"kind": "Listing", "data": {"children": items[n : n + 100], "after": after and f"t3_{after}"}})

    one = reddit(server, clock, tmp_path / "g", answer)
    store = Store(tmp_path / "s")
    gather(one.source, store, clock, "noise")
    found = cover(store)
    assert found["status"].tolist() == ["capped", "complete"], found["note"].tolist()
    assert found["rows"].tolist() == [0, 250]
    oldest = store.read("posts").to_pandas()["created_at"].min()
    assert found["end"][0] == found["start"][1] == oldest
    assert len(server.asked("/search")) == 3, "halves would bring the same posts again"


def test_a_search_of_reddit_that_reaches_the_start_is_complete(
    server: Server, clock: FakeClock, tmp_path: Path
) -> None:
    items = [
        reddit_item(i, at) for i, at in enumerate(reversed(spread(100, Window(utc(2025, 12, 1), utc(2026, 1, 31)))))
    ]
    page = {"kind": "Listing", "data": {"children": items, "after": "t3_more"}}
    one = reddit(server, clock, tmp_path / "g", Reply(page))
    store = Store(tmp_path / "s")
    report = gather(one.source, store, clock, "noise")
    assert cover(store)["status"].tolist() == ["complete"]
    assert store.read("posts").to_pandas()["created_at"].min() >= pd.Timestamp("2026-01-01", tz="UTC")
    assert any("outside the window" in n for n in report.notes)


def test_reddit_posts_name_nobody_and_removed_texts_are_unknown(
    server: Server, clock: FakeClock, tmp_path: Path
) -> None:
    items = [reddit_item(i, at) for i, at in enumerate(spread(3))]
    items[1]["data"].update(selftext="[removed]", author="[deleted]")
    one = reddit(server, clock, tmp_path / "g", Reply({"kind": "Listing", "data": {"children": items, "after": None}}))
    store = Store(tmp_path / "s")
    gather(one.source, store, clock, "noise")
    posts = store.read("posts").to_pandas().sort_values("id", ignore_index=True)
    assert posts["text"][0] == "from u/user"
    assert posts["author_key"][0] == author_key("reddit", "writer0", SECRET)
    assert pd.isna(posts["text"][1])
    assert pd.isna(posts["author_key"][1])
    assert posts["flags"][1] == "removed"
    assert posts["like_count"].tolist() == [-2, -1, 0]


def test_reddit_is_asked_in_its_own_operators_and_praw_neither_sleeps_nor_retries(
    server: Server, clock: FakeClock, tmp_path: Path
) -> None:
    limits = {"x-ratelimit-remaining": "0", "x-ratelimit-used": "100", "x-ratelimit-reset": "300"}
    empty = Reply({"kind": "Listing", "data": {"children": [], "after": None}}, headers=limits)
    one = reddit(server, clock, tmp_path / "g", empty)
    list(one.source.posts(Query("posts", text='"pompe à chaleur" AND (bruit OR fort) NOT jus'), JANUARY, None))
    assert server.asked("/search")[0].params["q"] == '("pompe à chaleur" AND (bruit OR fort) AND NOT jus)'
    with pytest.raises(Throttled) as raised:
        list(one.source.posts(Query("posts", text="bruit"), JANUARY, None))
    assert raised.value.retry_at is not None
    assert raised.value.retry_at >= clock.now() + timedelta(seconds=299), "the pace of the answer's own headers"


def test_recorded_posts_of_reddit_are_read(shared: Callable[..., Path]) -> None:
    from sources.social.reddit import _post

    listing = json.loads(shared("fixtures", "social", "reddit", "search_listing.json").read_text())
    rows = [_post(c, "q") for c in listing["data"]["children"]]
    assert len(rows) == 4
    assert rows[0]["id"] == "3gpbiu"
    assert rows[0]["reply_count"] == 21
    assert rows[0]["url"].endswith("raise/")


def test_recorded_posts_of_x_are_read(shared: Callable[..., Path]) -> None:
    from sources.social.x import _post

    lines = shared("fixtures", "social", "twitter", "twarc_two_tweets.jsonl").read_text().splitlines()
    rows = [_post(t, "q") for line in lines for t in json.loads(line)["data"]]
    assert [(r["kind"], r["repost_of"], r["lang"]) for r in rows] == [("repost", "1391677057810288641", None)]
    assert all(r["id"].isdigit() and r["author"] for r in rows)


def test_accounts_named_in_a_post_are_told_as_authors_are() -> None:
    from sources.social.bluesky_posts import record_row
    from sources.social.mastodon_posts import status_row
    from sources.social.x import _post

    when = "2026-01-01T00:00:00.000Z"
    tweet = {"id": "1", "created_at": when, "author_id": "7", "entities": {"mentions": [{"username": "b", "id": "8"}]}}
    assert _post(tweet, "q")["named"] == ["8"]
    features = [{"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:b"}]
    record = {"text": "@b.test", "createdAt": when, "facets": [{"features": features}]}
    assert record_row("at://did:plc:a/app.bsky.feed.post/3k", record, "q")["named"] == ["did:plc:b"]
    status = {
        "uri": "https://one.test/users/a/statuses/1", "created_at": when, "content": "@b @c", "account": {"acct": "a"},
        "mentions": [{"acct": "b"}, {"acct": "c@two.test"}],
    }  # fmt: skip
    row = status_row(status, "q", "one.test", utc(2026, 1, 2))
    assert (row["author"], row["named"]) == ("a@one.test", ["b@one.test", "c@two.test"])
    passed = status_row(status | {"reblog": status}, "q", "one.test", utc(2026, 1, 2))
    assert passed["named"] == [], "who passes a post on names nobody"


# --- Deletions ------------------------------------------------------------------------------------------------------------


def test_every_service_tells_which_posts_are_gone(server: Server, clock: FakeClock, tmp_path: Path) -> None:
    at = spread(2)
    server.route("/questions/", Reply({"items": [se_item(0, at[0])], "has_more": False}))
    posts = pd.DataFrame({"platform": "stackexchange.diy", "id": ["5000", "5001"], "url": ""})
    assert se(server, clock).gone(posts) == ["5001"]
    server.route("/videos", Reply({"items": [{"id": "vid0"}]}))
    posts = pd.DataFrame({"platform": "youtube", "id": ["vid0", "vid1"], "url": ""})
    assert YouTube({}, Wire(clock=clock), api=server.url, manners=HASTY).gone(posts) == ["vid1"]
    server.route("/tweets", Reply({"data": [{"id": "1"}], "errors": [{"value": "2", "title": "Not Found Error"}]}))
    posts = pd.DataFrame({"platform": "x", "id": ["1", "2"], "url": ""})
    assert X({}, Wire(clock=clock), api=server.url, manners=HASTY).gone(posts) == ["2"]


def test_reddit_tells_which_posts_are_gone(server: Server, clock: FakeClock, tmp_path: Path) -> None:
    kept, removed = (reddit_item(i, at) for i, at in enumerate(spread(2)))
    removed["data"].update(selftext="[removed]", removed_by_category="moderator")
    one = reddit(server, clock, tmp_path / "g", Reply({}))
    server.route("/api/info", Reply({"kind": "Listing", "data": {"children": [kept, removed]}}))
    posts = pd.DataFrame({"platform": "reddit", "id": ["p0", "p1", "p2"], "url": ""})
    assert one.source.gone(posts) == ["p1", "p2"]


def test_an_answer_that_tells_nothing_deletes_nothing(server: Server, clock: FakeClock) -> None:
    from sources.errors import Changed

    server.route("/videos", Reply({"kind": "other"}))
    posts = pd.DataFrame({"platform": "youtube", "id": ["vid0"], "url": ""})
    with pytest.raises(Changed):
        YouTube({}, Wire(clock=clock), api=server.url, manners=HASTY).gone(posts)


# --- All ------------------------------------------------------------------------------------------------------------------


def test_all_are_found_by_their_entry_points_and_name_their_terms() -> None:
    known = connectors()
    for name in ("hackernews", "stackexchange", "gdelt", "youtube", "x", "reddit"):
        assert known[name].name == name
        assert known[name].caps.terms
        assert known[name].caps.links


def test_keys_are_never_taken_from_a_study_file() -> None:
    from sources.connector import open_source

    with pytest.raises(BadQuery, match="unknown option 'token'"):
        open_source("x", {"token": "abc"})
    with pytest.raises(BadQuery, match="unknown option 'key'"):
        open_source("youtube", {"key": "abc"})


def test_no_key_reaches_the_disk(server: Server, clock: FakeClock, tmp_path: Path) -> None:
    for name in ("youtube", "x"):
        one = Service(name, server, clock, tmp_path / "g")
        one.serve()
        gather(one.source, Store(tmp_path / "s"), clock, "noise")
    import gzip

    for file in (tmp_path / "s").rglob("*"):
        if file.is_file():
            content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
            assert not any(value.encode() in content for value in KEYS.values() if len(value) > 12), file


def test_the_names_of_hits_reach_the_store_nowhere(server: Server, clock: FakeClock, tmp_path: Path) -> None:
    for name in ("hackernews", "stackexchange", "youtube", "x"):
        one = Service(name, server, clock, tmp_path / "g")
        one.serve()
        gather(one.source, Store(tmp_path / name), clock, one.query)
        text = json.dumps(Store(tmp_path / name).read("posts").to_pylist(), default=str)
        assert "writer" not in text
        assert "i.example" not in text
        assert "Channel" not in text
        assert "@paul" not in text
        assert store_has_authors(Store(tmp_path / name))


def store_has_authors(store: Store) -> bool:
    return bool(store.read("posts").to_pandas()["author_key"].notna().all())


def test_hits_of_other_shapes_are_rejected_by_name() -> None:
    hit = hn_hit(1, utc(2026, 1, 1))
    hit["created_at_i"] = "soon"
    with pytest.raises(ValueError, match="soon"):
        hackernews._post(hit, "q")


def test_a_missing_key_is_an_error_of_its_own() -> None:
    assert NeedsKey("a", "b", "c").remedy == "c"
