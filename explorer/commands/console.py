"""What every command shares: options, printing, the clock."""

from __future__ import annotations

import json
import locale
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from explorer.study import Study, read_study
from explorer.words import Words, best_language
from sources.errors import SourceError

out = Console()
err = Console(stderr=True)


class Format(StrEnum):
    """How a table is printed."""

    table = "table"
    csv = "csv"
    json = "json"


StudyOption = Annotated[
    Path, typer.Option("--study", "-s", help="The study's folder or file; the current folder if left out.")
]
FormatOption = Annotated[
    Format, typer.Option("--format", help="How to print: a table for people, csv or json for programs.")
]
LangOption = Annotated[str, typer.Option("--lang", help="fr or en; the system's language if left out.")]
RawOption = Annotated[
    bool, typer.Option("--raw", help="Count posts instead of people, loud accounts included, for comparison.")
]


def line(text: str, style: str | None = None) -> None:
    """Print one line as it is."""
    # Never as markup: names of files and topics are other people's text.
    out.print(_harmless(text), style=style, highlight=False, markup=False, soft_wrap=True)


def title_of(study: Study, words: Words, title: str) -> str:
    """Return a title that says where the data are simulated."""
    return f"{title} [{words('Example data, simulated')}]" if study.simulated else title


def show(frame: pd.DataFrame, format: Format, title: str = "") -> None:
    """Print a table for people, or as CSV or JSON for programs."""
    if format is Format.csv:
        from explorer.outputs.frames import neutralise

        sys.stdout.write(neutralise(frame).to_csv(index=False, date_format="%Y-%m-%d"))
    elif format is Format.json:
        records = json.loads(frame.to_json(orient="records", date_format="iso"))
        sys.stdout.write(json.dumps(records, ensure_ascii=False, indent=1) + "\n")
    else:
        table = Table(title=escape(title), title_justify="left", header_style="bold")
        for column in frame.columns:
            numeric = pd.api.types.is_numeric_dtype(frame[column])
            table.add_column(str(column), justify="right" if numeric else "left", overflow="fold")
        for row in frame.itertuples(index=False):
            table.add_row(*("–" if v is None or v is pd.NaT or v != v else escape(_harmless(str(v))) for v in row))
        out.print(table)


def _harmless(text: str) -> str:
    """Return other people's text without what a terminal would obey: it could hide lines or write into the clipboard."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "\ufffd", text)


def open_study(path: Path) -> Study:
    """Open the study at a path; the word for the example opens the example."""
    from explorer.demo import EXAMPLE, example_study

    return example_study() if str(path) == EXAMPLE and not path.exists() else read_study(path)


def working(what: str) -> Any:
    """Show that work is going on."""
    return err.status(what) if err.is_terminal else err.status(what, spinner="dots")


@contextmanager
def bytes_read(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show how much of a file is read; gives the function to call with the bytes read and the bytes of the file."""
    with Progress(*Progress.get_default_columns(), console=err, transient=True) as bar:
        task = bar.add_task(escape(what), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def words_of(lang: str) -> Words:
    """Return the words of the language asked for, else of the system."""
    if lang and lang not in ("fr", "en"):
        raise typer.BadParameter("choose fr or en", param_hint="--lang")
    return Words(lang or best_language(os.environ.get("LC_ALL") or os.environ.get("LANG") or locale.getlocale()[0]))


def text_of(path: Path) -> str:
    """Return the text of a file named on the command line."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SourceError(f"the file cannot be read ({error.strerror})", str(path)) from error


def now() -> datetime:
    """Return the present instant; the only clock of the command line."""
    return datetime.now(UTC)
