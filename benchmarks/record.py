"""What the benchmarks share: the CPU of a job, and what was printed kept in docs/benchmarks.md."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parent.parent


@contextlib.contextmanager
def recorded(name: str, *, write: bool) -> Iterator[None]:
    """Keep what is printed inside the block in docs/benchmarks.md, if `write`, in place of the last run of that name.

    Parameters
    ----------
    name : "module" or "module argument", as on the command line.
    """
    said = io.StringIO()
    with contextlib.redirect_stdout(Both(sys.stdout, said)):
        yield
    if write:
        keep(name, said.getvalue())


class Both(io.TextIOBase):
    """A stream that writes to two others."""

    def __init__(self, *streams: IO[str]) -> None:
        self.streams = streams

    def write(self, text: str) -> int:
        """Write `text` to both."""
        for stream in self.streams:
            stream.write(text)
            stream.flush()
        return len(text)


def keep(name: str, said: str) -> None:
    """Put the output of a run into docs/benchmarks.md, under its name and in place of the run before."""
    place = ROOT / "docs" / "benchmarks.md"
    head = "# What the benchmarks printed\n\nEvery part is the output of the command above it, one run, one core.\n"
    text = place.read_text(encoding="utf-8") if place.exists() else head
    start, end = f"<!-- {name} -->", f"<!-- end {name} -->"
    before, _, rest = text.partition(start)
    after = rest.partition(end)[2].lstrip("\n")
    body = f"{start}\n## `python -m benchmarks.{name}`\n\n```\n{said.strip()}\n```\n{end}\n"
    place.write_text(f"{before.rstrip()}\n\n{body}" + (f"\n{after}" if after else ""), encoding="utf-8")


def timed(job: Callable[[], Any], n: int) -> tuple[Any, float]:
    """Return what `job` gives and its CPU seconds, user and system, children included, divided by `n`."""
    before = sum(os.times()[:4])
    made = job()
    return made, (sum(os.times()[:4]) - before) / n
