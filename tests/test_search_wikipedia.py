"""Wikipedia page views: a day without readers, a day not loaded, and an article that is not there are three things."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pandas as pd
import pytest

from sources.collect import collect
from sources.connector import Brief, NotEnoughData, Subject, Window
from sources.errors import BadQuery, Changed, NeedsKey, NotAllowed, Throttled
from sources.search.wikipedia import Wikipedia
from sources.store import Store
from sources.transport import Wire
from tests.faults import (
    HASTY,
    Asked,
    FakeClock,
    Reply,
    Server,
    a_clock,  # noqa: F401
    a_server,  # noqa: F401
    fenced,  # noqa: F401
    utc,
)

FEB = Window(utc(2026, 2, 1), utc(2026, 2, 8))
PROBLEM = {
    "title": "Not Found",
    "status": 404,
    "detail": "no data for those dates, or not loaded yet",
    "type": "about:blank",
}


class Wiki:
    """A small Wikimedia: articles with redirects, and views by (title, access) and day; zero days are left out."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.articles: dict[str, list[str]] = {"Pompe à chaleur": ["PAC", "Thermopompe"]}
        self.views: dict[tuple[str, str], dict[str, int]] = {}
        self.loaded = [f"2026-02-{d:02d}" for d in range(1, 29)] + ["2026-03-01", "2026-03-02"]
        server.route("/w/api.php", self._query)
        server.route("/rest/per-article", self._article)
        server.route("/rest/aggregate", self._aggregate)

    def put(self, title: str, access: str = "all-access", **days: int) -> None:
        self.views[title, access] = {f"2026-02-{int(d[1:]):02d}": n for d, n in days.items()}

    def _query(self, asked: Asked) -> Reply:
        title = asked.params["titles"]
        canonical = title[:1].upper() + title[1:]
        query: dict[str, Any] = {}
        if canonical != title:
            query["normalized"] = [{"from": title, "to": canonical}]
        for goal, others in self.articles.items():
            if canonical in others:
                query["redirects"] = [{"from": canonical, "to": goal}]
                canonical = goal
        if "<" in title:
            page: dict[str, Any] = {"title": title, "invalid": True, "invalidreason": "bad"}
        elif canonical not in self.articles:
            page = {"ns": 0, "title": canonical, "missing": True}
        else:
            page = {
                "pageid": 1,
                "ns": 0,
                "title": canonical,
                "redirects": [{"title": r} for r in self.articles[canonical]],
            }
        return Reply({"batchcomplete": True, "query": {**query, "pages": [page]}})

    def _article(self, asked: Asked) -> Reply:
        _, _, _, project, access, agent, rest = asked.path.split("/", 6)
        title, _, start, end = rest.rsplit("/", 3)
        assert (project, agent) == ("fr.wikipedia", "user")
        found = self.views.get((title.replace("_", " "), access), {})
        items = [
            {"article": title, "timestamp": d.replace("-", "") + "00", "views": n}
            for d, n in found.items()
            if start <= d.replace("-", "") <= end and n
        ]
        return Reply({"items": items}) if items else Reply(PROBLEM, 404, type="application/problem+json")

    def _aggregate(self, asked: Asked) -> Reply:
        start, end = asked.path.split("/")[-2:]
        days = [d for d in self.loaded if start <= d.replace("-", "") <= end]
        items = [{"timestamp": d.replace("-", "") + "00", "views": 10**6} for d in days]
        return Reply({"items": items}) if items else Reply(PROBLEM, 404, type="application/problem+json")


@pytest.fixture
def wiki(server: Server) -> Wiki:
    return Wiki(server)


def connector(wiki: Wiki, clock: FakeClock, **options: Any) -> Wikipedia:
    given = {"contact": "team@example.org", **options}
    url = wiki.server.url
    return Wikipedia(
        given, Wire(clock=clock), rest=f"{url}/rest", wiki=f"{url}/w/api.php?language={{language}}", manners=HASTY
    )


def test_views_of_redirects_are_added(wiki: Wiki, clock: FakeClock) -> None:
    wiki.put("Pompe à chaleur", d1=100, d2=90)
    wiki.put("PAC", d1=7)
    wiki.put("Thermopompe", d2=3, d3=1)
    views = connector(wiki, clock).page_views("pompe à chaleur", language="fr", window=FEB)
    assert views["views"].tolist() == [107, 93, 1, 0, 0, 0, 0]
    assert set(views["article"]) == {"Pompe à chaleur"}


