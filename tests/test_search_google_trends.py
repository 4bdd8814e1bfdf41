"""Google Trends: where pytrends alone breaks or lies (P1-P24, R1-R21) there is a right answer or a typed error."""

from __future__ import annotations

import itertools
import json
import logging
import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from sources.breaker import Gate, Manners, state_folder
from sources.connector import NotEnoughData, Query, Window
from sources.errors import BadQuery, Changed, NotAllowed, SourceError, Throttled, Unavailable
from sources.questions import Questions
from sources.search.google_trends import GoogleTrends, spread
from sources.search.trends_arguments import windows
from sources.store import Store
from sources.tables import conform
from sources.transport import Wire
from tests.faults import (
    HASTY,
    FakeClock,
    Reply,
    Server,
    TrendsServer,
    a_clock,  # noqa: F401
    a_server,  # noqa: F401
    a_trends,  # noqa: F401
    daily,
    fenced,  # noqa: F401
    points,
    ranked,
    utc,
)

ROOT = Path(__file__).resolve().parent.parent
FEB = "2026-02-01 2026-02-05"
EXPLORE, LINE = "/trends/api/explore", "/trends/api/widgetdata/multiline"
GEO, RELATED = "/trends/api/widgetdata/comparedgeo", "/trends/api/widgetdata/relatedsearches"


@pytest.fixture
def google(trends: TrendsServer, clock: FakeClock) -> GoogleTrends:
    return connector(trends, clock)


def connector(trends: TrendsServer, clock: FakeClock, manners: Manners = HASTY, **options: object) -> GoogleTrends:
    return GoogleTrends(options, Wire(clock=clock), base=trends.base, manners=manners)


def places(*rows: tuple[str, str, list[int], list[str], list[bool]]) -> list[dict[str, object]]:
    return [
        {
            "geoCode": code,
            "geoName": name,
            "value": value,
            "formattedValue": printed,
            "hasData": has,
            "maxValueIndex": 0,
        }
        for code, name, value, printed, has in rows
    ]


# --- What the numbers mean ----------------------------------------


def test_p5_a_number_a_real_zero_below_one_and_no_data_are_four_things(
    google: GoogleTrends, trends: TrendsServer
) -> None:
    trends.timeline = lambda terms: daily({"a": [100, 0, "<1", None]})
    rows = google.interest_over_time(["a"], timeframe=FEB).rows
    assert list(rows["kind"]) == ["measured", "zero", "below_one", "no_data"]
    assert rows["value"].tolist()[:3] == [100.0, 0.0, 0.5]
    assert pd.isna(rows["value"][3])
    assert list(zip(rows["lo"], rows["hi"], strict=True))[:3] == [(99.5, 100.5), (0.0, 0.5), (0.0, 1.0)]


def test_a_zero_without_a_word_on_data_is_unknown(google: GoogleTrends, trends: TrendsServer) -> None:
    answer = daily({"a": [100, 0]})
    for point in answer["timelineData"]:
        del point["hasData"]
    trends.timeline = lambda terms: answer
    rows = google.interest_over_time(["a"], timeframe=FEB).rows
    assert rows["value"].isna().tolist() == [False, True]


def test_live_answers_follow_the_same_rule_as_the_files_of_the_website(
    google: GoogleTrends, trends: TrendsServer
) -> None:
    from sources.exports.reader import read_bytes

    trends.timeline = lambda terms: daily({"a": [100, 0, "<1", 37]})
    live = google.interest_over_time(["a"], timeframe=FEB, geo="FR").rows
    file = "Category: All categories\n\nDay,a: (France)\n2026-02-01,100\n2026-02-02,0\n2026-02-03,<1\n2026-02-04,37\n"
    read = read_bytes("multiTimeline.csv", file.encode()).table
    for column in ("term", "geo", "period", "grain", "value", "lo", "hi", "kind", "unit"):
        assert list(live[column]) == list(read[column]), column


def test_rows_fit_the_table_and_the_scale_is_the_id_of_the_request(google: GoogleTrends) -> None:
    reply = google.interest_over_time(["pizza", "bagel"], timeframe=FEB, geo="FR")
    table = conform(reply.rows.assign(source="google_trends", fetched_at=reply.fetched_at, batch_id="b"), "interest")
    assert table.num_rows == 10
    assert set(reply.rows["scale"]) == {reply.request}
    other = google.interest_over_time(["pizza", "crust"], timeframe=FEB, geo="FR")
    assert other.request != reply.request


def test_r11_the_last_point_of_a_running_period_is_flagged(google: GoogleTrends, trends: TrendsServer) -> None:
    trends.timeline = lambda terms: daily({"a": [50, 100, 7]}, partial=True)
    reply = google.interest_over_time(["a"], timeframe=FEB)
    assert reply.rows["partial"].tolist() == [False, False, True]
    assert any("had not ended" in note for note in reply.notes)


@pytest.mark.parametrize(
    ("hours", "grain"),
    [(1, "hour"), (24, "day"), (168, "week"), (730.5, "month")],
    ids=["hour", "day", "week", "month"],
)
def test_r12_the_grain_is_read_from_the_spacing(
    google: GoogleTrends, trends: TrendsServer, hours: float, grain: str
) -> None:
    trends.timeline = lambda terms: points([[100, 50, 20]], start=utc(2026, 1, 4), step=timedelta(hours=hours))
    assert set(google.interest_over_time(["a"], timeframe="2026-01-01 2026-01-31").rows["grain"]) == {grain}


def test_r12_days_that_come_back_as_weeks_are_said(trends: TrendsServer, clock: FakeClock) -> None:
    trends.timeline = lambda terms: points([[100, 50]], start=utc(2025, 1, 5), step=timedelta(days=7))
    query = Query("interest", terms=("a",), grain="day")
    page = next(connector(trends, clock).search(query, Window(utc(2025, 1, 1), utc(2026, 1, 1)), None))
    assert any("one a week" in note for note in page.notes)


