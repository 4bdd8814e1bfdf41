"""The whole report - gap, voices, needs, forecast, alerts - of a synthetic study: seconds, CPU, memory, and how both grow.

    python -m benchmarks.whole_report [--posts 1000000 10000000] [--topics 200] [--write]

Each size runs in a process of its own, from its imports on, beside which another one forecasts and scores alerts: what that one
computes is counted where it ends, or where the report waits for it. `undersaid prepare`, all that the pages show (communities,
trends, the path of the gap and more), is measured too.
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

if __package__ in (None, ""):  # run as a file
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.record import ROOT, recorded

#: Goals: seconds for a million posts and 200 topics on two cores; growth from one to ten million posts.
GOAL_SECONDS, GOAL_GROWTH = 60.0, 10.0


def measure(folder: Path) -> dict[str, Any]:
    """Return wall and CPU seconds of every part, peak memory, and how much was found."""
    begun = time.perf_counter()
    out, before = {}, [begun, 0.0]

    def done(part: str) -> None:
        now = [time.perf_counter(), _cpu()]
        out[part] = (now[0] - before[0], now[1] - before[1])
        before[:] = now

    from explorer.study import read_study
    from explorer.tallies import Tallies
    from explorer.whole import work_out

    done("imports")
    study = read_study(folder)
    whole = work_out(study, done=done)
    if whole.refused or not (whole.gaps and whole.needs and whole.warned):
        raise SystemExit(f"not told: {whole.refused}")
    found = {
        "gaps": len(whole.gaps.table.dropna(subset=["gap"])),
        "needs": len(whole.needs.table),
        "alerts": len(whole.warned.events),
    }
    peak = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "parts": out,
        "wall": time.perf_counter() - begun,
        "cpu": _cpu(),
        "peak": peak[0],
        "worker peak": peak[1],
        "found": found,
        "posts": Tallies.of(study).n_posts(),
    }


def run(posts: int, topics: int, folder: Path) -> dict[str, Any]:
    """Write a study and measure its report in a process of its own."""
    from benchmarks.synthetic import study_of

    study_of(folder, posts, topics)
    command = [sys.executable, "-m", "benchmarks.whole_report", "--measure", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    # Two processes hold the posts of a study twice.
    answer["prepared"] = prepared(folder) if posts <= 1_000_000 else None
    return answer


def prepared(folder: Path) -> float:
    """Return the seconds that `undersaid prepare` takes when nothing of the study was kept."""
    with tempfile.TemporaryDirectory(prefix="undersaid-kept-") as kept:
        # A study in the folder for temporary files keeps no answers: that folder is another one here.
        environment = os.environ | {"XDG_CACHE_HOME": kept, "TMPDIR": kept}
        begun = time.perf_counter()
        command = [sys.executable, "-c", "from explorer.cli import main; main()", "prepare", "--study", str(folder)]
        subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
        return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--topics", type=int, default=200)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--measure", type=Path)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(given.measure)))
        return
    with recorded("whole_report", write=given.write):
        print(
            f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, Python {platform.python_version()}, "
            f"duckdb {version('duckdb')}, pandas {version('pandas')}, load {os.getloadavg()[0]:.1f}"
        )
        walls = {}
        for posts in given.posts:
            with tempfile.TemporaryDirectory(prefix="undersaid-bench-") as folder:
                told = run(posts, given.topics, Path(folder))
            walls[posts] = told
            print(f"\n{posts:,} rows ({told['posts']:,} posts), {given.topics} topics: {told['found']}")
            for name, (wall, cpu) in told["parts"].items():
                print(f"  {name:10s} {wall:7.1f} s wall {cpu:7.1f} s processor")
            print(f"  {'together':10s} {told['wall']:7.1f} s wall {told['cpu']:7.1f} s processor")
            print(f"  peak memory {told['peak']:,.0f} MB, of the largest other process {told['worker peak']:,.0f} MB")
            if told["prepared"] is not None:
                print(f"  all that the pages show, by undersaid prepare: {told['prepared']:.1f} s wall")
            if posts == 1_000_000 and given.topics == 200:
                print(f"  goal: under {GOAL_SECONDS:.0f} s on 2 cores: {_met(told['wall'] < GOAL_SECONDS)}")
        if len(walls) > 1:
            small, large = min(walls), max(walls)
            grown = walls[large]["cpu"] / walls[small]["cpu"]
            most = GOAL_GROWTH * large / small / 10
            print(
                f"\ngrowth of processor time {small:,} -> {large:,}: {grown:.2f} x (goal: at most {most:.0f})", end=" "
            )
            print(_met(grown <= most))


def _met(good: bool) -> str:
    return "met" if good else "MISSED"


def _cpu() -> float:
    return sum(os.times()[:4])


if __name__ == "__main__":
    main()
