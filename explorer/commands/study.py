"""Making a study and bringing data into it: new, import, sources, collect."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import Progress as ProgressBar
from rich.progress import TextColumn

from explorer.commands.console import (
    Format,
    FormatOption,
    StudyOption,
    bytes_read,
    err,
    line,
    now,
    out,
    show,
    text_of,
)
from explorer.study import new_study, read_study
from sources.errors import SourceError


def new(
    name: Annotated[str, typer.Argument(help="Name of the study; its folder takes the same name.")],
    geo: Annotated[str, typer.Option(help="Market, as an ISO 3166 code such as FR; nothing for the whole world.")] = "",
    language: Annotated[list[str] | None, typer.Option(help="Language of the market; may be repeated.")] = None,
) -> None:
    """Make a new, empty study in a folder of its own."""
    folder = "-".join("".join(c if c.isalnum() else " " for c in name).split()) or "study"
    study = new_study(Path(folder), name=name, geo=geo, languages=language or ["fr"])
    line(f"{study.path} is ready. Next: undersaid import FILE… --study {folder}")


def import_(
    files: Annotated[list[Path], typer.Argument(help="Exports of search and listening tools, or tables.")],
    study: StudyOption = Path(),
    kind: Annotated[
        str,
        typer.Option(
            "--as", help="What a table holds: search, counts, posts, content. Only where a file does not tell."
        ),
    ] = "",
    mapping: Annotated[Path | None, typer.Option(help="A mapping of columns as JSON, see docs/formats.md.")] = None,
    geo: Annotated[str, typer.Option(help="Place of the values, where the file does not tell.")] = "",
    date_order: Annotated[str, typer.Option(help="dmy, mdy or ymd, where dates can be read both ways.")] = "",
) -> None:
    """Bring files into a study. Importing the same file twice changes nothing."""
    from explorer.importing import import_file
    from sources.exports import Mapping

    target = read_study(study)
    chosen = Mapping.from_json(text_of(mapping)) if mapping else Mapping()
    given = {"kind": kind or None, "geo": geo or None, "date_order": date_order or None}
    chosen = Mapping.of({**chosen.to_dict(), **{k: v for k, v in given.items() if v}})
    refused = 0
    for file in files:
        try:
            with bytes_read(file.name) as progress:
                how = chosen if chosen.to_dict() else None
                done = import_file(target, file, mapping=how, now=now(), progress=progress)
        except SourceError as error:
            err.print(str(error), style="red", highlight=False, markup=False, soft_wrap=True)
            refused += 1
            continue
        target = done.study
        what = "nothing new, this file was imported before" if done.receipt.already else f"{done.receipt.rows} rows"
        line(f"{file.name}: {done.reading.kind} ({done.reading.source}), {what}")
        for receipt in done.also:
            line(f"  and {receipt.table}: {'nothing new' if receipt.already else f'{receipt.rows} rows'}")
        for note in done.reading.notes:
            line(f"  · {note}", "dim")
        if done.capped:
            line("  · exactly as many rows as an export limit: the file is treated as cut off", "yellow")
        if len(done.reading.rejected):
            line(f"  · cells or all of {done.refused} rows refused; the first:", "yellow")
            for row in done.reading.rejected.head(3).itertuples():
                line(f"      row {row.row}, {row.column}: {row.value!r}: {row.reason}")
        if done.proposed:
            labels = ", ".join(t.label for t in done.proposed)
            line(f"  · topics proposed from the names of both sides: {labels} (edit {target.path.name})", "cyan")
    if refused:
        raise typer.Exit(1)


def sources(format: FormatOption = Format.table) -> None:
    """List every connector: what it gives, what it needs, its limits and terms, whether it works here."""
    from sources.connector import catalogue

    frame = catalogue()
    if format is not Format.table:
        show(frame, format)
        return
    for row in frame.to_dict("records"):
        mark = "[green]✓[/]" if row["works"] else "[yellow]–[/]"
        out.print(mark, escape(f"{row['source']}: {row['title']}"), highlight=False, soft_wrap=True)
        for name in ("gives", "needs", "limits", "terms", "options", "links"):
            if row.get(name):
                line(f"    {name}: {row[name]}", "dim")
        if row["why"]:
            line(f"    {row['why']}", "yellow")


def collect(
    study: Annotated[Path, typer.Argument(help="The study's folder or file.")] = Path(),
    source: Annotated[list[str] | None, typer.Option(help="Only this source; may be repeated.")] = None,
    patience: Annotated[int, typer.Option(min=0, help="Minutes to wait for a service that asks to slow down.")] = 15,
) -> None:
    """Fetch what the study's [sources] ask for. May be stopped or killed at any moment and run again."""
    from explorer.collecting import collect_study

    opened = read_study(study)
    with ProgressBar(*ProgressBar.get_default_columns(), TextColumn("{task.fields[note]}"), console=err) as bar:
        task = bar.add_task("collecting", total=None, note="")

        def show(step: Any) -> None:
            note = f"{step.source}: {step.query} ({step.rows} rows) {step.note}".strip()
            bar.update(task, completed=step.done, total=step.total, note=escape(note))

        report = collect_study(opened, only=source, patience=timedelta(minutes=patience), now=now(), progress=show)
    for table, rows in report.rows.items():
        line(f"{table}: {rows} rows")
    for state, group in report.coverage.groupby("status"):
        names = ", ".join(sorted(set(group["query"]))[:5])
        line(f"{state}: {len(group)} ({names})", None if state in ("complete", "empty") else "yellow")
    for note in report.notes:
        line(f"· {note}", "dim")
    if report.unfinished:
        when = f", useful again from {report.retry_at:%Y-%m-%d %H:%M} UTC" if report.retry_at else ""
        line(f"{report.unfinished} questions are left for the next run{when}", "yellow")
        raise typer.Exit(1)