def test_r12_windows_are_planned_so_that_days_stay_days() -> None:
    span = Window(utc(2023, 1, 1), utc(2026, 1, 1))
    planned = windows(span, "day")
    assert planned[0] == span
    parts = planned[1:]
    assert all(w.length <= timedelta(days=269) for w in parts)
    assert parts[0].start == span.start
    assert parts[-1].end == span.end
    overlaps = [(a.end - b.start) / b.length for a, b in itertools.pairwise(parts)]
    assert min(overlaps) > 0.3
    assert windows(span, "week") == [span]


def test_r13_every_sample_is_kept_with_its_day_and_mean_and_spread_are_told(
    trends: TrendsServer, clock: FakeClock
) -> None:
    google = connector(trends, clock)
    for day, middle in enumerate((50, 56, 53)):
        trends.timeline = lambda terms, v=middle: daily({"a": [100, v]})
        got = google.interest_over_time(["a"], timeframe=FEB, samples=3)
        assert not got.cached, day
        again = google.interest_over_time(["a"], timeframe=FEB, samples=3)
        assert again.cached, "the same day draws no new sample"
        clock.sleep(86_400)
    assert google.interest_over_time(["a"], timeframe=FEB, samples=3).cached
    samples = google.samples(["a"], timeframe=FEB)
    assert samples["fetched_at"].nunique() == 3
    assert samples["scale"].nunique() == 3
    told = spread(samples).set_index("period").iloc[1]
    assert (told["mean"], told["sd"], told["n"]) == (53.0, 3.0, 3)


def test_r14_another_scale_is_never_appended_to_the_first(google: GoogleTrends, trends: TrendsServer) -> None:
    first = google.interest_over_time(["a"], timeframe=FEB)
    second = google.interest_over_time(["a"], timeframe="2026-02-03 2026-02-09")
    assert first.request != second.request


@pytest.mark.parametrize("drift", [-1, 0, 1], ids=["23 hours", "24 hours", "25 hours"])
def test_r15_days_of_23_and_25_hours_are_calendar_days(google: GoogleTrends, trends: TrendsServer, drift: int) -> None:
    answer = daily({"a": [100, 50, 60]}, start=utc(2025, 10, 25))
    for point in answer["timelineData"][1:]:
        point["time"] = str(int(point["time"]) + drift * 3600)
    trends.timeline = lambda terms: answer
    rows = google.interest_over_time(["a"], timeframe="2025-10-25 2025-10-27").rows
    assert [f"{p:%Y-%m-%d %H}" for p in rows["period"]] == ["2025-10-25 00", "2025-10-26 00", "2025-10-27 00"]
    assert set(rows["grain"]) == {"day"}


def test_r15_the_question_is_asked_in_utc(google: GoogleTrends, trends: TrendsServer) -> None:
    google.interest_over_time(["a"], timeframe=FEB)
    assert {a.params["tz"] for a in trends.server.asked("/trends/api")} == {"0"}


def test_p23_several_terms_by_region_are_shares_and_one_is_an_index(google: GoogleTrends, trends: TrendsServer) -> None:
    trends.geo = places(
        ("FR", "France", [97, 3], ["97%", "3%"], [True, True]),
        ("NO", "Norway", [100, 0], ["100%", "<1%"], [True, True]),
        ("PR", "Puerto Rico", [0, 0], ["", ""], [False, False]),
    )
    shares = google.interest_by_region(["a", "b"], resolution="COUNTRY", timeframe=FEB).rows
    assert set(shares["measure"]) == {"share"}
    b = shares[shares["term"] == "b"].set_index("place")
    assert (b.loc["France", "value"], b.loc["Norway", "value"]) == (0.03, 0.005)
    assert b["kind"].to_dict() == {"France": "measured", "Norway": "below_one", "Puerto Rico": "no_data"}
    assert pd.isna(b.loc["Puerto Rico", "value"])
    trends.geo = places(("FR", "France", [100], ["100"], [True]), ("NO", "Norway", [0], ["<1"], [True]))
    index = google.interest_by_region(["a"], resolution="COUNTRY", timeframe=FEB).rows
    assert set(index["measure"]) == {"index"}
    assert index["value"].tolist() == [100.0, 0.5]
    assert not set(index["scale"]) & set(shares["scale"])


def test_p7_a_resolution_is_honoured_or_refused(google: GoogleTrends, trends: TrendsServer) -> None:
    trends.geo = places(("FR-J", "Île-de-France", [100], ["100"], [True]))
    rows = google.interest_by_region(["a"], resolution="REGION", geo="FR", timeframe=FEB).rows
    assert set(rows["level"]) == {"region"}
    assert json.loads(trends.data_requests()[-1].params["req"])["resolution"] == "REGION"
    with pytest.raises(BadQuery, match=r"asked for city figures, answered with region figures"):
        google.interest_by_region(["a"], resolution="CITY", geo="FR", timeframe=FEB)
    trends.geo = [
        {"coordinates": {"lat": 1, "lng": 2}, "geoName": n, "value": [v], "formattedValue": [str(v)], "hasData": [True]}
        for n, v in (("Saint-Denis", 100), ("Saint-Denis", 40))
    ]
    cities = google.interest_by_region(["b"], resolution="CITY", geo="FR", timeframe=FEB).rows
    assert list(cities["place"]) == ["Saint-Denis", "Saint-Denis #2"]


