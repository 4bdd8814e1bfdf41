"""Keeping a study safe and small, on the command line: prepare, compact, backup, restore."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from explorer.commands.console import Format, FormatOption, StudyOption, open_study, show, working
from explorer.study import read_study

StudyFolder = Annotated[Path, typer.Argument(help="The study's folder.")]


def backup(
    study: StudyFolder,
    file: Annotated[Path, typer.Argument(help="The file to write, as in study.tar.gz; it must not be there yet.")],
    format: FormatOption = Format.table,
) -> None:
    """Save a study as it is now in one file with checksums; collecting may go on meanwhile."""
    from sources import backup as saving

    with working("Saving the study"):
        done = saving.backup(study, file)
    show(pd.DataFrame([vars(done) | {"path": str(done.path)}]), format)


def restore(
    file: Annotated[Path, typer.Argument(help="A file that 'undersaid backup' wrote.")],
    folder: Annotated[Path, typer.Argument(help="Where the study is to stand; empty or not there yet.")],
    format: FormatOption = Format.table,
) -> None:
    """Bring a saved study back, every file held against its checksum; nothing is ever overwritten."""
    from sources import backup as saving

    with working("Restoring the study"):
        done = saving.restore(file, folder)
    show(pd.DataFrame([vars(done) | {"path": str(done.path)}]), format)


def prepare(
    study: StudyOption = Path(),
    processes: Annotated[int, typer.Option(min=1, help="How many parts are worked out at once.")] = 2,
    format: FormatOption = Format.table,
) -> None:
    """Work out what the pages of the app show before anybody opens them; for a nightly job after collecting."""
    from explorer.preparing import PARTS
    from explorer.preparing import prepare as work_out

    opened = open_study(study)
    left, done = list(PARTS), []
    with working("Working out " + ", ".join(left)) as status:
        for part, seconds, why in work_out(opened, processes):
            done.append((part, seconds, why))
            left.remove(part)
            status.update("Still working out " + ", ".join(left))
    show(pd.DataFrame(done, columns=["part", "seconds", "not_told"]).round({"seconds": 1}), format)


def compact(study: StudyOption = Path(), format: FormatOption = Format.table) -> None:
    """Bring the files of many imports together; for a nightly job. No row changes; readers keep what they hold for a day."""
    from sources.tables import TABLES

    store = read_study(study).store
    with working("Bringing files together"):
        rows = [(table, *store.compact(table)) for table in TABLES]
    show(pd.DataFrame([r for r in rows if r[1]], columns=["table", "files_before", "files_after"]), format)
