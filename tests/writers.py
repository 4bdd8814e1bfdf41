"""What other processes do to a store in tests/test_keeping.py: collect, read, run into the end of the disk. Light to import."""

from __future__ import annotations

import resource
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sources.errors import Unavailable
from sources.store import Receipt, Store

NOW = datetime(2026, 1, 5, tzinfo=UTC)
ROWS = 400


def counts(batch: str, rows: int = ROWS) -> pd.DataFrame:
    """Return the rows of one batch."""
    periods = pd.date_range("2024-01-01", periods=rows, freq="h", tz="UTC")
    fixed = {"grain": "hour", "posts": 1.0, "authors": np.nan, "unit": "count"}
    return pd.DataFrame({"query": batch, "geo": "", "period": periods, **fixed})


def put(store: Store, batch: str, rows: int = ROWS, now: datetime = NOW) -> Receipt:
    """Store one batch."""
    return store.append("counts", counts(batch, rows), source="s", batch_id=batch, now=now)


def collector(root: Path, name: str, batches: int, said: Any) -> None:
    """Store batches of its own, and four that the other collector brings too; say how many it stored."""
    names = [*(f"{name}{i}" for i in range(batches)), *(f"both{i}" for i in range(4))]
    said.put(("wrote", sum(not put(Store(root), b).already for b in names), 0))


def reader(root: Path, said: Any) -> None:
    """Read again and again; say how many batches were seen by half and how many rows there were at last."""
    half, seen = 0, -1
    for _ in range(6):
        sizes = Store(root).read("counts", columns=["batch_id"]).to_pandas()["batch_id"].value_counts()
        half += int((sizes != ROWS).sum()) + int(sizes.sum() < seen)
        seen = int(sizes.sum())
    said.put(("read", half, seen))


def full(root: Path, said: Any) -> None:
    """Write where no file may grow beyond 2,000 bytes; say what came of it."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # the write then fails with EFBIG, as on a full disk with ENOSPC
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    try:
        put(Store(root), "large", 50_000)
        told = "written"
    except Unavailable as error:
        told = str(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    said.put(told)
