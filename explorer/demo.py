"""The example study: made on this machine from a seed, marked as simulated, and checked against what was planted in it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import platformdirs

from explorer.answers import Gaps
from explorer.study import FILE_NAME, Study, read_study

if TYPE_CHECKING:
    from sources.example.truth import Truth

EXAMPLE = "example"


def example_folder() -> Path:
    """Return where the example study is kept: a cache, made again whenever it is missing."""
    return platformdirs.user_cache_path("undersaid") / EXAMPLE


def example_study(folder: Path | None = None) -> Study:
    """Return the example study, made first if it is not there or was made by another version of the example."""
    from sources.example import EXAMPLE_SOURCE, make

    version = _version()
    folder = folder or example_folder() / version
    file = folder / FILE_NAME
    if file.exists():
        return read_study(file)
    example = make()
    _planted[version] = example.truth
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / (FILE_NAME + ".part")
    part.write_text(example.study, encoding="utf-8")
    study = Study(path=file, name=EXAMPLE, topics=())
    for table, frame in example.tables.items():
        # A fixed time, so that the example is the same on every machine and never looks freshly fetched.
        stamp = datetime(2026, 6, 29, tzinfo=UTC)
        study.store.append(table, frame, source=EXAMPLE_SOURCE, batch_id=f"example {version}", now=stamp)
    part.replace(file)  # last: a folder with a study file is a whole example
    return read_study(file)


#: What was planted in an example that this process has made, by version: it need not be made again to be compared.
_planted: dict[str, Truth] = {}


def _version() -> str:
    """Return a name that changes whenever the code or the texts of the example change."""
    import sources.example

    digest = hashlib.sha256()
    for file in sorted(Path(sources.example.__path__[0]).iterdir()):
        if file.suffix in (".py", ".toml"):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


@dataclass(frozen=True)
class Check:
    """One planted fact and whether it was found."""

    what: str
    planted: str
    found: str
    ok: bool


def compare(answer: Gaps) -> tuple[pd.DataFrame, list[Check]]:
    """Set the measured gaps beside the planted ones.

    Returns
    -------
    One row per topic (`topic`, `planted`, `gap`, `lo`, `hi`, `verdict`, `inside`), and the checks in words.
    """
    from sources.example import make

    truth = _planted.get(_version()) or make().truth
    table = answer.table[["topic", "gap", "lo", "hi", "verdict"]].copy()
    table.insert(1, "planted", table["topic"].map(truth.gap))
    table["inside"] = (table["lo"] <= table["planted"]) & (table["planted"] <= table["hi"])
    called = set(table.loc[table["verdict"] == "silent", "topic"])
    silent, inflated = set(truth.silent), set(truth.inflated)
    checks = [
        Check("silent topics", ", ".join(sorted(silent)), ", ".join(sorted(called & silent)), silent <= called),
        Check(
            "called silent without being so", "none", ", ".join(sorted(called - silent)) or "none", not called - silent
        ),
        Check(
            "inflated topics not called silent",
            ", ".join(sorted(inflated)),
            ", ".join(sorted(inflated & called)) or "none called silent",
            not inflated & called,
        ),
        Check(
            "planted gap inside the interval",
            f"{answer.level:.0%} of topics",
            f"{table['inside'].sum()} of {len(table)}",
            bool(table["inside"].mean() >= answer.level - 0.15),
        ),
    ]
    return table, checks