def test_related_queries_and_topics_keep_index_growth_and_breakout_apart(
    google: GoogleTrends, trends: TrendsServer
) -> None:
    trends.related = {
        "QUERY": ranked(
            [("pizza hut", 100, "100"), ("x", 0, "<1")], [("licorice pizza", 8550, "Breakout"), ("y", 190, "+190%")]
        ),
        "ENTITY": ranked([("Pizza", 100, "100"), ("Pizza", 12, "12")], topics=True),
    }
    rows = google.related("pizza", timeframe=FEB, geo="FR").rows
    query = rows[rows["item"] == "query"].set_index("query")
    assert query.loc["y", ["value", "unit", "kind"]].tolist() == [1.9, "growth", "measured"]
    assert query.loc["licorice pizza", ["value", "kind", "raw"]].tolist() == [85.5, "breakout", "Breakout"]
    assert query.loc["x", ["value", "lo", "hi", "kind"]].tolist() == [0.5, 0.0, 1.0, "below_one"]
    assert rows[rows["item"] == "topic"]["query"].tolist() == ["Pizza", "Pizza #2"]
    conform(rows.assign(source="s", fetched_at=utc(2026, 1, 1), batch_id="b"), "queries")


def test_p11_no_related_searches_are_an_answer_not_an_error(google: GoogleTrends, trends: TrendsServer) -> None:
    trends.related = {"QUERY": {"rankedList": []}, "ENTITY": {"rankedList": []}}
    assert google.related("pizza", timeframe=FEB).rows.empty


def test_f15_a_topic_id_is_shown_by_title_and_kept(google: GoogleTrends, trends: TrendsServer) -> None:
    reply = google.interest_over_time(["/m/0663v"], timeframe=FEB)
    assert set(reply.rows["term"]) == {"/m/0663v"}
    assert reply.titles == {"/m/0663v": "Pizza (Dish)"}
    assert "/m/0663v is the topic Pizza (Dish)" in reply.notes


def test_f15_what_a_word_may_mean_is_offered(google: GoogleTrends, trends: TrendsServer) -> None:
    found = [
        {"mid": "/m/0663v", "title": "Pizza", "type": "Dish"},
        {"mid": "/g/1", "title": "Licorice Pizza", "type": "Film"},
    ]
    trends.server.route("/trends/api/autocomplete", Reply(")]}',\n" + json.dumps({"default": {"topics": found}})))
    assert google.lookup("pizza").to_dict("list") == {
        "id": ["/m/0663v", "/g/1"],
        "title": ["Pizza", "Licorice Pizza"],
        "type": ["Dish", "Film"],
    }
    google.lookup("pizza")
    assert len(trends.server.asked("/trends/api/autocomplete")) == 1


# --- State that must not leak ----------------------------------------


def test_p1_p18_nothing_is_asked_at_import_or_construction(trends: TrendsServer, clock: FakeClock) -> None:
    google = connector(trends, clock)
    assert google.check().works
    assert trends.server.log == []
    assert not list(state_folder().rglob("*"))


def test_p2_a_missing_chart_is_an_error_and_never_the_answer_before(google: GoogleTrends, trends: TrendsServer) -> None:
    google.interest_over_time(["pizza"], timeframe=FEB)
    before = len(trends.data_requests())
    trends.widgets = lambda widgets: [w for w in widgets if w["id"] != "TIMESERIES"]
    with pytest.raises(Changed, match="no chart was offered for bagel"):
        google.interest_over_time(["bagel"], timeframe=FEB)
    assert len(trends.data_requests()) == before, "the token of the question before was sent again"


def test_p3_a_place_does_not_stick(google: GoogleTrends, trends: TrendsServer) -> None:
    google.interest_over_time(["a"], timeframe=FEB, geo="FR")
    rows = google.interest_over_time(["a"], timeframe=FEB).rows
    asked = [json.loads(a.params["req"])["comparisonItem"][0]["geo"] for a in trends.server.asked(EXPLORE)]
    assert asked == ["FR", ""]
    assert set(rows["geo"]) == {""}


@pytest.mark.parametrize("edit", ["term", "place", "fewer"])
def test_r9_an_answer_to_another_question_is_refused(google: GoogleTrends, trends: TrendsServer, edit: str) -> None:
    def other(widgets: list[dict]) -> list[dict]:
        items = widgets[0]["request"]["comparisonItem"]
        if edit == "term":
            items[0]["complexKeywordsRestriction"]["keyword"][0]["value"] = "curling"
        elif edit == "place":
            items[0]["geo"] = {"country": "DE"}
        else:
            items.pop()
        return widgets

    trends.widgets = other
    with pytest.raises(Changed, match="answered for"):
        google.interest_over_time(["a", "b"], timeframe=FEB, geo="FR")


def test_r9_values_go_to_the_terms_in_the_order_that_is_echoed(google: GoogleTrends, trends: TrendsServer) -> None:
    def turned(widgets: list[dict]) -> list[dict]:
        widgets[0]["request"]["comparisonItem"].reverse()
        return widgets

    trends.widgets = turned
    trends.timeline = lambda terms: daily({"b": [100, 90], "a": [10, 20]})
    rows = google.interest_over_time(["a", "b"], timeframe=FEB).rows
    assert rows.groupby("term")["value"].sum().to_dict() == {"a": 30.0, "b": 190.0}


def test_r9_p13_a_point_without_values_is_unknown_and_one_with_too_many_is_refused(
    google: GoogleTrends, trends: TrendsServer
) -> None:
    answer = daily({"a": [100, 50, 70]})
    answer["timelineData"][1] |= {"value": [], "hasData": [], "formattedValue": []}
    trends.timeline = lambda terms: answer
    assert google.interest_over_time(["a"], timeframe=FEB).rows["value"].isna().tolist() == [False, True, False]
    trends.timeline = lambda terms: daily({"a": [100, 50], "b": [1, 2]})
    with pytest.raises(Changed, match="1 terms were asked"):
        google.interest_over_time(["c"], timeframe=FEB)


