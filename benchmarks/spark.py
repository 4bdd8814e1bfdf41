"""Every question of the seam on DuckDB and on PySpark of this machine: equal frames, and what each engine takes.

    pip install 'undersaid[spark]'      (and Java 17)
    python -m benchmarks.spark [--posts 200000] [--topics 20] [--write]

Approximate distinct counts are not part of the seam: two engines sketch differently, so they could not be held equal.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

if __package__ in (None, ""):  # run as a file
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.record import recorded
from benchmarks.synthetic import study_of
from explorer.tallies_texts import TextTallies
from tests.seam import QUESTIONS, Given, differences


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=200_000)
    parser.add_argument("--topics", type=int, default=20)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    with recorded("spark", write=given.write), tempfile.TemporaryDirectory(prefix="undersaid-spark-") as folder:
        print(
            f"{time.strftime('%Y-%m-%d')}, Python {platform.python_version()}, ibis {version('ibis-framework')}, "
            f"duckdb {version('duckdb')}, pyspark {version('pyspark')}"
        )
        study = study_of(Path(folder), given.posts, given.topics)
        here, there = TextTallies.of(study), TextTallies.of(replace(study, engine="spark"))
        begun = time.perf_counter()
        asked = Given(study, here)
        apart = 0
        for told in differences(here, there, asked):
            apart += 1
            print(told, flush=True)
        n = sum(map(len, QUESTIONS.values()))
        print(
            f"{n} questions on {here.n_posts():,} posts and {given.topics} topics: {n - apart} equal, {apart} not",
            end="",
        )
        print(f" ({time.perf_counter() - begun:.0f} s)")
    sys.exit(1 if apart else 0)


if __name__ == "__main__":
    main()
