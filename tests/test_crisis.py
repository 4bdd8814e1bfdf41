"""Crises: stages, pace, severity, answers and scenarios on series whose truth is known, and the planted hoax of the example."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from explorer.alert_card import explain, new_terms
from explorer.alert_views import events_table
from explorer.alerts import score
from explorer.crisis import crisis_of
from explorer.drill import ALERT, drill
from explorer.drill_views import drill_told
from explorer.early_warning import EarlyWarning, measured_days, warnings_of
from explorer.pace import detection, doubling_time, earliness, growth, half_life
from explorer.response import do_nothing, effect, follower_loss
from explorer.scenarios import Scenario, scenarios_of, triggers
from explorer.severity import severity
from explorer.stages import stages
from explorer.study import BadStudy, Study, parse_study
from explorer.tallies import Tallies
from explorer.words import Words
from forecasting.errors import BadArgument, TooLittleData
from sources.example.truth import Truth

HOUR = pd.Timedelta(1, "h")
T0 = pd.Timestamp("2026-01-05", tz="UTC")


@pytest.fixture(scope="module")
def warned(example: Study) -> tuple[EarlyWarning, Tallies]:
    tallies = Tallies(example.store)
    return warnings_of(example, tallies), tallies


def burst(hours: int = 24 * 24, at: int = 24 * 20) -> pd.DataFrame:
    """A quiet month of hours, then eight hours of doubling every two, then a decline that halves every six."""
    rng = np.random.default_rng(1)
    y = rng.poisson(10.0, hours).astype(float)
    rise = 10 * 2 ** (np.arange(8) / 2)
    fall = rise[-1] * 0.5 ** (np.arange(1, hours - at - 7) / 6)
    y[at:] += np.rint(np.concatenate([rise, fall])[: hours - at])
    return pd.DataFrame({"ds": pd.date_range(T0, periods=hours, freq="h"), "y": y})


def test_stages_follow_a_crisis_in_order_and_look_back_only() -> None:
    frame = burst(24 * 30)
    scored = score(frame, freq="h")
    found = stages(scored, grain="fine", step=HOUR)
    order = list(dict.fromkeys(found[24 * 20 : 24 * 29]))
    assert [s for s in order if s in ("snowball", "peak", "decline", "aftermath", "closed")][:1] == ["snowball"]
    assert order.index("snowball") < order.index("decline") < order.index("aftermath")
    assert (found[24 * 10 : 24 * 20] == "snowball").mean() < 0.05
    part = stages(scored.head(24 * 21), grain="fine", step=HOUR)
    assert part.equals(found.head(24 * 21))


def test_doubling_time_and_half_life_are_those_that_were_planted() -> None:
    rate = growth(100 * 2 ** (np.arange(12) / 3), 1.0)
    doubling = doubling_time(rate)
    assert doubling.value == pytest.approx(3, rel=0.02)
    assert doubling.lo <= 3 <= doubling.hi
    assert np.isnan(doubling_time(growth(100 * 0.5 ** np.arange(8), 1.0)).value)
    life = half_life(1000 * 0.5 ** (np.arange(60) / 6), 1.0)
    assert life.lo <= life.value <= life.hi
    assert life.value == pytest.approx(6, abs=0.6)
    assert np.isnan(growth(np.zeros(5), 1.0).value)


def test_time_to_detection_is_summed_up() -> None:
    assert earliness(np.array([0, 1, 1, 8.0]), 3) == 0.2
    times = [T0, T0 + 2 * HOUR, pd.NaT]
    events = pd.DataFrame({"onset": T0, "alert": times, "peak": T0 + HOUR, "earliness": [0.0, 0.4, np.nan]})
    found = detection(events)
    assert (found.seen, found.before_peak, found.median_hours) == (2 / 3, 1 / 3, 1.0)


def test_severity_rises_with_each_input_and_says_what_it_is_made_of() -> None:
    rng = np.random.default_rng(0)
    days = pd.date_range("2025-01-01", periods=200, tz="UTC")
    names = ["volume", "negative", "authors", "reach", "breadth", "search"]
    table = pd.DataFrame(rng.gamma(2, 1, (200, 6)), index=days, columns=names)
    before = severity(table, days[-1])
    assert before.parts["points"].sum() == pytest.approx(before.value)
    for name in names:
        last = -1.0
        for value in (0.0, 1.0, 3.0, 30.0, 300.0):
            table.loc[days[-1], name] = value
            now = severity(table, days[-1]).value
            assert now >= last
            last = now
    table.loc[days[-1]] = 1000.0
    assert severity(table, days[-1]).level == "crisis"
    missing = severity(table.assign(search=np.nan), days[-1])
    assert missing.missing == ("search",)
    assert missing.parts["weight"].sum() == pytest.approx(1.0)


def test_an_answer_that_halves_what_follows_is_seen_against_doing_nothing() -> None:
    decline = np.rint(400 * 0.5 ** (np.arange(60) / 12))
    times = pd.date_range(T0, periods=60, freq="h")
    idle = effect(decline, times, times[24], pd.Timedelta(12, "h"))
    assert idle.ratio.lo <= 1 <= idle.ratio.hi
    helped = decline.copy()
    helped[24:] *= 0.4
    found = effect(helped, times, times[24], pd.Timedelta(12, "h"))
    assert found.ratio.value == pytest.approx(0.4, abs=0.1)
    assert found.ratio.hi < 1
    assert np.isnan(do_nothing(2.0 ** np.arange(8), 7, 6, 1.0).value)


def test_lost_followers_are_counted_against_what_would_have_come() -> None:
    days = pd.date_range("2026-01-01", periods=75, tz="UTC")
    y = 10_000 + 10.0 * np.arange(75) + np.random.default_rng(0).normal(0, 2, 75)
    y[60:] -= 500
    lost = follower_loss(pd.DataFrame({"ds": days, "y": y}), days[60], days[70])
    assert lost["lost"].iloc[-1] == pytest.approx(500, abs=60)
    assert (lost["y"] < lost["yhat-lo-80"]).all()
    assert follower_loss(pd.DataFrame({"ds": days, "y": y}), days[10], days[20]).empty


def hits(minutes: list[float], negative: object = None) -> pd.DataFrame:
    at = [T0 + pd.Timedelta(m, "min") for m in minutes]
    return pd.DataFrame({"created_at": at, "author_key": [f"a{i}" for i in range(len(at))], "negative": negative})


def test_a_rare_scenario_fires_at_the_second_person_and_once() -> None:
    fire = Scenario("Fire", ("fire",))
    day = 24 * 60
    posts = hits([0, 30, 40, 50, 10 * day, 20 * day, 20 * day + 5])
    found = triggers(posts, fire, start=T0, end=T0 + pd.Timedelta(30, "D"))
    assert list(found["at"]) == [posts["created_at"][1], posts["created_at"][6]]
    same = posts.assign(author_key="a0")
    assert triggers(same, fire, start=T0, end=T0 + pd.Timedelta(30, "D")).empty


def test_a_common_scenario_fires_on_its_volume_and_on_its_tone() -> None:
    rng = np.random.default_rng(2)
    usual = rng.uniform(0, 60 * 24 * 60, 60 * 12)
    crowd = np.concatenate([usual, 50 * 24 * 60 + rng.uniform(0, 1000, 80)])
    end = T0 + pd.Timedelta(60, "D")
    loud = triggers(hits(sorted(crowd)), Scenario("Noise", ("x",)), start=T0, end=end)
    assert "common" in set(loud["why"])
    assert (loud.loc[loud["why"] == "common", "at"] == T0 + pd.Timedelta(51, "D")).any()
    posts = hits(sorted(rng.uniform(0, 60 * 24 * 60, 60 * 30)), negative=False)
    posts.loc[(posts["created_at"] > T0 + pd.Timedelta(40, "D")), "negative"] = True
    turned = triggers(posts, Scenario("Noise", ("x",)), start=T0, end=end)
    negative = turned[turned["why"] == "negative"]
    assert len(negative) >= 1
    assert T0 + pd.Timedelta(40, "D") < negative["at"].iloc[0] < T0 + pd.Timedelta(42, "D")


@pytest.mark.parametrize("line", ["severity = 4", "hours = 0", 'term = ["x"]', 'authors = "two"', "severity = 2.5"])
def test_a_scenario_that_cannot_be_read_is_refused(line: str, tmp_path: Path) -> None:
    text = f'[study]\nname = "s"\n[[scenarios]]\nname = "a"\nterms = ["b"]\n{line}\n'
    with pytest.raises(BadStudy, match="scenario 1"):
        scenarios_of(parse_study(text, tmp_path / "study.toml"))


def test_new_terms_are_those_of_many_people_not_of_one_who_repeats() -> None:
    def said(texts: list[str], author: str) -> pd.DataFrame:
        rows = {"text": texts, "title": None, "kind": "post", "id": [f"{author}{i}" for i in range(len(texts))]}
        return pd.DataFrame(rows | {"author_key": [f"{author}{i}" for i in range(len(texts))]})

    past = said(["la chaleur est chère"] * 60, "p")
    spam = said(["promo promo"] * 9, "s").assign(author_key="s")
    now = pd.concat([said(["incendie dans la cave"] * 8, "n"), spam], ignore_index=True)
    assert new_terms(now, past)["term"].str.contains("incendie").any()
    assert not new_terms(now, past)["term"].str.contains("promo").any()


def test_the_planted_crisis_is_seen_before_a_tenth_of_its_volume(
    warned: tuple[EarlyWarning, Tallies], truth: Truth
) -> None:
    early, tallies = warned
    planted = truth.crisis
    event = early.events[(early.events["topic"] == planted.topic) & (early.events["side"] == "posts")].iloc[-1]
    own = tallies.posts_between(early.study.topics, planted.start, planted.end)
    times = own.loc[own["id"].isin(planted.ids), "created_at"]
    assert (times < event["at"]).mean() < 0.1
    fired = early.triggers[(early.triggers["scenario"] == "Incendie") & (early.triggers["at"] >= planted.start)]
    assert fired["at"].min() < event["at"]


def test_the_planted_crisis_is_explained(warned: tuple[EarlyWarning, Tallies], example: Study, truth: Truth) -> None:
    early, tallies = warned
    event = str(
        early.events.loc[early.events["topic"] == truth.crisis.topic].loc[lambda e: e["side"] == "posts", "id"].iloc[-1]
    )
    card = explain(early, event, tallies)
    assert "calorène" in " ".join(card.terms["term"])
    assert card.first["text"].iloc[0] is not None
    assert card.search == "confirmed"
    found = crisis_of(early, event, tallies, own=example.brand["accounts"])
    assert found.cascades["root"].iloc[0] == truth.crisis.origin_id
    assert found.peak == truth.crisis.peak_day
    assert found.severity.level == "crisis"
    assert found.small.lo <= 0.8048 <= found.small.hi
    told = found.timeline
    assert list(told["n"]) == list(range(1, len(told) + 1))
    assert told["at"].is_monotonic_increasing
    assert told.loc[told["what"] == "first post", "at"].iloc[0] == truth.crisis.start
    assert told.loc[told["what"] == "answer", "at"].iloc[0] == truth.crisis.first_answer
    assert {"remaining", "search", "breadth"} <= set(found.evidence["what"])
    assert set(found.evidence["speaks"]) <= {"answer", "watch", "neither"}
    assert found.after.level_now in ("back", "cannot tell")
    assert found.after.back_since is not None
    assert found.onset < found.after.back_since < found.end + pd.Timedelta(56, "D")
    assert found.after.lo > 0
    assert found.followers.empty, "the brand's account never posted before its first answer"
    with pytest.raises(TooLittleData):
        crisis_of(early, "nothing", tallies)


def test_a_drill_says_when_each_scenario_would_have_fired_and_how_much_was_said_by_then(
    warned: tuple[EarlyWarning, Tallies], truth: Truth
) -> None:
    early, tallies = warned
    planted = truth.crisis
    posts = early.events[(early.events["topic"] == planted.topic) & (early.events["side"] == "posts")]
    event = str(posts.loc[posts["at"] > planted.start, "id"].iloc[-1])
    told = drill(early, tallies, event=event).set_index("by")
    assert set(told.index) == {ALERT, "Incendie", "Rappel de produit", "Arnaque au nom de la marque"}
    assert (told["first_post"] == planted.start).all()
    own = tallies.posts_between([early.study.topic(planted.topic)], told["onset"].iloc[0], planted.end)
    for by in (ALERT, "Incendie"):
        at = told.loc[by, "at"]
        assert told.loc[by, "hours"] == pytest.approx((at - planted.start) / pd.Timedelta(1, "h"))
        counted = (own["created_at"] <= at).sum() / told.loc[by, "posts"]
        assert told.loc[by, "share_said"] == pytest.approx(counted, abs=0.002)
    assert told.loc["Incendie", "share_said"] < told.loc[ALERT, "share_said"] < 0.1
    never = told.loc["Arnaque au nom de la marque"]
    assert pd.isna(never["at"])
    assert np.isnan(never["share_said"])
    whole = drill(early, tallies, since=planted.start - pd.Timedelta(1, "D"))
    elsewhere = whole[(whole["crisis"] == "") & (whole["by"] != ALERT)]
    assert len(elsewhere), "what fired outside any crisis is listed, as the false alarms of a scenario"
    assert not set(elsewhere["at"]) & set(whole.loc[whole["crisis"] != "", "at"])
    uncovered = whole[(whole["crisis"] == event) & ((whole["by"] == ALERT) | whole["at"].isna())].assign(
        crisis="another"
    )
    shown = drill_told(pd.concat([whole, uncovered]), Words("en"))
    assert len(shown) == len(whole) + 1, "of a crisis that no scenario covers only the alert is shown"
    assert (shown["When"] == "not at all").sum() == 1
    with pytest.raises(TooLittleData):
        drill(early, tallies, event="nothing")


def test_each_of_several_events_of_a_topic_has_its_own_end_and_its_first_post_was_collected(
    warned: tuple[EarlyWarning, Tallies], truth: Truth
) -> None:
    early, tallies = warned
    posts = early.events[early.events["side"] == "posts"]
    topic = posts["topic"].value_counts().idxmax()
    several = posts[posts["topic"] == topic].sort_values("at")
    assert len(several) > 1
    for event, at in several[["id", "at"]].tail(2).itertuples(index=False):
        found = crisis_of(early, event, tallies)
        assert found.onset < at <= found.end
        first = found.timeline.loc[found.timeline["what"] == "first post", "text"]
        assert first.str.len().gt(0).all()


def test_alerts_of_a_study_keep_their_budget_and_their_names(warned: tuple[EarlyWarning, Tallies]) -> None:
    early, _ = warned
    assert early.events["id"].is_unique
    assert early.triggers["id"].is_unique
    seen, announced = measured_days(early, "more")
    assert announced > 3
    assert seen / announced < 2
    with pytest.raises(BadArgument):
        warnings_of(early.study, sensitivity="often")


def test_an_alert_names_its_topic_in_the_language_of_the_reader(warned: tuple[EarlyWarning, Tallies]) -> None:
    early, _ = warned
    topic = next(t for t in early.study.topics if t.label in set(early.events["label"]) and t.label_in("en") != t.label)
    shown = {language: set(events_table(early, {}, Words(language)).iloc[:, 1]) for language in ("en", "fr")}
    assert topic.label_in("en") in shown["en"]
    assert topic.label not in shown["en"]
    assert topic.label_in("fr") in shown["fr"]
    assert early.study.named("Incendie", "en") == "Incendie"  # a scenario keeps the name it was given
