"""The product's counts beside SQL by hand and pandas: processor time, one thread, a process for each engine.

    python -m benchmarks.engine [--posts 1000000 10000000] [--topics 200] [--write]

"open" reads the stored files, keeps the newest version of every post and tells the topics apart; the other questions are
asked after it, one after another. Memory is the peak of the process until then.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

if __package__ in (None, ""):  # run as a file
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.engine_tasks import ENGINES, SQL
from benchmarks.record import ROOT, recorded

#: Goals: geometric means of processor time against SQL by hand by number of posts, against pandas, of peak memory against
#: pandas, and of an engine that may use 256 MB against one without a limit.
BY_HAND, PANDAS, MEMORY, LIMITED = {1_000_000: 1.3, 10_000_000: 1.15}, 0.4, 0.5, 1.3
TASKS = ("open", *SQL)
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "ARROW_NUM_THREADS": "1"}


def measure(engine: str, folder: Path, memory: str) -> dict[str, dict[str, Any]]:
    """Return processor seconds, peak memory of the process until then [MB] and the size of the answer, by question."""
    import pyarrow as pa

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    opened, questions = ENGINES[engine](folder, memory)
    told = {}
    for task in TASKS:
        begun = time.process_time()
        rows = len(questions[task]()) if task != "open" else opened() or 0
        used = time.process_time() - begun
        told[task] = {"cpu": used, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "rows": rows}
        print(f"  {engine}, {memory or 'all memory'}: {task} {used:.2f} s", file=sys.stderr, flush=True)
    return told


def apart(engine: str, folder: Path, memory: str = "") -> dict[str, dict[str, Any]]:
    """Measure in a process of its own; what it did not come to because it ran out of memory is nan."""
    command = [sys.executable, "-m", "benchmarks.engine", "--measure", engine, str(folder), memory]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ | ONE_THREAD)
    if done.returncode:
        return {task: {"cpu": np.nan, "peak": np.nan, "rows": -1} for task in TASKS}
    answer: dict[str, dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return answer


def compare(posts: int, folder: Path, engines: list[str]) -> None:
    """Print every engine and question, and the ratios that the goals are about."""
    told = {}
    for e in engines:
        answered = apart(e.split()[0], folder, "256MB" if e == "product 256 MB" else "")
        told |= {(e, t): answered[t] for t in TASKS}
    print(f"\n{posts:,} rows: processor seconds / peak memory [MB]")
    print(f"  {'':9s}" + "".join(f"{e:>22s}" for e in engines) + f"{'rows':>10s}")
    for task in TASKS:
        cells = [f"{told[e, task]['cpu']:12.3f} / {told[e, task]['peak']:7.0f}" for e in engines]
        print(f"  {task:9s}" + "".join(cells) + f"{told['product', task]['rows']:10,d}")
        sizes = {told[e, task]["rows"] for e in engines}
        if len(sizes) > 1:
            print(f"  ANSWERS DIFFER IN SIZE: {sizes}")

    def ratio(a: str, b: str, what: str, tasks: tuple[str, ...] = TASKS) -> float:
        return float(np.exp(np.mean([np.log(told[a, t][what] / told[b, t][what]) for t in tasks])))

    def line(name: str, value: float, goal: float | None) -> None:
        wanted = "no goal" if goal is None else f"goal <= {goal}: {'met' if value <= goal else 'MISSED'}"
        print(f"  {name:58s} {value:6.2f}   {wanted}")

    line("processor, product / SQL by hand, geometric mean", ratio("product", "duckdb", "cpu"), BY_HAND.get(posts))
    line("  the same without opening", ratio("product", "duckdb", "cpu", TASKS[1:]), None)
    if "pandas" in engines:
        line("processor, product / pandas", ratio("product", "pandas", "cpu"), PANDAS if posts >= 10**7 else None)
        peak = {e: max(told[e, t]["peak"] for t in TASKS) for e in engines}
        line("peak memory, product / pandas", peak["product"] / peak["pandas"], MEMORY if posts >= 10**7 else None)
    if "product 256 MB" in engines:
        line("processor, product with 256 MB / without a limit", ratio("product 256 MB", "product", "cpu"), LIMITED)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--topics", type=int, default=200)
    parser.add_argument("--engines", nargs="+", default=["product", "duckdb", "pandas", "product 256 MB"])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--measure", nargs=3)
    given = parser.parse_args()
    if given.measure:
        engine, study, memory = given.measure
        print(json.dumps(measure(engine, Path(study), memory)))
        return
    from benchmarks.synthetic import study_of

    with recorded("engine", write=given.write):
        names = ("duckdb", "ibis-framework", "pandas", "pyarrow")
        made = ", ".join(f"{n} {version(n)}" for n in names)
        print(
            f"{time.strftime('%Y-%m-%d')}, one thread, Python {platform.python_version()}, {made}, {given.topics} topics"
        )
        for posts in given.posts:
            with tempfile.TemporaryDirectory(prefix="undersaid-bench-") as folder:
                study_of(Path(folder), posts, given.topics, named=1.0)
                compare(posts, Path(folder), given.engines)


if __name__ == "__main__":
    main()
