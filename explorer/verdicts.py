"""What people said of alerts: worth it or not, kept beside the study, and shown as precision."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from statsmodels.stats.proportion import proportion_confint

from sources.errors import BadFile, Unavailable

FILE_NAME = "verdicts.jsonl"
VERDICTS = ("real", "false", "unsure")


@dataclass(frozen=True)
class Precision:
    """Share of judged alerts that were real, with a Wilson interval; None while none was judged. `unsure` are left out."""

    value: float | None
    lo: float | None
    hi: float | None
    judged: int
    level: float = 0.9


def say_verdict(folder: Path, event: str, verdict: str, now: datetime) -> None:
    """Keep a verdict; a later one of the same event counts instead of it.

    Raises
    ------
    ValueError : no such verdict. Unavailable : the file cannot be written.
    """
    if verdict not in VERDICTS:
        raise ValueError(f"{verdict!r} is none of {', '.join(VERDICTS)}")
    line = {"event": event, "verdict": verdict, "at": now.astimezone(UTC).isoformat(timespec="seconds")}
    path = folder / FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    except OSError as error:
        raise Unavailable(f"the verdict cannot be kept ({error.strerror})", str(path)) from error


def verdicts(folder: Path) -> dict[str, str]:
    """Return the latest verdict of every event that has one."""
    path = folder / FILE_NAME
    if not path.exists():
        return {}
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            given = json.loads(line)
            found[str(given["event"])] = str(given["verdict"])
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise BadFile("not a verdict", f"{path}, line {number}", "remove the line") from error
    return found


def precision(given: dict[str, str], *, level: float = 0.9) -> Precision:
    """Return how many of the judged alerts were real."""
    real = sum(v == "real" for v in given.values())
    judged = real + sum(v == "false" for v in given.values())
    if not judged:
        return Precision(None, None, None, 0, level)
    lo, hi = proportion_confint(real, judged, 1 - level, "wilson")
    return Precision(real / judged, float(lo), float(hi), judged, level)
