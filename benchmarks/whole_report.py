"""The whole report - gap, voices, needs, forecast, alerts - of a synthetic study: seconds, CPU, memory, and how both grow.

    python -m benchmarks.whole_report [--posts 1000000 10000000] [--topics 200] [--write]

Each size runs in a process of its own, from reading the study file on; the time its imports take is part of it. Beside it
stands `undersaid prepare`: all that the pages show (communities, trends, the path of the gap and more) in two processes.
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
from collections.abc import Callable
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
    begun, out = time.perf_counter(), {}

    def part(name: str, job: Callable[[], Any]) -> Any:
        wall, cpu = time.perf_counter(), _cpu()
        made = job()
        out[name] = (time.perf_counter() - wall, _cpu() - cpu)
        return made

    def imports() -> None:
        import explorer.answers
        import explorer.early_warning
        import explorer.needs
        import explorer.who_speaks  # noqa: F401

    part("imports", imports)
    from explorer.answers import find_gaps, look_ahead
    from explorer.early_warning import warnings_of
    from explorer.needs import find_needs
    from explorer.panel import read_panel
    from explorer.study import read_study
    from explorer.tallies_people import PeopleTallies
    from explorer.who_speaks import find_speakers

    study = read_study(folder)
    tallies = part("open", lambda: PeopleTallies.of(study))
    panel = part("panel", lambda: read_panel(study, tallies))
    gaps = part("gap", lambda: find_gaps(study, panel=panel))
    part("voices", lambda: find_speakers(study, panel=panel, tallies=tallies))
    needs = part("needs", lambda: find_needs(study, tallies=tallies))
    part("forecast", lambda: look_ahead(study, panel=panel))
    warned = part("alerts", lambda: warnings_of(study, tallies))
    found = {"gaps": len(gaps.table.dropna(subset=["gap"])), "needs": len(needs.table), "alerts": len(warned.events)}
    peak = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "parts": out,
        "wall": time.perf_counter() - begun,
        "cpu": _cpu(),
        "peak": peak[0],
        "worker peak": peak[1],
        "found": found,
        "posts": tallies.n_posts(),
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
