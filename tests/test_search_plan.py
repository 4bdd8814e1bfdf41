"""A study of many terms or long days, collected from a loopback Google Trends: one scale, one series, safe to kill."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import zlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sources import archive, ledger
from sources.calibration import calibrate
from sources.clock import Clock, SystemClock
from sources.collect import collect
from sources.connector import Ask, Brief, Subject, Window
from sources.search.google_trends import GoogleTrends
from sources.search.trends_plan import enough, rough
from sources.store import Store
from sources.tables import TABLES
from sources.transport import Wire
from tests.faults import (
    HASTY,
    FakeClock,
    Reply,
    TrendsServer,
    a_clock,  # noqa: F401
    a_server,  # noqa: F401
    a_trends,  # noqa: F401
    fenced,  # noqa: F401
    points,
    terms_asked,
    utc,
)
from tests.trends_worlds import Market, long_series, market

ROOT = Path(__file__).resolve().parent.parent
WEEKS = Window(utc(2025, 8, 31), utc(2026, 3, 1))


def twelve(seed: int = 0) -> Market:
    return market(seed, terms=12, decades=2.5, periods=26, sampled=20)


def shuffled(world: Market) -> list[str]:
    return [str(name) for name in np.random.default_rng(1).permutation(world.names)]


def serve(trends: TrendsServer, world: Market) -> None:
    """Answer by a sample that hangs on the group alone, so that a question asked twice has one answer."""

    def timeline(terms: list[str]) -> dict[str, Any]:
        world.asked = zlib.crc32("|".join(sorted(terms)).encode())
        values = world.ask(terms).pivot(index="ds", columns="term", values="value")[terms]
        return points([values[t].astype(int).tolist() for t in terms], start=WEEKS.start, step=timedelta(days=7))

    trends.timeline = timeline


def plan(trends: TrendsServer, clock: Clock, terms: list[str], **options: Any) -> list[Ask]:
    google = GoogleTrends(options, Wire(clock=clock), base=trends.base, manners=HASTY)
    return google.asks(Brief((Subject("s", tuple(terms)),), WEEKS, grain="week"))


def answers(store: Store) -> pd.DataFrame:
    rows = store.read("interest").to_pandas()
    return rows.rename(columns={"scale": "request", "period": "ds"})[["request", "term", "ds", "value", "lo", "hi"]]


def tables(store: Store) -> dict[str, pd.DataFrame]:
    found = {}
    for name in TABLES:
        frame = store.read(name).to_pandas().drop(columns=["fetched_at", "batch_id", "scale"], errors="ignore")
        found[name] = frame.sort_values(list(frame.columns), ignore_index=True)
    return found


def assert_same(one: Store, other: Store) -> None:
    left, right = tables(one), tables(other)
    for name in left:
        pd.testing.assert_frame_equal(left[name], right[name], obj=name)


def widths(found: pd.DataFrame) -> pd.Series:
    return np.log(found.set_index("term")["hi"] / found.set_index("term")["lo"])


def test_twelve_terms_end_on_one_scale_surer_than_beside_one_anchor_at_equal_requests(
    trends: TrendsServer, clock: FakeClock, tmp_path: Path
) -> None:
    world, store = twelve(), Store(tmp_path)
    serve(trends, world)
    terms = shuffled(world)
    report = collect(plan(trends, clock, terms), store, clock=clock)
    assert report.unfinished == 0
    asked = len(trends.data_requests())
    assert asked == enough(12) == 7
    ours = calibrate(answers(store), reference=terms[0])
    assert ours["level"].notna().all()
    assert (ours["lo"] > 0).all()
    beside = list(itertools.islice(itertools.cycle(rough(terms)), asked))
    theirs = calibrate(twelve().ask_groups(beside), reference=terms[0])
    mine, other = (widths(found).drop(terms[0]) for found in (ours, theirs))
    assert other.isna().any(), "beside one anchor, what is far from it in level shows nothing"
    assert mine.median() < other.fillna(np.inf).median() / 2
    truth = world.levels(terms[0])[ours["term"]].to_numpy()
    inside = (ours["lo"] <= truth) & (truth <= ours["hi"])
    assert inside.mean() >= 0.8
    status = store.read("coverage").to_pandas()
    assert set(status["query"]) == set(terms)
    assert set(status["status"]) == {"complete"}


def test_the_budget_is_kept_and_what_is_known_is_not_asked_again(
    trends: TrendsServer, clock: FakeClock, tmp_path: Path
) -> None:
    world, store = twelve(), Store(tmp_path)
    serve(trends, world)
    for _ in range(2):
        assert collect(plan(trends, clock, shuffled(world), requests=8), store, clock=clock).unfinished == 0
        assert len(trends.data_requests()) == 8
    groups = store.read("interest").to_pandas().groupby("scale")["term"].agg(lambda t: frozenset(t))
    assert groups.nunique() == len(groups) == 8, "no group is asked twice on one day"
    few = Store(tmp_path / "few")
    collect(plan(trends, clock, shuffled(world), requests=1), few, clock=clock)
    assert len(trends.data_requests()) == 8, "every term is asked once whatever the budget, here from what is kept"


def test_terms_that_show_nothing_and_refused_ones_do_not_stop_the_plan(
    trends: TrendsServer, clock: FakeClock, tmp_path: Path
) -> None:
    world, store = twelve(), Store(tmp_path)
    serve(trends, world)
    shown = trends.timeline
    silent = world.names[5:9]

    def timeline(terms: list[str]) -> dict[str, Any]:
        answer = shown(terms)
        for point in answer["timelineData"]:
            for j, term in enumerate(terms):
                if term in silent:
                    point["value"][j], point["hasData"][j], point["formattedValue"][j] = 0, False, "0"
        return dict(answer)

    trends.timeline = timeline
    report = collect(plan(trends, clock, world.names), store, clock=clock)
    assert report.unfinished == 0
    found = calibrate(answers(store)).set_index("term")["level"]
    assert found.drop(silent).notna().all()
    assert found[silent].isna().all(), "no data is not a level"
    trends.timeline = lambda terms: points([[0] * 5 for _ in terms], start=WEEKS.start, step=timedelta(days=7))
    clock.instant += timedelta(days=2)
    nothing = Store(tmp_path / "nothing")
    other = [f"other {i}" for i in range(12)]
    assert collect(plan(trends, clock, other), nothing, clock=clock).unfinished == 0
    assert set(nothing.read("coverage").to_pandas()["status"]) == {"empty"}


def test_a_service_that_refuses_leaves_the_further_questions_for_the_next_run(
    trends: TrendsServer, clock: FakeClock, tmp_path: Path
) -> None:
    world, store = twelve(), Store(tmp_path / "one")
    serve(trends, world)
    explore = "/trends/api/explore"
    really = trends.server._routes[explore]
    trends.server.route(
        explore, lambda asked: really(asked) if len(trends.server.asked(explore)) <= 4 else Reply("", 429)
    )
    report = collect(plan(trends, clock, shuffled(world)), store, clock=clock, patience=timedelta(0))
    assert report.unfinished > 0
    assert len(trends.data_requests()) == 4
    trends.server.route(explore, really)
    clock.instant += timedelta(hours=2)
    assert collect(plan(trends, clock, shuffled(world)), store, clock=clock).unfinished == 0
    assert len(trends.data_requests()) == 7


class Killed(BaseException):
    """Stands for the end of the process between two instructions."""


def test_a_kill_at_any_effect_ends_with_the_tables_of_an_undisturbed_run(
    trends: TrendsServer, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = twelve()
    serve(trends, world)
    clock.step = timedelta(milliseconds=1)
    effects = [(Store, "append"), (archive.Archive, "keep"), (ledger.Ledger, "write"), (ledger.Ledger, "finish")]

    def deadly(patched: pytest.MonkeyPatch, at: int) -> None:
        count = itertools.count(1)

        def mortal(really: Any) -> Any:
            def effect(*args: Any, **kwargs: Any) -> Any:
                if next(count) == at:
                    raise Killed
                return really(*args, **kwargs)

            return effect

        for owner, name in effects:
            patched.setattr(owner, name, mortal(getattr(owner, name)))

    calm = Store(tmp_path / "calm")
    collect(plan(trends, clock, shuffled(world)), calm, clock=clock)
    for at in (17,):
        store = Store(tmp_path / str(at))
        with monkeypatch.context() as patched:
            deadly(patched, at)
            with pytest.raises(Killed):
                collect(plan(trends, clock, shuffled(world)), store, clock=clock)
        assert collect(plan(trends, clock, shuffled(world)), store, clock=clock).unfinished == 0
        assert_same(store, calm)


CHILD = """
import sys
from pathlib import Path
from sources.collect import collect
from sources.connector import Brief, Subject, Window
from sources.search.google_trends import GoogleTrends
from sources.store import Store
from sources.transport import Wire
from tests.faults import HASTY, utc
base, store, *terms = sys.argv[1:]
google = GoogleTrends({}, Wire(), base=base, manners=HASTY)
plan = google.asks(Brief((Subject("s", tuple(terms)),), Window(utc(2025, 8, 31), utc(2026, 3, 1)), grain="week"))
print(collect(plan, Store(Path(store))).unfinished)
"""


def test_killed_with_signal_9_in_its_further_questions_it_ends_with_the_same_tables(
    trends: TrendsServer, tmp_path: Path
) -> None:
    world = twelve()
    serve(trends, world)
    shown, victims = trends.timeline, list[subprocess.Popen[bytes]]()

    def timeline(terms: list[str]) -> Any:
        if len(victims) == 1 and len(trends.data_requests()) == 5:
            victims[0].send_signal(signal.SIGKILL)
        return shown(terms)

    trends.timeline = timeline
    store = tmp_path / "killed"
    command = [sys.executable, "-c", CHILD, trends.base, str(store), *shuffled(world)]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}) as victim:
        victims.append(victim)
    assert victim.returncode == -signal.SIGKILL
    assert 0 < len(set(answers(Store(store))["request"])) < 7
    now = SystemClock()
    assert collect(plan(trends, now, shuffled(world)), Store(store)).unfinished == 0
    assert len(trends.data_requests()) == 8, "only the answer that was under way is asked again"
    calm = Store(tmp_path / "calm")
    assert collect(plan(trends, now, shuffled(world)), calm).unfinished == 0
    assert_same(Store(store), calm)


def test_a_year_and_more_of_days_is_asked_in_windows_and_read_as_one_series(
    trends: TrendsServer, clock: FakeClock, tmp_path: Path
) -> None:
    from explorer.panel import read_panel
    from explorer.study import parse_study

    days, first = 441, utc(2024, 12, 15)
    level = np.array([900.0, 300.0, 250.0, 120.0, 60.0, 30.0])
    searches = np.stack([long_series(i, level=v, days=days) for i, v in enumerate(level)])
    names = [f"t{i}" for i in range(6)]

    def chart(request: dict[str, Any]) -> Any:
        start, end = (pd.Timestamp(part, tz="UTC") for part in request["time"].split())
        at = slice((start - first).days, (end - first).days + 1)
        terms = terms_asked(request)
        rng = np.random.default_rng(zlib.crc32(f"{request['time']}{terms}".encode()))
        drawn = rng.poisson(searches[[names.index(t) for t in terms], at]).astype(float)
        step = 1 if drawn.shape[1] <= 269 else 7
        drawn = drawn.reshape(len(terms), -1, step).mean(axis=2)
        return points(np.rint(100 * drawn / drawn.max()).astype(int).tolist(), start=start, step=timedelta(days=step))

    trends.chart = chart
    topics = "".join(f'[[topics]]\nid = "{t}"\nsearch = ["{t}"]\nsocial = "{t}"\n' for t in reversed(names))
    study = parse_study(f'[study]\nname = "t"\ngrain = "day"\n{topics}', tmp_path / "study.toml")
    google = GoogleTrends({}, Wire(clock=clock), base=trends.base, manners=HASTY)
    span = Window(first, first + timedelta(days=days))
    brief = Brief(tuple(Subject(t, (t,)) for t in reversed(names)), span, grain="day")
    assert collect(google.asks(brief), study.store, clock=clock).unfinished == 0
    stored = study.store.read("interest").to_pandas()
    assert stored[stored["grain"] == "day"].groupby("scale")["term"].agg(set).map(len).value_counts().to_dict() == {
        5: 3,
        1: 3,
    }
    panel = read_panel(study)
    assert {"stitched"} <= {n.code for n in panel.notes}
    found = panel.search.pivot(index="period", columns="topic", values="value")[names].to_numpy().T
    lo, hi = (panel.search.pivot(index="period", columns="topic", values=v)[names].to_numpy().T for v in ("lo", "hi"))
    assert found.shape == searches.shape
    share = found.mean(axis=1) / found[0].mean()
    assert np.log(share / (searches.mean(axis=1) / searches[0].mean())) == pytest.approx(0, abs=0.05)
    truth = searches * (found.mean(axis=1) / searches.mean(axis=1))[:, None]
    assert 0.9 <= ((lo <= truth) & (truth <= hi)).mean() <= 0.99
    for mine, true in zip(found, searches, strict=True):
        months = [v[:420].reshape(-1, 28).mean(axis=1) / v[:420].mean() for v in (mine, true)]
        assert np.median(np.abs(np.log(months[0] / months[1]))) < 0.03, "the level drifts"
    assert (panel.search["scale_error"] > 0).any()