def test_p15_a_term_named_is_partial_is_a_term(google: GoogleTrends) -> None:
    assert set(google.interest_over_time(["isPartial"], timeframe=FEB).rows["term"]) == {"isPartial"}


def test_p19_the_users_settings_are_left_alone(trends: TrendsServer, clock: FakeClock) -> None:
    options = {"category": 0, "property": "news"}
    google = GoogleTrends(options, Wire(clock=clock), base=trends.base, manners=HASTY)
    google.interest_over_time(["a"], timeframe=FEB)
    assert options == {"category": 0, "property": "news"}
    assert json.loads(trends.server.asked(EXPLORE)[0].params["req"])["property"] == "news"


def test_p6_p20_p21_nothing_of_pytrends_that_is_closed_or_broken_is_called() -> None:
    text = "".join(f.read_text(encoding="utf-8") for f in (ROOT / "sources" / "search").glob("*.py"))
    for name in (
        "dailydata",
        "trending_searches",
        "realtime_trending",
        "today_searches",
        "top_charts",
        "multirange_interest",
    ):
        assert name not in text


def test_p22_related_searches_are_asked_for_one_term_at_a_time(trends: TrendsServer, clock: FakeClock) -> None:
    from sources.connector import Brief, Subject

    brief = Brief((Subject("s", ("a", "b", "c")),), Window(utc(2026, 1, 1), utc(2026, 3, 1)))
    asks = connector(trends, clock, related=True, regions="REGION").asks(brief)
    assert [(a.query.table, a.query.terms) for a in asks] == [
        ("interest", ("a", "b", "c")),
        *[("regions", (t,)) for t in "abc"],
        *[("queries", (t,)) for t in "abc"],
    ]


def test_more_than_five_terms_are_asked_in_groups_that_share_one(trends: TrendsServer, clock: FakeClock) -> None:
    from sources.connector import Brief, Subject

    brief = Brief((Subject("s", tuple("abcdefghij")),), Window(utc(2026, 1, 1), utc(2030, 1, 1)))
    asks = connector(trends, clock).asks(brief)
    assert [a.query.terms for a in asks] == [tuple("abcde"), tuple("afghi"), tuple("aj")]
    assert all(a.window.end <= utc(2026, 3, 5) for a in asks), "the future is not asked for"


# --- Faults ----------------------------------------


@pytest.mark.parametrize(
    ("what", "reply", "kind", "says"),
    [
        ("R4 400", Reply("bad", 400), BadQuery, "shorten the terms"),
        ("R6 404", Reply("gone", 404), Changed, "gone"),
        ("R6 410", Reply("gone", 410), Changed, "gone"),
        ("R7 500", Reply("oops", 500), Unavailable, "has a fault"),
        ("R7 502", Reply("<html>", 502, type="text/html"), Unavailable, "has a fault"),
        ("R7 broken off", Reply(")]}'\n{}", mode="truncated"), Unavailable, "broke off"),
        ("R7 cut JSON", Reply(')]}\'\n{"widgets":[{"id":"TIMES'), Unavailable, "broke off"),
        ("R7 gzip", Reply(")]}'\n{}" * 50, mode="bad_gzip"), Unavailable, "broke off"),
        ("R7 reset", Reply(mode="reset"), Unavailable, "reached"),
        ("R3 consent page", Reply("<html>consent", type="text/html"), NotAllowed, "import"),
        ("P9 html as json", Reply("<!doctype html><p>captcha"), NotAllowed, "web page"),
        ("R3 302 consent", Reply("", 302, {"Location": "https://consent.google.com/m"}), NotAllowed, "humans"),
        ("R3 302 sorry", Reply("", 302, {"Location": "/sorry/index"}), NotAllowed, "humans"),
        ("R8 no JSON", Reply("hello"), Changed, "not the JSON"),
        ("R8 empty", Reply(""), Changed, "empty"),
        ("R8 a list", Reply("[1, 2]"), Changed, "list"),
        ("R8 no widgets", Reply(")]}'\n{}"), Changed, "charts"),
        ("R8 widgets null", Reply(")]}'\n" + '{"widgets": null}'), Changed, "charts"),
        ("R8 widget without id", Reply(")]}'\n" + '{"widgets": [{}]}'), Changed, "charts"),
    ],
    ids=lambda v: v.replace(" ", "_") if isinstance(v, str) else "",
)
def test_a_fault_while_asking_for_tokens_has_its_own_error(
    google: GoogleTrends, trends: TrendsServer, what: str, reply: Reply, kind: type[SourceError], says: str
) -> None:
    google.interest_over_time(["pizza"], timeframe=FEB)
    before = len(trends.data_requests())
    trends.server.next(EXPLORE, reply)
    with pytest.raises(kind, match=says):
        google.interest_over_time(["bagel"], timeframe=FEB)
    assert len(trends.data_requests()) == before


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(")]}',\n{}"), Changed),
        (Reply(")]}',\n" + '{"default": {}}'), Changed),
        (Reply(")]}',\n" + '{"default": {"timelineData": "x"}}'), Changed),
        (Reply(")]}',\n" + '{"default": {"timelineData": [{"value": [1]}]}}'), Changed),
        (Reply(")]}',\n" + '{"default": {"timelineData": [{"time": "1", "value": ["x"]}]}}'), Changed),
        (Reply(")]}',\n" + '{"default": {"timelineData": [{"time": "1", "value": 3}]}}'), Changed),
        (Reply(")]}',\n" + '{"default": {"timelineData": []}}'), NotEnoughData),
        (Reply("gone", 404), Changed),
        (Reply("x", 503), Unavailable),
    ],
    ids=["no default", "no timeline", "a text", "no time", "a word as value", "no list", "P12 no points", "404", "503"],
)
def test_r8_a_fault_in_the_data_has_its_own_error(
    google: GoogleTrends, trends: TrendsServer, reply: Reply, kind: type[SourceError]
) -> None:
    trends.server.next(LINE, reply)
    with pytest.raises(kind):
        google.interest_over_time(["bagel"], timeframe=FEB)


