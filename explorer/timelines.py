"""What people changed in the timeline of a crisis: kept line by line beside the study, laid over what was computed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from explorer.crisis import WHAT
from explorer.study import Study
from sources.errors import BadFile, Unavailable

FILE_NAME = "timeline.jsonl"
FIELDS = ("at", "what", "text")
#: Where a row comes from: computed, computed and then changed by a person, written by a person.
BY = ("computed", "changed", "written")
#: Key of the line that takes back everything said before it of an event.
_RESTORED = "*"


def keyed(timeline: pd.DataFrame) -> pd.DataFrame:
    """Return a computed timeline with `key`: the same for the same event of it however often the data are read anew."""
    names = timeline["what"].where(timeline["what"] != "scenario", "scenario " + timeline["text"])
    number = names.groupby(names).cumcount()
    return timeline.assign(key=names.where(number == 0, names + " " + (number + 1).astype(str)))


def edited(timeline: pd.DataFrame, folder: Path, event: str) -> pd.DataFrame:
    """Return the timeline of an event as people left it.

    Parameters
    ----------
    timeline : `at`, `what`, `text` as explorer.crisis computed them. folder : of the study.

    Returns
    -------
    `n` (in order of time), `at`, `what`, `text`, `key`, `by` (one of BY).

    Raises
    ------
    BadFile : a line of the file cannot be read.
    """
    rows = {r.key: {"at": r.at, "what": r.what, "text": r.text, "by": "computed"} for r in keyed(timeline).itertuples()}
    given: dict[str, dict[str, Any]] = {}
    for line in _lines(folder, event):
        if line["key"] == _RESTORED:
            given.clear()
        else:
            given[line["key"]] = {**given.get(line["key"], {}), **line}
    for key, line in given.items():
        if line.get("gone"):
            rows.pop(key, None)
            continue
        # Only what was changed is laid over: the rest follows the data.
        told = {f: line[f] for f in FIELDS if line.get(f) is not None}
        if "at" in told:
            told["at"] = pd.Timestamp(told["at"])
        if key in rows:
            rows[key] |= {**told, "by": "changed"}
        elif set(told) == set(FIELDS):
            rows[key] = {**told, "by": "written"}
    table = pd.DataFrame([{**row, "key": key} for key, row in rows.items()], columns=[*FIELDS, "key", "by"])
    table["at"] = pd.to_datetime(table["at"], utc=True)
    table = table.sort_values("at", kind="stable", ignore_index=True)
    table.insert(0, "n", range(1, len(table) + 1))
    return table


def named(timeline: pd.DataFrame, study: Study, language: str) -> pd.DataFrame:
    """Return an edited timeline whose computed alerts name their topic in a language; what a person wrote stays as written."""
    computed = (timeline["what"] == "alert") & (timeline["by"] == "computed")
    said = timeline["text"].map(lambda label: study.named(label, language))
    return timeline.assign(text=said.where(computed, timeline["text"]))


def keep(folder: Path, event: str, before: pd.DataFrame, after: pd.DataFrame, now: datetime) -> int:
    """Append what a person changed in a timeline, and return how many lines that were; nothing is overwritten.

    Parameters
    ----------
    before : as `edited` returned it. after : the same with changed cells, rows left out, and new rows, whose `key` is missing.
        A new row without date is left out: it has no place in time.

    Raises
    ------
    ValueError : a row is of no known kind. Unavailable : the file cannot be written.
    """
    made = now.astimezone(UTC).isoformat(timespec="microseconds")
    old = {str(r["key"]): r for _, r in before.iterrows()}
    lines: list[dict[str, Any]] = []
    seen: set[str] = set()
    for number, (_, row) in enumerate(after.iterrows()):
        what = row["what"] if isinstance(row["what"], str) else "event"
        if what not in WHAT:
            raise ValueError(f"{what!r} is none of {', '.join(WHAT)}")
        if pd.isna(row["at"]):
            seen |= {str(row["key"])} & set(old)
            continue
        at, text = _utc(row["at"]), row["text"] if isinstance(row["text"], str) else ""
        told: dict[str, Any] = {"at": at.isoformat(), "what": what, "text": text}
        key = row.get("key")
        if not isinstance(key, str) or key not in old:
            lines.append({"key": f"written {made} {number}", **told})
            continue
        seen.add(key)
        was = old[key]
        same = {"at": _utc(was["at"]) == at, "what": was["what"] == what, "text": was["text"] == text}
        changed = {f: told[f] for f in FIELDS if not same[f]}
        if changed:
            lines.append({"key": key, **changed})
    lines += [{"key": key, "gone": True} for key in old if key not in seen]
    _append(folder, [{"event": event, **line, "made": made} for line in lines])
    return len(lines)


def restore(folder: Path, event: str, now: datetime) -> None:
    """Take back what was changed in the timeline of an event; the lines stay in the file."""
    made = now.astimezone(UTC).isoformat(timespec="microseconds")
    _append(folder, [{"event": event, "key": _RESTORED, "made": made}])


def _utc(at: Any) -> pd.Timestamp:
    when = pd.Timestamp(at)
    return when.tz_localize("UTC") if when.tzinfo is None else when.tz_convert("UTC")


def _append(folder: Path, lines: list[dict[str, Any]]) -> None:
    path = folder / FILE_NAME
    if not lines:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    except OSError as error:
        raise Unavailable(f"the timeline cannot be kept ({error.strerror})", str(path)) from error


def _lines(folder: Path, event: str) -> list[dict[str, Any]]:
    path = folder / FILE_NAME
    if not path.exists():
        return []
    found = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            line = json.loads(text)
            known = isinstance(line["key"], str) and line.get("what", "event") in WHAT
            _utc(line.get("at") or "2000-01-01")
            if not known:
                raise ValueError(text)
        except (ValueError, KeyError, TypeError) as error:
            raise BadFile("not an event of a timeline", f"{path}, line {number}", "remove the line") from error
        if line.get("event") == event:
            found.append(line)
    return found
