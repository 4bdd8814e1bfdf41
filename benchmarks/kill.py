"""kill -9 in the midst of writes: what the product's store keeps, beside a naive writer that the same harness must catch.

    python -m benchmarks.kill [--kills 100] [--naive 30] [--write]

A process writes batch after batch and says when it begins one and when one is acknowledged; it is killed at a random instant,
and another process reads everything. Lost: acknowledged and not there whole. Half visible: some rows of a batch, not all.
Unreadable: the read raises. Every fourth round also reads while the writer writes.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import platform
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

if __package__ in (None, ""):  # run as a file
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.record import recorded
from sources.store import Store
from sources.tables import conform

ROWS = 20_000
NOW = datetime(2026, 1, 5, tzinfo=UTC)


class Writer(Protocol):
    """A way to store batches and to count their rows."""

    def write(self, folder: Path, number: int) -> None:
        """Store one batch; it is acknowledged when this returns."""

    def read(self, folder: Path) -> dict[str, int]:
        """Return the rows of each batch that a reader sees."""


class Product:
    """The store of the product."""

    def write(self, folder: Path, number: int) -> None:
        """Append through sources.store."""
        Store(folder).append("posts", frame(number), source="kill", batch_id=str(number), now=NOW)

    def read(self, folder: Path) -> dict[str, int]:
        """Read every row through sources.store."""
        counted = collections.Counter(Store(folder).read("posts", columns=["batch_id", "text"])["batch_id"].to_pylist())
        return dict(counted)


class Naive:
    """What is written at first: a Parquet file a month, straight to its final name."""

    def write(self, folder: Path, number: int) -> None:
        """Write the batch into three files."""
        stamped = frame(number).assign(source="kill", fetched_at=pd.Timestamp(NOW), batch_id=str(number))
        data = conform(stamped, "posts")
        for month in range(3):
            place = folder / f"month={month}"
            place.mkdir(parents=True, exist_ok=True)
            pq.write_table(data.take(pa.array(np.arange(month, ROWS, 3))), place / f"{number}.parquet")

    def read(self, folder: Path) -> dict[str, int]:
        """Read every file there is."""
        counted: collections.Counter[str] = collections.Counter()
        for file in sorted(folder.glob("*/*.parquet")):
            counted.update(pq.read_table(file, columns=["batch_id"], partitioning=None)["batch_id"].to_pylist())
        return dict(counted)


@dataclass
class Tally:
    """What the kills did."""

    kills: int = 0
    in_a_write: int = 0
    acknowledged: set[int] = field(default_factory=set)
    lost: set[int] = field(default_factory=set)
    half: set[str] = field(default_factory=set)
    unreadable: list[str] = field(default_factory=list)
    live: int = 0
    live_failed: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Nothing lost, half visible or unreadable."""
        return not (self.lost or self.half or self.unreadable or self.live_failed)


def frame(number: int) -> pd.DataFrame:
    """Return the posts of one batch."""
    ids = np.char.add(f"{number}-", np.arange(ROWS).astype(str))
    start = pd.Timestamp("2025-01-01", tz="UTC")
    return pd.DataFrame(
        {
            "platform": "p", "id": ids, "kind": "post", "created_at": start + pd.to_timedelta(np.arange(ROWS), "s"),
            "time_quality": "ok", "text": np.char.add("lorem ipsum dolor sit amet ", ids), "query": "",
        }
    )  # fmt: skip


def kill(writer: Writer, kills: int, folder: Path, *, seed: int = 1, longest: float = 1.2) -> Tally:
    """Kill a process that writes, `kills` times, each after up to `longest` seconds, and count what became of the batches."""
    rng, told, following = random.Random(seed), Tally(), 0
    while told.kills < kills:
        pipe, child = _writing(writer, folder, following)
        said = os.read(pipe, 65536)
        time.sleep(rng.uniform(0.02, longest))
        if told.kills % 4 == 0:
            told.live += 1
            seen = _apart(lambda: writer.read(folder))
            _judge(seen, told, told.live_failed)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        while more := os.read(pipe, 65536):
            said += more
        os.close(pipe)
        told.kills += 1
        begun = _account(said.decode(), told)
        following = max(following, *begun) + 1
        told.in_a_write += max(begun) not in told.acknowledged
        seen = _apart(lambda: writer.read(folder))
        _judge(seen, told, told.unreadable)
        if "error" not in seen:
            told.lost |= {n for n in told.acknowledged if seen.get(str(n), 0) != ROWS}
    return told


def _writing(writer: Writer, folder: Path, number: int) -> tuple[int, int]:
    """Start a process that writes without end, and return the pipe it reports to and its id."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(out)
        while True:
            os.write(into, f"S{number} {time.time()}\n".encode())
            writer.write(folder, number)
            os.write(into, f"C{number} {time.time()}\n".encode())
            number += 1
    os.close(into)
    return out, child


def _account(said: str, told: Tally) -> list[int]:
    begun = {}
    for line in said.splitlines():
        what, at = line.split(" ")
        number = int(what[1:])
        if what[0] == "S":
            begun[number] = float(at)
        else:
            told.acknowledged.add(number)
            told.seconds.append(float(at) - begun[number])
    return list(begun)


def _judge(seen: Mapping[str, int | str], told: Tally, failed: list[str]) -> None:
    if "error" in seen:
        failed.append(str(seen["error"]))
    else:
        told.half |= {batch for batch, rows in seen.items() if rows != ROWS}


def _apart(read: Callable[[], dict[str, int]]) -> dict[str, int | str]:
    """Return what a process of its own reads, or the error it meets."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        seen: Mapping[str, int | str]
        try:
            seen = read()
        except Exception as error:  # noqa: BLE001 - whatever a reader meets is counted
            seen = {"error": f"{type(error).__name__}: {str(error)[:150]}"}
        os.write(into, json.dumps(seen).encode())
        os._exit(0)
    os.close(into)
    said = b""
    while more := os.read(out, 65536):
        said += more
    os.close(out)
    os.waitpid(child, 0)
    answer: dict[str, int | str] = json.loads(said)
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--naive", type=int, default=30)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    with recorded("kill", write=given.write):
        print(
            f"{time.strftime('%Y-%m-%d')}, {platform.system()} {platform.release()}, Python {platform.python_version()}, "
            f"deltalake {version('deltalake')}, pyarrow {version('pyarrow')}, batches of {ROWS:,} posts"
        )
        sound = {}
        for name, writer, kills in (
            ("sources/store.py", Product(), given.kills),
            ("naive writer", Naive(), given.naive),
        ):
            with tempfile.TemporaryDirectory(prefix="undersaid-kill-") as folder:
                told = kill(writer, kills, Path(folder))
            sound[name] = told.sound
            print(f"\n{name}: {told.kills} kills, {told.in_a_write} of them in the midst of a batch")
            print(
                f"  acknowledged batches {len(told.acknowledged)}, median {np.median(told.seconds or [np.nan]):.3f} s"
            )
            print(
                f"  lost {len(told.lost)}, half visible {len(told.half)}, unreadable {len(told.unreadable)} of {told.kills}"
            )
            print(f"  reads while it was written: {told.live}, failed {len(told.live_failed)}")
            for error in [*told.unreadable[:1], *told.live_failed[:1]]:
                print(f"  first error: {error}")
        good = sound["sources/store.py"] and not sound["naive writer"]
        print(
            "\ngoal: nothing lost, half visible or unreadable, and the naive writer caught:",
            "met" if good else "MISSED",
        )
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