def test_p10_the_characters_before_the_json_may_change(google: GoogleTrends, trends: TrendsServer) -> None:
    body = json.dumps({"default": daily({"a": [100, 50]})})
    for i, prefix in enumerate(("", ")]}'", "while(1);", "\ufeff")):
        trends.server.next(LINE, Reply(prefix + body))
        assert len(google.interest_over_time([f"a{i}"], timeframe=FEB).rows) == 2


@pytest.mark.parametrize(
    "kind", ["text/javascript", "application/json", None], ids=["P4 javascript", "json", "P8 no type"]
)
def test_r2_p4_p8_a_429_is_never_taken_for_an_answer(
    google: GoogleTrends, trends: TrendsServer, kind: str | None
) -> None:
    trends.server.next(EXPLORE, Reply(")]}'\n" + '{"widgets": []}', 429, type=kind))
    with pytest.raises(Throttled):
        google.interest_over_time(["a"], timeframe=FEB)


def test_p8_an_answer_without_a_type_is_read(google: GoogleTrends, trends: TrendsServer) -> None:
    trends.server.next(LINE, Reply(")]}',\n" + json.dumps({"default": daily({"a": [100, 50]})}), type=None))
    assert len(google.interest_over_time(["a"], timeframe=FEB).rows) == 2


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("90", 90), ("Wed, 04 Mar 2026 12:02:00 GMT", 120), ("0", 0)],
    ids=["seconds", "date", "now"],
)
def test_r2_retry_after_is_honoured(
    google: GoogleTrends, trends: TrendsServer, clock: FakeClock, header: str, seconds: int
) -> None:
    trends.server.next(EXPLORE, Reply("", 429, {"Retry-After": header}))
    with pytest.raises(Throttled) as caught:
        google.interest_over_time(["a"], timeframe=FEB)
    assert caught.value.retry_at == clock.now() + timedelta(seconds=seconds)


def test_r2_the_breaker_opens_after_three_refusals_for_half_an_hour_and_survives_a_restart(
    trends: TrendsServer, clock: FakeClock
) -> None:
    trends.server.next(EXPLORE, *[Reply("", 429) for _ in range(3)])
    for _ in range(3):
        with pytest.raises(Throttled) as caught:
            connector(trends, clock).interest_over_time(["a"], timeframe=FEB)
    assert caught.value.retry_at >= clock.now() + timedelta(minutes=30)
    sent = len(trends.server.log)
    for _ in range(5):  # a page that is drawn again, another process
        with pytest.raises(Throttled, match="left in peace"):
            connector(trends, clock).interest_over_time(["b"], timeframe=FEB)
    assert len(trends.server.log) == sent
    clock.sleep(30 * 60 + 60)
    assert len(connector(trends, clock).interest_over_time(["b"], timeframe=FEB).rows) == 5


def test_r3_a_page_for_humans_opens_the_breaker_at_once(google: GoogleTrends, trends: TrendsServer) -> None:
    trends.server.next(EXPLORE, Reply("<html>unusual traffic", type="text/html"))
    with pytest.raises(NotAllowed):
        google.interest_over_time(["a"], timeframe=FEB)
    sent = len(trends.server.log)
    with pytest.raises(Throttled):
        google.interest_over_time(["a"], timeframe=FEB)
    assert len(trends.server.log) == sent


@pytest.mark.parametrize("status", [401, 403])
def test_r5_a_used_token_is_renewed_once_and_no_more(google: GoogleTrends, trends: TrendsServer, status: int) -> None:
    trends.server.next(LINE, Reply("{}", status))
    assert len(google.interest_over_time(["a"], timeframe=FEB).rows) == 5
    assert len(trends.server.asked(EXPLORE)) == 2
    trends.server.next(LINE, Reply("{}", status), Reply("{}", status), Reply("{}", status))
    with pytest.raises(NotAllowed, match="twice"):
        google.interest_over_time(["b"], timeframe=FEB)
    assert len(trends.server.asked(EXPLORE)) == 4


def test_r1_offline_is_an_error_within_seconds_and_an_old_answer_can_be_had_with_its_age(
    trends: TrendsServer, clock: FakeClock
) -> None:
    live = connector(trends, clock)
    live.interest_over_time(["a"], timeframe="today 1-m")
    clock.sleep(26 * 3600)
    # The question of another day is another question; the window is fixed here so that its answer has only grown old.
    fixed = "2026-02-01 2026-03-04"
    live.interest_over_time(["a"], timeframe=fixed)
    clock.sleep(26 * 3600)
    offline = GoogleTrends({}, Wire(clock=clock), base="http://127.0.0.1:9/trends", manners=HASTY)
    began = time.monotonic()
    with pytest.raises(Unavailable, match="cannot be reached"):
        offline.interest_over_time(["a"], timeframe=fixed)
    assert time.monotonic() - began < 35
    old = offline.interest_over_time(["a"], timeframe=fixed, stale_ok=True)
    assert old.cached
    assert any("kept since" in note for note in old.notes)


