"""What an event changed, from a study and on the command line; any number of series from one file."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from explorer.event_impact import impact_frame, impact_said, what_changed
from explorer.panel import Panel
from explorer.study import BadStudy, Study, Topic
from explorer.words import Words
from forecasting import fanout
from forecasting.errors import BadArgument
from tests.test_cli import folder, run  # noqa: F401

START = pd.Timestamp("2025-06-02")


def world(after: float) -> tuple[Study, Panel]:
    """A study of two topics, 80 weeks; from START on, one is spoken of `after` times as much; what is searched stays."""
    rng = np.random.default_rng(0)
    weeks = pd.date_range(START - pd.Timedelta(weeks=60), periods=80, freq="W-MON")
    common = np.exp(0.1 * np.cumsum(rng.normal(size=80)))
    rows = []
    for topic, factor in (("fire", after), ("price", 1.0)):
        y = 200 * common * np.exp(0.05 * rng.normal(size=80)) * np.where(weeks >= START, factor, 1.0)
        rows.append(pd.DataFrame({"topic": topic, "period": weeks, "posts": np.rint(2 * y), "authors": np.rint(y)}))
    social = pd.concat(rows, ignore_index=True).assign(reposts=np.nan, loud_authors=0.0)
    search = social.rename(columns={"authors": "value"})[["topic", "period", "value"]]
    search["value"] = np.tile(200 * common, 2)
    study = Study(
        path=Path("study.toml"), name="s", geo="FR", languages=("fr",), grain="week", start=None,
        topics=tuple(Topic(t, t.title(), (t,), t) for t in ("fire", "price")),
        events=({"name": "Recall", "start": START.date()},),
    )  # fmt: skip
    panel = Panel("week", 0, search, social, pd.DataFrame(), (), ("example",), None, "index", "people")
    return study, panel


def test_an_event_named_in_the_study_shows_its_effect_and_that_the_level_is_not_back() -> None:
    study, panel = world(2.0)
    changed = what_changed(study, "fire", "recall", controls=["price"], panel=panel)
    assert (changed.event, changed.unit, changed.found.controls) == ("Recall", "people", ("price",))
    assert changed.found.relative == pytest.approx(1, abs=0.1)
    row = impact_frame(changed, "en").iloc[0]
    assert row["lo"] > 0
    assert row["level_now"] == "not back"
    assert row["from"] == START
    assert row["placebos"] > 10
    assert row["periods_before"] == 60
    said = impact_said(changed, Words("fr"))
    assert "n’est pas retrouvé" in said[1]
    searched = what_changed(study, "fire", f"{START:%Y-%m-%d}", side="search", panel=panel)
    assert searched.found.lo <= 0 <= searched.found.hi
    assert "no more than happens without an event" in impact_said(searched, Words("en"))[1]


def test_what_is_neither_a_date_nor_an_event_nor_a_topic_is_refused_with_the_remedy() -> None:
    study, panel = world(1.0)
    with pytest.raises(BadStudy, match=r"neither a date nor an event.*name one of: Recall"):
        what_changed(study, "fire", "recal", panel=panel)
    with pytest.raises(BadStudy, match="did you mean 'fire'"):
        what_changed(study, "fir", "recall", panel=panel)
    with pytest.raises(BadArgument, match="outside the data"):
        what_changed(study, "fire", "2031-01-01", panel=panel)


def test_the_command_says_what_an_event_changed(folder: Path) -> None:  # noqa: F811
    run("new", "pumps", cwd=folder)
    run("import", "multiTimeline.csv", "mentions.csv", "--study", "pumps", cwd=folder)
    command = ("impact", "noise", "2024-08-25", "--study", "pumps", "--lang", "en")
    row = json.loads(run(*command, "--format", "json", cwd=folder).stdout)[0]
    assert row["from"].startswith("2024-08-25")
    assert row["lo"] <= row["effect"] <= row["hi"]
    assert row["lo"] < 0 < row["hi"]
    told = run(*command, cwd=folder)
    assert "no more than happens without an event" in told.stdout, told.stderr
    wrong = run("impact", "noise", "someday", "--study", "pumps", cwd=folder)
    assert wrong.returncode == 1
    assert "neither a date nor an event" in wrong.stderr


def test_a_file_of_series_is_shared_out_over_the_workers_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def in_this_process(task: Callable, parts: list[pd.DataFrame], workers: int) -> Iterator[pd.DataFrame]:
        asked.append((len(parts), workers))  # that processes answer alike is proven in test_forecasting_fanout
        return map(task, parts)

    monkeypatch.setattr(fanout, "_locally", in_this_process)
    ds = pd.date_range("2024-01-01", periods=8, freq="W-MON")
    long = pd.concat(pd.DataFrame({"unique_id": f"s{i:03d}", "ds": ds, "y": i + np.arange(8) % 3}) for i in range(150))
    long.to_csv(tmp_path / "series.csv", index=False)
    done = run(
        "forecast", "--series", "series.csv", "--horizon", "1", "--workers", "2", "--format", "csv", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert asked == [(2, 2)]
    made = pd.read_csv(io.StringIO(done.stdout))
    assert made["unique_id"].tolist() == [f"s{i:03d}" for i in range(150)]
    assert (made["yhat"].to_numpy() - np.arange(150)).max() < 3


def test_a_file_that_is_no_table_of_series_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("unique_id,ds\na,2024-01-01\n", encoding="utf-8")
    refused = run("forecast", "--series", "bad.csv", cwd=tmp_path)
    assert refused.returncode == 1
    assert "bad.csv: no column y" in refused.stderr
    assert "cannot be read" in run("forecast", "--series", "none.csv", cwd=tmp_path).stderr
    assert run("forecast", "--workers", "2", cwd=tmp_path).returncode == 2
