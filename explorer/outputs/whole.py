"""The whole report of a study as files in a folder."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from explorer.campaigns import read_campaigns
from explorer.outputs.alerts import alerts_files
from explorer.outputs.needs import needs_files
from explorer.outputs.report import Files, forecast_files, gaps_files
from explorer.outputs.voices import voices_files
from explorer.whole import Whole
from explorer.words import Words
from sources.errors import Unavailable


def whole_files(whole: Whole, words: Words, now: datetime, *, french: bool | None = None) -> Files:
    """Return the files of every part that can be told, made when they are asked for."""
    files: Files = {}
    if whole.gaps:
        files |= gaps_files(whole.gaps, words, now, french=french)
    if whole.outlook:
        campaigns = read_campaigns(whole.outlook.study.path.parent)
        files |= forecast_files(whole.outlook, words, now, french=french, campaigns=campaigns)
    if whole.speakers:
        files |= voices_files(whole.speakers, words, french=french)
    if whole.needs:
        files |= needs_files(whole.needs, words, now, french=french)
    if whole.warned:
        files |= alerts_files(whole.warned, whole.panel, words, now, french=french)
    return files


def write_files(files: Files, folder: Path) -> list[Path]:
    """Write files into `folder`, which is made if it is not there, and return their paths.

    Raises
    ------
    Unavailable : the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, make in files.items():
            (folder / name).write_bytes(make())
    except OSError as error:
        raise Unavailable(
            f"the report cannot be written ({error.strerror})", str(folder), "choose another --to"
        ) from error
    return [folder / name for name in files]
