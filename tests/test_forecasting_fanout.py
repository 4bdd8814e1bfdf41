"""Fan-out: batches do not depend on the machine, and local processes and Spark give the same answer."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from forecasting import fan_out
from forecasting.errors import BadArgument, BadSeries, TooLittleData
from forecasting.fanout import batches
from forecasting.trend_class import trend_class


def world(series: int = 12, n: int = 80) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    ds = pd.date_range("2023-01-02", periods=n, freq="W-MON")
    parts = [
        pd.DataFrame({"unique_id": f"série {i}", "ds": ds, "y": 50 * np.exp(0.1 * np.cumsum(rng.normal(size=n)))})
        for i in range(series)
    ]
    return pd.concat(parts, ignore_index=True)


def shares(frame: pd.DataFrame, *, factor: float = 1.0) -> pd.DataFrame:
    """A function that looks at its whole batch: the share of each series in the batch's sum."""
    total = frame.groupby("unique_id")["y"].sum()
    out = (factor * total / total.sum()).rename("share").reset_index()
    return out.assign(ds=frame["ds"].max(), note=None)


def boom(frame: pd.DataFrame) -> pd.DataFrame:
    raise TooLittleData("too little", "batch", "add more")


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    sql = pytest.importorskip("pyspark.sql", reason="needs the extra spark: pip install 'undersaid[spark]'")
    if shutil.which("java") is None:
        pytest.skip("needs Java 17 for Spark, which is not here")
    patch = pytest.MonkeyPatch()
    patch.setenv("PYSPARK_PYTHON", sys.executable)
    builder = sql.SparkSession.builder.master("local[1]").appName("undersaid-test")
    for key, value in {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.session.timeZone": "UTC",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
    }.items():
        builder = builder.config(key, value)
    started = builder.getOrCreate()
    yield started
    started.stop()
    patch.undo()


def test_a_batch_holds_every_series_once_whatever_the_order() -> None:
    ids = [f"s{i}" for i in range(1000)]
    of = batches(ids, 100)
    assert set(of) == set(ids)
    assert of == {uid: of[uid] for uid in reversed(ids)}
    assert batches(list(reversed(ids)), 100) == of
    sizes = pd.Series(of).value_counts()
    assert len(sizes) == 10
    assert sizes.between(60, 140).all()


def test_one_process_and_two_give_the_same_rows_in_the_same_order() -> None:
    data = world()
    alone = fan_out(shares, data, size=4, workers=1, factor=2.0)
    pool = fan_out(shares, data.sample(frac=1, random_state=1), size=4, workers=2, factor=2.0)
    pd.testing.assert_frame_equal(alone, pool, rtol=1e-12)
    assert alone["share"].sum() == pytest.approx(2.0 * len(set(batches(data["unique_id"].unique(), 4).values())))


def test_what_the_function_refuses_is_refused() -> None:
    with pytest.raises(TooLittleData, match="add more"):
        fan_out(boom, world(4), size=2, workers=1)


def test_wrong_questions_are_refused() -> None:
    with pytest.raises(BadArgument, match="engine"):
        fan_out(shares, world(2), engine="abacus")
    with pytest.raises(BadArgument, match="size"):
        fan_out(shares, world(2), size=0)
    with pytest.raises(BadSeries, match="unique_id"):
        fan_out(shares, world(2).rename(columns={"unique_id": "id"}))
    with pytest.raises(TooLittleData, match="no rows"):
        fan_out(shares, world(2).head(0))


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_spark_gives_the_answer_of_the_local_processes(session: Any) -> None:
    data = world()
    for function, settings in ((shares, {"factor": 3.0}), (trend_class, {"freq": "W-MON"})):
        local = fan_out(function, data, size=4, workers=1, **settings)
        spread = fan_out(function, data, size=4, engine="spark", spark=session, **settings)
        pd.testing.assert_frame_equal(local, spread, rtol=1e-12, check_dtype=False)
    big = session.createDataFrame(data)
    from_spark = fan_out(shares, big, size=4, engine="spark", factor=3.0)
    pd.testing.assert_frame_equal(from_spark, fan_out(shares, data, size=4, workers=1, factor=3.0), check_dtype=False)