@pytest.mark.parametrize("asked", ["PAC", "pompe à chaleur", "Pompe à chaleur"])
def test_r16_the_title_is_resolved_first(wiki: Wiki, clock: FakeClock, asked: str) -> None:
    wiki.put("Pompe à chaleur", d1=100)
    views = connector(wiki, clock).page_views(asked, language="fr", window=FEB)
    assert views["views"].sum() == 100
    paths = [unquote(a.path) for a in wiki.server.asked("/rest/per-article")]
    assert any("/Pompe_à_chaleur/" in p for p in paths)
    assert ("is the article" in " ".join(views.attrs["notes"])) is (asked != "Pompe à chaleur")


def test_r16_a_day_without_views_is_zero_and_a_day_before_the_first_is_unknown(wiki: Wiki, clock: FakeClock) -> None:
    wiki.put("Pompe à chaleur", d3=5, d5=2)
    views = connector(wiki, clock).page_views("PAC", language="fr", window=FEB)
    assert views["period"].min() == pd.Timestamp("2026-02-03", tz="UTC")
    assert views["views"].tolist() == [5, 0, 2, 0, 0]


def test_r16_the_last_days_are_missing_while_they_are_not_loaded(wiki: Wiki, clock: FakeClock) -> None:
    wiki.put("Pompe à chaleur", d20=5, d27=9)
    window = Window(utc(2026, 2, 20), utc(2026, 3, 4))
    views = connector(wiki, clock).page_views("PAC", language="fr", window=window)
    assert views["period"].max() == pd.Timestamp("2026-03-02", tz="UTC"), "loaded to the second of March"
    wiki.loaded = wiki.loaded[:-4]
    views = connector(wiki, clock).page_views("PAC", language="fr", window=window)
    assert views["period"].max() == pd.Timestamp("2026-02-26", tz="UTC")
    assert views["views"].tolist() == [5, 0, 0, 0, 0, 0, 0], "the 27th came before the project was whole"


def test_days_of_robots_are_flagged(wiki: Wiki, clock: FakeClock) -> None:
    wiki.put("Pompe à chaleur", d1=1000, d2=1000, d3=1000, d4=10)
    wiki.put("Pompe à chaleur", "desktop", d1=910, d2=500, d3=20, d4=10)
    wiki.put("Pompe à chaleur", "mobile-web", d1=50, d2=400, d3=960)
    views = connector(wiki, clock).page_views("PAC", language="fr", window=FEB)
    assert views["automated"].tolist()[:4] == [True, False, True, False]


def test_a_contact_is_needed_and_the_message_says_how_to_give_one(
    wiki: Wiki, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = connector(wiki, clock, contact="")
    assert not nobody.check().works
    assert "UNDERSAID_CONTACT" in nobody.check().why
    with pytest.raises(NeedsKey, match="UNDERSAID_CONTACT"):
        nobody.page_views("PAC", language="fr", window=FEB)
    with pytest.raises(NeedsKey):
        connector(wiki, clock, contact="me").page_views("PAC", language="fr", window=FEB)
    assert wiki.server.log == []
    monkeypatch.setenv("UNDERSAID_CONTACT", "https://example.org/contact")
    wiki.put("Pompe à chaleur", d1=1)
    assert nobody.check().works
    nobody.page_views("PAC", language="fr", window=FEB)
    agents = {a.headers["user-agent"] for a in wiki.server.log}
    assert len(agents) == 1
    agent = agents.pop()
    assert agent.startswith("undersaid/")
    assert "(https://example.org/contact) httpx/" in agent


def test_r5_a_refusal_says_to_set_a_contact(wiki: Wiki, clock: FakeClock) -> None:
    wiki.server.next("/w/api.php", Reply("", 403))
    with pytest.raises(NotAllowed, match="set a contact"):
        connector(wiki, clock).page_views("PAC", language="fr", window=FEB)


def test_r2_a_429_waits_as_long_as_it_says(wiki: Wiki, clock: FakeClock) -> None:
    wiki.server.next("/rest/per-article", Reply("", 429, {"Retry-After": "17"}))
    with pytest.raises(Throttled) as caught:
        connector(wiki, clock).page_views("PAC", language="fr", window=FEB)
    assert caught.value.retry_at == clock.now() + timedelta(seconds=17)


def test_no_such_article_and_no_views_are_told_apart(wiki: Wiki, clock: FakeClock) -> None:
    with pytest.raises(NotEnoughData, match="has no article 'Chaufage'"):
        connector(wiki, clock).page_views("Chaufage", language="fr", window=FEB)
    with pytest.raises(NotEnoughData, match="no views of 'Pompe à chaleur'"):
        connector(wiki, clock).page_views("PAC", language="fr", window=FEB)
    with pytest.raises(BadQuery, match="cannot be a title"):
        connector(wiki, clock).page_views("<b>", language="fr", window=FEB)


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        (utc(2015, 6, 30), utc(2016, 1, 1), "before 2015-07-01"),
        (utc(2026, 2, 3), utc(2026, 2, 1), "after the end"),
        (utc(2027, 1, 1), utc(2027, 2, 1), "future"),
    ],
    ids=["too early", "turned", "future"],
)
def test_f14_dates_are_checked_before_anything_is_sent(
    wiki: Wiki, clock: FakeClock, start: Any, end: Any, says: str
) -> None:
    with pytest.raises(BadQuery, match=says):
        connector(wiki, clock).page_views("PAC", language="fr", window=Window(start, end))
    assert wiki.server.log == []


