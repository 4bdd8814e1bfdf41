"""The whole report of a study as files: gaps and forecast in CSV, Parquet and XLSX."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from explorer.answers import find_gaps, look_ahead
from explorer.outputs.frames import forecast_frame, gaps_frame, to_csv, to_parquet
from explorer.outputs.provenance import gaps_provenance, outlook_provenance
from explorer.outputs.workbook import forecast_workbook, gaps_workbook
from explorer.panel import read_panel
from explorer.study import Study
from explorer.words import Words
from sources.errors import Unavailable


def write_report(
    study: Study, folder: Path, words: Words, *, corrected: bool = True, french: bool = False, now: datetime
) -> list[Path]:
    """Write `gaps` and `forecast` as .csv, .parquet and .xlsx into `folder` and return the paths.

    Raises
    ------
    Unavailable : the folder cannot be written.
    """
    panel = read_panel(study)
    gaps = find_gaps(study, panel=panel, corrected=corrected)
    outlook = look_ahead(study, panel=panel, corrected=corrected)
    about_gaps, about_outlook = gaps_provenance(gaps, words, now), outlook_provenance(outlook, words, now)
    tables = gaps_frame(gaps, words.language, about_gaps), forecast_frame(outlook, words.language, about_outlook)
    files = {
        "gaps.csv": to_csv(tables[0], french=french),
        "gaps.parquet": to_parquet(tables[0], about_gaps),
        "gaps.xlsx": gaps_workbook(tables[0], about_gaps, words),
        "forecast.csv": to_csv(tables[1], french=french),
        "forecast.parquet": to_parquet(tables[1], about_outlook),
        "forecast.xlsx": forecast_workbook(tables[1], about_outlook, words),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise Unavailable(
            f"the report cannot be written ({error.strerror})", str(folder), "choose another --to"
        ) from error
    return [folder / name for name in files]
