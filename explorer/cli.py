"""The command line: one verb a command, wiring only."""

from __future__ import annotations

import json
import locale
import os
import sys
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress as ProgressBar
from rich.progress import TextColumn
from rich.table import Table

from explorer.study import Study, new_study, read_study
from explorer.words import Words, best_language
from forecasting.errors import ForecastError
from sources.errors import SourceError

app = typer.Typer(
    name="undersaid",
    help="What a market searches for but leaves unsaid.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
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


def main() -> None:
    """Run a command; every error of ours is one sentence on stderr and exit code 1, a wrong command exit code 2."""
    try:
        app()
    except (SourceError, ForecastError) as error:
        err.print(str(error), style="red", highlight=False, markup=False, soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        err.print("stopped; what was finished is kept", style="yellow")
        sys.exit(130)


@app.command()
def demo(
    truth: Annotated[bool, typer.Option("--truth", help="Set what was found beside what was planted.")] = False,
    format: FormatOption = Format.table,
    lang: LangOption = "",
) -> None:
    """Measure the gaps of the example study (simulated data, made on this machine)."""
    from explorer.answers import find_gaps
    from explorer.demo import compare, example_study

    words = _words(lang)
    with _working(words("Making the example study")):
        study = example_study()
    with _working(words("Measuring the gaps")):
        answer = find_gaps(study)
    if not truth:
        _print_gaps(answer, words, format)
        return
    table, checks = compare(answer)
    _print(table.round(2), format, title=words("Example data, simulated"))
    if format is Format.table:
        for check in checks:
            mark = "[green]✓[/]" if check.ok else "[red]✗[/]"
            out.print(mark, escape(f"{check.what}: {check.planted} → {check.found}"), highlight=False, soft_wrap=True)
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Name of the study; its folder takes the same name.")],
    geo: Annotated[str, typer.Option(help="Market, as an ISO 3166 code such as FR; nothing for the whole world.")] = "",
    language: Annotated[list[str] | None, typer.Option(help="Language of the market; may be repeated.")] = None,
) -> None:
    """Make a new, empty study in a folder of its own."""
    folder = "-".join("".join(c if c.isalnum() else " " for c in name).split()) or "study"
    study = new_study(Path(folder), name=name, geo=geo, languages=language or ["fr"])
    _line(f"{study.path} is ready. Next: undersaid import FILE… --study {folder}")


@app.command("import")
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
    chosen = Mapping.from_json(_text(mapping)) if mapping else Mapping()
    given = {"kind": kind or None, "geo": geo or None, "date_order": date_order or None}
    chosen = Mapping.of({**chosen.to_dict(), **{k: v for k, v in given.items() if v}})
    refused = 0
    for file in files:
        try:
            with _working(f"{file.name}"):
                done = import_file(target, file, mapping=chosen if chosen.to_dict() else None, now=_now())
        except SourceError as error:
            err.print(str(error), style="red", highlight=False, markup=False, soft_wrap=True)
            refused += 1
            continue
        target = done.study
        what = "nothing new, this file was imported before" if done.receipt.already else f"{done.receipt.rows} rows"
        _line(f"{file.name}: {done.reading.kind} ({done.reading.source}), {what}")
        for note in done.reading.notes:
            _line(f"  · {note}", "dim")
        if done.capped:
            _line("  · exactly as many rows as an export limit: the file is treated as cut off", "yellow")
        if len(done.reading.rejected):
            _line(f"  · {len(done.reading.rejected)} cells or rows refused; the first:", "yellow")
            for row in done.reading.rejected.head(3).itertuples():
                _line(f"      row {row.row}, {row.column}: {row.value!r}: {row.reason}")
        if done.proposed:
            labels = ", ".join(t.label for t in done.proposed)
            _line(f"  · topics proposed from the names of both sides: {labels} (edit {target.path.name})", "cyan")
    if refused:
        raise typer.Exit(1)


@app.command()
def sources(format: FormatOption = Format.table) -> None:
    """List every connector: what it gives, what it needs, its limits and terms, whether it works here."""
    from sources.connector import catalogue

    frame = catalogue()
    if format is not Format.table:
        _print(frame, format)
        return
    for row in frame.to_dict("records"):
        mark = "[green]✓[/]" if row["works"] else "[yellow]–[/]"
        out.print(mark, escape(f"{row['source']}: {row['title']}"), highlight=False, soft_wrap=True)
        for name in ("gives", "needs", "limits", "terms", "options", "links"):
            if row.get(name):
                _line(f"    {name}: {row[name]}", "dim")
        if row["why"]:
            _line(f"    {row['why']}", "yellow")


@app.command()
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

        report = collect_study(opened, only=source, patience=timedelta(minutes=patience), now=_now(), progress=show)
    for table, rows in report.rows.items():
        _line(f"{table}: {rows} rows")
    for state, group in report.coverage.groupby("status"):
        names = ", ".join(sorted(set(group["query"]))[:5])
        _line(f"{state}: {len(group)} ({names})", None if state in ("complete", "empty") else "yellow")
    for note in report.notes:
        _line(f"· {note}", "dim")
    if report.unfinished:
        when = f", useful again from {report.retry_at:%Y-%m-%d %H:%M} UTC" if report.retry_at else ""
        _line(f"{report.unfinished} questions are left for the next run{when}", "yellow")
        raise typer.Exit(1)


@app.command()
def gaps(
    study: StudyOption = Path(),
    window: Annotated[int | None, typer.Option(min=4, help="Periods to look back; a year if left out.")] = None,
    level: Annotated[float, typer.Option(min=0.5, max=0.999, help="Coverage of the interval.")] = 0.9,
    raw: RawOption = False,
    format: FormatOption = Format.table,
    lang: LangOption = "",
) -> None:
    """Rank the topics by how much more they are searched than spoken of."""
    from explorer.answers import find_gaps

    words = _words(lang)
    opened = _study(study)
    with _working(words("Measuring the gaps")):
        answer = find_gaps(opened, corrected=not raw, window=window, level=level)
    _print_gaps(answer, words, format)


@app.command()
def forecast(
    study: StudyOption = Path(),
    horizon: Annotated[int | None, typer.Option(min=1, help="Periods ahead; capped at a third of the history.")] = None,
    raw: RawOption = False,
    format: FormatOption = Format.table,
    lang: LangOption = "",
) -> None:
    """Project search, posts and the gap of every topic."""
    from explorer.answers import look_ahead
    from explorer.outputs.frames import forecast_frame
    from explorer.outputs.provenance import outlook_provenance

    words = _words(lang)
    opened = _study(study)
    with _working(words("Projecting search, posts and the gap")):
        answer = look_ahead(opened, corrected=not raw, horizon=horizon)
    frame = forecast_frame(answer, words.language, outlook_provenance(answer, words, _now()))
    if format is not Format.table:
        _print(frame, format)
        return
    last = frame[(frame["series"] == "gap") & (frame["date"] == frame["date"].max())]
    shown = last[["label", "median", "lo80", "hi80", "p_widening"]].round(2)
    _print(
        shown, format, title=_title(answer.study, words, words("Gap on {date}", date=words.date(frame["date"].max())))
    )
    for note in answer.projection.notes:
        _line(f"· {note}", "dim")


@app.command()
def report(
    study: StudyOption = Path(),
    to: Annotated[Path, typer.Option(help="Folder for the files; made if it is not there.")] = Path("exports"),
    raw: RawOption = False,
    french: Annotated[bool, typer.Option("--french", help="CSV with semicolons and decimal commas.")] = False,
    lang: LangOption = "",
) -> None:
    """Write gaps and forecast as CSV, Parquet and XLSX, each with its provenance."""
    from explorer.outputs.report import write_report

    words = _words(lang)
    opened = _study(study)
    with _working(words("Writing the report")):
        files = write_report(opened, to, words, corrected=not raw, french=french, now=_now())
    for file in files:
        _line(str(file))


@app.command("app")
def app_(
    study: Annotated[
        Path | None, typer.Option("--study", "-s", help="The study to open; the example if left out.")
    ] = None,
    port: Annotated[int, typer.Option(help="Port of the local server.")] = 8501,
    browser: Annotated[bool, typer.Option(help="Open the browser.")] = True,
) -> None:
    """Open the app in the browser."""
    import subprocess

    from explorer.server import server_options, start_file

    if study is not None:
        os.environ["UNDERSAID_STUDY"] = str(read_study(study).path.resolve())
    options = server_options(port=port, headless=not browser)
    command = [sys.executable, "-m", "streamlit", "run", str(start_file()), *options]
    raise typer.Exit(subprocess.call(command))  # noqa: S603  (our own interpreter and file)


@app.command()
def doctor(format: FormatOption = Format.table) -> None:
    """Say what works here, what is missing and how to mend it."""
    from explorer.doctor import examine

    checks = examine()
    frame = pd.DataFrame([vars(c) for c in checks])
    if format is not Format.table:
        _print(frame, format)
    else:
        for check in checks:
            mark = {"ok": "[green]✓[/]", "optional": "[yellow]–[/]", "missing": "[red]✗[/]"}[check.state]
            remedy = f" → {check.remedy}" if check.remedy else ""
            out.print(mark, escape(f"{check.name}: {check.found}{remedy}"), highlight=False, soft_wrap=True)
    if any(check.state == "missing" for check in checks):
        raise typer.Exit(1)


def _print_gaps(answer: Any, words: Words, format: Format) -> None:
    from explorer.outputs.frames import gaps_frame
    from explorer.outputs.provenance import gaps_provenance
    from explorer.phrases import CERTAINTIES, NOTES, REASONS, VERDICTS, WARNINGS

    provenance = gaps_provenance(answer, words, _now())
    frame = gaps_frame(answer, words.language, provenance)
    if format is not Format.table:
        _print(frame, format)
        return
    shared = set.intersection(*(set(row.split("; ")) for row in frame["warning"])) if len(frame) else set()
    rows, notes = [], []
    for row in frame.to_dict("records"):
        known = pd.notna(row.get("gap"))
        own = [w for w in row["warning"].split("; ") if w and w not in shared]
        if row["verdict"] == "cannot tell" or own:
            said = [REASONS[row["reason"]]] if row["verdict"] == "cannot tell" else []
            notes.append(f"{row['label']}: " + " ".join(words(t) for t in [*said, *(WARNINGS[w] for w in own)]))
        rows.append(
            {
                words("Topic"): row["label"],
                words("Verdict"): words(VERDICTS[row["verdict"]]),
                words("Gap"): words.signed(row["gap"]) if known else "–",
                words("Interval"): f"{words.signed(row['lo'])} … {words.signed(row['hi'])}" if known else "–",
                words("Sure?"): words(CERTAINTIES[row["certainty"]]) if row["verdict"] in ("silent", "loud") else "",
                words("Search"): words.percent(row["share_of_search"]) if known else "–",
                words("Voice"): words.percent(row["share_of_voice"]) if known else "–",
            }
        )
    from explorer.sentences import headline

    _print(pd.DataFrame(rows), format, title=_title(answer.study, words, headline(answer, words)))
    out.print(
        words("Gap in doublings: +1 means twice the share of searches that it has of people speaking."), style="dim"
    )
    notes += [words(WARNINGS[w]) for w in sorted(shared) if w]
    notes += [words(NOTES[note.code], **note.details) for note in answer.panel.notes]
    for note in notes:
        _line("· " + note, "dim")


def _line(text: str, style: str | None = None) -> None:
    # Never as markup: names of files and topics are other people's text.
    out.print(text, style=style, highlight=False, markup=False, soft_wrap=True)


def _title(study: Study, words: Words, title: str) -> str:
    return f"{title} [{words('Example data, simulated')}]" if study.simulated else title


def _print(frame: pd.DataFrame, format: Format, title: str = "") -> None:
    if format is Format.csv:
        sys.stdout.write(frame.to_csv(index=False, date_format="%Y-%m-%d"))
    elif format is Format.json:
        records = json.loads(frame.to_json(orient="records", date_format="iso"))
        sys.stdout.write(json.dumps(records, ensure_ascii=False, indent=1) + "\n")
    else:
        table = Table(title=escape(title), title_justify="left", header_style="bold")
        for column in frame.columns:
            numeric = pd.api.types.is_numeric_dtype(frame[column])
            table.add_column(str(column), justify="right" if numeric else "left", overflow="fold")
        for row in frame.itertuples(index=False):
            table.add_row(*("–" if v is None or v is pd.NaT or v != v else escape(str(v)) for v in row))
        out.print(table)


def _study(path: Path) -> Study:
    from explorer.demo import EXAMPLE, example_study

    return example_study() if str(path) == EXAMPLE and not path.exists() else read_study(path)


def _working(what: str) -> Any:
    return err.status(what) if err.is_terminal else err.status(what, spinner="dots")


def _words(lang: str) -> Words:
    if lang and lang not in ("fr", "en"):
        raise typer.BadParameter("choose fr or en", param_hint="--lang")
    return Words(lang or best_language(os.environ.get("LC_ALL") or os.environ.get("LANG") or locale.getlocale()[0]))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SourceError(f"the file cannot be read ({error.strerror})", str(path)) from error


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