@pytest.mark.parametrize("title", ["AC/DC", "C++", "100 % coton", "Qu'est-ce ? Rien", "日本", "A&B=C"])
def test_any_title_is_sent_whole(wiki: Wiki, clock: FakeClock, title: str) -> None:
    wiki.articles = {title: []}
    wiki.put(title, d1=5)
    assert connector(wiki, clock).page_views(title, language="fr", window=FEB)["views"].sum() == 5


@pytest.mark.parametrize(
    "body",
    [{"items": [{"views": 1}]}, {"items": None}, {}, {"items": [{"timestamp": "x", "views": 1}]}],
    ids=["no day", "no list", "nothing", "no date"],
)
def test_r8_another_shape_is_an_error(wiki: Wiki, clock: FakeClock, body: Any) -> None:
    wiki.server.next("/rest/per-article", Reply(body))
    with pytest.raises(Changed):
        connector(wiki, clock).page_views("PAC", language="fr", window=FEB)


def test_the_older_form_of_the_title_answer_is_read(wiki: Wiki, clock: FakeClock) -> None:
    old = {
        "batchcomplete": "",
        "query": {
            "redirects": [{"from": "USA", "to": "United States"}],
            "pages": {"3434750": {"pageid": 3434750, "ns": 0, "title": "United States"}},
        },
    }
    wiki.server.next("/w/api.php", Reply(old))
    assert connector(wiki, clock).article("USA", language="en").title == "United States"
    gone = {"query": {"pages": {"-1": {"ns": 0, "title": "Xx", "missing": ""}}}}
    wiki.server.next("/w/api.php", Reply(gone))
    with pytest.raises(NotEnoughData):
        connector(wiki, clock).article("Xx", language="en")


def test_a_study_collects_views_with_their_unit_and_says_what_is_not_loaded(
    wiki: Wiki, clock: FakeClock, tmp_path: Path
) -> None:
    wiki.put("Pompe à chaleur", d25=1000, d27=6)
    wiki.put("Pompe à chaleur", "desktop", d25=1000)
    clock.step = timedelta(microseconds=10)
    source = connector(wiki, clock, articles={"bruit pac": "PAC"})
    brief = Brief((Subject("a", ("bruit pac", "Chaufage")),), Window(utc(2026, 2, 25), utc(2026, 3, 10)), "FR", ("fr",))
    store = Store(tmp_path)
    report = collect(source.asks(brief), store, clock=clock)
    rows = store.read("interest").to_pandas().sort_values("period")
    assert set(rows["term"]) == {"bruit pac"}
    assert set(rows["unit"]) == {"views"}
    assert rows["value"].tolist() == [1000, 0, 6, 0, 0, 0]
    assert rows["kind"].tolist() == ["measured", "zero", "measured", "zero", "zero", "zero"]
    told = report.coverage.sort_values(["query", "start"])
    assert told[["query", "status"]].to_numpy().tolist() == [
        ["Chaufage", "empty"],
        ["bruit pac", "complete"],
        ["bruit pac", "unavailable"],
    ]
    assert "look like robots (2026-02-25)" in told["note"].iloc[1]
    assert told["end"].iloc[1] == utc(2026, 3, 3)
    assert report.unfinished == 0


def test_recorded_answers_are_read(shared, wiki: Wiki, clock: FakeClock) -> None:
    import json

    clock.instant = utc(2026, 9, 1)
    wiki.articles = {"Black hole": []}
    items = json.loads(shared("fixtures", "search", "wikimedia", "per_article.daily.json").read_text())
    problem = json.loads(shared("fixtures", "search", "wikimedia", "per_article.404.problem.json").read_text())
    wiki.server.next("/rest/per-article", Reply(items), Reply(problem, 404), Reply(problem, 404))
    window = Window(utc(2026, 8, 1), utc(2026, 8, 4))
    views = connector(wiki, clock).page_views("Black hole", language="en", window=window)
    assert views["views"].tolist() == [4069, 4297, 4784]
    redirect = json.loads(shared("fixtures", "search", "wikimedia", "redirect.query.json").read_text())
    wiki.server.next("/w/api.php", Reply(redirect))
    assert connector(wiki, clock).article("USA", language="en").title == "United States"
