"""From stored tables to one grid: what counts as a voice, what is known, what is not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from explorer.panel import read_panel
from explorer.periods import coarsen, start_of
from explorer.study import Study, parse_study
from explorer.tallies import Binning, Tallies
from sources import boolean
from sources.calibration import calibrate

NOW = datetime(2026, 1, 5, tzinfo=UTC)
SUNDAYS = pd.date_range("2024-01-07", periods=20, freq="W-SUN", tz="UTC")


def make(tmp_path: Path, *, grain: str = "auto", topics: str = "") -> Study:
    default = """
[[topics]]
id = "bruit"
search = ["bruit"]
social = "bruit*"
[[topics]]
id = "prix"
search = ["prix"]
social = "prix OR tarif*"
"""
    text = f'[study]\nname = "t"\ngrain = "{grain}"\n' + (topics or default)
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    return parse_study(text, tmp_path / "study.toml")


def interest(
    term: str, values: list[float], *, scale: str = "s", periods: pd.DatetimeIndex = SUNDAYS, grain: str = "week"
) -> pd.DataFrame:
    value = np.asarray(values, dtype=float)
    return pd.DataFrame(
        {
            "scale": scale,
            "term": term,
            "geo": "FR",
            "period": periods[: len(value)],
            "grain": grain,
            "value": value,
            "lo": np.maximum(value - 0.5, 0),
            "hi": value + 0.5,
            "kind": "measured",
            "partial": None,
            "unit": "index",
        }
    )


def posts(rows: list[tuple[str, str, str, str]], query: str = "") -> pd.DataFrame:
    """Rows of (time, author, kind, text)."""
    return pd.DataFrame(
        [
            {
                "platform": "p",
                "id": f"{query}{i}",
                "kind": kind,
                "created_at": pd.Timestamp(time, tz="UTC"),
                "time_quality": "ok",
                "text": text,
                "author_key": author or None,
                "query": query,
            }
            for i, (time, author, kind, text) in enumerate(rows)
        ]
    )


def store(study: Study, **tables: pd.DataFrame) -> None:
    for at, (table, frame) in enumerate(tables.items()):
        study.store.append(table, frame, source="test", batch_id=f"{table}{at}{len(frame)}", now=NOW)


def every_week(author: str = "a", text: str = "du bruit et le prix") -> list[tuple[str, str, str, str]]:
    return [
        (str(day.tz_localize(None) + pd.Timedelta(hours=h)), f"{author}{h}", "post", text)
        for day in SUNDAYS
        for h in (0, 80, 167)
    ]


def test_people_are_counted_once_a_period_and_reposts_are_not_speech(tmp_path: Path) -> None:
    study = make(tmp_path)
    rows = [
        ("2024-01-07 00:00", "ann", "post", "Quel bruit !"),
        ("2024-01-08 10:00", "ann", "post", "encore du bruit"),
        ("2024-01-13 23:59", "bob", "reply", "le bruit, oui"),
        ("2024-01-13 23:59", "cat", "repost", "le bruit, oui"),
        ("2024-01-14 00:00", "ann", "post", "bruit et prix"),
    ]
    store(study, posts=posts(rows))
    voice = Tallies(study.store).voice(study.topics, Binning("week", 6)).set_index(["topic", "period"])
    first, second = SUNDAYS[0], SUNDAYS[1]
    assert voice.loc[("bruit", first), ["posts", "authors", "reposts"]].tolist() == [3, 2, 1]
    assert voice.loc[("bruit", second), ["posts", "authors"]].tolist() == [1, 1]
    assert voice.loc[("prix", second), "authors"] == 1


def test_an_account_that_posts_without_pause_is_told_apart(tmp_path: Path) -> None:
    study = make(tmp_path)
    loud = [(f"2024-01-0{8 + i // 4} 1{i}:00", "megaphone", "post", "du bruit") for i in range(6)]
    store(study, posts=posts([*loud, ("2024-01-09 10:00", "ann", "post", "bruit")]))
    row = Tallies(study.store).voice(study.topics, Binning("week", 6)).iloc[0]
    assert (row["authors"], row["loud_authors"], row["posts"]) == (2, 1, 7)


def test_a_post_belongs_to_the_topic_whose_query_matched_it_else_to_its_words(tmp_path: Path) -> None:
    study = make(tmp_path)
    named = posts([("2024-01-08", "ann", "post", "rien du tout")], query="Bruit")
    worded = posts([("2024-01-08", "bob", "post", "un tarif élevé"), ("2024-01-08", "cat", "post", "autre chose")])
    store(study, posts=pd.concat([named, worded]))
    tagged = Tallies(study.store).topics_of(study.topics)
    assert sorted(zip(tagged["topic"], tagged["id"], strict=True)) == [("bruit", "Bruit0"), ("prix", "0")]


def test_a_post_that_two_queries_met_belongs_to_both_topics_whichever_met_it_last(tmp_path: Path) -> None:
    study = make(tmp_path)
    one = posts([("2024-01-08", "ann", "post", "rien du tout")], query="Bruit")
    for query in ("Bruit", "prix", "BRUIT"):
        study.store.append("posts", one.assign(query=query), source="test", batch_id=query, now=NOW)
    tallies = Tallies(study.store)
    tagged = tallies.topics_of(study.topics)
    assert sorted(zip(tagged["topic"], tagged["id"], strict=True)) == [("bruit", "Bruit0"), ("prix", "Bruit0")]
    assert tallies.n_posts() == 1
    assert tallies.voice(study.topics, Binning("week"))["posts"].tolist() == [1, 1]


@pytest.mark.parametrize("text", ["Le PRIX monte", "tarifs", "prixx", "l'été, le prix.", "rien", "PRIX", "le (tarif)"])
def test_the_engine_matches_as_the_reference_does(tmp_path: Path, text: str) -> None:
    study = make(tmp_path)
    store(study, posts=posts([("2024-01-08", "ann", "post", text)]))
    tagged = Tallies(study.store).topics_of(study.topics)
    assert ("prix" in set(tagged["topic"])) is boolean.matches("prix OR tarif*", text)


def test_no_post_in_a_collected_week_is_zero_and_outside_is_unknown(tmp_path: Path) -> None:
    study = make(tmp_path)
    rows = every_week(text="le prix")
    store(study, posts=posts(rows), interest=pd.concat([interest("bruit", [9] * 20), interest("prix", [9] * 20)]))
    panel = read_panel(study)
    bruit = panel.social[panel.social["topic"] == "bruit"]
    assert (bruit["authors"] == 0).all()
    assert bruit["period"].min() == SUNDAYS[0]
    assert bruit["period"].max() == SUNDAYS[-1]
    assert panel.voice == "people"


def test_a_week_without_any_post_is_missing_and_not_silent(tmp_path: Path) -> None:
    study = make(tmp_path)
    rows = [r for r in every_week() if not "2024-03-03" <= r[0] < "2024-03-10"]
    store(study, posts=posts(rows), interest=pd.concat([interest("bruit", [9] * 20), interest("prix", [9] * 20)]))
    panel = read_panel(study)
    gone = pd.Timestamp("2024-03-03", tz="UTC")
    assert gone not in set(panel.social["period"])
    strip = panel.coverage[panel.coverage["side"] == "social"].set_index("period")["status"]
    assert strip[gone] == "missing"


def test_a_cut_off_edge_week_is_partial_and_left_out(tmp_path: Path) -> None:
    study = make(tmp_path)
    rows = [r for r in every_week() if r[0] < "2024-05-20 12:00"]
    store(study, posts=posts(rows), interest=pd.concat([interest("bruit", [9] * 20), interest("prix", [9] * 20)]))
    panel = read_panel(study)
    assert SUNDAYS[-1] not in set(panel.social["period"])
    strip = panel.coverage[panel.coverage["side"] == "social"].set_index("period")["status"]
    assert strip[SUNDAYS[-1]] == "partial"


def test_a_capped_window_of_one_query_is_unknown_for_its_topic_only(tmp_path: Path) -> None:
    study = make(tmp_path)
    window = {"start": SUNDAYS[4], "end": SUNDAYS[5], "status": "capped", "query": "bruit*", "table": "posts"}
    whole = {"start": SUNDAYS[0], "end": SUNDAYS[-1], "status": "complete", "query": "prix OR tarif*", "table": "posts"}
    store(
        study,
        posts=posts(every_week()),
        interest=pd.concat([interest("bruit", [9] * 20), interest("prix", [9] * 20)]),
        coverage=pd.DataFrame([window, whole]),
    )
    panel = read_panel(study)
    voice = panel.social.set_index(["topic", "period"])["authors"]
    assert np.isnan(voice["bruit", SUNDAYS[4]])
    assert voice["prix", SUNDAYS[4]] == 3
    assert voice["bruit", SUNDAYS[5]] == 3
    assert any(n.code == "coverage capped" for n in panel.notes)


def test_posts_without_authors_are_counted_as_posts_and_say_so(tmp_path: Path) -> None:
    study = make(tmp_path)
    rows = [(t, "", k, x) for t, _, k, x in every_week()]
    store(study, posts=posts(rows), interest=pd.concat([interest("bruit", [9] * 20), interest("prix", [9] * 20)]))
    panel = read_panel(study)
    assert panel.voice == "posts"
    assert panel.social["authors"].isna().all()
    assert any(n.code == "no authors" for n in panel.notes)


def test_files_on_different_scales_are_joined_through_a_shared_term(tmp_path: Path) -> None:
    topics = "".join(f'[[topics]]\nid = "{t}"\nsearch = ["{t}"]\nsocial = "{t}"\n' for t in ("a", "b", "c", "lone"))
    study = make(tmp_path, topics=topics)
    rng = np.random.default_rng(0)
    shape = rng.uniform(0.5, 1, 20)
    one = pd.concat(
        [interest("a", np.round(100 * shape / shape.max())), interest("b", np.round(40 * shape / shape.max()))]
    )
    two = pd.concat(
        [
            interest("b", np.round(100 * shape / shape.max()), scale="t"),
            interest("c", np.round(25 * shape / shape.max()), scale="t"),
        ]
    )
    store(study, interest=pd.concat([one, two, interest("lone", [50] * 20, scale="u")]))
    panel = read_panel(study)
    level = panel.search.groupby("topic")["value"].mean()
    assert level["a"] / level["c"] == pytest.approx(10, rel=0.06)
    assert level["a"] / level["b"] == pytest.approx(2.5, rel=0.03)
    assert "lone" not in level
    assert {n.code for n in panel.notes} >= {"calibrated", "terms unconnected"}
    assert panel.search["scale_error"].between(1e-4, 0.1).all(), "what joining costs goes into the gap"


@pytest.mark.parametrize("other_day", [False, True])
def test_that_sampling_cannot_be_seen_in_files_of_one_draw_is_said(tmp_path: Path, other_day: bool) -> None:
    study = make(tmp_path, topics="".join(f'[[topics]]\nid = "{t}"\nsearch = ["{t}"]\nsocial = "{t}"\n' for t in "abc"))
    rng = np.random.default_rng(1)
    searches = np.array([[400.0], [200.0], [100.0]]) * rng.uniform(0.5, 1, 20)
    drawn, again = rng.poisson(searches), rng.poisson(searches)
    files = [("s", drawn, (0, 1)), ("t", again if other_day else drawn, (1, 2))]
    rows = [
        interest("abc"[i], list(np.round(100 * draw[i] / draw[list(which)].max())), scale=scale)
        for scale, draw, which in files
        for i in which
    ]
    store(study, interest=pd.concat(rows))
    codes = {n.code for n in read_panel(study).notes}
    assert ("sampling unseen" in codes) is not other_day


def test_views_of_an_encyclopedia_are_never_mixed_into_the_index_of_searches(tmp_path: Path) -> None:
    study = make(tmp_path)
    index = pd.concat([interest("bruit", [30] * 20), interest("prix", [90] * 20)])
    views = pd.concat([interest("bruit", [9000] * 20), interest("prix", [10] * 20)])
    views = views.assign(unit="views", source="wikipedia", scale="wikipedia")
    store(study, interest=pd.concat([index, views]))
    panel = read_panel(study)
    level = panel.search.groupby("topic")["value"].mean()
    assert sorted(level) == [30, 90]
    assert [n.details["kept"] for n in panel.notes if n.code == "several units"] == ["index"]


def test_a_topic_with_a_term_not_measured_is_unknown_there_and_not_smaller(tmp_path: Path) -> None:
    study = make(tmp_path, topics='[[topics]]\nid = "x"\nsearch = ["a", "b"]\nsocial = "x"\n')
    b = interest("b", [5] * 20)
    b.loc[3, ["value", "lo", "hi"]] = np.nan
    store(study, interest=pd.concat([interest("a", [10] * 20), b]))
    value = read_panel(study).search.set_index("period")["value"]
    assert np.isnan(value.iloc[3])
    assert (value.drop(value.index[3]) == 15).all()


def test_a_partial_last_point_never_enters(tmp_path: Path) -> None:
    study = make(tmp_path)
    rows = interest("bruit", [9] * 20)
    rows["partial"] = [False] * 19 + [True]
    store(study, interest=rows)
    assert read_panel(study).search["period"].max() == SUNDAYS[18]


def test_days_become_weeks_only_where_all_seven_are_known() -> None:
    days = pd.date_range("2024-01-07", periods=21, freq="D", tz="UTC")
    frame = pd.DataFrame({"topic": "a", "period": days, "value": np.arange(21.0)})
    frame.loc[9, "value"] = np.nan
    weeks = coarsen(frame, ["topic"], ["value"], grain="day", to="week", week_start=6, how="mean")
    assert weeks["period"].tolist() == list(SUNDAYS[:3])
    assert weeks["value"].iloc[0] == 3
    assert np.isnan(weeks["value"].iloc[1])
    summed = coarsen(frame.iloc[:18], ["topic"], ["value"], grain="day", to="week", week_start=6, how="sum")
    assert np.isnan(summed["value"].iloc[2]), "a week of which four days are known has no sum"


def test_weeks_across_two_months_are_split_by_days() -> None:
    weeks = pd.date_range("2023-12-31", periods=14, freq="W-SUN", tz="UTC")
    frame = pd.DataFrame({"topic": "a", "period": weeks, "posts": 7.0})
    months = coarsen(frame, ["topic"], ["posts"], grain="week", to="month", how="sum").set_index("period")["posts"]
    assert months[pd.Timestamp("2024-01-01", tz="UTC")] == pytest.approx(31)
    assert months[pd.Timestamp("2024-02-01", tz="UTC")] == pytest.approx(29)
    assert np.isnan(months[pd.Timestamp("2023-12-01", tz="UTC")])


def test_a_period_starts_at_its_first_instant() -> None:
    instant = pd.Timestamp("2024-03-06 15:30", tz="UTC")
    assert start_of(instant, "week", 6) == pd.Timestamp("2024-03-03", tz="UTC")
    assert start_of(instant, "week", 0) == pd.Timestamp("2024-03-04", tz="UTC")
    assert start_of(instant, "quarter") == pd.Timestamp("2024-01-01", tz="UTC")
    assert start_of(instant, "hour") == pd.Timestamp("2024-03-06 15:00", tz="UTC")


def test_calibration_recovers_planted_levels_over_three_decades() -> None:
    rng = np.random.default_rng(3)
    levels = np.sort(10 ** rng.uniform(-3, 0, 16))[::-1]
    series = levels[:, None] * np.exp(0.3 * rng.normal(0, 1, (16, 104)))
    rows = []
    for start in range(0, 12, 3):
        window = series[start : start + 5]
        printed = np.round(window / window.max() * 100)
        for offset, values in enumerate(printed):
            rows.append(
                pd.DataFrame({"request": start, "term": f"t{start + offset}", "ds": range(104), "value": values})
            )
    found = calibrate(pd.concat(rows), reference="t0").set_index("term")
    truth = pd.Series(series.mean(axis=1) / series[0].mean(), [f"t{i}" for i in range(16)])
    error = np.log(found["level"] / truth.reindex(found.index)).abs()
    assert error.median() < 0.01
    assert ((found["lo"] <= truth[found.index]) & (truth[found.index] <= found["hi"])).mean() > 0.85
    assert found.loc["t0", "level"] == 1


def test_many_queries_at_once_find_what_each_of_them_finds_alone(tmp_path: Path) -> None:
    queries = [
        "prix", "tarif*", '"pompe à chaleur"', "coeur OR cœur", "été NOT hiver", "NOT prix", "l'eau AND (froide OR chau*)",
        '"pompe à chal*"', "c++", "STRASSE", "bruit pompe", "œuf*", "(NOT prix) OR pompe", "tarif* AND NOT (prix OR bruit)",
    ]  # fmt: skip
    texts = [
        "Le PRIX monte", "tarifs", "pompe à  chaleur, prix", "POMPE-A-CHALEURS", "le cœur", "coeurs", "cœur", "l’été",
        "ÉTÉ hiver", "lʼeau froide", "l`eau chaude", "eau tiède", "en c++", "Straße", "strasse", "bruit de pompe", "œufs",
        "oeufs", "tarifaire et bruit", "cafe\u0301 ete\u0301", "Ste\u0301", "ſtrasse", "", "prix_bas", "2prix", "tarif",
    ]  # fmt: skip
    topics = "".join(
        f"[[topics]]\nid = \"t{i}\"\nsearch = [\"x\"]\nsocial = '''{q}'''\n" for i, q in enumerate(queries)
    )
    study = make(tmp_path, topics=topics)
    store(study, posts=posts([("2024-01-08", "ann", "post", text) for text in texts]))
    tagged = Tallies(study.store).topics_of(study.topics)
    found = set(zip(tagged["topic"], tagged["id"], strict=True))
    told = {
        (f"t{i}", str(j)) for i, q in enumerate(queries) for j, text in enumerate(texts) if boolean.matches(q, text)
    }
    assert found == told
    assert boolean.anchors(boolean.parse("NOT prix")) is None
    assert boolean.anchors(boolean.parse("pompe AND NOT prix")) == {boolean.Anchor("pompe")}
