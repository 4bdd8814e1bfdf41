"""What is worth telling the user about a table of posts once it is read."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sources.exports.numerals import numbers
from sources.exports.post_columns import Picks
from sources.exports.post_extras import reaction_columns
from sources.exports.tools import Tool, named_columns


def note_posts(picks: Picks, frame: pd.DataFrame, tool: Tool | None) -> None:
    """Add sentences on times, reposts, what is missing and what was not read to the notes of the table."""
    table = picks.table
    quality = frame["time_quality"]
    assumed = int((quality == "zone_assumed").sum())
    if assumed:
        table.notes.append(
            f"{assumed:,} posts carry a time without a zone; it is read as UTC. Set timezone in the mapping to change this."
        )
    suspect = int((quality == "suspect").sum())
    if suspect:
        table.notes.append(
            f"{suspect:,} posts are dated before 1990 or after 2100; they are kept and marked as suspect."
        )
    clamped = int((quality == "clamped").sum())
    if clamped:
        table.notes.append(
            f"{clamped:,} posts claim a date after the network received them; the date of arrival is taken."
        )
    reposts = int((frame["kind"] == "repost").sum())
    if reposts:
        table.notes.append(f"{reposts:,} of {len(frame):,} posts are reposts.")
    if "author" not in picks:
        table.notes.append("No column names the authors, so people cannot be counted.")
    _note_text(picks, frame)
    _note_flags(frame, table.notes)
    if tool is not None:
        _note_places(picks)
        _note_networks(picks, frame)
    used = picks.used | reaction_columns(table, tool)
    left = [h for i, h in enumerate(table.own) if i not in used]
    if left:
        table.notes.append(f"Columns not read: {', '.join(left[:20])}{' …' if len(left) > 20 else ''}.")


def _note_text(picks: Picks, frame: pd.DataFrame) -> None:
    notes = picks.table.notes
    if "text" not in picks:
        notes.append("No column holds the texts.")
        return
    cut = int(frame["text_is_excerpt"].eq(True).sum())
    if cut:
        notes.append(f"{cut:,} texts are excerpts that the tool cut out: words outside them are not met.")
    empty = int((frame["text"].isna() & frame["title"].isna()).sum())
    if empty and empty < len(frame):
        notes.append(f"{empty:,} of {len(frame):,} posts have no text; they count, but their words are not known.")
    elif empty:
        notes.append("No post has a text: the tool's licence may forbid to export it. The posts count all the same.")


def _note_flags(frame: pd.DataFrame, notes: list[str]) -> None:
    flags = frame["flags"].dropna()
    for word, sentence in (
        ("author_redacted", "{:,} posts have an author whose name was taken out; they are unsigned, not one person's."),
        ("not_matched", "{:,} posts are there as context and did not match the query; they are marked not_matched."),
        ("removed", "{:,} posts were removed or deleted: they count, their text is gone."),
    ):
        count = int(flags.str.contains(word, regex=False).sum())
        if count:
            notes.append(sentence.format(count))
    words = flags.str.extractall(r"(not_applicable:\w+)")[0]
    for word, count in words.value_counts(sort=False).items():
        column = str(word).split(":")[1]
        notes.append(f"{count:,} printed zeros of {column} stand for posts that have none; they are empty, not zero.")


def _note_places(picks: Picks) -> None:
    there = named_columns(picks.table)
    columns = [there[n][0] for n in ("latitude", "longitude") if n in there]
    if len(columns) < 2:
        return
    values = np.concatenate([numbers(picks.table.cells[c]).value for c in columns])
    if np.isfinite(values).any() and np.nanmax(np.abs(values)) == 0:
        picks.table.notes.append("Latitude and Longitude are zero in every row: that is no place; they are not read.")


def _note_networks(picks: Picks, frame: pd.DataFrame) -> None:
    """Say which counters belong to one network only, because elsewhere their zeros mean nothing."""
    special: dict[str, set[str]] = {}
    for field in picks.choices:
        name, _, network = field.partition("@")
        if network and name != "author":
            special.setdefault(network, set()).add(name)
    others = sorted(n for n in special if (frame["platform"] != n).any())
    if others:
        picks.table.notes.append(
            f"Columns that count for one network ({', '.join(others)}) are read for its posts only; on others they are "
            "not applicable, whatever they print."
        )