def test_r1_a_service_that_does_not_answer_is_given_up_in_time(trends: TrendsServer, clock: FakeClock) -> None:
    google = connector(trends, clock)
    google._samples.client("en-US").timeout = (0.2, 0.2)
    trends.server.next(EXPLORE, Reply(mode="slow"))
    with pytest.raises(Unavailable, match="in time"):
        google.interest_over_time(["a"], timeframe=FEB)
    from sources.transport import CONNECT_SECONDS, READ_SECONDS

    assert CONNECT_SECONDS + READ_SECONDS < 35


@pytest.mark.parametrize("cells", [[None, None, None], [0, 0, 0]], ids=["no data", "all zero"])
def test_r10_nothing_but_zeros_is_not_enough_data_and_not_a_flat_series(
    google: GoogleTrends, trends: TrendsServer, cells: list
) -> None:
    trends.timeline = lambda terms: daily({"a": cells})
    with pytest.raises(NotEnoughData, match="not enough data"):
        google.interest_over_time(["a"], timeframe=FEB)
    sent = len(trends.server.log)
    with pytest.raises(NotEnoughData):
        google.interest_over_time(["a"], timeframe=FEB)
    assert len(trends.server.log) == sent, "an answer like any other, kept"


def test_r18_a_batch_that_was_killed_asks_only_for_what_is_missing(trends: TrendsServer, clock: FakeClock) -> None:
    for term in "ab":
        connector(trends, clock).interest_over_time([term], timeframe=FEB)
    trends.server.log.clear()
    for term in "abc":  # a new process, all terms
        connector(trends, clock).interest_over_time([term], timeframe=FEB)
    asked = [json.loads(a.params["req"])["comparisonItem"][0]["keyword"] for a in trends.server.asked(EXPLORE)]
    assert asked == ["c"]


def test_r19_two_windows_at_once_ask_once(trends: TrendsServer) -> None:
    from sources.clock import SystemClock

    results: list[pd.DataFrame] = []

    def ask() -> None:
        google = GoogleTrends({}, Wire(clock=SystemClock()), base=trends.base, manners=HASTY)
        results.append(google.interest_over_time(["a"], timeframe=FEB).rows)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(results) == 4
    assert len(trends.server.asked(EXPLORE)) == 1


