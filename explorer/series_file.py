"""Any number of series from one file, each forecast: the same call for one series and for a hundred thousand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from forecasting import fan_out, forecast
from forecasting.pairs import grain_from
from sources.errors import BadFile


def forecast_file(path: Path, horizon: int | None = None, *, workers: int = 1, seed: int = 0) -> pd.DataFrame:
    """Return the forecasts of every series of a long table, in batches of a hundred (forecasting.fanout).

    Parameters
    ----------
    path : CSV or Parquet with `unique_id`, `ds`, `y`. horizon : periods ahead; None = a tenth of the longest series.
    workers : processes that share the batches; the answer does not depend on it.

    Raises
    ------
    BadFile : it cannot be read as such a table. And as `forecasting.forecast`.
    """
    columns = ["unique_id", "ds", "y"]
    try:
        table = (
            pd.read_parquet(path) if path.suffix.lower() == ".parquet" else pd.read_csv(path, dtype={"unique_id": str})
        )
        absent = [c for c in columns if c not in table]
        if absent:
            raise BadFile(f"no column {', '.join(absent)}", path.name, "name the columns unique_id, ds and y")
        long = table[columns].assign(ds=pd.to_datetime(table["ds"]), y=pd.to_numeric(table["y"]))
    except (OSError, ValueError) as error:
        raise BadFile(
            f"it cannot be read as a table ({error})", path.name, "write CSV or Parquet: unique_id, ds, y"
        ) from error
    longest = int(long.groupby("unique_id").size().max()) if len(long) else 0
    h = horizon or max(1, longest // 10)
    return fan_out(forecast, long, workers=workers, h=h, freq=grain_from(long["ds"]), seed=seed)
