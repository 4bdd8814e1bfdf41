"""The same pure function over many series: batches of about a hundred, on local processes or on Spark, equal answers."""

from __future__ import annotations

import math
import multiprocessing
import os
import sys
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from forecasting.errors import BadArgument, BadSeries, TooLittleData

#: Series a batch: enough for pooled models to learn from each other, few enough for one worker's memory.
SIZE = 100
ENGINES = ("local", "spark")
BATCH = "_batch"


def fan_out(
    function: Callable[..., pd.DataFrame],
    df: Any,
    *,
    size: int = SIZE,
    engine: str = "local",
    workers: int | None = None,
    spark: Any = None,
    **settings: Any,
) -> pd.DataFrame:
    """Run `function(frame, **settings)` on batches of series and return all its rows.

    A series belongs to the batch crc32(id) mod (number of batches): the same on every machine and engine, whatever the
    order of the rows. Functions that learn across the series of a batch therefore answer the same everywhere.

    Parameters
    ----------
    function : pure, named at the top of a module (it travels to other processes): a long frame with `unique_id` in, a frame
        with one fixed set of columns out. `forecasting.forecast` is one.
    df : long frame with `unique_id`; with engine "spark" also a Spark frame, which then never comes to this process whole.
    size : series a batch, about.
    engine : "local" (processes here) or "spark" (`groupBy().applyInPandas`, needs the extra `spark`).
    workers : local processes; None = one a core, 1 = in this process.
    spark : the Spark session; None = the one that runs, or a new one.
    settings : passed to the function.

    Returns
    -------
    The rows of all batches, sorted by `unique_id` (stable: the function's own order within a series is kept).

    Raises
    ------
    BadArgument : no such engine, size or workers below 1, or Spark is asked for and not installed.
    BadSeries : no column `unique_id`. TooLittleData : no rows. And whatever the function raises.
    """
    if engine not in ENGINES:
        raise BadArgument(f"the engine {engine!r} is not known", "engine", f"pass one of {', '.join(ENGINES)}")
    for value, name in ((size, "size"), (workers, "workers")):
        if value is not None and (isinstance(value, bool) or int(value) != value or value < 1):
            raise BadArgument(f"{value!r} {name}", name, "pass a whole number of at least 1")
    if "unique_id" not in df.columns:
        raise BadSeries("no column 'unique_id'", "frame", "name the column that tells series apart unique_id")
    task = partial(function, **settings)
    if engine == "spark":
        return _sorted(_on_spark(task, df, size, spark))
    ids = df["unique_id"].unique()
    if not len(ids):
        raise TooLittleData("the frame has no rows", "frame", "pass at least one series")
    batch = df["unique_id"].map(batches(ids, size))
    parts = [part for _, part in df.groupby(batch.to_numpy(), sort=True)]
    if workers is None:
        workers = os.cpu_count() or 1
    return _sorted(pd.concat(list(_locally(task, parts, min(workers, len(parts)))), ignore_index=True))


def batches(ids: Any, size: int = SIZE) -> dict[Any, int]:
    """Return id -> number of its batch: crc32 of the id as text, modulo the number of batches."""
    count = max(1, math.ceil(len(ids) / size))
    return {uid: zlib.crc32(str(uid).encode()) % count for uid in ids}


def _locally(task: Callable[..., pd.DataFrame], parts: list[pd.DataFrame], workers: int) -> Iterator[pd.DataFrame]:
    if workers == 1:
        yield from map(task, parts)
        return
    # A fresh interpreter a worker: a fork would copy the threads and locks of whatever runs here (Streamlit, Spark).
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        yield from pool.map(task, parts)


def _on_spark(task: Callable[..., pd.DataFrame], df: Any, size: int, session: Any) -> pd.DataFrame:
    try:
        from pyspark.sql import DataFrame, SparkSession, functions
        from pyspark.sql.pandas.types import from_arrow_schema
    except ImportError as error:
        remedy = "pip install 'undersaid[spark]', or pass engine='local'"
        raise BadArgument("PySpark is not installed", "engine", remedy) from error
    import pyarrow as pa

    if isinstance(df, pd.DataFrame):
        # Workers run the interpreter that this process runs; without a word they take whatever python3 is first in PATH.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        session = session or SparkSession.builder.getOrCreate()
        table = session.createDataFrame(pa.Table.from_pandas(df, preserve_index=False))
    elif isinstance(df, DataFrame):
        table = df
    else:
        raise BadSeries(f"a frame of type {type(df).__name__}", "frame", "pass a pandas or a Spark frame")
    count = math.ceil(table.select("unique_id").distinct().count() / size)
    if not count:
        raise TooLittleData("the frame has no rows", "frame", "pass at least one series")
    text = table["unique_id"].cast("string")
    table = table.withColumn(BATCH, functions.crc32(functions.encode(text, "UTF-8")) % count)
    # The columns of the answer are learned from one real batch, computed here: the smallest.
    sizes = table.groupBy(BATCH).count().orderBy("count", BATCH).first()
    sample = task(_pandas(table.where(table[BATCH] == sizes[BATCH]).drop(BATCH)))
    schema = pa.Schema.from_pandas(sample, preserve_index=False)
    for place, field in enumerate(schema):
        if pa.types.is_null(field.type):
            schema = schema.set(place, field.with_type(pa.string()))
        elif pa.types.is_timestamp(field.type):
            schema = schema.set(place, field.with_type(pa.timestamp("us", field.type.tz)))
    schema = schema.remove_metadata()
    apply = partial(_part, task, tuple(sample.columns))
    found = _pandas(table.groupBy(BATCH).applyInPandas(apply, from_arrow_schema(schema, prefer_timestamp_ntz=True)))
    for name, kind in sample.dtypes.items():
        if pd.api.types.is_object_dtype(kind):  # a missing text is None again, not the NaN that it travelled as
            found[name] = found[name].astype(object).where(found[name].notna(), None)
        elif found[name].dtype != kind:
            found[name] = found[name].astype(kind)
    return found


def _pandas(table: Any) -> pd.DataFrame:
    # Not toPandas(): PySpark 4.0 calls pandas 3 by arguments that it has deprecated.
    return table.toArrow().to_pandas()


def _part(task: Callable[..., pd.DataFrame], columns: tuple[str, ...], part: pd.DataFrame) -> pd.DataFrame:
    """Return what the function makes of one batch, its columns in the agreed order."""
    out = task(part.drop(columns=BATCH))
    return out[list(columns)]


def _sorted(found: pd.DataFrame) -> pd.DataFrame:
    if "unique_id" not in found:
        return found
    order = np.argsort(found["unique_id"].astype(str).to_numpy(), kind="stable")
    return found.iloc[order].reset_index(drop=True)