@pytest.mark.parametrize("how", ["garbage", "older make", "another program", "bad row"])
def test_r20_a_broken_file_of_answers_is_set_aside_and_begun_anew(
    trends: TrendsServer, clock: FakeClock, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    google = connector(trends, clock)
    google.interest_over_time(["a"], timeframe=FEB)
    file = state_folder() / "questions.sqlite"
    if how == "garbage":
        file.write_bytes(b"not a database at all" * 100)
    else:
        with sqlite3.connect(file) as db:
            if how == "older make":
                db.execute("pragma user_version = 99")
            elif how == "another program":
                db.execute("pragma user_version = 0")
            else:
                db.execute("update samples set answer = x'0102'")
        db.close()
    with caplog.at_level(logging.WARNING):
        assert len(google.interest_over_time(["a"], timeframe=FEB).rows) == 5
    assert "set aside" in caplog.text
    assert file.with_name("questions.sqlite.broken").exists()
    assert google.interest_over_time(["a"], timeframe=FEB).cached


def test_r20_a_locked_or_unwritable_file_of_answers_stops_nothing(
    trends: TrendsServer, clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "a-file"
    folder.write_text("in the way")
    google = GoogleTrends(
        {}, Wire(clock=clock), base=trends.base, manners=HASTY, questions=Questions(folder / "questions.sqlite")
    )
    with caplog.at_level(logging.WARNING):
        assert len(google.interest_over_time(["a"], timeframe=FEB).rows) == 5
    assert "cannot be kept" in caplog.text


def test_r20_what_is_known_of_a_host_may_be_broken_or_unwritable(
    trends: TrendsServer, clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gate = Gate(tmp_path / "hosts", clock=clock)
    for text in (
        "{",
        "[]",
        '{"next_at": "x"}',
        '{"next_at": 9e99, "open_until": 9e99, "refused_at": 0, "strikes": 0, "recent": []}',
    ):
        (tmp_path / "hosts").mkdir(exist_ok=True)
        (tmp_path / "hosts" / "h.json").write_text(text)
        with gate.turn("h", HASTY):
            pass
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with caplog.at_level(logging.WARNING), Gate(blocked / "hosts", clock=clock).turn("h", HASTY):
        pass
    assert "memory" in caplog.text


def test_r21_no_token_and_no_cookie_is_kept_logged_or_shown(
    trends: TrendsServer, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    google = connector(trends, clock)
    with caplog.at_level(logging.DEBUG, logger="sources"):
        reply = google.interest_over_time(["a"], timeframe=FEB)
        trends.widgets = lambda widgets: [w for w in widgets if w["id"] == "GEO_MAP"]
        with pytest.raises(Changed) as caught:
            google.interest_over_time(["b"], timeframe=FEB)
        trends.widgets = lambda widgets: widgets
        trends.server.next(LINE, Reply(mode="reset"))
        with pytest.raises(Unavailable) as lost:
            google.interest_over_time(["c"], timeframe=FEB)
    shown = caplog.text + str(caught.value) + str(caught.value.sample) + str(lost.value) + reply.raw.decode()
    assert "APP6" not in shown
    assert "abc123" not in shown
    kept = (state_folder() / "questions.sqlite").read_bytes()
    assert b"APP6" not in kept
    jar = state_folder() / "google_trends_visitor.json"
    assert stat.S_IMODE(jar.stat().st_mode) == 0o600


# --- Manners ----------------------------------------


def test_requests_are_spaced_with_jitter_across_processes(trends: TrendsServer, clock: FakeClock) -> None:
    calm = Manners(spacing=10.0, jitter=5.0, patience=60.0)
    for i in range(3):
        connector(trends, clock, calm).interest_over_time([f"a{i}"], timeframe=FEB)
    sent = len(trends.server.log)
    assert 10 * (sent - 1) <= clock.slept <= 15 * (sent - 1)
    assert clock.slept % 10 > 0.01, "no jitter"


def test_a_spent_budget_is_said_with_the_time_it_is_free_again(trends: TrendsServer, clock: FakeClock) -> None:
    few = Manners(spacing=0, jitter=0, budget=4, budget_window=3600)
    google = connector(trends, clock, few)
    google.interest_over_time(["a"], timeframe=FEB)
    with pytest.raises(Throttled, match="budget of 4") as caught:
        google.interest_over_time(["b"], timeframe=FEB)
    assert clock.now() < caught.value.retry_at <= clock.now() + timedelta(hours=1)
    clock.sleep(3601)
    assert len(google.interest_over_time(["b"], timeframe=FEB).rows) == 5


def test_the_visitor_cookie_is_asked_for_once_and_outlives_the_process(trends: TrendsServer, clock: FakeClock) -> None:
    connector(trends, clock).interest_over_time(["a"], timeframe=FEB)
    connector(trends, clock).interest_over_time(["b"], timeframe=FEB)
    assert len(trends.server.asked("/trends/explore")) == 1
    assert all("NID=abc123" in a.headers.get("cookie", "") for a in trends.server.asked("/trends/api"))


def test_p24_the_same_question_written_otherwise_is_one_question(google: GoogleTrends, trends: TrendsServer) -> None:
    google.interest_over_time(["pizza", "bagel"], timeframe=FEB)
    again = google.interest_over_time(["bagel ", "pizza"], timeframe=FEB)
    assert again.cached
    assert not google.interest_over_time(["pizza", "bagel"], timeframe=FEB, geo="FR").cached
    assert not google.interest_over_time(["pizza", "bagel"], timeframe=FEB, property="news").cached
    assert len(trends.server.asked(EXPLORE)) == 3


@pytest.mark.parametrize(
    ("timeframe", "hours"), [("now 7-d", 1), ("2026-02-01 2026-03-03", 24), (FEB, None)], ids=["live", "near", "closed"]
)
def test_an_answer_stays_good_as_long_as_its_window_says(
    trends: TrendsServer, clock: FakeClock, timeframe: str, hours: int | None
) -> None:
    trends.timeline = lambda terms: points([[100, 50]], start=utc(2026, 3, 1), step=timedelta(hours=1))
    google = connector(trends, clock)
    google.interest_over_time(["a"], timeframe=timeframe)
    clock.sleep(59 * 60 if timeframe.startswith("now") else 3000)
    assert google.interest_over_time(["a"], timeframe=timeframe).cached is (
        timeframe != "now 7-d" or clock.now().hour == 12
    )
    clock.sleep((hours or 24 * 400) * 3600)
    assert google.interest_over_time(["a"], timeframe=timeframe).cached is (hours is None)


# --- F14: arguments ----------------------------------------


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({"terms": []}, "terms: 0 terms"),
        ({"terms": list("abcdef")}, "terms: 6 terms"),
        ({"terms": "pizza"}, "terms: the terms are one text"),
        ({"terms": ["a", " "]}, "terms: the term ' ' is empty"),
        ({"terms": ["a", ""]}, "terms: the term '' is empty"),
        ({"terms": ["Pizza", "pizza "]}, "terms: .* are the same"),
        ({"terms": ["a", "a"]}, "terms: .* are the same"),
        ({"terms": ["a"], "geo": "ZZ"}, "geo: there is no place 'ZZ'"),
        ({"terms": ["a"], "geo": "fr"}, "geo: .* did you mean 'FR'"),
        ({"terms": ["a"], "geo": "France"}, "geo: "),
        ({"terms": ["a"], "category": "news"}, "category: "),
        ({"terms": ["a"], "category": -1}, "category: "),
        ({"terms": ["a"], "property": "web"}, "property: "),
        ({"terms": ["a"], "timeframe": "2026-02-05 2026-02-01"}, "timeframe: the start comes after the end"),
        ({"terms": ["a"], "timeframe": "2026-02-05 2027-02-01"}, "timeframe: .* in the future"),
        ({"terms": ["a"], "timeframe": "2003-02-05 2010-02-01"}, "timeframe: .* before 2004"),
        ({"terms": ["a"], "timeframe": "2026-02-30 2026-03-01"}, "timeframe: a date .* does not exist"),
        ({"terms": ["a"], "timeframe": "last week"}, "timeframe: "),
        ({"terms": ["a"], "timeframe": "now 1-H"}, "timeframe: .*finer than an hour"),
    ],
    ids=lambda v: "",
)
def test_f14_p14_p16_p17_a_wrong_argument_is_named_and_nothing_is_sent(
    google: GoogleTrends, trends: TrendsServer, arguments: dict, names: str
) -> None:
    with pytest.raises(BadQuery, match=names):
        google.interest_over_time(**arguments)
    assert trends.server.log == []


@pytest.mark.parametrize(
    ("geo", "resolution"),
    [("FR", "COUNTRY"), ("FR", "DMA"), ("FR-J", "REGION"), ("", "county")],
    ids=lambda v: v or "world",
)
def test_f14_a_resolution_that_cannot_be_is_refused_before_it_is_sent(
    google: GoogleTrends, trends: TrendsServer, geo: str, resolution: str
) -> None:
    with pytest.raises(BadQuery, match="resolution"):
        google.interest_by_region(["a"], resolution=resolution, geo=geo)
    assert trends.server.log == []


@pytest.mark.parametrize(
    "term", ["ascii", "été", "日本", "🍕", "שלום", 'a "b" + c', "a: (b, c", "=HYPERLINK(1)", "x" * 200]
)
def test_f6_any_term_is_kept_verbatim(google: GoogleTrends, term: str) -> None:
    assert set(google.interest_over_time([term], timeframe=FEB).rows["term"]) == {term}


# --- Real recorded answers ----------------------------------------


def replay(server: Server, clock: FakeClock, explore: str, data: str, path: str) -> GoogleTrends:
    server.route("/trends/explore", Reply(""))
    server.route(EXPLORE, Reply(explore))
    server.route(path, Reply(data))
    return GoogleTrends({}, Wire(clock=clock), base=f"{server.url}/trends", manners=HASTY)


def recorded(shared, name: str) -> str:
    return shared("fixtures", "search", "pytrends_cassettes", name).read_text(encoding="utf-8")


def test_recorded_interest_over_time(shared, server: Server, clock: FakeClock) -> None:
    google = replay(
        server,
        clock,
        recorded(shared, "interest_over_time_ok.1.explore.json.txt"),
        recorded(shared, "interest_over_time_ok.2.multiline.json.txt"),
        LINE,
    )
    rows = google.interest_over_time(["pizza", "bagel"], timeframe="2021-01-01 2021-01-05").rows
    assert rows[rows["term"] == "pizza"]["value"].tolist() == [100, 83, 78, 49, 50]
    assert rows[rows["term"] == "bagel"]["value"].tolist() == [2, 2, 2, 1, 1]
    assert rows["period"].min() == pd.Timestamp("2021-01-01", tz="UTC")
    assert set(rows["grain"]) == {"day"}


def test_recorded_shopping_interest_keeps_its_four_days_without_data(shared, server: Server, clock: FakeClock) -> None:
    google = replay(
        server,
        clock,
        recorded(shared, "interest_over_time_ok.1.explore.json.txt"),
        recorded(shared, "interest_over_time_froogle.2.multiline.json.txt"),
        LINE,
    )
    rows = google.interest_over_time(["pizza", "bagel"], timeframe="2021-01-01 2021-01-05").rows
    bagel = rows[rows["term"] == "bagel"]
    assert bagel["kind"].tolist() == ["no_data"] * 4 + ["measured"]
    assert bagel["value"].sum() == 8


def test_recorded_regions_are_shares_and_an_answer_of_countries_is_no_answer_of_cities(
    shared, server: Server, clock: FakeClock
) -> None:
    google = replay(
        server,
        clock,
        recorded(shared, "interest_by_region_ok.1.explore.json.txt"),
        recorded(shared, "interest_by_region_city_resolution.2.comparedgeo.json.txt"),
        GEO,
    )
    rows = google.interest_by_region(["pizza", "bagel"], resolution="COUNTRY", timeframe="2021-01-01 2021-12-31").rows
    norway = rows[rows["place"] == "Norway"].set_index("term")["value"].to_dict()
    assert norway == {"pizza": 1.0, "bagel": 0.005}
    assert (rows["kind"] == "no_data").sum() == 2 * 227
    assert set(rows["measure"]) == {"share"}
    with pytest.raises(BadQuery, match="answered with country figures"):
        google.interest_by_region(["pizza", "bagel"], resolution="CITY", timeframe="2021-01-01 2021-12-31")


def test_recorded_related_queries_and_topics(shared, server: Server, clock: FakeClock) -> None:
    topics = recorded(shared, "related_topics_result_keys.2.relatedsearches.json.txt")
    queries = recorded(shared, "related_queries_result_keys.2.relatedsearches.json.txt")
    google = replay(server, clock, recorded(shared, "related_topics_result_keys.1.explore.json.txt"), queries, RELATED)
    server.next(RELATED, Reply(queries), Reply(topics))
    rows = google.related("pizza", timeframe="2021-01-01 2021-12-31").rows
    assert rows.groupby(["item", "ranking"]).size().to_dict() == {
        ("query", "rising"): 11,
        ("query", "top"): 25,
        ("topic", "rising"): 4,
        ("topic", "top"): 21,
    }
    assert rows[rows["kind"] == "breakout"]["query"].tolist() == ["licorice pizza", "Sam Goody"]
    assert (rows["kind"] == "below_one").sum() == 4


def test_recorded_topic_lookup(shared, server: Server, clock: FakeClock) -> None:
    google = replay(server, clock, "", "", LINE)
    server.route("/trends/api/autocomplete", Reply(recorded(shared, "suggestions_ok.1.pizza.json.txt")))
    assert google.lookup("pizza").loc[0].tolist() == ["/m/0663v", "Pizza", "Dish"]


def test_rows_of_a_page_go_into_the_store(trends: TrendsServer, clock: FakeClock, tmp_path: Path) -> None:
    trends.related["QUERY"] = ranked([("x", 100, "100")])
    trends.geo = places(("FR", "France", [100], ["100"], [True]))
    google, span = connector(trends, clock), Window(utc(2026, 2, 1), utc(2026, 2, 6))
    store = Store(tmp_path)
    for query in (
        Query("interest", terms=("a",), geo="FR"),
        Query("regions", terms=("a",), options={"resolution": "COUNTRY"}),
        Query("queries", terms=("a",)),
    ):
        page = next(google.search(query, span, None))
        for table, rows in page.rows.items():
            receipt = store.append(table, rows, source=google.name, batch_id=table, now=clock.now())
            assert receipt.rows == len(rows) > 0


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path, clock: FakeClock) -> None:
    script = (
        "import sys, os, signal\nfrom sources.breaker import Gate, POLITE\n"
        "with Gate(sys.argv[1]).turn('h', POLITE): os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, check=False, env={**os.environ})
    quick = Manners(spacing=0, jitter=0, patience=2.0)
    with Gate(tmp_path, clock=clock).turn("h", quick):
        pass
