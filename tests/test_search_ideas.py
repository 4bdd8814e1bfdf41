"""Suggestions are ideas without volume; the trending feed gives lower bounds; the catalogue says what works here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sources.archive import Archive
from sources.collect import collect
from sources.connector import (
    Brief,
    CountSource,
    PostSource,
    Query,
    SearchSource,
    Subject,
    Window,
    asks_of_each,
    catalogue,
    connectors,
    open_source,
    plan,
)
from sources.errors import BadQuery, Changed, NotAllowed
from sources.search.suggestions import STEMS, GoogleSuggest, WikipediaTitles
from sources.search.trending import GoogleTrending, read_feed
from sources.store import Store
from sources.transport import Wire
from tests.faults import (
    HASTY,
    Asked,
    FakeClock,
    Forum,
    Reply,
    Server,
    a_clock,  # noqa: F401
    a_server,  # noqa: F401
    fenced,  # noqa: F401
    utc,
)

TODAY = Window(utc(2026, 3, 4), utc(2026, 3, 5))


def suggest(server: Server, clock: FakeClock, **options: Any) -> GoogleSuggest:
    return GoogleSuggest(options, Wire(clock=clock), url=f"{server.url}/complete", manners=HASTY)


def answer(asked: Asked) -> Reply:
    q = asked.params["q"]
    details = {"google:suggesttype": ["QUERY", "NAVIGATION", "QUERY"], "google:suggestrelevance": [3, 2, 1]}
    return Reply([q, [f"{q} bruit", "http://shop.example", q.upper()], ["", "", ""], [], details])


# --- Suggestions ----------------------------------------


@pytest.mark.parametrize(("language", "stem"), [("fr", "à quoi sert"), ("en", "how much")])
def test_a_term_is_asked_for_alone_and_after_every_question_word(
    server: Server, clock: FakeClock, tmp_path: Path, language: str, stem: str
) -> None:
    server.route("/complete", answer)
    source = suggest(server, clock)
    brief = Brief((Subject("p", ("pompe à chaleur",)),), TODAY, "FR", (language,))
    store = Store(tmp_path)
    report = collect(list(asks_of_each(source, brief, clock.now())), store, clock=clock)
    asked = [a.params["q"] for a in server.asked("/complete")]
    assert asked == ["pompe à chaleur", *[f"{s} pompe à chaleur" for s in STEMS[language]]]
    assert f"{stem} pompe à chaleur" in asked
    rows = store.read("queries").to_pandas()
    assert f"{stem} pompe à chaleur bruit" in set(rows["query"])
    assert rows[["kind", "unit", "ranking"]].drop_duplicates().to_numpy().tolist() == [["idea", "none", "list"]]
    assert rows[["value", "lo", "hi"]].isna().all().all(), "an idea has no volume"
    assert not rows["query"].str.startswith("http").any()
    assert report.coverage["status"].tolist() == ["complete"]
    assert {(a.params["hl"], a.params["gl"], a.params["oe"]) for a in server.asked("/complete")} == {
        (language, "FR", "utf-8")
    }


def test_question_mining_goes_on_where_it_stopped(server: Server, clock: FakeClock) -> None:
    server.route("/complete", answer)
    pages = list(suggest(server, clock).search(Query("queries", terms=("pac",), language="fr"), TODAY, {"done": 15}))
    assert len(pages) == 2
    assert pages[-1].complete


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('["été",["été 2026","où aller l\'été"]]'.encode("latin-1"), "text/javascript; charset=ISO-8859-1"),
        ('["été",["été 2026","où aller l\'été"]]'.encode(), "application/json; charset=utf-8"),
        ('["été",["été 2026","où aller l\'été"]]'.encode(), None),
        (b')]}\'\n["\\u00e9t\\u00e9",["\\u00e9t\\u00e9 2026","o\\u00f9 aller l\'\\u00e9t\\u00e9"]]', "text/javascript"),
    ],
    ids=["latin-1", "utf-8", "no type", "prefix and escapes"],
)
def test_the_charset_is_that_of_the_header(server: Server, clock: FakeClock, body: bytes, kind: str | None) -> None:
    server.route("/complete", Reply(body, type=kind))
    assert suggest(server, clock).suggestions("été", language="fr") == ["été 2026", "où aller l'été"]


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply({"a": 1}), Changed),
        (Reply(["q"]), Changed),
        (Reply(["q", "x"]), Changed),
        (Reply(["q", [1, 2]]), Changed),
        (Reply(["another question", ["x"]]), Changed),
        (Reply("<html>sorry", type="text/html"), NotAllowed),
        (Reply("", 403), NotAllowed),
    ],
    ids=["object", "short", "text", "numbers", "other question", "page", "403"],
)
def test_r8_proposals_of_another_shape_are_an_error(
    server: Server, clock: FakeClock, reply: Reply, error: type
) -> None:
    server.route("/complete", reply)
    with pytest.raises(error):
        suggest(server, clock).suggestions("q", language="en")


def test_an_empty_text_is_not_asked(server: Server, clock: FakeClock) -> None:
    with pytest.raises(BadQuery):
        suggest(server, clock).suggestions("  ", language="fr")
    assert server.log == []


def test_titles_of_wikipedia_are_ideas_of_topics(server: Server, clock: FakeClock) -> None:
    url = f"{server.url}/{{language}}/w/api.php"
    server.route("/fr/w/api.php", Reply(["pompe", ["Pompe", "Pompe à chaleur"], ["", ""], ["https://x", "https://y"]]))
    source = WikipediaTitles({"contact": "a@example.org"}, Wire(clock=clock), wiki=url, manners=HASTY)
    page = next(source.search(Query("queries", terms=("pompe",), language="fr"), TODAY, None))
    assert page.rows["queries"][["query", "item", "kind"]].to_numpy().tolist() == [["Pompe à chaleur", "topic", "idea"]]
    assert "a@example.org" in server.log[0].headers["user-agent"]


@pytest.mark.parametrize(
    ("file", "asked", "n"), [("google.chrome-client.json", "für", 8), ("google.firefox-client.json", "node.js", 12)]
)
def test_recorded_suggestions_are_read(shared, server: Server, clock: FakeClock, file: str, asked: str, n: int) -> None:
    server.route("/complete", Reply(shared("fixtures", "search", "suggest", file).read_bytes()))
    found = suggest(server, clock).suggestions(asked, language="de")
    assert len(found) == n


# --- Trending ----------------------------------------

ITEM = """
<item><title>{title}</title>{traffic}<pubDate>Mon, 2 Feb 2026 19:00:00 -0800</pubDate>
<ht:news_item><ht:news_item_title>x</ht:news_item_title></ht:news_item></item>
"""


def feed(*items: tuple[str, str | None], namespace: str = "https://trends.google.com/trending/rss") -> bytes:
    body = "".join(
        ITEM.format(title=t, traffic="" if n is None else f"<ht:approx_traffic>{n}</ht:approx_traffic>")
        for t, n in items
    )
    head = f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:ht="{namespace}">'
    return f"{head}<channel>{body}</channel></rss>".encode()


def test_traffic_is_a_lower_bound_and_no_value() -> None:
    rows, rejected = read_feed(
        feed(
            ("a", "100+"),
            ("b", "20K+"),
            ("c", "1.5M+"),
            ("d", "2,000+"),
            ("e", None),
            ("f", "many"),
            ("é", "1\u202f000+"),
        ),
        geo="FR",
    )
    assert rejected == ()
    assert rows["lo"].tolist()[:4] == [100, 20_000, 1_500_000, 2_000]
    assert rows["lo"].isna().tolist() == [False] * 4 + [True, True, False]
    assert rows[["value", "hi"]].isna().all().all()
    assert rows["kind"].tolist() == ["bucket"] * 4 + ["blank", "blank", "bucket"]
    assert rows["raw"].tolist()[:3] == ["100+", "20K+", "1.5M+"]
    assert rows["window"][0] == "2026-02-03 03:00 UTC, FR"


def test_r17_items_without_a_title_are_refused_and_the_others_kept() -> None:
    rows, rejected = read_feed(feed(("", "100+"), ("b", "100+"), ("b", "200+")), geo="FR")
    assert rows["query"].tolist() == ["b"]
    assert [r.reason for r in rejected] == ["an item without a title"]


def test_the_older_namespace_is_read() -> None:
    rows, _ = read_feed(
        feed(("a", "500+"), namespace="https://trends.google.com/trends/trendingsearches/daily"), geo="FR"
    )
    assert rows["lo"].tolist() == [500]


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    b"<rss><channel><item><title>&b;</title></item></channel></rss>"
)
REMOTE = b'<?xml version="1.0"?><!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><rss><channel/></rss>'


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", Changed),
        (b"<rss><channel><item>", Changed),
        (b"\xff\xfe\x00garbage", Changed),
        (b"<feed/>", Changed),
        (b"<rss/>", Changed),
        (BOMB, Changed),
        (REMOTE, Changed),
        (b"<!DOCTYPE html><html><body>Sorry</body></html>", NotAllowed),
        (b"  <html>consent</html>", NotAllowed),
    ],
    ids=[
        "empty",
        "cut",
        "garbage",
        "another feed",
        "no channel",
        "entity bomb",
        "remote dtd",
        "page",
        "page without doctype",
    ],
)
def test_r17_bad_xml_and_pages_are_errors(content: bytes, error: type) -> None:
    with pytest.raises(error):
        read_feed(content, geo="FR")


def test_the_feed_is_collected_and_archived(server: Server, clock: FakeClock, tmp_path: Path) -> None:
    body = feed(("a", "100+"), ("b", "1M+"))
    server.route("/rss", Reply(body, type="application/rss+xml"))
    source = GoogleTrending({}, Wire(clock=clock), url=f"{server.url}/rss", manners=HASTY)
    brief = Brief((), TODAY, "FR", ("fr",))
    collect(source.asks(brief), Store(tmp_path), clock=clock)
    assert server.log[0].params == {"geo": "FR"}
    assert len(Store(tmp_path).read("queries")) == 2
    archive = Archive(tmp_path)
    assert [archive.read(n) for n in archive.names("google_trending")] == [body]
    with pytest.raises(BadQuery, match="of one country"):
        source.asks(Brief((), TODAY))


def test_the_recorded_feed_is_read(shared) -> None:
    rows, rejected = read_feed(shared("fixtures", "search", "rss", "trending_now.gb.xml").read_bytes(), geo="GB")
    assert rejected == ()
    assert rows.loc[0, ["query", "lo", "raw", "window"]].tolist() == [
        "Nvidia",
        100.0,
        "100+",
        "2026-02-03 03:00 UTC, GB",
    ]
    assert len(rows) == rows["query"].nunique() >= 1


# --- Catalogue and registry ----------------------------------------

BUILT_IN = {"google_suggest", "google_trends", "google_trending", "wikipedia", "wikipedia_titles"}


def test_every_built_in_connector_is_listed_with_what_it_gives_needs_and_allows() -> None:
    found = catalogue({}).set_index("source")
    assert set(found.index) >= BUILT_IN
    for name in BUILT_IN:
        row = found.loc[name]
        for column in ("title", "gives", "tables", "needs", "limits", "terms", "links"):
            assert row[column], (name, column)
    assert bool(found.loc["google_trends", "works"])
    assert not bool(found.loc["wikipedia", "works"])
    assert "UNDERSAID_CONTACT" in found.loc["wikipedia", "why"]
    assert bool(catalogue({"UNDERSAID_CONTACT": "a@example.org"}).set_index("source").loc["wikipedia", "works"])


def test_a_missing_package_is_said_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    really = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *a: None if name == "pytrends" else really(name, *a))
    found = catalogue({}).set_index("source").loc["google_trends"]
    assert not found["works"]
    assert "pip install 'pytrends'" in found["why"]


def test_a_connector_of_others_that_cannot_be_loaded_is_listed_and_takes_nobody_along(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from importlib import metadata

    broken = metadata.EntryPoint("broken", "no_such_package.module:Thing", "undersaid.sources")
    real = list(metadata.entry_points(group="undersaid.sources"))
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [*real, broken])
    found = catalogue({}).set_index("source")
    assert set(found.index) >= BUILT_IN | {"broken"}
    assert not found.loc["broken", "works"]
    assert "cannot be loaded" in found.loc["broken", "why"]
    with pytest.raises(BadQuery, match="cannot be loaded"):
        open_source("broken")


def test_options_are_checked_and_nothing_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERSAID_STATE_DIR", str(tmp_path / "state"))
    for name in BUILT_IN:
        source = open_source(name)
        assert source.name == name
        assert isinstance(source, SearchSource)
        with pytest.raises(BadQuery, match="unknown option"):
            open_source(name, {"nonsense": 1})
    assert not (tmp_path / "state").exists()
    assert set(connectors()) >= BUILT_IN


def test_the_protocols_tell_the_kinds_of_sources_apart() -> None:
    forum = Forum({"url": "http://127.0.0.1:1"}, Wire())
    assert isinstance(forum, PostSource)
    assert isinstance(forum, CountSource)
    assert not isinstance(forum, SearchSource)


def test_a_study_is_planned_over_all_its_sources(clock: FakeClock) -> None:
    subjects = (Subject("noise", ("bruit pac", "pac bruyante"), "pac AND bruit"), Subject("price", ("prix pac",)))
    brief = Brief(subjects, Window(utc(2024, 1, 1), utc(2026, 3, 5)), "FR", ("fr",), "week")
    settings = {"google_trends": {}, "wikipedia": {}, "google_suggest": {}, "google_trending": {}}
    asks = plan(brief, settings, Wire(clock=clock))
    assert pd.Series([a.source.name for a in asks]).value_counts().to_dict() == {
        "google_trends": 1,
        "wikipedia": 3,
        "google_suggest": 3,
        "google_trending": 1,
    }
    assert len({a.key for a in asks}) == len(asks)
    assert json.dumps(asks[0].query.options)
