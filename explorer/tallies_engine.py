"""Where the engine of a study is opened, and the two things that engines do each in a way of their own: files in, Arrow out."""

from __future__ import annotations

import os
import sys
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from explorer.study import BadStudy

#: Bytes of Parquet files, some three million posts; what is worked out of more does not stay in memory.
IN_MEMORY = 400 * 1024**2
#: What a Spark session of this machine is set to where nothing else says so; a cluster's own session comes as it is.
_LOCAL = {
    "spark.ui.enabled": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.shuffle.partitions": "8",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
}


def is_large(files: Sequence[str]) -> bool:
    """Return whether files hold more than is worked out in memory."""
    return sum(Path(f).stat().st_size for f in files) > IN_MEMORY


def open_engine(name: str, *, large: bool = False) -> Any:
    """Open the engine a study names; its session clock is UTC, so that a period starts at the same instant everywhere.

    "spark" takes the session that runs, or the one of SPARK_REMOTE or spark-defaults.conf, or starts one on this machine.

    Parameters
    ----------
    large : what is worked out goes into a packed file in the folder for temporary files and not into memory (DuckDB): tables in
        memory can only be joined where all of them fit into it, those of a file in 256 MB.

    Raises
    ------
    BadStudy : no such engine, or Spark is not installed or does not start.
    """
    if name == "duckdb":
        return _duckdb(large=large)
    if name == "spark":
        session = _session()
        return ibis.pyspark.connect(session)
    raise BadStudy(f"the engine {name!r} is not built in", "engine", "choose duckdb or spark")


def _duckdb(*, large: bool) -> Any:
    # What does not fit into memory goes to the folder for such files, and not beside wherever the program was started.
    folder = tempfile.TemporaryDirectory(prefix="undersaid-engine-", ignore_cleanup_errors=True)
    engine = ibis.duckdb.connect(Path(folder.name) / "kept.duckdb" if large else ":memory:")
    engine.raw_sql("SET TimeZone = 'UTC'")
    engine.raw_sql(f"SET temp_directory = '{folder.name.replace(chr(39), chr(39) * 2)}/spill'")
    if large:
        engine.raw_sql("SET preserve_insertion_order = false")  # costs memory, and joins and sums keep none anyway
    weakref.finalize(engine, folder.cleanup)
    return engine


def read_files(engine: Any, files: Sequence[str]) -> Any:
    """Return the rows of Parquet files, columns brought together by name; instants are in UTC.

    Columns that hold nothing but nulls are left out (not on Spark, where no footer is read here).

    Raises
    ------
    BadStudy : a file is damaged or gone.
    """
    if engine.name != "pyspark":
        nothing = _without_values(files)
        rows = engine.read_parquet(list(files), union_by_name=True)
        # Without a zone: the calendar of instants with a zone costs DuckDB ten times as much.
        zoned = [name for name, kind in rows.schema().items() if kind.is_timestamp() and kind.timezone]
        if zoned:
            clock = ", ".join(f'make_timestamp(epoch_us("{n}")) AS "{n}"' for n in zoned)
            view = ibis.util.gen_name("stored")
            stored = f'SELECT * REPLACE ({clock}) FROM "{rows.get_name()}"'  # noqa: S608 - names of our own
            engine.raw_sql(f'CREATE VIEW "{view}" AS {stored}')
            rows = engine.table(view)
        return rows.drop(*nothing)
    name = ibis.util.gen_name("stored")
    _session().read.option("mergeSchema", "true").parquet(*files).createOrReplaceTempView(name)
    return engine.table(name)


def instant(at: pd.Timestamp) -> Any:
    """Return an instant to compare with those of `read_files`."""
    return ibis.timestamp(at.tz_convert("UTC").tz_localize(None).isoformat())


def _without_values(files: Sequence[str]) -> set[str]:
    """Return the columns of Parquet files that hold nothing but nulls, as their footers say."""
    full: set[str] = set()
    empty: set[str] = set()
    for file in files:
        try:
            footer = pq.read_metadata(file)
        except (OSError, pa.ArrowInvalid) as error:
            remedy = "restore the folder from a backup, or move it away and import the files again"
            raise BadStudy(
                "a stored file is damaged or gone", f"{Path(file).parent.name}/{Path(file).name}", remedy
            ) from error
        for group in (footer.row_group(i) for i in range(footer.num_row_groups)):
            for column in (group.column(i) for i in range(group.num_columns)):
                known = column.statistics
                nothing = known is not None and known.has_null_count and 0 < column.num_values == known.null_count
                (empty if nothing else full).add(column.path_in_schema)
    return empty - full


def once(rows: Any) -> Any:
    """Return rows without repeats. Not `distinct`: Ibis 12 drags the columns of a filter before it into it on Spark."""
    return rows.group_by(list(rows.columns)).aggregate(_n=ibis._.count()).drop("_n")


def cached(engine: Any, expression: Any) -> Any:
    """Work an expression out once on Spark, which has no temporary tables; it goes when nobody uses it."""
    operations = ibis.expr.operations
    # Rows that were made here belong to no engine yet: there is nothing to keep.
    if not expression.op().find(operations.DatabaseTable):
        return expression
    for rows in expression.op().find(operations.InMemoryTable):
        # Ibis 12 brings such rows to Spark before it answers, and forgets to before it keeps.
        engine.to_pyarrow(rows.to_expr().limit(0))
    return expression.cache()


def to_arrow(engine: Any, expression: Any) -> pa.Table:
    """Work an expression out and return its rows."""
    return engine.to_pyarrow(expression)


def _session() -> Any:
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        remedy = "pip install 'undersaid[spark]' (and Java 17), or choose engine = \"duckdb\""
        raise BadStudy("PySpark is not installed", "engine", remedy) from error
    running = SparkSession.getActiveSession()
    if running is not None:
        return running
    # Workers run the interpreter that this process runs; without a word they take whatever python3 is first in PATH.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("undersaid")
    if not any(os.environ.get(place) for place in ("SPARK_REMOTE", "SPARK_CONF_DIR", "SPARK_HOME")):
        for key, value in _LOCAL.items():
            builder = builder.config(key, value)
    try:
        return builder.getOrCreate()
    except Exception as error:  # whatever Java, the network or the cluster refuse
        first = str(error).strip().splitlines() or [type(error).__name__]
        remedy = 'install Java 17 and set JAVA_HOME, or check SPARK_REMOTE, or choose engine = "duckdb"'
        raise BadStudy(f"Spark does not start ({first[0]})", "engine", remedy) from error
