"""Reading texts with labels that a user holds: a table with `text` and `label`, or the pair of files of TweetEval."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from explorer.text.tone import TONES
from sources.errors import BadFile

#: How tones are written in label files, folded to lower case.
_TONES = {
    "0": "negative", "1": "neutral", "2": "positive", "-1": "negative", "neg": "negative", "neu": "neutral", "pos": "positive",
    "négatif": "negative", "neutre": "neutral", "positif": "positive", "negatif": "negative",
}  # fmt: skip


def read_labelled(path: Path | str, *, task: str, names: Sequence[str] = ()) -> pd.DataFrame:
    """Return `text`, `label` of a labelled file.

    Parameters
    ----------
    path : CSV or TSV with the columns `text` and `label`, or `NAME_text.txt` (one text a line) beside `NAME_labels.txt`.
    task : "tone" (negative, neutral, positive; 0, 1, 2; -1, 0, 1; or French words) or "emotions" (any names).
    names : what whole numbers mean for task "emotions", in order from 0.

    Raises
    ------
    BadFile : the file cannot be read, a column is missing, both files differ in length, or a label is not known; with the row.
    """
    file = Path(path)
    frame = _pair(file) if file.name.endswith("_text.txt") else _table(file)
    frame = frame.assign(label=frame["label"].astype(str).str.strip())
    signed = task == "tone" and frame["label"].isin(["-1"]).any()
    for number, label in enumerate(frame["label"], 1):
        if _name(label, task, names, signed=signed) is None:
            known = ", ".join(TONES) if task == "tone" else "names, or numbers with --names"
            raise BadFile(f"label {label!r} is not known", f"row {number} of {file.name}", f"use {known}")
    return frame.assign(label=[_name(label, task, names, signed=signed) for label in frame["label"]])


def _name(label: str, task: str, names: Sequence[str], *, signed: bool) -> str | None:
    if task == "tone":
        if signed and label in ("0", "1"):
            return TONES[int(label) + 1]
        folded = label.lower()
        return folded if folded in TONES else _TONES.get(folded)
    if label.isdigit():
        return names[int(label)] if int(label) < len(names) else None
    return label or None


def _pair(texts: Path) -> pd.DataFrame:
    labels = texts.with_name(texts.name.replace("_text.txt", "_labels.txt"))
    said, given = _lines(texts), _lines(labels)
    if len(said) != len(given):
        raise BadFile(f"{len(said)} texts and {len(given)} labels", texts.name, "give one label a line")
    return pd.DataFrame({"text": said, "label": given})


def _lines(file: Path) -> list[str]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"the file cannot be read ({error})", file.name, "give UTF-8 text, one a line") from error
    # Only the line feed ends a line: other separators stand inside posts.
    return text.removesuffix("\n").split("\n")


def _table(file: Path) -> pd.DataFrame:
    try:
        frame = pd.read_csv(
            file, sep="\t" if file.suffix == ".tsv" else None, engine="python", dtype=str, encoding="utf-8-sig"
        )
    except (OSError, ValueError) as error:
        raise BadFile(
            f"the file cannot be read ({error})", file.name, "give a CSV with the columns text and label"
        ) from error
    missing = [c for c in ("text", "label") if c not in frame.columns]
    if missing:
        raise BadFile(f"no column {missing[0]!r}", file.name, "name the columns text and label")
    empty = frame["text"].isna() | frame["label"].isna()
    return frame.loc[~empty, ["text", "label"]].reset_index(drop=True)
