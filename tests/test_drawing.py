"""Charts on their way out: drawn once, exchanged in place, and never without their data."""

from __future__ import annotations

import threading

import numpy as np
import pandas as pd

from explorer import charts
from explorer.ui.drawing import chart
from explorer.ui.text import PageWords
from explorer.words import Words


def path(seed: int, periods: int = 30) -> pd.DataFrame:
    values = np.random.default_rng(seed).normal(size=periods)
    dates = pd.date_range("2026-01-04", periods=periods, freq="W")
    return pd.DataFrame({"date": dates, "gap": values, "lo": values - 1, "hi": values + 1}).assign(
        lo80=values - 0.5, hi80=values + 0.5, lo95=values - 1, hi95=values + 1
    )


def test_a_chart_refers_to_its_frames_by_names_that_stay_when_only_the_data_change() -> None:
    one, other = (
        charts.to_spec(charts.gap_band(path(1), Words("en"))),
        charts.to_spec(charts.gap_band(path(2), Words("en"))),
    )
    assert one["datasets"].keys() == other["datasets"].keys()
    assert any(frame.equals(path(1)) for frame in one["datasets"].values())
    assert {k: v for k, v in one.items() if k != "datasets"} == {k: v for k, v in other.items() if k != "datasets"}


def test_a_frame_that_layers_share_is_sent_once() -> None:
    frames = [f for f in charts.to_spec(charts.gap_band(path(1), Words("en")))["datasets"].values() if len(f) == 30]
    assert len(frames) == 1


def test_a_chart_kept_is_that_of_the_same_data_and_language_only() -> None:
    long = path(1, 60_000)
    changed = long.assign(gap=np.where(np.arange(60_000) == 31_234, 9.0, long["gap"]))

    def drawn(frame: pd.DataFrame, words: Words) -> str:
        spec = chart(charts.gap_band, frame, words)
        shown = next(f for f in spec["datasets"].values() if len(f) == len(frame))
        return f"{spec['config']['locale']['number']['decimal']} {shown['gap'].sum():.6f}"

    told = [drawn(f, w) for f in (long, changed) for w in (Words("fr"), Words("en"), PageWords("fr"))]
    assert (told[0][0], told[1][0]) == (",", ".")
    assert told[0] == told[2] == drawn(long.copy(), Words("fr"))
    assert len({told[0], told[1], told[3], told[4]}) == 4


def test_an_export_keeps_its_data_while_others_look_at_charts() -> None:
    words, frame, stop = Words("en"), path(3), threading.Event()
    whole = charts.to_svg(charts.gap_band(frame, words), words)

    def look() -> None:
        while not stop.is_set():
            charts.to_spec(charts.gap_band(frame, words))

    others = [threading.Thread(target=look) for _ in range(2)]
    for other in others:
        other.start()
    try:
        assert all(charts.to_svg(charts.gap_band(frame, words), words) == whole for _ in range(8))
    finally:
        stop.set()
        for other in others:
            other.join()
